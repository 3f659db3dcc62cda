// The functional on brackets to where each piece of a path begins, as WGSL: with E the signature
// from the path's beginning to there
//
//   Θ'(v) = ⟨Λ·S, Ad_E [v]⟩ = Σ_x E(x) Θ(x v),
//
// since Ad_{exp z} = exp(ad_z) makes letters of E the outermost brackets (docs/gradients.md). That
// leaves the last two letters alone, so it may come before the innermost bracket. Level 1, which
// only the path's first point wants, and what stands behind a row are copied. An invocation
// computes one number.

import { leftSource } from "./contract.wgsl.ts";
import { entryPoint, paramStruct, workgroupSource } from "./params.wgsl.ts";
import { u } from "./text.ts";
import { wordsSource } from "./words.wgsl.ts";

/** Parameters of a dispatch, in their order, each a u32; offsets and strides count numbers. */
const names = {
  paths: "",
  pieces: "of a path in time",
  from_offset: "",
  to_offset: "",
  row: "numbers of a functional, and what stands behind it",
  signature_offset: "",
  signature_path: "",
  signature_piece: "from the one to the end of a piece to the next one",
  first_workgroup: "of this part of a dispatch that is done in parts",
} as const;

export const transportParamNames = Object.keys(names) as (keyof typeof names)[];
export const transportInvocations = 64;

/** The kernel. */
export function transportSource(channels: number, depth: number): string {
  return `// path-signature transport, channels ${channels}, depth ${depth}: one number an invocation. \
Written by ts/gpu/kernels/transport.wgsl.ts.
${paramStruct(names)}@group(1) @binding(0) var<storage, read> before: array<f32>;
// From the path's beginning to the end of each piece.
@group(1) @binding(1) var<storage, read> signatures: array<f32>;
@group(1) @binding(2) var<storage, read_write> after: array<f32>;
${workgroupSource}${wordsSource(channels, depth)}${leftSource("before", "signatures")}
${entryPoint(transportInvocations)}
  let number = workgroup_number(id, groups) * ${u(transportInvocations)} + lane;
  let index = number % params.row;
  let piece = number / params.row % params.pieces;
  let path = number / params.row / params.pieces;
  if (path >= params.paths) { return; }
  let row = params.from_offset + path * params.row;
  var value = before[row + index];
  if (piece > 0u && index >= CHANNELS && index < SIZE) {
    let signature = params.signature_offset + path * params.signature_path + (piece - 1u) * params.signature_piece;
    value = contracted(row, signature, index);
  }
  after[params.to_offset + number] = value;
}
`;
}
