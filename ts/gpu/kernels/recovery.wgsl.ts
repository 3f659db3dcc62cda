// The coefficients that were not followed, from those that were, as WGSL: runs a program
// (recovery.ts) on the values of a piece of a path. A workgroup has a piece; its invocations share
// the instructions of a phase, and wait for each other between phases.

import { levelOffsets } from "../share.ts";
import { endsFunctions } from "./ends.wgsl.ts";
import { trackSource } from "./increments.wgsl.ts";
import { entryPoint, paramsSource, workgroupSource } from "./params.wgsl.ts";
import { u } from "./text.ts";

export const recoveryInvocations = 64;

/** The kernel; `out` holds the values of a track, `listed` the program. */
export function recoverySource(channels: number, depth: number): string {
  return `// path-signature recovery, channels ${channels}, depth ${depth}: a piece of a path a workgroup. \
Written by ts/gpu/kernels/recovery.wgsl.ts.
${paramsSource()}${workgroupSource}${trackSource(channels)}
const DEPTH = ${u(depth)};
// Where the one stands that is a factor of sums: behind the signature.
const ONE = ${u(levelOffsets(channels, depth)[depth + 1]!)};
const INVOCATIONS = ${u(recoveryInvocations)};
${endsFunctions(channels, depth)}
// Words of one letter, of the piece's ends: consistent to the last bit, \
so that nothing that steps have rounded is amplified.
fn set_ends(track: Track, values: u32, lane: u32) {
  if (lane == 0u) { out[values + ONE] = 1.0; }
  for (var channel = lane; channel < CHANNELS; channel += INVOCATIONS) {
    let z = way_to(track, track.count, channel);
    var power = z;
    out[values + one_letter(channel, 1u)] = z;
    for (var level = 2u; level <= DEPTH; level++) {
      power *= z / f32(level);
      out[values + one_letter(channel, level)] = power;
    }
  }
}

${entryPoint(recoveryInvocations)}
  let number = workgroup_number(id, groups);
  if (number >= params.tracks) { return; }
  let values = params.out_offset + number / params.pieces * params.out_path + number % params.pieces * params.out_piece;
  set_ends(track_of(number), values, lane);
  storageBarrier();
  // Phase after phase: (kind, first word, count).
  let phases = listed[0];
  for (var phase = 0u; phase < phases; phase++) {
    let kind = listed[1u + 3u * phase];
    let first = listed[2u + 3u * phase];
    let count = listed[3u + 3u * phase];
    for (var i = lane; i < count; i += INVOCATIONS) {
      if (kind == 1u) {
        let at = first + 3u * i;
        out[values + listed[at]] = out[values + listed[at + 1u]] + out[values + listed[at + 2u]];
      } else {
        let at = first + 4u * i;
        var pair = listed[at + 1u];
        var sums = vec2f();
        for (var side = 0u; side < 2u; side++) {
          var sum = 0.0;
          let end = pair + 2u * listed[at + 2u + side];
          for (; pair < end; pair += 2u) {
            sum = fma(out[values + listed[pair]], out[values + listed[pair + 1u]], sum);
          }
          sums[side] = sum;
        }
        out[values + listed[at]] = sums.x - sums.y;
      }
    }
    storageBarrier();
  }
}
`;
}
