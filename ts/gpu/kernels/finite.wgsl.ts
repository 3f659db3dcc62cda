// Whether all numbers of paths are finite, as WGSL: for what does not look at every increment by
// itself (kernels/ends.wgsl.ts, paths of one point). Finds the first path that has one that is not,
// or in a path the number.

import { trackSource } from "./increments.wgsl.ts";
import { entryPoint, option, paramsSource, workgroupSource } from "./params.wgsl.ts";
import { u } from "./text.ts";

export const finiteInvocations = 64;
/** Numbers that an invocation looks at, a workgroup apart. */
export const finiteEach = 16;

/** What a number that was located is, by the last two bits of what was found. */
export const kinds = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as const;

/** The kernel; a track is a path. */
export function finiteSource(channels: number): string {
  return `// path-signature finite, channels ${channels}. Written by ts/gpu/kernels/finite.wgsl.ts.
${paramsSource()}${workgroupSource}${trackSource(channels)}
// 0 for NaN, 1 and 2 for the infinities.
fn kind_of(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  return select(select(1u, 2u, bits >> 31u == 1u), 0u, (bits & 0x7fffffu) != 0u);
}

${entryPoint(finiteInvocations)}
  let width = params.points * CHANNELS;
  let first = workgroup_number(id, groups) * ${u(finiteInvocations * finiteEach)} + lane;
  for (var i = 0u; i < ${u(finiteEach)}; i++) {
    let number = first + i * ${u(finiteInvocations)};
    let path = number / width;
    if (path >= params.tracks) { return; }
    var length = params.points;
    if (has(${u(option.LENGTHS)})) { length = lengths[params.lengths_offset + path]; }
    let x = points[params.points_offset + number];
    if (number % width < length * CHANNELS && !is_finite(x)) {
      atomicMin(&first_not_finite, select(params.first_path + path, \
4u * number + kind_of(x), has(${u(option.LOCATE)})));
    }
  }
}
`;
}
