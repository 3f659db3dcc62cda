// What Linux says of the times of this process: how long its threads ran, and how long they waited
// for a CPU that others had. On a loaded machine a wait is not a hang, and a delay is not its own.

import { existsSync, readdirSync, readFileSync } from "node:fs";

const tasks = "/proc/self/task";

/** Whether the system says it. */
export const tellsTimes: boolean = existsSync(`/proc/self/task/${process.pid}/schedstat`);

export interface Times {
  /** Seconds. */
  readonly ran: number;
  readonly waited: number;
}

function timesOf(thread: string | number): Times {
  const [ran = 0, waited = 0] = readFileSync(`${tasks}/${thread}/schedstat`, "utf8").split(" ").map(Number);
  return { ran: ran / 1e9, waited: waited / 1e9 };
}

/** Of the main thread. */
export const mainTimes = (): Times => (tellsTimes ? timesOf(process.pid) : { ran: 0, waited: 0 });

/** Of all threads that there are, by their number. */
export function threadTimes(): ReadonlyMap<string, Times> {
  const times = new Map<string, Times>();
  if (!tellsTimes) return times;
  for (const thread of readdirSync(tasks)) {
    try {
      times.set(thread, timesOf(thread));
    } catch {
      // It has ended meanwhile.
    }
  }
  return times;
}
