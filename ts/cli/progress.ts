// A progress bar on stderr, with rate and time left; silent without a terminal.

import { SingleBar } from "cli-progress";

export class Progress {
  readonly #bar: SingleBar;

  constructor() {
    this.#bar = new SingleBar({
      format: "{bar} {percentage}%  {value} of {total} {noun}  {rate}/s  {eta_formatted} left",
      barCompleteChar: "█",
      barIncompleteChar: "░",
      barsize: 30,
      clearOnComplete: true,
      // Ctrl-C is for the command.
      gracefulExit: false,
    });
  }

  readonly #start = performance.now();

  begin(total: number, noun: string): void {
    this.#bar.start(total, 0, { noun, rate: 0 });
  }

  done(count: number): void {
    const seconds = (performance.now() - this.#start) / 1000;
    this.#bar.update(count, { rate: Math.round(count / Math.max(seconds, 0.001)) });
  }

  end(): void {
    this.#bar.stop();
  }
}
