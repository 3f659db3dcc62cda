// One progress bar for the whole run, on a terminal only. It is written to stderr, so that stdout
// holds results only.

import { SingleBar } from "cli-progress";

export class Progress {
  readonly #bar: SingleBar;
  readonly #stages: number;
  #stage = -1;

  /** @param stages - number of stages of the run. */
  constructor(stages: number) {
    this.#stages = stages;
    this.#bar = new SingleBar({
      format: "{bar} {percentage}%  {stage}",
      barCompleteChar: "█",
      barIncompleteChar: "░",
      barsize: 30,
      clearOnComplete: true,
      // Otherwise the first Ctrl-C would stop the bar instead of the program.
      gracefulExit: false,
    });
  }

  /** Begins a stage. Drawn at once, since the stage may keep the thread busy. */
  begin(name: string): void {
    this.#stage++;
    if (this.#stage === 0) this.#bar.start(this.#stages, 0, { stage: name });
    if (!this.#bar.isActive) return;
    this.#bar.update(this.#stage, { stage: name });
    this.#bar.render();
  }

  /** Sets the progress of the stage, 0 … 1. */
  part(done: number): void {
    this.#bar.update(this.#stage + done);
  }

  /** Removes the bar. */
  end(): void {
    this.#bar.stop();
  }
}
