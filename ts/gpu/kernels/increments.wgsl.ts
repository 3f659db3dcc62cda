// From paths in memory to increments in workgroup memory, as WGSL: the counterpart of
// crates/kernels/src/path/increments.rs. Basepoints, time reversal, pieces of time and paths that
// end early are handled here and nowhere else.
//
// Not here: what is done with the increments.

import { type Layout, stageVectors } from "../layout.ts";
import { option } from "./params.wgsl.ts";
import { u } from "./text.ts";

/** How a path is read: pieces of it in time, points, increments. */
export const pathSource = (channels: number): string => `
// Letters of the alphabet.
const CHANNELS = ${u(channels)};

// A piece of a path in time.
struct Track {
  path: u32,
  // Steps of the whole path.
  steps: u32,
  // The piece's first step, and how many it has.
  first: u32,
  count: u32,
}

fn track_of(index: u32) -> Track {
  let path = index / params.pieces;
  let piece = index % params.pieces;
  var length = params.points;
  if (has(${u(option.LENGTHS)})) { length = lengths[params.lengths_offset + path]; }
  let steps = select(length - 1u, length, has(${u(option.BASEPOINT)}));
  var each = params.piece_steps;
  if (each == 0u) { each = (steps + params.pieces - 1u) / params.pieces; }
  let first = min(piece * each, steps);
  return Track(path, steps, first, min(each, steps - first));
}

// A coordinate of point number t in the direction of travel; \
point 0 is where the first step starts.
fn coordinate(track: Track, t: u32, channel: u32) -> f32 {
  var stored = select(t, track.steps - t, has(${u(option.INVERSE)}));
  if (has(${u(option.BASEPOINT)})) {
    if (stored == 0u) {
      return basepoints[params.basepoint_offset + track.path * params.basepoint_stride + channel];
    }
    stored -= 1u;
  }
  return points[params.points_offset + (track.path * params.points + stored) * CHANNELS + channel];
}

// By its bits: compilers may take it that floats are finite.
fn is_finite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

// From where a piece begins to where its step t does, with one rounding: \
what the sum of its increments is, which has one for each.
fn way_to(track: Track, t: u32, channel: u32) -> f32 {
  return coordinate(track, track.first + t, channel) - coordinate(track, track.first, channel);
}
`;

/** The same, and increments that are looked at for being finite. */
export const trackSource = (channels: number): string => `${pathSource(channels)}
fn increment(track: Track, t: u32, channel: u32) -> f32 {
  let z = coordinate(track, t + 1u, channel) - coordinate(track, t, channel);
  if (!is_finite(z) && has(${u(option.CHECK_FINITE)})) { atomicMin(&first_not_finite, params.first_path + track.path); }
  return z;
}
`;

/** Increments of a tile of time in workgroup memory, for all tracks of a workgroup. */
export function stageSource(layout: Layout): string {
  const { vector, stepVectors, trackVectors, tile, tracks, workgroups, invocations } = layout;
  return `
const INVOCATIONS = ${u(invocations)};
// Tracks of a workgroup, workgroups of a track.
const TRACKS = ${u(tracks)};
const WORKGROUPS = ${u(workgroups)};
// Steps that are staged at once.
const TILE = ${u(tile)};
// Vectors of a step, and from one track to the next.
const STEP_VECTORS = ${u(stepVectors)};
const TRACK_VECTORS = ${u(trackVectors)};
const LETTERS = ${u(stepVectors * vector)};

// Increments of a tile of time; in the end, coefficients on their way to memory.
var<workgroup> stage: array<vec${vector}f, ${stageVectors(layout)}>;
var<workgroup> tracks: array<Track, ${tracks}>;
var<workgroup> longest: u32;

// Fills \`tracks\`; gives the steps of the longest.
fn find_tracks(lane: u32, workgroup: u32) -> u32 {
  let first = workgroup / WORKGROUPS * TRACKS;
  for (var i = lane; i < TRACKS; i += INVOCATIONS) {
    tracks[i] = Track(0u, 0u, 0u, 0u);
    if (first + i < params.tracks) { tracks[i] = track_of(first + i); }
  }
  workgroupBarrier();
  if (lane == 0u) {
    var most = 0u;
    for (var i = 0u; i < TRACKS; i++) { most = max(most, tracks[i].count); }
    longest = most;
  }
  return workgroupUniformLoad(&longest);
}

// Steps t .. t + TILE of each track.
fn stage_tile(lane: u32, t: u32) {
  for (var i = lane; i < TRACKS * TILE * LETTERS; i += INVOCATIONS) {
    let letter = i % LETTERS;
    let step = i / LETTERS % TILE;
    let slot = i / (LETTERS * TILE);
    let track = tracks[slot];
    if (t + step < track.count) {
      var z = 0.0;
      if (letter < CHANNELS) { z = increment(track, track.first + t + step, letter); }
      stage[slot * TRACK_VECTORS + step * STEP_VECTORS + letter / ${u(vector)}][letter % ${u(vector)}] = z;
    }
  }
}
`;
}
