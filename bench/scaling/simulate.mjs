// A call on n threads, simulated task by task from costs measured on two. The calling thread stages
// tasks one after the other and reads finished ones; a thread takes the next task as soon as it is
// idle. Not modelled: contention for memory, clock rates that fall when all cores work, cores that
// share caches and vector units. So the result is what the scheduler allows, not what a machine
// achieves.

/** More threads than the measured machine has. */
export const threadCounts = [1, 2, 4, 8, 16, 32, 64];

/**
 * Minimum number of tasks per thread, as ts/pool/division.ts divides a call, and the number that
 * may be in flight for each.
 */
const tasksOfThread = 6;
const inFlightOfThread = 16;

/** Share of the calling thread's time that staging takes; the rest is reading results. */
const stagingShare = 0.5;

/**
 * Seconds of a call.
 * @param {{ work: number, serial: number, tasks: number }} costs `work`: of all kernels on one
 *   thread; `serial`: of the calling thread; `tasks`: their number in the measured call
 */
export function simulate({ work, serial, tasks }, threads) {
  const count = Math.max(tasks, threads * tasksOfThread);
  const kernel = work / count;
  const stage = (serial * stagingShare) / count;
  const read = (serial * (1 - stagingShare)) / count;
  const free = new Float64Array(threads);
  const room = threads * inFlightOfThread;
  /** Completion times of tasks in flight, earliest first, and the first that has not been read. */
  const done = [];
  let now = 0; // the calling thread's clock
  let staged = 0;
  let taken = 0;
  while (taken < count) {
    const canRead = done.length > 0 && done[0] <= now;
    // Idle threads come before finished results.
    if (staged < count && staged - taken < room && (!canRead || staged - taken < threads * 2)) {
      now += stage;
      staged += 1;
      let first = 0;
      for (let i = 1; i < threads; i++) if (free[i] < free[first]) first = i;
      free[first] = Math.max(free[first], now) + kernel;
      const at = done.findIndex((time) => time > free[first]);
      done.splice(at < 0 ? done.length : at, 0, free[first]);
    } else {
      now = Math.max(now, done.shift()) + read;
      taken += 1;
    }
  }
  return now;
}

/**
 * Speed relative to one thread, by number of threads: with input staged by the calling thread, and
 * read in place from the caller's shared memory.
 */
export function tabulate({ work, tasks, staged, inPlace }) {
  const of = (serial) => {
    const one = simulate({ work, serial, tasks }, 1);
    return threadCounts.map((threads) => one / simulate({ work, serial, tasks }, threads));
  };
  return { staged: of(staged.busy), inPlace: of(inPlace.busy) };
}
