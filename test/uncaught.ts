// Errors and rejections that nobody handles, of which a test counts none; and late promises.

import { threadTimes } from "./scheduling.ts";

/** Runs `work` and returns what nobody handled meanwhile. */
export async function uncaughtDuring(work: () => Promise<unknown>): Promise<unknown[]> {
  const uncaught: unknown[] = [];
  const note = (error: unknown) => void uncaught.push(error);
  const host = process as NodeJS.EventEmitter;
  const events = ["uncaughtException", "unhandledRejection"];
  const before = events.map((event) => host.listeners(event));
  for (const event of events) host.removeAllListeners(event).on(event, note);
  try {
    await work();
    await new Promise(setImmediate);
  } finally {
    for (const [i, event] of events.entries()) {
      host.removeAllListeners(event);
      for (const listener of before[i]!) host.on(event, listener as () => void);
    }
  }
  return uncaught;
}

/** How often a deadline is put off while this process works, or waits for a CPU. */
const mostDelays = 20;
/** Of a deadline's time, what shows that it does. */
const leastWork = 0.1;

/** What a promise gives, or "late" after so many seconds in which this process is not held up. */
export async function within<T>(seconds: number, promise: Promise<T>): Promise<T | "late"> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    for (let delays = 0; ; delays++) {
      const before = threadTimes();
      const late = new Promise<"late">((resolve) => {
        timer = setTimeout(() => resolve("late"), 1000 * seconds);
      });
      const outcome = await Promise.race([promise, late]);
      const isIdle = workSince(before) < leastWork * seconds;
      if (outcome !== "late" || isIdle || delays === mostDelays) return outcome;
      clearTimeout(timer);
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Seconds that the threads of this process ran since, or waited for a CPU, where that is known. */
function workSince(before: ReturnType<typeof threadTimes>): number {
  let sum = 0;
  for (const [thread, { ran, waited }] of threadTimes()) {
    const earlier = before.get(thread) ?? { ran: 0, waited: 0 };
    sum += ran - earlier.ran + waited - earlier.waited;
  }
  return sum;
}
