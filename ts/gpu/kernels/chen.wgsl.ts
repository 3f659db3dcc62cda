// Chen's identity as WGSL: products of signatures, the counterpart of
// crates/kernels/src/tensor/chen.rs. An invocation computes one coefficient of one product,
// S(w) = Σ_{w = uv} A(u) B(v), from the whole word down to the empty prefix: always the same order.
//
// Not here: which products are computed (products.ts).

import { entryPoint, paramStruct } from "./params.wgsl.ts";
import { u } from "./text.ts";
import { wordsSource } from "./words.wgsl.ts";

/** Parameters of a dispatch, in their order, each a u32; offsets and strides count numbers. */
const names = {
  products: "of each path",
  paths: "",
  left_offset: "",
  left_path: "from one path's first left factor to the next one's",
  left_step: "from one product's left factor to the next one's",
  right_offset: "",
  right_path: "",
  right_step: "",
  out_offset: "",
  out_path: "",
  out_step: "",
  copies: "so many first products of a path have no left factor",
  scalar_term: "whether a 1 stands before each result",
  first_workgroup: "of this part of a dispatch that is done in parts",
} as const;

export const chenParamNames = Object.keys(names) as (keyof typeof names)[];
export const chenInvocations = 64;

/** The kernel. */
export function chenSource(channels: number, depth: number): string {
  return `// path-signature products, channels ${channels}, depth ${depth}: one coefficient an invocation. \
Written by ts/gpu/kernels/chen.wgsl.ts.
${paramStruct(names)}@group(1) @binding(0) var<storage, read> left: array<f32>;
@group(1) @binding(1) var<storage, read> right: array<f32>;
@group(1) @binding(2) var<storage, read_write> out: array<f32>;
${wordsSource(channels, depth)}
${entryPoint(chenInvocations)}
  let number = (params.first_workgroup + id.x + id.y * groups.x) * ${u(chenInvocations)} + lane;
  let index = number % SIZE;
  let path = number / SIZE / params.products;
  let product = number / SIZE % params.products;
  if (path >= params.paths) { return; }
  let b = params.right_offset + path * params.right_path + product * params.right_step;
  let to = params.out_offset + path * params.out_path + product * params.out_step;
  if (index == 0u && params.scalar_term != 0u) { out[to - 1u] = 1.0; }
  var sum = right[b + index];
  if (product >= params.copies) {
    let a = params.left_offset + path * params.left_path + (product - params.copies) * params.left_step;
    let level = level_of(index);
    sum += left[a + index];
    // The word is cut before its last letter, before its last two, …
    var prefix = index - OFFSET[level];
    var suffix = 0u;
    for (var letters = 1u; letters < level; letters++) {
      suffix += prefix % CHANNELS * COUNT[letters - 1u];
      prefix /= CHANNELS;
      sum = fma(left[a + OFFSET[level - letters] + prefix], right[b + OFFSET[letters] + suffix], sum);
    }
  }
  out[to + index] = sum;
}
`;
}
