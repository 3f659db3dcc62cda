// Brackets around letters, as WGSL: the counterpart of `bracket` in
// crates/kernels/src/ops/vjp/functional.rs. For prefixes p of so many letters, a letter w and what
// comes after it, u: T(p w u) ← T(p w u) − T(p u w). An invocation computes one number; words that
// are too short, and what stands behind a row, are copied. The innermost bracket is left to who
// reads them (flow.wgsl.ts).

import { entryPoint, paramStruct, workgroupSource } from "./params.wgsl.ts";
import { u } from "./text.ts";
import { wordsSource } from "./words.wgsl.ts";

/** Parameters of a dispatch, in their order, each a u32; offsets and strides count numbers. */
const names = {
  paths: "",
  letters: "of the prefixes",
  from_offset: "",
  to_offset: "",
  row: "numbers of a path",
  first_workgroup: "of this part of a dispatch that is done in parts",
} as const;

export const bracketParamNames = Object.keys(names) as (keyof typeof names)[];
export const bracketInvocations = 64;

/** The kernel. */
export function bracketSource(channels: number, depth: number): string {
  return `// path-signature brackets, channels ${channels}, depth ${depth}: one number an invocation. \
Written by ts/gpu/kernels/bracket.wgsl.ts.
${paramStruct(names)}@group(1) @binding(0) var<storage, read> before: array<f32>;
@group(1) @binding(1) var<storage, read_write> after: array<f32>;
${workgroupSource}${wordsSource(channels, depth)}
${entryPoint(bracketInvocations)}
  let number = workgroup_number(id, groups) * ${u(bracketInvocations)} + lane;
  let index = number % params.row;
  let path = number / params.row;
  if (path >= params.paths) { return; }
  let row = params.from_offset + path * params.row;
  var value = before[row + index];
  let level = level_of(index);
  if (index < SIZE && level >= params.letters + 3u) {
    let rest = COUNT[level - params.letters - 1u];
    let word = index - OFFSET[level];
    let prefix = word / (CHANNELS * rest) * (CHANNELS * rest);
    value -= before[row + OFFSET[level] + prefix + word % rest * CHANNELS + word / rest % CHANNELS];
  }
  after[params.to_offset + path * params.row + index] = value;
}
`;
}
