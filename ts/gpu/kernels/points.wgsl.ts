// What kernels of points' gradients (flow.wgsl.ts, depth-two.wgsl.ts) read and write, as WGSL:
// paths, the functional on brackets, and where the gradient of a point goes, with what it has more
// at the ends of a path. Not here: what the steps around a point say of it.

import { levelOffsets } from "../share.ts";
import { pathSource } from "./increments.wgsl.ts";
import { option, optionsSource, paramStruct, pathsSource, workgroupSource } from "./params.wgsl.ts";
import { u } from "./text.ts";

/** Parameters of a dispatch, in their order, each a u32; offsets and strides count numbers. */
export const pointNames = {
  options: "sum of option bits",
  paths: "",
  pieces: "of a path in time, each with a functional",
  piece_steps: "0: a path's own steps are divided evenly",
  points: "points from one path to the next",
  points_offset: "where the first path begins",
  lengths_offset: "",
  basepoint_offset: "",
  basepoint_stride: "from one path's to the next one's; 0: shared",
  functional_offset:
    "where the first path's T begins, on level 1; behind it the gradient of a step after the whole path",
  functional_path: "from one piece's to the next one's, of all paths",
  out_offset: "",
  out_basepoint_offset: "",
  first_step: "of this part of the steps, if they are done in parts; a multiple of a tile's",
  last_step: "behind it",
  first_workgroup: "of this part of a dispatch that is done in parts",
} as const;

export const pointsParamNames = Object.keys(pointNames) as (keyof typeof pointNames)[];

/** Bindings 0 to 4 of kernels of points. `basepoints`: where gradients of basepoints go. */
export const pointsParams = (
  described: Readonly<Record<string, string>>,
  channels: number,
  depth: number,
  basepoints: string,
): string => `
${paramStruct(described)}${pathsSource}// What moves in time.
@group(1) @binding(3) var<storage, read_write> functional: array<f32>;
// Gradients of the points, (paths, points, channels).
@group(1) @binding(4) var<storage, read_write> out: array<f32>;
${optionsSource}${workgroupSource}${pathSource(channels)}
// Numbers of a signature.
const SIZE = ${u(levelOffsets(channels, depth)[depth + 1]!)};

// The gradient of point number t in the direction of travel, to its place.
fn put_point(track: Track, t: u32, channel: u32, g: f32) {
  var stored = select(t, track.steps - t, has(${u(option.INVERSE)}));
  if (has(${u(option.BASEPOINT)})) {
    if (stored == 0u) {
      ${basepoints}[params.out_basepoint_offset + track.path * CHANNELS + channel] = g;
      return;
    }
    stored -= 1u;
  }
  out[params.out_offset + (track.path * params.points + stored) * CHANNELS + channel] = g;
}
`;

/** The same for whole signatures: Θ by level, then the gradient of a step after the path. */
export const pointsSource = (channels: number, depth: number): string => `
${pointsParams(pointNames, channels, depth, "out_basepoint")}
// Gradients of basepoints, (paths, channels).
@group(1) @binding(5) var<storage, read_write> out_basepoint: array<f32>;

// Where the functional of a piece begins, by its number among those of all paths.
fn functional_of(number: u32) -> u32 {
  return params.functional_offset + number * params.functional_path;
}

// The gradient of point number t in the direction of travel: \`inside\` is what its two steps say.
fn write_point(track: Track, t: u32, channel: u32, inside: f32) {
  let functional_at = functional_of(track.path * params.pieces);
  var g = select(inside, 0.0, track.steps == 0u);
  if (track.steps > 0u) {
    if (t == 0u) { g -= functional[functional_at + channel]; }
    if (t == track.steps) { g += functional[functional_at + SIZE + channel]; }
  }
  put_point(track, t, channel, g);
}
`;
