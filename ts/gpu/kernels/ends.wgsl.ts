// Signatures that depend on the ends of a path only, as WGSL: one channel (level k is Δᵏ/k!, the twin of
// crates/kernels/src/one_channel.rs) and depth 1 (the increment itself). With `stream` on every prefix. An invocation writes one
// coefficient; no walk.

import { trackSource } from "./increments.wgsl.ts";
import { option, paramsSource, workgroupSource } from "./params.wgsl.ts";
import { u } from "./text.ts";

export const endsInvocations = 64;

/** The kernel, for one channel or depth 1; a track is a path, and its rows are \`params.rows\`. */
export function endsSource(channels: number, depth: number): string {
  return `// path-signature ends, channels ${channels}, depth ${depth}: one coefficient an invocation. Written by ts/gpu/kernels/ends.wgsl.ts.
${paramsSource}${workgroupSource}${trackSource(channels)}
const DEPTH = ${u(depth)};
const SIZE = ${u(channels === 1 ? depth : channels)};

// From the first point of a path to point number \`steps\`.
fn total(track: Track, steps: u32, channel: u32) -> f32 {
  return coordinate(track, steps, channel) - coordinate(track, 0u, channel);
}

${channels === 1 ? oneChannel : depthOne}

@compute @workgroup_size(${endsInvocations})
fn main(
  @builtin(local_invocation_index) lane: u32,
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let number = workgroup_number(id, groups) * ${u(endsInvocations)} + lane;
  let index = number % SIZE;
  let row = number / SIZE % params.rows;
  let path = number / SIZE / params.rows;
  if (path >= params.tracks) { return; }
  let track = track_of(path);
  let steps = select(track.steps, min(row + 1u, track.steps), has(${u(option.STREAM)}));
  let size = SIZE + select(0u, 1u, has(${u(option.SCALAR_TERM)}));
  let to = params.out_offset + path * params.out_path + row * size;
  if (index == 0u && has(${u(option.SCALAR_TERM)})) { out[to - 1u] = 1.0; }
  out[to + index] = coefficient(track, steps, index);
}
`;
}

const continued = `has(${u(option.INITIAL)})`;

const depthOne = `fn coefficient(track: Track, steps: u32, channel: u32) -> f32 {
  let z = total(track, steps, channel);
  if (${continued}) { return initials[params.initial_offset + track.path * params.initial_path + channel] + z; }
  return z;
}`;

// Σ_j A_{k-j} Δʲ/j!, with A the signature continued (A_0 = 1) or the identity. Powers that have become zero end the sum, and so do
// those that have overflowed: they do so long before a large depth does.
const oneChannel = `fn coefficient(track: Track, steps: u32, index: u32) -> f32 {
  let z = total(track, steps, 0u);
  let level = index + 1u;
  var power = 1.0;
  var sum = 0.0;
  for (var j = 0u; j < level; j++) {
    if (${continued}) {
      sum = fma(power, initials[params.initial_offset + track.path * params.initial_path + level - j - 1u], sum);
    }
    power *= z / f32(j + 1u);
    if (power == 0.0 || !is_finite(power)) { break; }
  }
  return sum + power;
}`;
