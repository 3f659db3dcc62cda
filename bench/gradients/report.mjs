// A result of the gradients benchmark as a Markdown page: targets, then the tables. Reads a result,
// measures nothing.

import { rowName } from "../grid.mjs";
import { milliseconds, table, times, verdict } from "../lib/results.mjs";
import { geometricMean } from "../lib/statistics.mjs";

const shape = ({ channels, depth }) => `(${channels},${depth})`;

/** The best of a figure over some rows, and the row it is from. */
const extreme = (rows, value, isWorse) => rows.reduce((a, b) => (isWorse(value(b), value(a)) ? b : a));
const most = (rows, value) => extreme(rows, value, (x, y) => x > y);
const least = (rows, value) => extreme(rows, value, (x, y) => x < y);

const overForward = ({ times }) => times.backward.min / times.forward.min;
const against =
  (peer, ours) =>
  ({ times }) =>
    times[peer] ? times[peer].min / times[ours].min : Number.NaN;

const comparisons = [
  ["pysiglib_backprop", "pullback", "native pySigLib sig_backprop, signatures given, copies included", 25, 5, 32],
  ["keras_sig_gradient", "signature and pullback", "Keras Sig on JAX, jitted: signature and gradient", 60, 12, 1],
];

function targetLines({ parts }) {
  const lines = [];
  const kernels = parts.kernels?.rows ?? [];
  if (kernels.length > 0) {
    const mean = geometricMean(kernels.map(overForward));
    const worst = most(kernels, overForward);
    lines.push(
      verdict("backward / plain Horner forward, kernels", "≤ 0.8× geometric mean", times(mean), mean <= 0.8),
      verdict(
        "",
        "≤ 1.6× on every row",
        `most ${times(overForward(worst))} at ${shape(worst)}`,
        overForward(worst) <= 1.6,
      ),
    );
  }
  for (const [peer, ours, what, mean, each, batch] of comparisons) {
    const ratio = against(peer, ours);
    const rows = (parts.peers?.rows ?? []).filter((row) => Number.isFinite(ratio(row)));
    if (rows.length === 0) continue;
    const found = geometricMean(rows.map(ratio));
    const large = rows.filter((row) => row.batch >= batch);
    const worst = least(large, ratio);
    const named = `${rowName(worst)}`;
    lines.push(
      verdict(what, `≥ ${mean}× geometric mean`, times(found), found >= mean),
      verdict(
        "",
        `≥ ${each}× on every row${batch > 1 ? ` with B ≥ ${batch}` : ""}`,
        `least ${times(ratio(worst))} at ${named}`,
        ratio(worst) >= each,
      ),
    );
  }
  const streams = parts.stream?.rows ?? [];
  if (streams.length > 0) {
    const worst = most(streams, overForward);
    const measured = `most ${times(overForward(worst))} at ${shape(worst)}`;
    lines.push(verdict("stream backward / stream forward, kernels", "≤ 3×", measured, overForward(worst) <= 3));
  }
  const errors = parts.errors?.rows ?? [];
  for (const [place, bound, of] of [
    ["ends", 1e-5, "max |dx|"],
    ["inside", 1e-4, "RMS of dx inside"],
  ]) {
    if (errors.length === 0) continue;
    const worst = most(errors, (row) => row[place]);
    const measured = `most ${worst[place].toExponential(1)}: ${worst.kind}, ${shape(worst)}, ${worst.points} points`;
    lines.push(
      verdict(`float32 error, ${place}, L up to 10 000`, `≤ ${bound} of ${of}`, measured, worst[place] <= bound),
    );
  }
  return lines;
}

/** The table of targets. */
export const gradientsTargets = (result) => table(["what", "target", "measured", "met?"], targetLines(result));

function kernelTable(rows) {
  return table(
    ["batch×points×d^N", "forward, Horner", "backward", "backward / forward", "`simd`", "float64", "error"],
    rows.map((row) => [
      rowName(row),
      milliseconds(row.times.forward.min),
      milliseconds(row.times.backward.min),
      times(overForward(row)),
      milliseconds(row.times["backward simd"].min),
      milliseconds(row.times["backward float64"].min),
      row.error.toExponential(1),
    ]),
  );
}

function peerTable(rows) {
  const peers = [
    ["pysiglib_backprop", "pullback"],
    ["keras_sig_gradient", "signature and pullback"],
    ["signax_gradient", "signature and pullback"],
  ];
  return table(
    ["batch×points×d^N", "pullback", "signature and pullback", ...peers.flatMap(([name]) => [name, "/ ours"])],
    rows.map((row) => [
      rowName(row),
      milliseconds(row.times.pullback.min),
      milliseconds(row.times["signature and pullback"].min),
      ...peers.flatMap(([name, ours]) => [milliseconds(row.times[name]?.min), times(against(name, ours)(row))]),
    ]),
  );
}

function errorTable(rows) {
  const kinds = [...new Set(rows.map(({ kind }) => kind))];
  return table(
    ["kind of path", "ends, of max |dx|", "at", "inside, of RMS", "at"],
    kinds.map((kind) => {
      const own = rows.filter((row) => row.kind === kind);
      return [
        kind,
        ...["ends", "inside"].flatMap((place) => {
          const worst = most(own, (row) => row[place]);
          return [worst[place].toExponential(1), `${shape(worst)}, ${worst.points} points`];
        }),
      ];
    }),
  );
}

/** The whole page. */
export function gradientsMarkdown(result) {
  const { machine, date, code, versions, parts } = result;
  const named = Object.values(versions).flatMap((all) => Object.entries(all).map((pair) => pair.join(" ")));
  const failures = (parts.peers?.rows ?? []).flatMap((row) =>
    Object.entries(row.failed ?? {}).map(([name, why]) => `- ${name} at ${rowName(row)}: ${why.split("\n")[0]}`),
  );
  const partial = Object.entries(parts).filter(([, { of, rows }]) => rows.length < of);
  return `${[
    `# Bench of gradients: ${machine.name}, ${machine.cores} cores, ${date}`,
    `One thread (${machine.vectors}); commit ${code.commit}${code.modified ? " with changes" : ""} · ` +
      `${[...new Set(named)].join(" · ")}. Written by \`npm run bench -- gradients\`.`,
    ...partial.map(([name, { of, rows }]) => `Part “${name}”: ${rows.length} of ${of} rows.`),
    "## Targets",
    gradientsTargets(result),
    ...(parts.kernels
      ? [
          "## Kernels",
          "Milliseconds, fastest sample. Signatures given; numbers in WebAssembly memory. Error: " +
            "float32 against float64, of max |dx|.",
          kernelTable(parts.kernels.rows),
        ]
      : []),
    ...(parts.stream ? ["## Streams", kernelTable(parts.stream.rows)] : []),
    ...(parts.peers
      ? [
          "## Peers",
          "Milliseconds from typed array to typed array. pySigLib is given the signatures, as the " +
            "pullback is; JAX's functions compute signature and gradient.",
          peerTable(parts.peers.rows),
        ]
      : []),
    ...(failures.length > 0 ? ["What a peer could not do:", failures.join("\n")] : []),
    ...(parts.errors
      ? [
          "## float32 against float64",
          "The worst of all shapes and lengths, for each kind of path.",
          errorTable(parts.errors.rows),
        ]
      : []),
  ].join("\n\n")}\n`;
}
