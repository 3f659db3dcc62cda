// A result as a Markdown page: the targets, then every table. Reads a result, measures nothing. As
// a command, `node bench/report.mjs RESULT.json` writes RESULT.md and RESULT.svg beside it.

import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { pathToFileURL } from "node:url";
import { chart } from "./chart.mjs";
import { rowName } from "./grid.mjs";
import { hornerMultiplyAdds, usefulFlop } from "./lib/counts.mjs";
import { geometricMean } from "./lib/statistics.mjs";
import {
  accuracyRatio,
  defaultForms,
  limit,
  oddCost,
  peakShare,
  raggedCost,
  speedup,
  streamCost,
  targets,
} from "./targets.mjs";

/** "0.1234" ms, "12.3" ms: four digits, whatever the size. */
export const milliseconds = (seconds) =>
  seconds === undefined ? "–" : (1e3 * seconds).toPrecision(4).replace(/\.?0+(e|$)/, "$1");
const percent = (x) => (Number.isFinite(x) ? `${(100 * x).toFixed(0)} %` : "–");
const times = (x) => (Number.isFinite(x) ? `${x.toFixed(2)}×` : "–");
const giga = (x) => (x / 1e9).toFixed(1);
const small = (x) => (x === 0 ? "0" : x.toExponential(1));

/** A Markdown table of some rows of cells; numbers are right-aligned. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const left = (name, i) => (i === 0 || ["target", "measured", "kind of path"].includes(name) ? "---" : "---:");
  return [line(head), line(head.map(left)), ...rows.map(line)].join("\n");
}

const section = (title, ...text) => [`## ${title}`, ...text].join("\n\n");

/** The table of targets. */
export function targetTable(result) {
  const verdict = { true: "met", false: "**missed**", null: "–" };
  return table(
    ["what", "target", "measured", "met?"],
    targets(result).map(({ what, target, measured, met }) => [what, target, measured, verdict[met]]),
  );
}

const labels = {
  relaxed: "ours",
  "relaxed horner": "ours, Horner",
  simd: "ours, simd",
  keras_sig: "Keras Sig",
  keras_sig_parallel: "Keras Sig, parallel",
  pysiglib: "pySigLib",
};

const contestants = [
  "relaxed",
  "relaxed horner",
  "simd",
  "pysiglib",
  "iisignature",
  "keras_sig",
  "keras_sig_parallel",
  "signax",
];
const contestantsOf = (rows) => contestants.filter((label) => rows.some((row) => row.times[label]));

/** One group of the rows against the peers, fastest calls in milliseconds. */
export function peerTable(rows) {
  const columns = contestantsOf(rows);
  const faced = rows.filter((row) => row.times.pysiglib);
  const lines = rows.map((row) => [
    rowName(row),
    ...columns.map((label) => milliseconds(row.times[label]?.min)),
    times(row.times.pysiglib ? speedup(row, "pysiglib") : Number.NaN),
    giga(usefulFlop(row) / row.times.relaxed.min),
    percent(limit(row) / row.times.relaxed.min),
  ]);
  const head = ["batch×points×d^N", ...columns.map((label) => labels[label] ?? label)];
  const ratio = geometricMean(faced.map((row) => speedup(row, "pysiglib")));
  const mean = faced.length > 1 ? `\n\nGeometric mean against pySigLib: ${times(ratio)}.` : "";
  return table([...head, "pySigLib / ours", "GFLOP/s", "of limit"], lines) + mean;
}

/** A few columns of {@link peerTable}, for the README. */
export function briefTable(rows) {
  const columns = ["relaxed", "pysiglib", "keras_sig"];
  const lines = rows.map((row) => [
    rowName(row),
    ...columns.map((label) => milliseconds(row.times[label]?.min)),
    times(speedup(row, "pysiglib")),
  ]);
  const mean = times(geometricMean(rows.map((row) => speedup(row, "pysiglib"))));
  const head = ["batch×points×d^N", ...columns.map((label) => labels[label]), "pySigLib / ours"];
  return table(head, [...lines, ["geometric mean", "", "", "", mean]]);
}

/** The medians of all samples in milliseconds, in a folded table. */
function medianTable(rows) {
  const columns = contestantsOf(rows);
  const lines = rows.map((row) => [rowName(row), ...columns.map((label) => milliseconds(row.times[label]?.median))]);
  const head = ["batch×points×d^N", ...columns.map((label) => labels[label] ?? label)];
  return `<details><summary>Medians</summary>\n\n${table(head, lines)}\n\n</details>`;
}

function peersSection({ rows }) {
  const groups = [...new Set(rows.map((row) => row.group))];
  const failures = rows.flatMap((row) =>
    Object.entries(row.failed ?? {}).map(([name, why]) => `- ${name} at ${rowName(row)}: ${why}`),
  );
  return section(
    "Against the peers",
    "Fastest call in milliseconds, sampled in turn on one core. Ours counts all from a typed array " +
      "to a typed array: copies into and out of WebAssembly memory, the finite check, a new array for " +
      "the result (for one path: into a given one). “Of limit”: of the shortest time that the call " +
      "could take, its useful operations at the measured multiply-add peak or one copy in and out, " +
      "whichever is the longer; above 100 % where fewer operations than Horner's do.",
    ...groups.flatMap((group) => {
      const ofGroup = rows.filter((row) => row.group === group);
      return [`### ${group}`, peerTable(ofGroup), medianTable(ofGroup)];
    }),
    ...(failures.length ? ["What a peer could not do:", failures.join("\n")] : []),
  );
}

function rooflineSection({ peaks, bandwidths }) {
  return section(
    "Roofline",
    table(
      ["multiply-adds in registers", "GFLOP/s"],
      Object.entries(peaks).map(([label, { flops }]) => [label.replace("peak ", ""), giga(flops)]),
    ),
    table(
      ["copies by `set`", "in, GB/s", "out, GB/s"],
      bandwidths.map((row) => [
        `${row.bytes / 2 ** 20} MiB`,
        giga(row.bytes / row.in.min),
        giga(row.bytes / row.out.min),
      ]),
    ),
  );
}

function kernelsSection({ rows }) {
  const lines = rows.map((row) => [
    rowName(row),
    ...["horner", "pruned", "auto", "horner simd", "horner float64"].map((label) =>
      milliseconds(row.times[label]?.min),
    ),
    giga(usefulFlop(row) / row.times.horner.min),
    percent(peakShare(row, "horner")),
    percent(peakShare(row, "pruned")),
    percent(peakShare(row, "horner simd", "peak simd")),
    percent(peakShare(row, "horner float64", "peak relaxed float64")),
  ]);
  return section(
    "Kernels alone",
    "On numbers already in WebAssembly memory, fastest call in milliseconds; shares are of the " +
      "multiply-add peak measured in turn with them, in Horner's operations.",
    table(
      [
        "batch×points×d^N",
        "Horner",
        "pruned",
        "auto",
        "Horner, simd",
        "Horner, float64",
        "GFLOP/s",
        "of peak",
        "pruned",
        "simd",
        "float64",
      ],
      lines,
    ),
  );
}

function ratiosSection({ grid, odd, stream, ragged }) {
  return section(
    "Ours against ours",
    table(
      ["batch×points×d^N", "float32", "float64", "rate of float32", "simd", "rate of relaxed"],
      grid.map((row) => {
        const { float32, float64, simd } = row.times;
        return [
          rowName(row),
          milliseconds(float32.min),
          milliseconds(float64.min),
          percent(float32.min / float64.min),
          milliseconds(simd.min),
          percent(float32.min / simd.min),
        ];
      }),
    ),
    "Odd shapes, each beside its neighbour: cost per useful multiply-add.",
    table(
      ["odd shape", "ms", "neighbour", "ms", "cost"],
      odd.map((row) => [
        rowName(row),
        milliseconds(row.times.odd.min),
        rowName(row.neighbour),
        milliseconds(row.times.neighbour.min),
        times(oddCost(row)),
      ]),
    ),
    "`stream`, into a given array, against forward (plain Horner) and writing as many numbers once.",
    table(
      ["batch×points×d^N", "stream", "forward", "forward, Horner", "writing", "cost"],
      stream.map((row) => [
        rowName(row),
        ...["stream", "forward", "forward horner", "write"].map((label) => milliseconds(row.times[label]?.min)),
        times(streamCost(row)),
      ]),
    ),
    "Ragged batches, lengths uniform in [L/2, L]: cost per step against a batch of as many steps that is not ragged.",
    table(
      ["batch×points×d^N", "ragged", "even", "cost"],
      ragged.map((row) => [
        rowName(row),
        milliseconds(row.times.ragged.min),
        milliseconds(row.times.even.min),
        times(raggedCost(row)),
      ]),
    ),
  );
}

function scalingSection({ series }) {
  const names = { batch: "batch", points: "length", size: "size of the signature" };
  return section(
    "Scaling",
    "Nanoseconds per useful multiply-add of the public call, and the limit that it runs along.",
    ...Object.entries(series).flatMap(([name, rows]) => [
      `### With the ${names[name]}`,
      table(
        ["batch×points×d^N", "ms", "ns per multiply-add", "limit, ms", "of limit", "limited by"],
        rows.map((row) => {
          const seconds = row.times.relaxed.min;
          const multiplyAdds = row.batch * (row.points - 1) * hornerMultiplyAdds(row.channels, row.depth);
          const bound = limit(row) === row.times.copy.min ? "copying" : "multiply-adds";
          return [
            rowName(row),
            milliseconds(seconds),
            ((1e9 * seconds) / multiplyAdds).toPrecision(3),
            milliseconds(limit(row)),
            percent(limit(row) / seconds),
            bound,
          ];
        }),
      ),
    ]),
  );
}

function accuracySection({ rows }) {
  const forms = Object.keys(rows[0].errors);
  const name = (row) => `(${row.channels},${row.depth}), ${row.points} points`;
  const worst = (row, base) => Math.max(...defaultForms.map((form) => accuracyRatio(row, form, base)));
  return section(
    "Accuracy",
    "Largest error over all levels, relative to the size of the level, against float64, of four " +
      "paths of a kind. “Textbook” is one-pass Horner in float32 without fused multiply-adds. The last " +
      "two columns hold what is chosen by default against plain Horner; errors under 2.4e-7 count as " +
      "that. The errors of each level are in the result file.",
    ...[...new Set(rows.map(name))].flatMap((shape) => [
      `### ${shape}`,
      table(
        ["kind of path", ...forms, "default / Horner", "default / textbook"],
        rows
          .filter((row) => name(row) === shape)
          .map((row) => [
            row.kind,
            ...forms.map((form) => small(Math.max(...row.errors[form]))),
            times(worst(row, "horner")),
            times(worst(row, "textbook")),
          ]),
      ),
    ]),
  );
}

function startupSection({ rows }) {
  return section(
    "Start",
    "A fresh process: importing the package, compiling and instantiating the binary, then calls. The " +
      "engine compiles twice, first quickly and then well; “until fast” is the time of all calls up to " +
      "the first that is within 1.25× of the fastest.",
    table(
      [
        "binary",
        "batch×points×d^N",
        "import, ms",
        "init, ms",
        "first call, ms",
        "fastest, ms",
        "until fast, ms",
        "calls",
      ],
      rows.map((row) => [
        row.variant,
        rowName(row),
        ...[row.imported, row.initialised, row.first, row.fastest, row.untilFast].map(milliseconds),
        row.calls,
      ]),
    ),
  );
}

function memorySection({ calls, before, after, bounds, scratch }) {
  const kib = (bytes) => `${(bytes / 1024).toFixed(0)} KiB`;
  return section(
    "Memory",
    table(
      ["", "WebAssembly", "heap used", "external", "array buffers"],
      [
        ["before", before],
        [`after ${calls} calls`, after],
      ].map(([name, m]) => [name, kib(m.wasm), kib(m.heapUsed), kib(m.external), kib(m.arrayBuffers)]),
    ),
    table(
      ["call", "WebAssembly memory after it"],
      bounds.map((row) => [rowName(row), kib(row.wasm)]),
    ),
    "Scratch that the kernels ask for, whatever batch and length:",
    table(
      ["(d, N)", "bytes"],
      scratch.map(({ channels, depth, bytes }) => [`(${channels},${depth})`, bytes]),
    ),
  );
}

const sizeSection = ({ files }) =>
  section(
    "Size",
    table(
      ["file", "bytes", "gzip", "brotli"],
      files.map(({ file, bytes, gzip, brotli }) => [file, bytes, gzip, brotli]),
    ),
  );

const sections = {
  peers: peersSection,
  roofline: rooflineSection,
  kernels: kernelsSection,
  ratios: ratiosSection,
  scaling: scalingSection,
  accuracy: accuracySection,
  startup: startupSection,
  memory: memorySection,
  size: sizeSection,
};

/** One line on the machine and the versions of a result. */
export function provenance({ machine, date, versions, code }) {
  const ours = versions.relaxed ?? versions.simd;
  const peers = Object.entries({
    ...versions.pysiglib,
    ...versions.iisignature,
    ...versions.keras_sig,
    ...versions.signax,
  })
    .filter(([name]) => !["python", "numpy", "keras"].includes(name))
    .map(([name, version]) => `${name} ${version}`);
  return [
    `${machine.name}, ${machine.cores} cores (${machine.vectors ?? machine.architecture}), ${date}, ` +
      `one thread${machine.pinnedToCore === null ? "" : " on one core"}`,
    ...(ours ? [`Node ${ours.node}`] : []),
    ...peers,
    `commit ${code.commit ?? "none"}${code.modified ? " with changes" : ""}`,
  ].join(" · ");
}

/** The whole page. `svg` is the chart's file name beside it. */
export function markdown(result, svg) {
  const warning = result.complete
    ? []
    : ["**Not a full run**: a smoke test, a selection, or parts measured on different builds. Not to be quoted."];
  const parts = Object.keys(sections).filter((name) => result.parts[name]);
  return `${[
    `# Bench of path-signature: ${result.machine.name}, ${result.date}`,
    ...warning,
    provenance(result),
    section("Targets", targetTable(result)),
    ...(svg ? [`![Charts of this result](${svg})`] : []),
    ...parts.map((name) => sections[name](result.parts[name])),
  ].join("\n\n")}\n`;
}

/** Writes the page and the chart of a result file beside it. */
export function writeReport(file) {
  const result = JSON.parse(readFileSync(file, "utf8"));
  const svg = chart(result);
  const base = file.replace(/\.json$/, "");
  if (svg) writeFileSync(`${base}.svg`, svg);
  writeFileSync(`${base}.md`, markdown(result, svg && `${basename(base)}.svg`));
  return { result, files: [`${base}.md`, ...(svg ? [`${base}.svg`] : [])] };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const file = process.argv[2];
  if (!file?.endsWith(".json")) throw new Error("usage: node bench/report.mjs bench/results/NAME.json");
  process.stdout.write(`${writeReport(file).files.join("\n")}\n`);
}
