// When the scheduler runs: in ticks of a few milliseconds, never two at once, with an iteration of
// the event loop between those that end because time is up.

import { nextTick } from "./next-tick.ts";

/** The longest tick, in milliseconds. */
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
   * @param tick - does what there is to do; returns whether the deadline passed before the end
   * @param idle - called after a tick that left nothing to do at once
   */
  constructor(tick: (deadline: number) => boolean, idle: () => void) {
    this.#tick = tick;
    this.#idle = idle;
  }

  get #canRun(): boolean {
    return !this.#isRunning && !this.#isPostponed;
  }

  /** Ticks soon, after other calls that are made synchronously with this one. */
  schedule(): void {
    if (this.#isScheduled || !this.#canRun) return;
    this.#isScheduled = true;
    // Two microtasks: an async function of the caller that awaits a result and then calls again is
    // in time for the same tick.
    queueMicrotask(() =>
      queueMicrotask(() => {
        this.#isScheduled = false;
        if (this.#canRun) this.#run(false);
      }),
    );
  }

  /** Ticks now, or again at the end of the present tick. */
  wake(): void {
    this.#again = true;
    if (this.#canRun) this.#run(false);
  }

  /** Runs something outside a tick that no tick may interrupt; does nothing where one is due. */
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
   * Goes on after an iteration of the event loop. Requests until then wait for it: two ticks in one
   * iteration would block the loop for twice the time. After a tick that a message or a caller
   * began, one more iteration passes, since the first comes before timers.
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
