// Cotangents contracted with signatures, as WGSL: what gradients need once for a path
// (docs/gradients.md), the counterpart of `contract_right`, `contract_left` and `last_step` in
// crates/kernels/src/ops/vjp/functional.rs. An invocation computes one number.
//
//   right   Λ⁰(v) = Σ_x Λ(v x) S(x), and after the row h(c) = Λ(c) + Σ_w S(w) Λ(w c): the gradient
//           of a step after the whole path
//   left    Λ'(v) = Σ_u I(u) Λ(u v)
//
// Sums run over all words, the empty one included, in a fixed order.

import { entryPoint, option, optionsSource, paramStruct, workgroupSource } from "./params.wgsl.ts";
import { u } from "./text.ts";
import { wordsSource } from "./words.wgsl.ts";

export type Side = "left" | "right";

/** Parameters of a dispatch, in their order, each a u32; offsets and strides count numbers. */
const names = {
  options: "sum of option bits",
  paths: "",
  count: "numbers that are computed for a path",
  cotangent_offset: "where the first path's begins, behind its scalar term",
  cotangent_path: "from one path's to the next one's",
  factor_offset: "likewise of what it is contracted with",
  factor_path: "",
  out_offset: "",
  out_path: "",
  first_workgroup: "of this part of a dispatch that is done in parts",
  first_path: "number of the first path in the call, for what is found wrong with its cotangent",
} as const;

export const contractParamNames = Object.keys(names) as (keyof typeof names)[];
export const contractInvocations = 64;

const right = `
fn contracted(a: u32, b: u32, index: u32) -> f32 {
  let level = level_of(index);
  let word = index - OFFSET[level];
  var sum = cotangents[a + index];
  for (var letters = 1u; letters + level <= DEPTH; letters++) {
    let begin = a + OFFSET[level + letters] + word * COUNT[letters];
    let to = b + OFFSET[letters];
    for (var i = 0u; i < COUNT[letters]; i++) { sum = fma(cotangents[begin + i], factors[to + i], sum); }
  }
  return sum;
}

fn last_step(a: u32, b: u32, channel: u32) -> f32 {
  var sum = cotangents[a + channel];
  for (var level = 2u; level <= DEPTH; level++) {
    let begin = a + OFFSET[level] + channel;
    let to = b + OFFSET[level - 1u];
    for (var i = 0u; i < COUNT[level - 1u]; i++) { sum = fma(factors[to + i], cotangents[begin + i * CHANNELS], sum); }
  }
  return sum;
}
`;

/** Σ_u I(u) Λ(u v), of arrays by their names. */
export const leftSource = (cotangents: string, factors: string): string => `
fn contracted(a: u32, b: u32, index: u32) -> f32 {
  let level = level_of(index);
  let word = index - OFFSET[level];
  var sum = ${cotangents}[a + index];
  for (var letters = 1u; letters + level <= DEPTH; letters++) {
    let begin = a + OFFSET[level + letters] + word;
    let to = b + OFFSET[letters];
    for (var i = 0u; i < COUNT[letters]; i++) {
      sum = fma(${factors}[to + i], ${cotangents}[begin + i * COUNT[level]], sum);
    }
  }
  return sum;
}
`;

/** Numbers that are written for a path. */
export const contractedNumbers = (side: Side, channels: number, size: number): number =>
  side === "right" ? size + channels : size;

/** The kernel. */
export function contractSource(side: Side, channels: number, depth: number): string {
  const isRight = side === "right";
  return `// path-signature contraction on the ${side}, channels ${channels}, depth ${depth}: \
one number an invocation. Written by ts/gpu/kernels/contract.wgsl.ts.
${paramStruct(names)}@group(1) @binding(0) var<storage, read> cotangents: array<f32>;
@group(1) @binding(1) var<storage, read> factors: array<f32>;
@group(1) @binding(2) var<storage, read_write> out: array<f32>;
// The first path of the call with a cotangent that is not finite.
@group(1) @binding(3) var<storage, read_write> first_not_finite: atomic<u32>;
${optionsSource}${workgroupSource}${wordsSource(channels, depth)}\
${isRight ? right : leftSource("cotangents", "factors")}
${entryPoint(contractInvocations)}
  let number = workgroup_number(id, groups) * ${u(contractInvocations)} + lane;
  let index = number % params.count;
  let path = number / params.count;
  if (path >= params.paths) { return; }
  let a = params.cotangent_offset + path * params.cotangent_path;
  let b = params.factor_offset + path * params.factor_path;
  let to = params.out_offset + path * params.out_path + index;
${
  isRight
    ? `  if (index >= SIZE) {
    out[to] = last_step(a, b, index - SIZE);
    return;
  }
`
    : ""
}  // By its bits: compilers may take it that floats are finite.
  let is_finite = (bitcast<u32>(cotangents[a + index]) & 0x7f800000u) != 0x7f800000u;
  if (!is_finite && has(${u(option.CHECK_FINITE)})) { atomicMin(&first_not_finite, params.first_path + path); }
  out[to] = contracted(a, b, index);
}
`;
}
