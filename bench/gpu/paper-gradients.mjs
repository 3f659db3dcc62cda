// Operation counts of the sweep of gradients: four steps of one invocation, counted in the
// generated WGSL and its loops, and the bounds that follow. Needs no GPU.
//
//   node bench/gpu/paper-gradients.mjs        prints the table of bench/NOTES.md

import { flowLayoutOf, flowWorkgroupBytes, treeNumbers } from "../../ts/gpu/flow-layout.ts";
import { flowSource } from "../../ts/gpu/kernels/flow.wgsl.ts";
import { grid } from "../grid.mjs";

const limits = { maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupStorageSize: 16384 };

/** Operations of the statements of a tree, weighted by the iterations of the loops around them. */
function countTree(source, channels) {
  const all = source.split("\n");
  const begin = all.findIndex((line) => line.includes("let z_at ="));
  const end = all.findIndex((line, i) => i > begin && line.includes("let row ="));
  const count = { multiplyAdds: 0, others: 0, increments: 0, functional: 0 };
  const loops = [1];
  for (const line of all.slice(begin + 1, end)) {
    const times = loops.at(-1);
    if (/^\s*for /.test(line)) loops.push(times * channels);
    else if (/^\s*\{$/.test(line)) loops.push(times);
    else if (/^\s*\}$/.test(line)) loops.pop();
    count.multiplyAdds += times * 4 * [...line.matchAll(/fma\(/g)].length;
    if (!line.includes("fma(")) count.others += times * [...line.replace(/\[[^\]]*\]/g, "").matchAll(/ [+-] /g)].length;
    count.increments += times * [...line.matchAll(/increments\[/g)].length;
    count.functional += times * [...line.matchAll(/functional\[/g)].length;
  }
  return count;
}

/**
 * Multiply-adds of a step that the recursion itself needs: each number of level k is contracted
 * with z N − k + 1 times, and summed once more for each level above.
 */
function least(channels, depth) {
  let sum = 0;
  for (let k = 3; k <= depth; k++) sum += channels ** (k - 2) * (depth - k + 1);
  return sum;
}

const rows = grid
  .filter(({ depth }) => depth > 2)
  .map(({ channels, depth }) => {
    const layout = flowLayoutOf(channels, depth, limits);
    const { pairs, tracks, invocations, tile, inRegisters } = layout;
    const { multiplyAdds, others, increments, functional } = countTree(flowSource(layout), channels);
    const collected = (tracks * tile * channels * 2 * (channels - 1)) / invocations / (tile / 4);
    const busy = (tracks * pairs) / invocations;
    const useful = (busy * 4 * least(channels, depth)) / (multiplyAdds + others + collected);
    // Sums of all levels at once, four numbers each, and the values kept.
    const sums = (4 * (depth - 1) * (depth - 2)) / 2;
    return [
      `${channels},${depth}`,
      inRegisters ? "registers" : "memory",
      pairs,
      `${tracks} × ${invocations}`,
      multiplyAdds,
      others,
      increments,
      functional,
      collected.toFixed(0),
      inRegisters ? treeNumbers(channels, depth) + sums : sums,
      flowWorkgroupBytes(layout),
      `${(100 * useful).toFixed(0)} %`,
    ];
  });

const head = [
  "d, N",
  "trees in",
  "pairs",
  "paths × invocations",
  "multiply-adds",
  "additions",
  "loads of increments",
  "of Θ, both ways",
  "multiply-adds of points",
  "registers",
  "bytes of a workgroup",
  "useful",
];
const line = (cells) => `| ${cells.join(" | ")} |`;
process.stdout.write(
  `${[line(head), line(head.map((_, i) => (i < 2 ? "---" : "---:"))), ...rows.map(line)].join("\n")}\n`,
);
