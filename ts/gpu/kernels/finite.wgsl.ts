// Whether all numbers of paths are finite, as WGSL: for what does not look at every increment by itself (kernels/ends.wgsl.ts, paths of
// one point). Finds the first path that has one that is not.

import { trackSource } from "./increments.wgsl.ts";
import { option, paramsSource, workgroupSource } from "./params.wgsl.ts";
import { u } from "./text.ts";

export const finiteInvocations = 64;
/** Numbers that an invocation looks at, a workgroup apart. */
export const finiteEach = 16;

/** The kernel; a track is a path. */
export function finiteSource(channels: number): string {
  return `// path-signature finite, channels ${channels}. Written by ts/gpu/kernels/finite.wgsl.ts.
${paramsSource}${workgroupSource}${trackSource(channels)}
@compute @workgroup_size(${finiteInvocations})
fn main(
  @builtin(local_invocation_index) lane: u32,
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let width = params.points * CHANNELS;
  let first = workgroup_number(id, groups) * ${u(finiteInvocations * finiteEach)} + lane;
  for (var i = 0u; i < ${u(finiteEach)}; i++) {
    let number = first + i * ${u(finiteInvocations)};
    let path = number / width;
    if (path >= params.tracks) { return; }
    var length = params.points;
    if (has(${u(option.LENGTHS)})) { length = lengths[params.lengths_offset + path]; }
    if (number % width < length * CHANNELS && !is_finite(points[params.points_offset + number])) {
      atomicMin(&first_not_finite, params.first_path + path);
    }
  }
}
`;
}
