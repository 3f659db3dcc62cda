// When the scheduler runs: in ticks of a few milliseconds, never two at once. After a tick that ran
// out of time, the next one waits for an iteration of the event loop.

import { nextTick } from "./next-tick.ts";

/** Maximum length of a tick, in milliseconds. */
const tickMilliseconds = 2;

export class Ticks {
  readonly #tick: (deadline: number) => boolean;
  readonly #idle: () => void;
  #isScheduled = false;
  /** Whether the next tick waits for the event loop. */
  #isPostponed = false;
  #isRunning = false;
  #again = false;

  /**
   * @param tick - does the pending work; returns whether the deadline passed before the end
   * @param idle - called after a tick that left no pending work
   */
  constructor(tick: (deadline: number) => boolean, idle: () => void) {
    this.#tick = tick;
    this.#idle = idle;
  }

  get #canRun(): boolean {
    return !this.#isRunning && !this.#isPostponed;
  }

  /** Schedules a tick after other calls that are made synchronously with this one. */
  schedule(): void {
    if (this.#isScheduled || !this.#canRun) return;
    this.#isScheduled = true;
    // Two microtasks: if an async function of the caller awaits a result and then calls again, that
    // call is part of the same tick.
    queueMicrotask(() =>
      queueMicrotask(() => {
        this.#isScheduled = false;
        if (this.#canRun) this.#run(false);
      }),
    );
  }

  /** Ticks now, or again at the end of the current tick. */
  wake(): void {
    this.#again = true;
    if (this.#canRun) this.#run(false);
  }

  /** Runs `work` outside a tick, without interruption by ticks; does nothing if a tick is due. */
  exclusively(work: () => void): void {
    if (!this.#canRun) return;
    this.#isRunning = true;
    try {
      work();
    } finally {
      this.#isRunning = false;
    }
  }

  #run(isContinued: boolean): void {
    this.#isRunning = true;
    try {
      const deadline = performance.now() + tickMilliseconds;
      do {
        this.#again = false;
        if (this.#tick(deadline)) {
          this.#postpone(isContinued);
          return;
        }
      } while (this.#again);
    } finally {
      this.#isRunning = false;
    }
    this.#idle();
  }

  /**
   * Continues after an iteration of the event loop. Requests until then wait for it: two ticks in
   * one iteration would block the loop for twice the time. After a tick that a message or a caller
   * started, one more iteration passes, since the first comes before timers.
   */
  #postpone(isContinued: boolean): void {
    this.#isPostponed = true;
    const tick = () => {
      this.#isPostponed = false;
      this.#run(true);
    };
    nextTick(isContinued ? tick : () => nextTick(tick));
  }
}
