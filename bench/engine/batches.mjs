// One thread against two: batches of the grid, gradients, one long path. The engines differ only in
// their number of threads; the same call on the calling thread is measured beside them.

import { createEngine, signature, signatureSize, signatureVjp } from "../../dist/index.js";
import { grid, rowName } from "../grid.mjs";
import { makePaths } from "../lib/paths.mjs";
import { inTurn, seconds, warm } from "./timing.mjs";

/**
 * Seconds of work on one thread from which on two threads have to pay off: the subject of the
 * target.
 */
const leastWork = 0.012;

const pathsOf = (row) => ({ data: makePaths("random walk", row, 1), shape: [row.batch, row.points, row.channels] });

/** A row with enough paths to make a call long enough. */
async function enlarged(row, call) {
  const run = call(pathsOf(row), row);
  let time = Number.POSITIVE_INFINITY;
  // First calls are slower and would make the rows too short.
  for (let begin = performance.now(); performance.now() - begin < 60; ) time = Math.min(time, await seconds(run));
  const batch = Math.max(64, row.batch, 4 * Math.ceil((row.batch * leastWork) / time / 4));
  return { ...row, batch };
}

async function compare(rows, { progress, quick }, name, onThread, onEngine) {
  const one = await createEngine({ threads: 1, idleTimeout: Number.POSITIVE_INFINITY });
  const two = await createEngine({ threads: 2, idleTimeout: Number.POSITIVE_INFINITY });
  await warm(one, 1);
  await warm(two, 2);
  const found = [];
  progress.begin(name, rows.length);
  for (const small of rows) {
    const row = await enlarged(small, onThread);
    progress.row(rowName(row));
    const paths = pathsOf(row);
    const shared = { shape: paths.shape, data: new Float32Array(new SharedArrayBuffer(paths.data.byteLength)) };
    shared.data.set(paths.data);
    const times = await inTurn(
      {
        sync: onThread(paths, row),
        one: onEngine(one, paths, row),
        two: onEngine(two, paths, row),
        oneShared: onEngine(one, shared, row),
        twoShared: onEngine(two, shared, row),
      },
      { quick, budget: 0.4 },
    );
    found.push({ ...row, times });
    progress.step();
  }
  await one.close();
  await two.close();
  return found;
}

/** Whole signatures of the grid. */
export async function measureThreads(bench) {
  const rows = await compare(
    bench.quick ? grid.slice(0, 2) : grid,
    bench,
    "threads",
    (paths, { depth }) =>
      () =>
        signature(paths, { depth }),
    (engine, paths, { depth }) =>
      () =>
        engine.signature(paths, { depth }),
  );
  return { rows };
}

const cotangents = new Map();
function cotangentOf({ batch, channels, depth }) {
  const count = batch * signatureSize(channels, depth);
  if (!cotangents.has(count))
    cotangents.set(
      count,
      Float32Array.from({ length: count }, (_, i) => Math.sin(i)),
    );
  return cotangents.get(count);
}

const gradientShapes = [
  [2, 4],
  [3, 3],
  [4, 4],
  [8, 2],
  [8, 3],
];

/** Gradients of some of these shapes. */
export async function measureGradients(bench) {
  const rows = gradientShapes.map(([channels, depth]) => ({
    group: "gradients",
    batch: 256,
    points: 500,
    channels,
    depth,
  }));
  return {
    rows: await compare(
      bench.quick ? rows.slice(0, 1) : rows,
      bench,
      "gradients",
      (paths, row) => () => signatureVjp(paths, cotangentOf(row), { depth: row.depth }),
      (engine, paths, row) => () => engine.signatureVjp(paths, cotangentOf(row), { depth: row.depth }),
    ),
  };
}

/** One path of a hundred thousand points. */
export async function measureLong(bench) {
  const row = { group: "one long path", batch: 1, points: 100_000, channels: 4, depth: 4 };
  const paths = { data: makePaths("random walk", row, 1), shape: [row.points, row.channels] };
  const one = await createEngine({ threads: 1 });
  const two = await createEngine({ threads: 2 });
  await warm(one, 1);
  await warm(two, 2);
  const { depth } = row;
  const times = await inTurn(
    {
      sync: () => signature(paths, { depth }),
      one: () => one.signature(paths, { depth }),
      two: () => two.signature(paths, { depth }),
    },
    { quick: bench.quick, budget: 1.5 },
  );
  await one.close();
  await two.close();
  return { rows: [{ ...row, times }] };
}
