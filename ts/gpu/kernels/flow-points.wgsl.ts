// How the sweep of gradients reads increments and writes points, as WGSL: the workgroup's memory,
// increments staged for a tile of steps, the gradients of a tile's points from the two matrices of
// each step (flow.wgsl.ts).

import type { FlowLayout } from "../flow-layout.ts";
import { option } from "./params.wgsl.ts";
import { u } from "./text.ts";

const vectors = (layout: FlowLayout): number => layout.tile / 4 + 1;

/** Workgroup memory, and the functions that stage increments and collect points. */
export function flowPointsSource(layout: FlowLayout): string {
  const { channels: d, pairs, invocations, tracks, tile } = layout;
  return `
const INVOCATIONS = ${u(invocations)};
// Pieces of paths in a workgroup.
const TRACKS = ${u(tracks)};
const PAIRS = ${u(pairs)};
// Steps between two visits of the points.
const TILE = ${u(tile)};
// Vectors of four steps that are staged for a letter: those of a tile, and the last before it.
const VECTORS = ${u(vectors(layout))};

var<workgroup> tracks: array<Track, ${tracks}>;
var<workgroup> longest: u32;
// Increments of four steps for each letter.
var<workgroup> increments: array<vec4f, ${tracks * vectors(layout) * d}>;
// The two matrices of each step; of \`behind\` the last before the tile comes first.
var<workgroup> behind: array<f32, ${tracks * (tile + 1) * pairs}>;
var<workgroup> before: array<f32, ${tracks * tile * pairs}>;
// From the first point to where a tile begins.
var<workgroup> way: array<f32, ${tracks * d}>;

// Number of the pair of the letters a < c.
fn pair_of(a: u32, c: u32) -> u32 {
  return a * (2u * CHANNELS - a - 1u) / 2u + c - a - 1u;
}

// Fills \`tracks\`, from number \`first_track\` on; gives the steps of the longest.
fn find_tracks(lane: u32, first_track: u32) -> u32 {
  for (var i = lane; i < TRACKS; i += INVOCATIONS) {
    tracks[i] = Track(params.paths, 0u, 0u, 0u);
    if (first_track + i < params.paths * params.pieces) { tracks[i] = track_of(first_track + i); }
  }
  workgroupBarrier();
  if (lane == 0u) {
    var most = 0u;
    for (var i = 0u; i < TRACKS; i++) { most = max(most, tracks[i].count); }
    longest = most;
  }
  return workgroupUniformLoad(&longest);
}

// What the tile before leaves to the next one, and the way to it.
fn keep_last(lane: u32, t: u32) {
  for (var i = lane; i < TRACKS * CHANNELS; i += INVOCATIONS) {
    let first = i / CHANNELS * VECTORS * CHANNELS + i % CHANNELS;
    increments[first] = increments[first + (VECTORS - 1u) * CHANNELS];
    let track = tracks[i / CHANNELS];
    if (track.steps > 0u) { way[i] = way_to(track, min(t, track.count), i % CHANNELS); }
  }
  for (var i = lane; i < TRACKS * PAIRS; i += INVOCATIONS) {
    let first = i / PAIRS * (TILE + 1u) * PAIRS + i % PAIRS;
    behind[first] = behind[first + TILE * PAIRS];
  }
}

// Steps t .. t + TILE of each track, and on beyond its end; beyond the path's increments are zero.
fn stage(lane: u32, t: u32) {
  for (var i = lane; i < TRACKS * (VECTORS - 1u) * CHANNELS; i += INVOCATIONS) {
    let letter = i % CHANNELS;
    let number = i / CHANNELS % (VECTORS - 1u);
    let slot = i / (CHANNELS * (VECTORS - 1u));
    let track = tracks[slot];
    var z = vec4f();
    for (var q = 0u; q < 4u; q++) {
      let s = track.first + t + 4u * number + q;
      if (s < track.steps) { z[q] = coordinate(track, s + 1u, letter) - coordinate(track, s, letter); }
    }
    increments[(slot * VECTORS + number + 1u) * CHANNELS + letter] = z;
  }
}

// The gradients of points t .. t + TILE of each track. \
Where a piece begins is the end of the one before.
fn collect(lane: u32, first_track: u32, t: u32) {
  for (var i = lane; i < TRACKS * TILE * CHANNELS; i += INVOCATIONS) {
    let c = i % CHANNELS;
    let step = i / CHANNELS % TILE;
    let slot = i / (CHANNELS * TILE);
    let track = tracks[slot];
    let is_own = t + step > 0u || (first_track + slot) % params.pieces == 0u;
    if (track.path < params.paths && is_own && t + step <= track.count) {
      // The step before the point, and the one after it.
      let vectors = slot * VECTORS * CHANNELS;
      let first = vectors + (step + 3u) / 4u * CHANNELS;
      let second = vectors + (step + 4u) / 4u * CHANNELS;
      let row = (slot * (TILE + 1u) + step) * PAIRS;
      let next = (slot * TILE + step) * PAIRS;
      var g = 0.0;
      for (var a = 0u; a < c; a++) {
        let pair = pair_of(a, c);
        g = fma(increments[first + a][(step + 3u) % 4u], behind[row + pair], g);
        g = fma(increments[second + a][step % 4u], before[next + pair], g);
      }
      for (var a = c + 1u; a < CHANNELS; a++) {
        let pair = pair_of(c, a);
        g = fma(-increments[first + a][(step + 3u) % 4u], behind[row + pair], g);
        g = fma(-increments[second + a][step % 4u], before[next + pair], g);
      }
      write_point(track, track.first + t + step, c, g);
    }
  }
}

// Zeros past the end of paths, by their first pieces.
fn clear_tails(lane: u32, first_track: u32) {
  for (var slot = 0u; slot < TRACKS; slot++) {
    let track = tracks[slot];
    if (track.path >= params.paths || (first_track + slot) % params.pieces != 0u) { continue; }
    let length = select(track.steps + 1u, track.steps, has(${u(option.BASEPOINT)}));
    for (var i = length * CHANNELS + lane; i < params.points * CHANNELS; i += INVOCATIONS) {
      out[params.out_offset + track.path * params.points * CHANNELS + i] = 0.0;
    }
  }
}
`;
}
