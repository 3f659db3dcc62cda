// A call on n threads, simulated task by task from costs measured on two: the calling thread stages tasks one after the other and reads those that are done,
// threads take the next one as soon as they have none. What this leaves out: threads that wait for memory because others read it too, clocks that fall when
// all cores work, cores that share their caches and vector units. So it says what the engine's own way of working allows, not what a machine does.

/** More threads than the machine of the results has. */
export const threadCounts = [1, 2, 4, 8, 16, 32, 64];

/** Tasks that a thread gets of a call at least, as ts/pool/plan.ts divides; and how many may be in flight for each. */
const tasksOfThread = 6;
const inFlightOfThread = 16;

/** Share of the calling thread's time that staging takes, the rest being for reading results. */
const stagingShare = 0.5;

/**
 * Seconds of a call.
 * @param {{ work: number, serial: number, tasks: number }} costs `work`: of all kernels on one thread; `serial`: the calling thread's own; `tasks`: into how many
 *   the call was divided where that was measured
 */
export function simulate({ work, serial, tasks }, threads) {
  const count = Math.max(tasks, threads * tasksOfThread);
  const kernel = work / count;
  const stage = (serial * stagingShare) / count;
  const read = (serial * (1 - stagingShare)) / count;
  const free = new Float64Array(threads);
  const room = threads * inFlightOfThread;
  /** When tasks that are with threads are done, earliest first, and read from there on. */
  const done = [];
  let now = 0; // the calling thread's clock
  let staged = 0;
  let taken = 0;
  while (taken < count) {
    const canRead = done.length > 0 && done[0] <= now;
    // Threads that starve come before results that wait.
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

/** Times as fast as one thread, by threads: with input staged by the calling thread, and read in place from the caller's shared memory. */
export function tabulate({ work, tasks, staged, inPlace }) {
  const of = (serial) => {
    const one = simulate({ work, serial, tasks }, 1);
    return threadCounts.map((threads) => one / simulate({ work, serial, tasks }, threads));
  };
  return { staged: of(staged.busy), inPlace: of(inPlace.busy) };
}
