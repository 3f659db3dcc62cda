// Errors and rejections that nobody handles, of which a test counts none.

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

/** What a promise gives, or "late" after so many seconds. */
export function within<T>(seconds: number, promise: Promise<T>): Promise<T | "late"> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), 1000 * seconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
