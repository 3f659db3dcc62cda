// A model of a job on many cores, and a simulation that checks it: tasks with times drawn from
// those that Spark measured on one machine, stragglers, tasks that are lost and run again,
// speculation. The files are what examples/spark/bench.py and constants.py save.
//
//   node bench/cluster-model.mjs bench/results/spark-….json bench/results/spark-constants-….json

import { readFileSync } from "node:fs";

const [rows, points] = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, "utf8")));

const mean = (list) => list.reduce((sum, x) => sum + x, 0) / list.length;
const ascending = (list) => [...list].sort((a, b) => a - b);
/** Of an ascending list. */
const quantile = (list, q) => list[Math.min(list.length - 1, Math.floor(q * list.length))];

/** Where series are rows, and where a shuffle makes them of points: processor time, bytes. */
const kinds = {
  rows: { time: rows.microsOfSeries.ours.processor / 1e6, bytes: rows.bytesOfSeries.in + rows.bytesOfSeries.ours },
  // What is shuffled is sent and received.
  shuffle: {
    time: points.coreMicrosOfSeries / 1e6,
    bytes: points.inputBytesOfSeries + points.outputBytesOfSeries + 2 * points.shuffledBytesOfSeries,
  },
};

/** Of a job, in seconds: its start, and what the driver does for each task, one after the other. */
const job = {
  start: points.sessionSeconds + points.workerSeconds,
  dispatch: points.handOutSeconds,
  commit: points.commitSeconds,
};

/** Bytes a second of a core's share of network and storage, with 10 Gbit/s for 16 cores. */
const bandwidth = 1.25e9 / 16;

/** Seconds that a task takes before anything goes wrong. */
const taskTime = (perTask, { time, bytes }) => perTask * (time + bytes / bandwidth);

const relative = ascending(points.taskSeconds.map((seconds) => seconds / mean(points.taskSeconds)));

/** A stream of numbers in [0, 1) that is the same each time (mulberry32). */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Least first: [time, value] pairs. */
class Heap {
  #items = [];
  get size() {
    return this.#items.length;
  }
  push(item) {
    const items = this.#items;
    let i = items.push(item) - 1;
    for (let up = (i - 1) >> 1; i > 0 && items[up][0] > item[0]; up = (i - 1) >> 1) {
      items[i] = items[up];
      i = up;
    }
    items[i] = item;
  }
  pop() {
    const items = this.#items;
    const [first, last] = [items[0], items.pop()];
    if (items.length === 0) return first;
    let i = 0;
    for (;;) {
      let down = 2 * i + 1;
      if (down >= items.length) break;
      if (down + 1 < items.length && items[down + 1][0] < items[down][0]) down++;
      if (items[down][0] >= last[0]) break;
      items[i] = items[down];
      i = down;
    }
    items[i] = last;
    return first;
  }
}

/**
 * Runs tasks on cores: each takes the next one when it is free. A core is lost on average every
 * `lifetime` seconds, with the task that it has; another takes its place. With speculation, idle
 * cores copy tasks that run for longer than 1.5 times the median; the first copy counts.
 *
 * @returns seconds
 */
function simulate({ tasks, cores, time, lifetime, speculate }, seed) {
  const next = random(seed);
  const drawn = () => time * relative[Math.floor(next() * relative.length)];
  const median = time * quantile(relative, 0.5);
  const events = new Heap();
  const done = new Uint8Array(tasks);
  const copies = new Uint8Array(tasks);
  /** Running tasks, by start, for speculation. */
  const started = new Float64Array(tasks);
  const again = [];
  let [given, finished, dispatched, idle, now] = [0, 0, 0, 0, 0];
  const start = (task, at) => {
    // The driver hands out one after the other.
    dispatched = Math.max(dispatched, at) + job.dispatch;
    const long = drawn();
    const lostAfter = -Math.log(1 - next()) * lifetime;
    copies[task]++;
    if (copies[task] === 1) started[task] = dispatched;
    const isLost = lostAfter < long;
    events.push([dispatched + Math.min(long, lostAfter), task, isLost]);
  };
  const take = (at) => {
    const task = again.length > 0 ? again.pop() : given < tasks ? given++ : undefined;
    if (task !== undefined) start(task, at);
    else idle++;
  };
  for (let core = 0; core < cores; core++) take(0);
  while (finished < tasks) {
    const [at, task, isLost] = events.pop();
    now = at;
    copies[task]--;
    if (!done[task]) {
      if (!isLost) {
        done[task] = 1;
        finished++;
      } else if (copies[task] === 0) again.push(task);
    }
    take(at);
    if (speculate && idle > 0 && finished > 0.75 * tasks)
      for (let one = 0; one < tasks && idle > 0; one++)
        if (!done[one] && copies[one] === 1 && at - started[one] > 1.5 * median) {
          idle--;
          start(one, at);
        }
  }
  return job.start + now + tasks * job.commit;
}

/** Seconds by the model: work over cores, losses, a tail, and what the driver does alone. */
function model({ tasks, cores, time, lifetime }) {
  const work = (tasks * time * (1 + time / lifetime)) / Math.min(cores, tasks);
  const tail = time * (quantile(relative, 0.99) - 0.5);
  return job.start + Math.max(work, tasks * job.dispatch) + tail + tasks * job.commit;
}

const clock = (seconds) =>
  seconds < 120
    ? `${seconds.toFixed(0)} s`
    : seconds < 7200
      ? `${(seconds / 60).toFixed(0)} min`
      : `${(seconds / 3600).toFixed(1)} h`;

const micros = (seconds) => `${(seconds * 1e6).toFixed(0)} µs`;
console.log(
  `Times of ${relative.length} tasks over their mean: median ${quantile(relative, 0.5).toFixed(2)}, ` +
    `99 % ${quantile(relative, 0.99).toFixed(2)}, most ${relative.at(-1).toFixed(2)}. A series: ` +
    `${micros(kinds.rows.time)} as a row, ${micros(kinds.shuffle.time)} with a shuffle.\n`,
);
console.log("| series | cores | tasks | model | simulated | with speculation | shuffled | tasks | model | simulated |");
console.log("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
const lifetime = 24 * 3600;
for (const series of [1e7, 1e9])
  for (const cores of [10, 100, 1000]) {
    const cells = [series.toExponential(0), cores];
    for (const [name, kind] of Object.entries(kinds)) {
      // Tasks of about 30 s, but at least four for each core.
      const perTask = Math.min(Math.floor(30 / kind.time), Math.floor(series / (4 * cores)));
      const tasks = Math.ceil(series / perTask);
      const one = { tasks, cores, time: taskTime(perTask, kind), lifetime };
      if (name === "shuffle") cells.push(`${((series * points.shuffledBytesOfSeries) / 1e12).toPrecision(2)} TB`);
      cells.push(tasks, clock(model(one)), clock(simulate({ ...one, speculate: false }, 1)));
      if (name === "rows") cells.push(clock(simulate({ ...one, speculate: true }, 1)));
    }
    console.log(`| ${cells.join(" | ")} |`);
  }
