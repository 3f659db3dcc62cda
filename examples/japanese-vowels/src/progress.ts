// One progress bar for the whole run, on a terminal; elsewhere nothing. It goes to stderr, so that stdout holds results only.

import { SingleBar } from "cli-progress";

export class Progress {
  readonly #bar: SingleBar;
  readonly #stages: number;
  #stage = -1;

  /** @param stages - how many stages the run has. */
  constructor(stages: number) {
    this.#stages = stages;
    this.#bar = new SingleBar({
      format: "{bar} {percentage}%  {stage}",
      barCompleteChar: "█",
      barIncompleteChar: "░",
      barsize: 30,
      clearOnComplete: true,
      // With it, the first Ctrl-C would stop the bar and not the program.
      gracefulExit: false,
    });
  }

  /** A stage begins. Drawn at once: what follows may keep the thread busy. */
  begin(name: string): void {
    this.#stage++;
    if (this.#stage === 0) this.#bar.start(this.#stages, 0, { stage: name });
    if (!this.#bar.isActive) return;
    this.#bar.update(this.#stage, { stage: name });
    this.#bar.render();
  }

  /** Which part of the stage is done, 0 … 1. */
  part(done: number): void {
    this.#bar.update(this.#stage + done);
  }

  /** Takes the bar away. */
  end(): void {
    this.#bar.stop();
  }
}
