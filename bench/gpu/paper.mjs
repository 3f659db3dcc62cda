// Operation counts of the kernels: one step of one invocation, counted in the generated WGSL, and
// the bounds that follow. Needs no GPU.
//
//   node bench/gpu/paper.mjs        prints the table of bench/NOTES.md

import { wholeSource } from "../../ts/gpu/kernels/signature.wgsl.ts";
import { coefficientsOf } from "../../ts/gpu/kernels/walk.wgsl.ts";
import { layoutOf } from "../../ts/gpu/layout.ts";
import { followedShares, isPrunable } from "../../ts/gpu/recovery.ts";
import { shareCount, shareOf } from "../../ts/gpu/share.ts";
import { grid } from "../grid.mjs";
import { hornerMultiplyAdds } from "../lib/counts.mjs";

const limits = { maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupStorageSize: 16384 };

/** The statements of the loop over steps. */
function stepLines(source) {
  const begin = source.indexOf("at += STEP_VECTORS) {");
  const lines = source.slice(begin).split("\n").slice(1);
  return lines.slice(
    0,
    lines.findIndex((line) => /^ {4}\}/.test(line)),
  );
}

/** Components that a statement assigns, from the vector type that it constructs. */
function width(line, widths) {
  const [, name] = /^\s*(?:let )?(\w+) (?:=|\+=)/.exec(line) ?? [];
  const vector = /vec([234])f\(/.exec(line);
  const source = /(?:fma\([^,]+, |\+= )(\w+)/.exec(line);
  const known = vector ? Number(vector[1]) : (widths.get(source?.[1]) ?? 1);
  if (name) widths.set(name, known);
  return known;
}

/** Operations and loads of a step. */
function countStep(source) {
  const widths = new Map();
  for (const [, name, w] of source.matchAll(/var (\w+) = (?:vec(\d)f|f32)\(\)/g)) widths.set(name, Number(w ?? 1));
  const count = { multiplyAdds: 0, multiplications: 0, vectorLoads: 0, scalarLoads: 0 };
  let chains = 0;
  for (const line of stepLines(source)) {
    const loads = [...line.matchAll(/stage\[/g)].length;
    if (loads > 0) {
      const isScalar = /\]\[/.test(line);
      count[isScalar ? "scalarLoads" : "vectorLoads"] += loads;
      const [, name] = /let (\w+)/.exec(line);
      const swizzle = /\]\.(\w+);/.exec(line);
      const stage = /stage: array<vec(\d)f/.exec(source)[1];
      widths.set(name, isScalar ? (/vec(\d)f\(/.exec(line)?.[1] ?? 1) : (swizzle?.[1].length ?? Number(stage)));
      continue;
    }
    const w = Number(width(line, widths));
    if (/fma\(/.test(line)) count.multiplyAdds += w;
    else if (/\+=/.test(line)) count.multiplyAdds += w;
    if (/= [\d.]+ \* fma/.test(line)) count.multiplications += w;
    if (/let c/.test(line)) chains += w;
  }
  return { ...count, chains };
}

const rows = grid.map(({ channels, depth }) => {
  const share = shareOf(channels, depth);
  const layout = layoutOf(share, limits);
  const step = countStep(wholeSource(layout));
  const operations = step.multiplyAdds + step.multiplications;
  const lanes = (layout.invocations * layout.workgroups) / layout.tracks;
  const useful = hornerMultiplyAdds(channels, depth) / (lanes * operations);
  // A load by a warp occupies the shared memory of a multiprocessor for one to four cycles, in each
  // of which its four schedulers could issue a multiply-add.
  const loads = step.vectorLoads + step.scalarLoads;
  const pruned = isPrunable(share) ? followedShares(share).length / shareCount(share) : undefined;
  return [
    `${channels},${depth}`,
    layout.shares === 1 ? "path" : "prefix",
    layout.shares,
    `${layout.tracks} × ${layout.invocations}`,
    step.multiplyAdds,
    step.multiplications,
    `${step.vectorLoads} + ${step.scalarLoads}`,
    coefficientsOf(share).length,
    `${(100 * useful).toFixed(0)} %`,
    `${(100 * Math.min(1, operations / (4 * loads))).toFixed(0)} %`,
    pruned === undefined ? "–" : `${(100 * pruned).toFixed(0)} %`,
  ];
});

const head = [
  "d, N",
  "kernel",
  "shares",
  "tracks × invocations",
  "multiply-adds",
  "multiplications",
  "loads, vectors + numbers",
  "coefficients",
  "useful",
  "loads allow",
  "followed if pruned",
];
const line = (cells) => `| ${cells.join(" | ")} |`;
process.stdout.write(
  `${[line(head), line(head.map((_, i) => (i < 2 ? "---" : "---:"))), ...rows.map(line)].join("\n")}\n`,
);
