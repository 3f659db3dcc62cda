// Two builds of the package side by side: is a change slower on any shape? Both are imported by one
// process and sampled in turn, so that clock rate and load affect both. Started by
//
//   npm run bench -- builds FOLDER [--commit HASH] [--quick]
//
// where FOLDER is the dist folder of the other build, the one before, and HASH names its commit.
// Writes bench/results/builds-MACHINE-DATE.json and a page beside it. Public functions, one thread.

import { writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { grid, onePath, rowName } from "./grid.mjs";
import { signatureSize } from "./lib/counts.mjs";
import { root } from "./lib/machine.mjs";
import { makePaths } from "./lib/paths.mjs";
import { Progress } from "./lib/progress.mjs";
import { openResult, table, verdict } from "./lib/results.mjs";
import { geometricMean } from "./lib/statistics.mjs";

/** A row that is slower than this is measured again, longer; the second measurement counts. */
const suspect = 1.02;
const limit = 1.03;
/** Limit of the smallest call, whose time is mostly checks. */
const smallLimit = 1.05;
/** Rows of a stream, as numbers, at most: a result of a few megabytes. */
const mostNumbers = 2 ** 20;

const small = { batch: 1, points: 100, channels: 2, depth: 2 };

/** What is measured: the grid in long and in short batches, single paths, streams. */
const shapes = [
  ...grid,
  ...grid.map((row) => ({ ...row, batch: 32, points: 100 })),
  ...onePath.filter((row) => rowName(row) !== rowName(small)),
];
const streams = grid
  .map((row) => ({ ...row, batch: 8, points: 100 }))
  .filter((row) => row.batch * row.points * signatureSize(row.channels, row.depth) <= mostNumbers);

const rows = ["float32", "float64"].flatMap((dtype) => [
  { ...small, name: "signature", dtype },
  ...shapes.flatMap((row) => ["signature", "signatureVjp"].map((name) => ({ ...row, name, dtype }))),
  ...streams.flatMap((row) => ["signature", "signatureVjp"].map((name) => ({ ...row, name, dtype, stream: true }))),
]);

/** A call of a build, without results that have to be allocated where there is `out`. */
function callOf(library, { name, dtype, batch, points, channels, depth, stream = false }) {
  const given = makePaths("random walk", { batch, points, channels });
  const data = dtype === "float32" ? given : Float64Array.from(given);
  const paths = { data, shape: [batch, points, channels] };
  const count = batch * (stream ? points - 1 : 1) * signatureSize(channels, depth);
  const numbers = new data.constructor(count).fill(0.5);
  if (name === "signatureVjp") return () => library.signatureVjp(paths, numbers, { depth, stream });
  return () => library.signature(paths, { depth, stream, out: numbers });
}

function secondsOf(call, calls) {
  const begin = performance.now();
  for (let i = 0; i < calls; i++) call();
  return (performance.now() - begin) / 1e3 / calls;
}

/** Fastest sample of each call, in seconds; samples in turn, for about `seconds`. */
function inTurn(calls, seconds) {
  let fastest = Number.POSITIVE_INFINITY;
  const warm = performance.now();
  do for (const call of calls) fastest = Math.min(fastest, Math.max(1e-7, secondsOf(call, 1)));
  while (performance.now() - warm < 200 * seconds);
  const each = Math.max(1, Math.ceil(0.0005 / fastest));
  for (const call of calls) secondsOf(call, each);
  const best = calls.map(() => Number.POSITIVE_INFINITY);
  const begin = performance.now();
  for (let turn = 0; turn < 8 || performance.now() - begin < 1e3 * seconds; turn++) {
    for (let k = 0; k < calls.length; k++) {
      // Neither is always first.
      const i = turn % 2 ? calls.length - 1 - k : k;
      best[i] = Math.min(best[i], secondsOf(calls[i], each));
    }
  }
  return best;
}

const isSmall = (row) => rowName(row) === rowName(small) && row.name === "signature";
const ratioOf = ({ before, after }) => after / before;
const limitOf = (row) => (isSmall(row) ? smallLimit : limit);

function page({ date, machine, code, parts: { builds } }) {
  const byRatio = [...builds.rows].sort((a, b) => ratioOf(b) - ratioOf(a));
  const mean = geometricMean(byRatio.map(ratioOf));
  const over = byRatio.filter((row) => ratioOf(row) > limitOf(row));
  const smallest = Math.max(...byRatio.filter(isSmall).map(ratioOf));
  const targets = table(
    ["what", "wanted", "measured", ""],
    [
      verdict("time / time before, geometric mean", "–", mean.toFixed(3), true),
      verdict("rows slower than their limit", "0", `${over.length} of ${byRatio.length}`, over.length === 0),
      verdict("smallest call, with `out`", `≤ ${smallLimit}`, smallest.toFixed(3), smallest <= smallLimit),
    ],
  );
  const line = (row) => [
    `${row.name}${row.stream ? ", stream" : ""}, ${row.dtype}, ${rowName(row)}`,
    (1e6 * row.before).toPrecision(4),
    (1e6 * row.after).toPrecision(4),
    ratioOf(row).toFixed(3),
  ];
  const lines = table(["row", "before, µs", "after, µs", "ratio"], byRatio.map(line));
  const where = `${machine.name}, ${date}, Node ${process.versions.node}`;
  const how = "Fastest samples, in turn; `npm run bench -- builds`.";
  return `# Two builds\n\n${code.commit} against ${builds.before}: ${where}. ${how}\n\n${targets}\n\n${lines}\n`;
}

export async function runBuildsBench(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { commit: { type: "string", default: "an earlier build" }, quick: { type: "boolean", default: false } },
  });
  const [folder] = positionals;
  if (folder === undefined) throw new Error("builds: give the dist folder of the other build");
  const load = (dist) => import(pathToFileURL(join(dist, "index.js")).href);
  const libraries = [await load(resolve(folder)), await load(join(root, "dist"))];
  const { file, result, save } = openResult("builds", values);
  const seconds = values.quick ? 0.01 : 0.3;
  const progress = new Progress();
  progress.begin("builds", rows.length);
  const measured = rows.map((row) => {
    progress.row(`${row.name} ${row.dtype} ${rowName(row)}`);
    const calls = libraries.map((library) => callOf(library, row));
    let [before, after] = inTurn(calls, seconds);
    if (after > suspect * before) [before, after] = inTurn(calls, 4 * seconds);
    progress.step();
    return { ...row, before, after };
  });
  progress.stop();
  result.parts.builds = { whole: !values.quick, before: values.commit, rows: measured };
  save();
  const markdown = file.replace(/json$/, "md");
  if (!values.quick) writeFileSync(markdown, page(result));
  process.stdout.write(`${page(result).split("\n\n").slice(1, 3).join("\n\n")}\n\n${relative(root, file)}\n`);
}
