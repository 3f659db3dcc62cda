// The functional on brackets moves through time, as WGSL: the twin of crates/kernels/src/vjp (flow, node, root, contract), whose derivation is
// docs/gradients.md. One step with increment z, X⌟z the contraction of the first letter:
//
//   X_{k,0} = Θ_k before the step,  X_{k-1,j+1} = X_{k,j}⌟z,  Θ_k += Σ_{j≥1} X_{k,j}/j!   (Θ_N stays as it is),
//   behind = −Σ_j (j+1)/(j+2)! X_{2,j},  before = −Σ_j 1/(j+2)! X_{2,j},  ∂f/∂x_t = behind_t⌟z_t + before_{t+1}⌟z_{t+1}.
//
// An invocation has a pair of letters a < c and the tree of words that end in it. It goes through the tree depth first, four steps at once: X is a
// vector over steps, so that each Θ_N is read once for four of them. The pairs of a path leave two numbers for each step in workgroup memory; then
// invocations have a point and a channel each.
//
// Tracks are pieces of paths in time, each with a Θ of its own: as it is where the piece begins (transport.wgsl.ts). A piece also takes the step behind its
// end, so that its last point has both of its steps; the first point is the piece's before, but for that of the path.
//
// Where Θ stands in memory it does in a track's row of T, words of the pair (a, c) at (… a c). What belongs to them is at (… c a), of which the
// antisymmetric Θ has no need: on the last level but one Θ as it was at the first point, below that what sums have lost (Kahan 1965).

import { type FlowLayout, settleSteps } from "../flow-layout.ts";
import { levelOffsets } from "../share.ts";
import { entryPoint, option } from "./params.wgsl.ts";
import { pointsSource } from "./points.wgsl.ts";
import { f, indent, u } from "./text.ts";

const vectors = (layout: FlowLayout): number => layout.tile / 4 + 1;

/** Workgroup memory, and what stages increments and collects points. */
function workgroupMemory(layout: FlowLayout): string {
  const { channels: d, pairs, invocations, tracks, tile } = layout;
  return `
const INVOCATIONS = ${u(invocations)};
// Pieces of paths in a workgroup.
const TRACKS = ${u(tracks)};
const PAIRS = ${u(pairs)};
// Steps between two visits of the points.
const TILE = ${u(tile)};
// Vectors of four steps that are staged for a letter: those of a tile, and the last before it.
const VECTORS = ${u(vectors(layout))};

var<workgroup> tracks: array<Track, ${tracks}>;
var<workgroup> longest: u32;
// Increments of four steps for each letter.
var<workgroup> increments: array<vec4f, ${tracks * vectors(layout) * d}>;
// The two matrices of each step; of \`behind\` the last before the tile comes first.
var<workgroup> behind: array<f32, ${tracks * (tile + 1) * pairs}>;
var<workgroup> before: array<f32, ${tracks * tile * pairs}>;
// From the first point to where a tile begins.
var<workgroup> way: array<f32, ${tracks * d}>;

// Number of the pair of the letters a < c.
fn pair_of(a: u32, c: u32) -> u32 {
  return a * (2u * CHANNELS - a - 1u) / 2u + c - a - 1u;
}

// Fills \`tracks\`, from number \`first_track\` on; gives the steps of the longest.
fn find_tracks(lane: u32, first_track: u32) -> u32 {
  for (var i = lane; i < TRACKS; i += INVOCATIONS) {
    tracks[i] = Track(params.paths, 0u, 0u, 0u);
    if (first_track + i < params.paths * params.pieces) { tracks[i] = track_of(first_track + i); }
  }
  workgroupBarrier();
  if (lane == 0u) {
    var most = 0u;
    for (var i = 0u; i < TRACKS; i++) { most = max(most, tracks[i].count); }
    longest = most;
  }
  return workgroupUniformLoad(&longest);
}

// What the tile before leaves to the next one, and the way to it.
fn keep_last(lane: u32, t: u32) {
  for (var i = lane; i < TRACKS * CHANNELS; i += INVOCATIONS) {
    let first = i / CHANNELS * VECTORS * CHANNELS + i % CHANNELS;
    increments[first] = increments[first + (VECTORS - 1u) * CHANNELS];
    let track = tracks[i / CHANNELS];
    if (track.steps > 0u) { way[i] = way_to(track, min(t, track.count), i % CHANNELS); }
  }
  for (var i = lane; i < TRACKS * PAIRS; i += INVOCATIONS) {
    let first = i / PAIRS * (TILE + 1u) * PAIRS + i % PAIRS;
    behind[first] = behind[first + TILE * PAIRS];
  }
}

// Steps t .. t + TILE of each track, and on beyond its end; beyond the path's increments are zero.
fn stage(lane: u32, t: u32) {
  for (var i = lane; i < TRACKS * (VECTORS - 1u) * CHANNELS; i += INVOCATIONS) {
    let letter = i % CHANNELS;
    let number = i / CHANNELS % (VECTORS - 1u);
    let slot = i / (CHANNELS * (VECTORS - 1u));
    let track = tracks[slot];
    var z = vec4f();
    for (var q = 0u; q < 4u; q++) {
      let s = track.first + t + 4u * number + q;
      if (s < track.steps) { z[q] = coordinate(track, s + 1u, letter) - coordinate(track, s, letter); }
    }
    increments[(slot * VECTORS + number + 1u) * CHANNELS + letter] = z;
  }
}

// The gradients of points t .. t + TILE of each track. Where a piece begins is the end of the one before.
fn collect(lane: u32, first_track: u32, t: u32) {
  for (var i = lane; i < TRACKS * TILE * CHANNELS; i += INVOCATIONS) {
    let c = i % CHANNELS;
    let step = i / CHANNELS % TILE;
    let slot = i / (CHANNELS * TILE);
    let track = tracks[slot];
    let is_own = t + step > 0u || (first_track + slot) % params.pieces == 0u;
    if (track.path < params.paths && is_own && t + step <= track.count) {
      // The step before the point, and the one after it.
      let vectors = slot * VECTORS * CHANNELS;
      let first = vectors + (step + 3u) / 4u * CHANNELS;
      let second = vectors + (step + 4u) / 4u * CHANNELS;
      let row = (slot * (TILE + 1u) + step) * PAIRS;
      let next = (slot * TILE + step) * PAIRS;
      var g = 0.0;
      for (var a = 0u; a < c; a++) {
        let pair = pair_of(a, c);
        g = fma(increments[first + a][(step + 3u) % 4u], behind[row + pair], g);
        g = fma(increments[second + a][step % 4u], before[next + pair], g);
      }
      for (var a = c + 1u; a < CHANNELS; a++) {
        let pair = pair_of(c, a);
        g = fma(-increments[first + a][(step + 3u) % 4u], behind[row + pair], g);
        g = fma(-increments[second + a][step % 4u], before[next + pair], g);
      }
      write_point(track, track.first + t + step, c, g);
    }
  }
}

// Zeros past the end of paths, by their first pieces.
fn clear_tails(lane: u32, first_track: u32) {
  for (var slot = 0u; slot < TRACKS; slot++) {
    let track = tracks[slot];
    if (track.path >= params.paths || (first_track + slot) % params.pieces != 0u) { continue; }
    let length = select(track.steps + 1u, track.steps, has(${u(option.BASEPOINT)}));
    for (var i = length * CHANNELS + lane; i < params.points * CHANNELS; i += INVOCATIONS) {
      out[params.out_offset + track.path * params.points * CHANNELS + i] = 0.0;
    }
  }
}
`;
}

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

/** Σ_j w_j X_j as nested multiply-adds. */
const weighted = (level: number, weights: readonly (readonly [number, number])[]): string =>
  weights.reduce((sum, [j, weight]) => {
    const x = `x${level}_${j}`;
    if (sum === "") return weight === 1 ? x : `${f(weight)} * ${x}`;
    return `fma(vec4f(${f(weight)}), ${x}, ${sum})`;
  }, "");

/** Where a tree's numbers are: names of registers, or places of memory. Letters are those before the pair, from the first on. */
interface Tree {
  /** Θ of a word. */
  theta(letters: readonly string[]): string;
  /** What belongs to it below the top: where it began, or what its sums have lost. */
  companion(letters: readonly string[]): string;
  /** Statements for all children of a node; a letter is a number or the name of a variable. */
  children(level: number, one: (letter: string) => string[]): string[];
}

/** Statements for a node on \`level\` and all above it: leaves X_j in \`x<level>_<j>\`. */
function node(layout: FlowLayout, tree: Tree, level: number, letters: readonly string[]): string[] {
  const { depth } = layout;
  if (level === depth) return [`let x${level}_0 = vec4f(${tree.theta(letters)});`];
  const arrays = Array.from({ length: depth - level }, (_, i) => i + 1);
  const lines = arrays.map((j) => `var x${level}_${j} = vec4f();`);
  lines.push(
    ...tree.children(level, (letter) => [
      ...node(layout, tree, level + 1, [letter, ...letters]),
      `let z = increments[z_at + ${letter}];`,
      ...arrays.map((j) => `x${level}_${j} = fma(z, x${level + 1}_${j - 1}, x${level}_${j});`),
    ]),
    `let change = ${weighted(
      level,
      arrays.map((j) => [j, 1 / factorial(j)] as const),
    )};`,
    "let two = change.x + change.y;",
    "let three = two + change.z;",
    `let start = ${tree.theta(letters)};`,
    `let x${level}_0 = start + vec4f(0.0, change.x, two, three);`,
  );
  if (level === depth - 1) lines.push(`${tree.theta(letters)} = start + (three + change.w);`);
  else {
    const lost = tree.companion(letters);
    lines.push(
      `let added = three + change.w + ${lost};`,
      "let sum = start + added;",
      `${lost} = added - (sum - start);`,
      `${tree.theta(letters)} = sum;`,
    );
  }
  return lines;
}

/** All words of so many letters. */
function words(channels: number, count: number): string[][] {
  let all: string[][] = [[]];
  for (let i = 0; i < count; i++) {
    all = all.flatMap((word) => Array.from({ length: channels }, (_, c) => [...word, u(c)]));
  }
  return all;
}

/** A tree in registers. */
function registers({ channels: d }: FlowLayout): Tree {
  const name = (letter: string, letters: readonly string[]) =>
    [`${letter}${letters.length + 2}`, ...letters.map((one) => one.replace("u", ""))].join("_");
  return {
    theta: (letters) => name("t", letters),
    companion: (letters) => name("k", letters),
    children: (_, one) =>
      Array.from({ length: d }, (_, c) => ["{", ...one(u(c)).map((line) => `  ${line}`), "}"]).flat(),
  };
}

/** A tree in memory. */
function memory({ channels: d, depth }: FlowLayout): Tree {
  const offsets = levelOffsets(d, depth);
  const at = (base: string, letters: readonly string[]) => {
    const level = letters.length + 2;
    const terms = letters.map((letter, i) => `${letter} * ${u(d ** (level - 1 - i))}`);
    return `functional[${[base, ...terms].join(" + ")} + ${u(offsets[level]!)}]`;
  };
  return {
    theta: (letters) => at("root", letters),
    companion: (letters) => at("mirror", letters),
    children: (level, one) => {
      const letter = `letter_${level + 1}`;
      return [
        `for (var ${letter} = 0u; ${letter} < CHANNELS; ${letter}++) {`,
        ...one(letter).map((line) => `  ${line}`),
        "}",
      ];
    },
  };
}

/** Statements for all words of a level. */
function forWords(layout: FlowLayout, tree: Tree, level: number, one: (letters: string[]) => string[]): string[] {
  if (layout.inRegisters) return words(layout.channels, level - 2).flatMap(one);
  const inside = (below: number, letters: string[]): string[] =>
    below === level ? one(letters) : tree.children(below, (letter) => inside(below + 1, [letter, ...letters]));
  return inside(2, []);
}

/** Statements that begin: the innermost bracket, and what belongs to it. All of it in memory. */
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

/** Statements for all of a tree that is in registers: what they are filled from, and on the way back what has moved. */
function between(layout: FlowLayout, tree: Tree, way: "load" | "store"): string[] {
  const { depth } = layout;
  const stored = memory(layout);
  const lines: string[] = [];
  for (let level = 2; level <= (way === "load" ? depth : depth - 1); level++) {
    lines.push(
      ...forWords(layout, tree, level, (letters) => {
        const pairs = [
          [tree.theta(letters), stored.theta(letters), "var"],
          [tree.companion(letters), stored.companion(letters), level === depth - 1 ? "let" : "var"],
        ] as const;
        const some = level === depth ? pairs.slice(0, 1) : pairs;
        return some.map(([register, place, kind]) =>
          way === "load" ? `${kind} ${register} = ${place};` : `${place} = ${register};`,
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
  const place = [
    "let number = min(first_track + slot, params.paths * params.pieces - 1u);",
    "let letters = letters_of(pair);",
    "let root = functional_of(number) + letters.x * CHANNELS + letters.y;",
    "let mirror = functional_of(number) + letters.y * CHANNELS + letters.x;",
    "let way_at = slot * CHANNELS;",
  ];
  const settled = `if (t > 0u && t % ${u(settleSteps)} == 0u) {\n${indent(settle(layout, tree), 2)}\n}`.split("\n");
  const several = pairs > invocations;
  // In memory a tree can be gone back to: an invocation has one pair after the other.
  const forPairs = (lines: readonly string[]): string[] =>
    several
      ? [
          "for (var pair = lane; pair < PAIRS; pair += INVOCATIONS) {",
          ...["let slot = 0u;", ...place, ...lines].map((line) => `  ${line}`),
          "}",
        ]
      : ["if (works) {", ...lines.map((line) => `  ${line}`), "}"];
  const row = `behind[(slot * (TILE + 1u) + TILE) * PAIRS + pair]`;
  // Of the top level's words (… c a) the first has room for the last row of `behind`.
  const rowKept = memory(layout).companion(new Array<string>(depth - 2).fill("0u"));
  return `// path-signature gradients, channels ${d}, depth ${depth}: a pair of letters an invocation, ${tracks} tracks to a workgroup of ${invocations},
// trees in ${inRegisters ? "registers" : "memory"}. Written by ts/gpu/kernels/flow.wgsl.ts.
${pointsSource(d, depth)}${workgroupMemory(layout)}
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
          ...place,
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
${indent(inRegisters ? between(layout, tree, "load") : [], 2)}
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
${indent(forPairs([...(inRegisters ? between(layout, tree, "store") : []), `${rowKept} = ${row};`]), 4)}
  }
  if (params.first_step == 0u) { clear_tails(lane, first_track); }
}
`;
}
