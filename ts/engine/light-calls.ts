// Selects the calls that an engine computes at once, on the calling thread: a message to a worker
// and back would take longer than they do. Only while no other call waits, and for a short time of
// each iteration of the event loop: the rest of a burst of calls is coalesced, and a caller that
// awaits one call after the other does not stop the loop.

import { isResident } from "../gpu/index.ts";
import type { Call } from "../input/call.ts";
import type { Descriptor } from "../operations/descriptor.ts";
import { nextTick } from "../pool/next-tick.ts";
import type { Scheduler } from "../pool/scheduler.ts";
import type { Runtime } from "../wasm/runtime.ts";

/**
 * Estimated nanoseconds up to which a call is light. A message to a worker and back takes 30 to
 * 150 µs (bench/NOTES.md), and two threads halve the rest at best.
 */
const lightCost = 120_000;
/**
 * Nanoseconds of the calling thread for each byte of a path that it copies to where workers read
 * it. A call that takes no longer is light, too: few channels and levels.
 */
const copiedByte = 0.14;
/** Estimated nanoseconds of light calls in one iteration of the event loop. */
const iterationCost = 2_000_000;

export class LightCalls {
  readonly #runtime: Runtime;
  readonly #scheduler: Scheduler;
  #left = iterationCost;
  #isLoading = false;

  constructor(runtime: Runtime, scheduler: Scheduler) {
    this.#runtime = runtime;
    this.#scheduler = scheduler;
  }

  /** Whether a call is to be computed at once; counts it. */
  take(operation: Descriptor, call: Call): boolean {
    if (this.#left <= 0 || !this.#scheduler.isIdle || isResident(call)) return false;
    const cost = operation.cost(call);
    if (cost > Math.max(lightCost, Math.min(copyingCost(call), iterationCost / 2))) return false;
    // A worker is sooner done than a binary is loaded.
    if (this.#runtime.loaded === undefined) {
      this.#load();
      return false;
    }
    if (this.#left === iterationCost) nextTick(() => (this.#left = iterationCost));
    // Reading a call and making a result cost as much as the kernel of the smallest.
    this.#left -= cost + 2_000;
    return true;
  }

  #load(): void {
    if (this.#isLoading) return;
    this.#isLoading = true;
    const done = () => {
      this.#isLoading = false;
    };
    this.#runtime.init(undefined, undefined).then(done, done);
  }
}

const copyingCost = ({ batch, points, channels, bytes }: Call): number =>
  batch * points * channels * bytes * copiedByte;
