// What a person sees while the bench runs: one bar per part with the row at hand, and a line for each step that is none. Plain lines where no terminal is.

import cliProgress from "cli-progress";

export class Progress {
  #bar;
  #terminal = process.stderr.isTTY === true;

  /** A part of `total` rows begins. */
  begin(name, total) {
    if (!this.#terminal) {
      this.note(`${name}: ${total} rows`);
      return;
    }
    this.#bar = new cliProgress.SingleBar(
      {
        format: `${name.padEnd(9)} {bar} {value}/{total} · {duration_formatted} · {row}`,
        barsize: 30,
        hideCursor: true,
        stream: process.stderr,
        // Drawing costs time on a machine of few cores.
        fps: 2,
      },
      cliProgress.Presets.shades_classic,
    );
    this.#bar.start(total, 0, { row: "" });
  }

  /** The row that is being measured. */
  row(name) {
    if (this.#bar) this.#bar.update({ row: name });
    else this.note(`  ${name}`);
  }

  /** A row is done. */
  step() {
    this.#bar?.increment();
  }

  /** A line of its own. */
  note(line) {
    process.stderr.write(this.#bar ? `\n${line}\n` : `${line}\n`);
  }

  /** The part is over. */
  stop() {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}
