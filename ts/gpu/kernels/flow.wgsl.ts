// The sweep of gradients: the functional on brackets moves through time, as WGSL. The counterpart
// of crates/kernels/src/vjp (flow, node, root, contract); docs/gradients.md derives it. One step
// with increment z, X⌟z the contraction of the first letter:
//
//   X_{k,0} = Θ_k before the step,  X_{k-1,j+1} = X_{k,j}⌟z,
//   Θ_k += Σ_{j≥1} X_{k,j}/j!   (Θ_N stays as it is),
//   behind = −Σ_j (j+1)/(j+2)! X_{2,j},  before = −Σ_j 1/(j+2)! X_{2,j},
//   ∂f/∂x_t = behind_t⌟z_t + before_{t+1}⌟z_{t+1}.
//
// An invocation has a pair of letters a < c and the tree of words that end in it. It walks the tree
// depth first, four steps at once: X is a vector over steps, so that each Θ_N is read once for four
// of them. The pairs of a path leave two numbers for each step in workgroup memory; then
// invocations have a point and a channel each.
//
// Tracks are pieces of paths in time, each with a Θ of its own: that at the beginning of the piece
// (transport.wgsl.ts). A piece also takes the step behind its end, so that its last point has both
// of its steps; its first point belongs to the piece before, except that of the path.
//
// In memory Θ stands in a track's row of T, words of the pair (a, c) at (… a c). Their companions
// stand at (… c a), which the antisymmetric Θ leaves free: on the last level but one Θ at the first
// point, below that the low parts of sums (Kahan 1965).
//
// Not here: statements of the tree (flow-tree.wgsl.ts), increments, points (flow-points.wgsl.ts).

import { type FlowLayout, settleSteps } from "../flow-layout.ts";
import { flowPointsSource } from "./flow-points.wgsl.ts";
import { factorial, forWords, memory, node, registers, type Tree, weighted } from "./flow-tree.wgsl.ts";
import { entryPoint } from "./params.wgsl.ts";
import { pointsSource } from "./points.wgsl.ts";
import { indent, u } from "./text.ts";

/** Statements for the first step: the innermost bracket, and companions. All of it in memory. */
function begin(layout: FlowLayout): string[] {
  const { depth } = layout;
  const stored = memory(layout);
  const inMemory = { ...layout, inRegisters: false };
  const lines: string[] = [];
  for (let level = 2; level <= depth; level++) {
    lines.push(
      ...forWords(inMemory, stored, level, (letters) => {
        const [theta, other] = [stored.theta(letters), stored.companion(letters)];
        return [
          `${theta} -= ${other};`,
          ...(level === depth ? [] : [`${other} = ${level === depth - 1 ? theta : "0.0"};`]),
        ];
      }),
    );
  }
  return lines;
}

/** Statements that load a tree into registers, or store what has moved. */
function transfer(layout: FlowLayout, tree: Tree, direction: "load" | "store"): string[] {
  const { depth } = layout;
  const stored = memory(layout);
  const lines: string[] = [];
  for (let level = 2; level <= (direction === "load" ? depth : depth - 1); level++) {
    lines.push(
      ...forWords(layout, tree, level, (letters) => {
        const pairs = [
          [tree.theta(letters), stored.theta(letters), "var"],
          [tree.companion(letters), stored.companion(letters), level === depth - 1 ? "let" : "var"],
        ] as const;
        const some = level === depth ? pairs.slice(0, 1) : pairs;
        return some.map(([register, stored, kind]) =>
          direction === "load" ? `${kind} ${register} = ${stored};` : `${stored} = ${register};`,
        );
      }),
    );
  }
  return lines;
}

/** Statements for Θ_{N-1} = Θ⁰_{N-1} + Θ_N⌟(x_t − x_0). */
function settle(layout: FlowLayout, tree: Tree): string[] {
  const { channels: d, depth, inRegisters } = layout;
  return forWords(layout, tree, depth - 1, (letters) => {
    const start = tree.companion(letters);
    const to = tree.theta(letters);
    if (inRegisters) {
      return [
        `${to} = ${Array.from({ length: d }, (_, c) => u(c)).reduce(
          (sum, c) => `fma(${tree.theta([c, ...letters])}, way[way_at + ${c}], ${sum})`,
          start,
        )};`,
      ];
    }
    return [
      `var sum = ${start};`,
      ...tree.children(depth - 1, (letter) => [
        `sum = fma(${tree.theta([letter, ...letters])}, way[way_at + ${letter}], sum);`,
      ]),
      `${to} = sum;`,
    ];
  });
}

/** Statements for a tile: four steps at once, and what they leave. */
function tileSteps(layout: FlowLayout, tree: Tree): string[] {
  const { depth } = layout;
  const arrays = Array.from({ length: depth - 1 }, (_, j) => j);
  const matrix = (weight: (j: number) => number) =>
    weighted(
      2,
      arrays.map((j) => [j, weight(j) / factorial(j + 2)] as const),
    );
  return [
    "for (var number = 0u; number < VECTORS - 1u; number++) {",
    "  let z_at = (slot * VECTORS + number + 1u) * CHANNELS;",
    ...node(layout, tree, 2, []).map((line) => `  ${line}`),
    `  let after = ${matrix((j) => -(j + 1))};`,
    `  let first = ${matrix(() => -1)};`,
    "  let row = (slot * (TILE + 1u) + 4u * number + 1u) * PAIRS + pair;",
    "  let next = (slot * TILE + 4u * number) * PAIRS + pair;",
    ...[..."xyzw"].flatMap((c, q) => [
      `  behind[row + ${q}u * PAIRS] = after.${c};`,
      `  before[next + ${q}u * PAIRS] = first.${c};`,
    ]),
    "}",
  ];
}

/** The kernel. */
export function flowSource(layout: FlowLayout): string {
  const { channels: d, depth, pairs, invocations, tracks, inRegisters } = layout;
  const tree = inRegisters ? registers(layout) : memory(layout);
  const location = [
    "let number = min(first_track + slot, params.paths * params.pieces - 1u);",
    "let letters = letters_of(pair);",
    "let root = functional_of(number) + letters.x * CHANNELS + letters.y;",
    "let mirror = functional_of(number) + letters.y * CHANNELS + letters.x;",
    "let way_at = slot * CHANNELS;",
  ];
  const settled = `if (t > 0u && t % ${u(settleSteps)} == 0u) {\n${indent(settle(layout, tree), 2)}\n}`.split("\n");
  const several = pairs > invocations;
  // Trees in memory can be left and resumed: an invocation takes one pair after the other.
  const forPairs = (lines: readonly string[]): string[] =>
    several
      ? [
          "for (var pair = lane; pair < PAIRS; pair += INVOCATIONS) {",
          ...["let slot = 0u;", ...location, ...lines].map((line) => `  ${line}`),
          "}",
        ]
      : ["if (works) {", ...lines.map((line) => `  ${line}`), "}"];
  const row = `behind[(slot * (TILE + 1u) + TILE) * PAIRS + pair]`;
  // The first of the top level's words (… c a) keeps the last row of `behind`.
  const rowKept = memory(layout).companion(new Array<string>(depth - 2).fill("0u"));
  return `// path-signature gradients, channels ${d}, depth ${depth}: a pair of letters an invocation, \
${tracks} tracks to a workgroup of ${invocations},
// trees in ${inRegisters ? "registers" : "memory"}. Written by ts/gpu/kernels/flow.wgsl.ts.
${pointsSource(d, depth)}${flowPointsSource(layout)}
// The letters a < c of a pair.
fn letters_of(pair: u32) -> vec2u {
  var a = 0u;
  var rest = pair;
  while (rest >= CHANNELS - 1u - a) {
    rest -= CHANNELS - 1u - a;
    a++;
  }
  return vec2u(a, a + 1u + rest);
}

${entryPoint(invocations)}
  let first_track = workgroup_number(id, groups) * TRACKS;
  let most = find_tracks(lane, first_track);
${
  several
    ? ""
    : indent(
        [
          "let slot = min(lane / PAIRS, TRACKS - 1u);",
          "let pair = lane % PAIRS;",
          `let works = lane < TRACKS * PAIRS && tracks[slot].path < params.paths;`,
          ...location,
        ],
        2,
      )
}
  if (params.first_step == 0u) {
${indent(forPairs(begin(layout)), 4)}
  } else {
    stage(lane, params.first_step - TILE);
${indent(forPairs([`${row} = ${rowKept};`]), 4)}
    workgroupBarrier();
  }
${indent(inRegisters ? transfer(layout, tree, "load") : [], 2)}
  let last = min(most + 1u, params.last_step);
  for (var t = params.first_step; t < last; t += TILE) {
    keep_last(lane, t);
    workgroupBarrier();
    stage(lane, t);
    workgroupBarrier();
${indent(forPairs([...settled, ...tileSteps(layout, tree)]), 4)}
    workgroupBarrier();
    collect(lane, first_track, t);
    workgroupBarrier();
  }
  if (last <= most) {
${indent(forPairs([...(inRegisters ? transfer(layout, tree, "store") : []), `${rowKept} = ${row};`]), 4)}
  }
  if (params.first_step == 0u) { clear_tails(lane, first_track); }
}
`;
}
