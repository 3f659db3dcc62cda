// Progress of the benchmark for a person: one bar per part with the current row, and a line for
// every other step. Plain lines where there is no terminal.

import cliProgress from "cli-progress";

export class Progress {
  #bar;
  #terminal = process.stderr.isTTY === true;

  /** Begins a part of `total` rows. */
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
        // Drawing costs time on a machine with few cores.
        fps: 2,
      },
      cliProgress.Presets.shades_classic,
    );
    this.#bar.start(total, 0, { row: "" });
  }

  /** The current row. */
  row(name) {
    if (this.#bar) this.#bar.update({ row: name });
    else this.note(`  ${name}`);
  }

  /** Finishes a row. */
  step() {
    this.#bar?.increment();
  }

  /** Prints a line. */
  note(line) {
    process.stderr.write(this.#bar ? `\n${line}\n` : `${line}\n`);
  }

  /** Finishes the part. */
  stop() {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}
