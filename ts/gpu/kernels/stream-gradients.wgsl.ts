// Gradients of streams, as WGSL: the adjoint of S ↦ S ⊗ exp(z), step by step from the last to the
// first, with all prefixes in memory: they are outputs. With λ what has come in from later rows, S
// the signature before the step and z its increment,
//
//   μ(u) = Σ_w S(w) λ(w u),   ∂f/∂z_c = Σ_u μ(u) ∂exp(z)(u)/∂z_c,
//   λ(w) ← Σ_u λ(w u) exp(z)(u) + the cotangent of the row before.
//
// crates/kernels/src/ops/vjp/stream computes the same by Horner's scheme. A workgroup has a path:
// its invocations share the words, and wait for each other between the three sums of a step.
// Everything that moves stands in memory: simple, and bound by it.

import { streamInvocations } from "../flow-layout.ts";
import { entryPoint, option } from "./params.wgsl.ts";
import { pointNames, pointsParams } from "./points.wgsl.ts";
import { f, u } from "./text.ts";
import { wordsFunctions } from "./words.wgsl.ts";

/** Parameters of a dispatch, in their order, each a u32; offsets and strides count numbers. */
const names = {
  ...pointNames,
  rows: "of each path",
  signature_offset: "where the first path's first row begins",
  signature_path: "from one path's rows to the next one's",
  cotangent_offset: "likewise, behind scalar terms",
  cotangent_path: "",
  cotangent_row: "from one row to the next",
  initial_offset: "where what the first path continues begins",
  initial_path: "",
  begins: "1: this part of the steps is the last ones, with which a sweep begins",
} as const;

export const streamParamNames = Object.keys(names) as (keyof typeof names)[];

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

/** The kernel. */
export function streamGradientsSource(channels: number, depth: number): string {
  const invocations = streamInvocations(channels, depth);
  // i! j! / (i + j + 1)!, i letters before the one that moves and j after it.
  const weights = Array.from({ length: depth * depth }, (_, n) => {
    const [i, j] = [Math.floor(n / depth), n % depth];
    return f((factorial(i) * factorial(j)) / factorial(i + j + 1));
  });
  return `// path-signature gradients of streams, channels ${channels}, depth ${depth}: \
a path a workgroup of ${invocations}. Written by ts/gpu/kernels/stream-gradients.wgsl.ts.
${pointsParams(names, channels, depth, "functional")}
// Rows of signatures, (paths, rows, SIZE).
@group(1) @binding(5) var<storage, read> signatures: array<f32>;
@group(1) @binding(6) var<storage, read> cotangents: array<f32>;
@group(1) @binding(7) var<storage, read> initials: array<f32>;
${wordsFunctions(channels, depth)}
const INVOCATIONS = ${u(invocations)};
// Invocations that share a letter.
const CHUNKS = INVOCATIONS / CHANNELS;
// By letters before and after one that moves.
const WEIGHT = array<f32, ${depth * depth}>(${weights.join(", ")});

var<workgroup> increment: array<f32, ${channels}>;
var<workgroup> partial: array<f32, ${invocations}>;
var<workgroup> steps_of_path: u32;

// exp(z) of a word.
fn exponential(index: u32) -> f32 {
  let level = level_of(index);
  var word = index - OFFSET[level];
  var product = 1.0;
  for (var k = 1u; k <= level; k++) {
    product *= increment[word % CHANNELS] / f32(k);
    word /= CHANNELS;
  }
  return product;
}

// exp(z) of a word by its number among those of its length; the empty word's is one.
fn exponential_of(table: u32, letters: u32, word: u32) -> f32 {
  if (letters == 0u) { return 1.0; }
  return functional[table + OFFSET[letters] + word];
}

// The part of ∂f/∂z_c that one invocation of the letter's has.
fn share_of(mu: u32, table: u32, c: u32, chunk: u32) -> f32 {
  var sum = 0.0;
  for (var level = 1u; level <= DEPTH; level++) {
    for (var before = 0u; before < level; before++) {
      let behind = level - 1u - before;
      var part = 0.0;
      for (var n = chunk; n < COUNT[level - 1u]; n += CHUNKS) {
        let prefix = n / COUNT[behind];
        let rest = n % COUNT[behind];
        let word = (prefix * CHANNELS + c) * COUNT[behind] + rest;
        let weight = exponential_of(table, before, prefix) * exponential_of(table, behind, rest);
        part = fma(functional[mu + OFFSET[level] + word], weight, part);
      }
      sum = fma(WEIGHT[before * DEPTH + behind], part, sum);
    }
  }
  return sum;
}

${entryPoint(invocations)}
  let path = workgroup_number(id, groups);
  if (path >= params.paths) { return; }
  let track = track_of(path);
  if (lane == 0u) { steps_of_path = track.steps; }
  let steps = workgroupUniformLoad(&steps_of_path);
  let lambda = params.functional_offset + path * SIZE;
  let next = lambda + params.paths * SIZE;
  let table = next + params.paths * SIZE;
  let mu = table + params.paths * SIZE;
  let rows = params.cotangent_offset + path * params.cotangent_path;
  let kept = params.functional_offset + params.paths * (4u * SIZE + CHANNELS) + path * (CHANNELS + 1u);
  let last = min(steps, params.last_step);
  var is_bad = false;
  // What the step behind a point says of it.
  var later = 0.0;
  if (params.begins == 0u) {
    if (lane == 0u) { is_bad = functional[kept] != 0.0; }
    if (lane < CHANNELS) { later = functional[kept + 1u + lane]; }
  }
  // Past the end of a path its last row repeats.
  for (var i = lane; i < SIZE && params.begins == 1u; i += INVOCATIONS) {
    var sum = 0.0;
    for (var r = max(steps, 1u) - 1u; r < params.rows; r++) {
      let x = cotangents[rows + r * params.cotangent_row + i];
      is_bad = is_bad || !is_finite(x);
      sum += x;
    }
    functional[lambda + i] = sum;
  }
  for (var t = last; t > params.first_step; t--) {
    for (var c = lane; c < CHANNELS; c += INVOCATIONS) { \
increment[c] = coordinate(track, t, c) - coordinate(track, t - 1u, c); }
    workgroupBarrier();
    for (var i = lane; i < SIZE; i += INVOCATIONS) { functional[table + i] = exponential(i); }
    storageBarrier();
    let row = params.signature_offset + path * params.signature_path + (max(t, 2u) - 2u) * SIZE;
    let initial = params.initial_offset + path * params.initial_path;
    let before = rows + (max(t, 2u) - 2u) * params.cotangent_row;
    for (var i = lane; i < SIZE; i += INVOCATIONS) {
      let level = level_of(i);
      let word = i - OFFSET[level];
      var left = functional[lambda + i];
      var right = left;
      for (var letters = 1u; letters + level <= DEPTH; letters++) {
        let longer = lambda + OFFSET[letters + level];
        if (t > 1u) {
          for (var w = 0u; w < COUNT[letters]; w++) {
            left = fma(signatures[row + OFFSET[letters] + w], functional[longer + w * COUNT[level] + word], left);
          }
        } else if (has(${u(option.INITIAL)})) {
          for (var w = 0u; w < COUNT[letters]; w++) {
            left = fma(initials[initial + OFFSET[letters] + w], functional[longer + w * COUNT[level] + word], left);
          }
        }
        for (var w = 0u; w < COUNT[letters]; w++) {
          right = fma(functional[longer + word * COUNT[letters] + w], functional[table + OFFSET[letters] + w], right);
        }
      }
      if (t > 1u) {
        let x = cotangents[before + i];
        is_bad = is_bad || !is_finite(x);
        right += x;
      }
      functional[mu + i] = left;
      functional[next + i] = right;
    }
    storageBarrier();
    partial[lane] = 0.0;
    if (lane < CHUNKS * CHANNELS) { partial[lane] = share_of(mu, table, lane % CHANNELS, lane / CHANNELS); }
    for (var i = lane; i < SIZE; i += INVOCATIONS) { functional[lambda + i] = functional[next + i]; }
    storageBarrier();
    workgroupBarrier();
    if (lane < CHANNELS) {
      var g = 0.0;
      for (var chunk = 0u; chunk < CHUNKS; chunk++) { g += partial[chunk * CHANNELS + lane]; }
      put_point(track, t, lane, g - later);
      later = g;
    }
  }
  if (lane < CHANNELS) {
    functional[kept + 1u + lane] = later;
    if (params.first_step == 0u) { put_point(track, 0u, lane, -later); }
  }
  workgroupBarrier();
  partial[lane] = select(0.0, 1.0, is_bad);
  workgroupBarrier();
  if (lane == 0u) {
    var bad = 0.0;
    for (var i = 0u; i < INVOCATIONS; i++) { bad = max(bad, partial[i]); }
    functional[kept] = bad;
  }
  let length = select(steps + 1u, steps, has(${u(option.BASEPOINT)}));
  for (var i = length * CHANNELS + lane; i < params.points * CHANNELS; i += INVOCATIONS) {
    out[params.out_offset + path * params.points * CHANNELS + i] = 0.0;
  }
}
`;
}
