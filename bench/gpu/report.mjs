// A result of the GPU benchmark as a Markdown page: targets, then the tables. Reads a result,
// measures nothing.

import { rowName, topLevel } from "../grid.mjs";
import { usefulFlop } from "../lib/counts.mjs";
import { geometricMean } from "../lib/statistics.mjs";

const table = (head, rows) => {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
};
const milliseconds = (seconds) => (seconds == null ? "–" : String(Number((1e3 * seconds).toPrecision(4))));
const times = (x) => (Number.isFinite(x) ? `${x.toFixed(2)}×` : "–");
const percent = (x) => (Number.isFinite(x) ? `${(100 * x).toFixed(0)} %` : "–");
const shape = ({ channels, depth, batch }) => `(${channels},${depth}) B = ${batch}`;

const kerasForms = ["keras_sig_jax", "keras_sig_torch"];

/** Useful operations per second of the kernels, as a share of the peak. */
const peakShare = (row, label, peak) => usefulFlop(row) / row.kernel[label] / (2 * peak);

/** How many times longer a peer takes for queued calls than ours, with data resident. */
const against = (row, peer) => row.queued[peer] / row.queued.resident;
const bestKeras = (row) => Math.min(...kerasForms.map((name) => row.queued[name] ?? Number.POSITIVE_INFINITY));

function target(what, wanted, rows, value, least, show) {
  const measured = rows.filter((row) => Number.isFinite(value(row)));
  if (measured.length === 0) return [what, wanted, "not measured", "–"];
  const worst = measured.reduce((a, b) => (value(b) < value(a) ? b : a));
  const missed = measured.filter((row) => value(row) < least);
  const list = missed.length > 1 ? `; below: ${missed.map(shape).join(", ")}` : "";
  return [
    what,
    wanted,
    `least ${show(value(worst))} at ${shape(worst)}${list}`,
    missed.length === 0 ? "met" : "**missed**",
  ];
}

/** The table of targets. */
export function gpuTargetTable({ rows, peakMultiplyAdds }) {
  const grid = rows.filter(({ group }) => group === "grid");
  return table(
    ["what", "target", "measured", "met?"],
    [
      target(
        "Keras Sig's protocol, data on the device, against its faster form",
        "≥ 5×",
        rows.filter(({ group }) => group === "Keras Sig protocol"),
        (row) => bestKeras(row) / row.queued.resident,
        5,
        times,
      ),
      target(
        "pySigLib on CUDA, data on the device",
        "≥ 1.0× where d^N ≥ 64 and B ≥ 1024",
        grid.filter((row) => topLevel(row) >= 64 && row.batch >= 1024),
        (row) => against(row, "pysiglib_cuda"),
        1,
        times,
      ),
      target(
        "share of the measured multiply-add peak, kernels alone",
        "≥ 40 % at (4,6) (8,4), B = 4096",
        grid.filter(({ channels, depth, batch }) => batch === 4096 && ["4,6", "8,4"].includes(`${channels},${depth}`)),
        (row) => peakShare(row, "resident", peakMultiplyAdds),
        0.4,
        percent,
      ),
    ],
  );
}

function rowsTable(rows, peak) {
  const peers = ["pysiglib_cuda", ...kerasForms].filter((name) => rows.some((row) => row.queued[name]));
  const head = [
    "batch×points×d^N",
    "kernels",
    "kernels, Horner",
    "queued",
    "one by one",
    "end to end",
    ...peers.flatMap((name) => [name, "one by one", "/ ours"]),
    "GFLOP/s",
    "of peak",
  ];
  const lines = rows.map((row) => [
    rowName(row),
    milliseconds(row.kernel.resident),
    milliseconds(row.kernel["resident horner"]),
    milliseconds(row.queued.resident),
    milliseconds(row.times.resident?.min),
    milliseconds(row.times["end to end"]?.min),
    ...peers.flatMap((name) => [
      milliseconds(row.queued[name]),
      milliseconds(row.times[name]?.min),
      times(against(row, name)),
    ]),
    row.kernel.resident ? (usefulFlop(row) / row.kernel.resident / 1e9).toFixed(0) : "–",
    percent(peakShare(row, "resident", peak)),
  ]);
  const means = peers.map((name) => {
    const ratios = rows.map((row) => against(row, name)).filter(Number.isFinite);
    return `${name} ${times(geometricMean(ratios))}`;
  });
  return `${table(head, lines)}${means.length > 0 ? `\n\nGeometric means against ours: ${means.join(", ")}.` : ""}`;
}

/** The whole page. */
export function gpuMarkdown(result) {
  const { adapter, date, machine, code, versions, rows, missing, whole, peakMultiplyAdds } = result;
  const groups = [...new Set(rows.map(({ group }) => group))];
  const failures = rows.flatMap((row) =>
    Object.entries(row.failed ?? {}).map(([name, why]) => `- ${name} at ${rowName(row)}: ${why}`),
  );
  const peers = Object.values(versions).flatMap((all) =>
    Object.entries(all).map(([name, version]) => `${name} ${version}`),
  );
  return `${[
    `# Bench of path-signature on a GPU: ${adapter.name}, ${date}`,
    ...(whole ? [] : ["**Not a full run on a GPU with all peers.** Not to be quoted."]),
    `${adapter.name} (${adapter.vendor} ${adapter.architecture}), Dawn in Node; ${machine.name}, ` +
      `${machine.cores} cores; commit ${code.commit}${code.modified ? " with changes" : ""} · ` +
      `${[...new Set(peers)].join(" · ")}`,
    `Measured multiply-add peak: ${((2 * peakMultiplyAdds) / 1e9).toFixed(0)} GFLOP/s.`,
    ...Object.entries(missing).map(([name, why]) => `${name} was not there: ${why.split("\n")[0]}`),
    "## Targets",
    gpuTargetTable(result),
    "## Times",
    "Milliseconds, the fastest of many. “Kernels” by the device's own clock; “queued”: many calls " +
      "begun at once, paths and signatures on the device, per call; “one by one”: the same, each " +
      "waited for; “end to end”: from a typed array to a typed array. GFLOP/s and share of the peak " +
      "count Horner's operations, whatever a kernel did.",
    ...groups.flatMap((group) => [
      `### ${group}`,
      rowsTable(
        rows.filter((row) => row.group === group),
        peakMultiplyAdds,
      ),
    ]),
    ...(failures.length > 0 ? ["What a peer could not do:", failures.join("\n")] : []),
  ].join("\n\n")}\n`;
}
