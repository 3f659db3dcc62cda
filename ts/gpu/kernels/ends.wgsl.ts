// Coefficients that depend on the ends of a path only, as WGSL: those of words cᵏ of one letter,
// which are Δᵏ/k!, Δ the increment of channel c. They are all that a signature of one channel or of
// depth 1 has, the counterpart of crates/kernels/src/walk/one_channel.rs; in any other they are
// written over what steps and products have rounded. With `stream` for every
// prefix. An invocation writes one coefficient.

import { levelOffsets } from "../share.ts";
import { trackSource } from "./increments.wgsl.ts";
import { entryPoint, option, paramsSource, workgroupSource } from "./params.wgsl.ts";
import { u } from "./text.ts";

export const endsInvocations = 64;

/** Where in a row the words of one letter stand: WGSL for a function of channel and level. */
function placeOf(channels: number, depth: number): string {
  if (channels === 1) return "return level - 1u;";
  // Level k begins at a sum of powers; the word cᵏ is number c (1 + d + … + dᵏ⁻¹) of its level.
  const offsets = levelOffsets(channels, depth).slice(1, depth + 1);
  const numbers = offsets.map((_, k) => (channels ** (k + 1) - 1) / (channels - 1));
  return `let offset = array<u32, ${depth}>(${offsets.map(u).join(", ")});
  let number = array<u32, ${depth}>(${numbers.map(u).join(", ")});
  return offset[level - 1u] + channel * number[level - 1u];`;
}

/** How words of one letter are computed. */
export const endsFunctions = (channels: number, depth: number): string => `
// Number of the word of \`level\` letters \`channel\` in a row.
fn one_letter(channel: u32, level: u32) -> u32 {
  ${placeOf(channels, depth)}
}

// Σ_j A(c^{k-j}) Δʲ/j!, with A the signature that is continued, or the identity, \
after so many steps. Powers that have become zero end the
// sum, and so do those that have overflowed: they do so long before a large depth does.
fn coefficient_of_one_letter(track: Track, steps: u32, channel: u32, level: u32) -> f32 {
  let z = coordinate(track, steps, channel) - coordinate(track, 0u, channel);
  var power = 1.0;
  var sum = 0.0;
  for (var j = 0u; j < level; j++) {
    if (has(${u(option.INITIAL + option.CONTINUES)})) {
      let initial = params.initial_offset + track.path * params.initial_path;
      sum = fma(power, initials[initial + one_letter(channel, level - j)], sum);
    }
    power *= z / f32(j + 1u);
    if (power == 0.0 || !is_finite(power)) { break; }
  }
  return sum + power;
}
`;

const writeState = `
  if (row + 1u == params.rows) {
    state[path * CHANNELS * DEPTH + one_letter(channel, level)] = out[to + one_letter(channel, level)];
  }`;

/**
 * The kernel; a path's rows are `params.rows`: of pieces of time one for the end of each.
 * `writesState`: of streams whose words are all of one letter.
 */
export function endsSource(channels: number, depth: number, writesState: boolean): string {
  return `// path-signature ends, channels ${channels}, depth ${depth}: one coefficient an invocation. \
Written by ts/gpu/kernels/ends.wgsl.ts.
${paramsSource(writesState)}${workgroupSource}${trackSource(channels)}${endsFunctions(channels, depth)}
const DEPTH = ${u(depth)};

${entryPoint(endsInvocations)}
  let number = workgroup_number(id, groups) * ${u(endsInvocations)} + lane;
  let channel = number % CHANNELS;
  let level = number / CHANNELS % DEPTH + 1u;
  let row = number / (CHANNELS * DEPTH) % params.rows;
  let path = number / (CHANNELS * DEPTH) / params.rows;
  if (path >= params.tracks / params.pieces) { return; }
  let track = track_of(path * params.pieces + min(row, params.pieces - 1u));
  let steps = select(track.first + track.count, min(row + 1u, track.steps), has(${u(option.STREAM)}));
  let to = params.out_offset + path * params.out_path + row * params.out_piece;
  if (channel == 0u && level == 1u && has(${u(option.SCALAR_TERM)})) { out[to - 1u] = 1.0; }
  out[to + one_letter(channel, level)] = coefficient_of_one_letter(track, steps, channel, level);\
${writesState ? writeState : ""}
}
`;
}
