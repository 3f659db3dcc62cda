// How a kernel that walks lies in a workgroup: which invocations follow which track, how many steps
// of increments are staged at once. Pure arithmetic from a share and the limits of a device.
//
// A track is a path, or a piece of one in time. All invocations of a track read the same
// increments, so a workgroup stages them once in its memory. Where a track has fewer shares than a
// workgroup has invocations, several tracks share a workgroup; where it has more, several
// workgroups share a track.

import { countCoefficients } from "../input/size.ts";
import type { DeviceLimits } from "./device.ts";
import { columnGroups, rowGroups, type Share, shareCount } from "./share.ts";

/** Limits of a device that kernels depend on. */
export type WorkgroupLimits = Pick<
  DeviceLimits,
  "maxComputeInvocationsPerWorkgroup" | "maxComputeWorkgroupStorageSize" | "subgroupSize"
>;

/** How a kernel lies in a workgroup. */
export interface Layout {
  readonly share: Share;
  /** Shares of a track that are followed. */
  readonly shares: number;
  /** Invocations of a workgroup. */
  readonly invocations: number;
  /** Tracks of a workgroup; 1 where a track needs several. */
  readonly tracks: number;
  /** Workgroups of a track; 1 where a workgroup holds several. */
  readonly workgroups: number;
  /** Steps staged at once. */
  readonly tile: number;
  /** Letters of a vector in workgroup memory: 2 for two channels, else 4. */
  readonly vector: number;
  /** Vectors of a step: all letters, and what groups reach beyond them. */
  readonly stepVectors: number;
  /** Vectors from one track's increments to the next one's. */
  readonly trackVectors: number;
  /** Coefficients that an invocation passes through workgroup memory at a time; 0: none. */
  readonly slice: number;
  /** Whether pieces of a path in a workgroup are multiplied there: if they fit its memory. */
  readonly gathers: boolean;
  /** Neighbouring invocations that can exchange registers; 1: none. */
  readonly subgroup: number;
}

/** What workgroups are multiples of: subgroups have 4 to 128 invocations, most 32 or 64. */
const multiple = 32;
/** Enough to hide some latency, few enough for many workgroups to be resident. */
const usualInvocations = 64;
/** Longer tiles save barriers, which are then below a hundredth of the work. */
const mostSteps = 64;
/** The usual slice, if it fits workgroup memory. */
const usualSlice = 16;
/** Bytes of what is known of a track, and of the longest track. */
export const trackBytes = 16;
const longestBytes = 16;

/** Invocations and tracks of a workgroup: the fewest idle invocations, then the fewest. */
function fill(shares: number, most: number, inPieces: boolean) {
  let best = { invocations: 0, tracks: 0, workgroups: 0 };
  let bestIdle = Infinity;
  for (let invocations = Math.min(usualInvocations, most); invocations <= most; invocations += multiple) {
    const fitting = Math.max(1, Math.floor(invocations / shares));
    const tracks = inPieces ? 2 ** Math.floor(Math.log2(fitting)) : fitting;
    const workgroups = Math.ceil(shares / invocations);
    const idle = 1 - (tracks * shares) / (invocations * workgroups);
    // A larger workgroup has to be worth it: fewer fit side by side.
    if (idle < bestIdle - 0.02) {
      best = { invocations, tracks, workgroups };
      bestIdle = idle;
    }
  }
  return best;
}

/**
 * The layout of a share; `undefined` where a single step of one track does not fit workgroup
 * memory. `inPieces`: for tracks that are pieces of paths, and are to be multiplied. `shares`: how
 * many of them are followed.
 */
export function layoutOf(
  share: Share,
  limits: WorkgroupLimits,
  inPieces = false,
  shares = shareCount(share),
): Layout | undefined {
  const { channels, depth, rows, columns } = share;
  const most = Math.min(256, limits.maxComputeInvocationsPerWorkgroup);
  const vector = channels === 2 ? 2 : 4;
  const letters = Math.max(channels, rowGroups(share) * rows, columnGroups(share) * columns);
  const stepVectors = Math.ceil(letters / vector);
  const { invocations, tracks, workgroups } = fill(shares, most, inPieces);
  const bytes = limits.maxComputeWorkgroupStorageSize - tracks * trackBytes - longestBytes;
  const vectorsOfTrack = Math.floor(bytes / (4 * vector) / tracks);
  // An odd number of vectors between tracks: neighbours read different banks.
  const tile = Math.min(mostSteps, Math.floor((vectorsOfTrack - 1) / stepVectors));
  if (tile < 1) return undefined;
  const trackVectors = tracks === 1 ? tile * stepVectors : tile * stepVectors + 1 - ((tile * stepVectors) % 2);
  const slice = share.levels === 1 ? 0 : Math.min(usualSlice, Math.floor(bytes / 4 / invocations) - 1);
  // Half of the tracks pass their whole signatures to the others.
  const gathers = inPieces && tracks > 1 && ((tracks / 2) * countCoefficients(channels, depth) + 1) * 4 <= bytes;
  const subgroup = gathers && shares === 1 ? Math.min(limits.subgroupSize ?? 1, tracks) : 1;
  return {
    share,
    shares,
    invocations,
    tracks,
    workgroups,
    tile,
    vector,
    stepVectors,
    trackVectors,
    slice,
    gathers,
    subgroup,
  };
}

/** Numbers from one invocation's slice to the next one's: an odd number keeps their banks apart. */
export const slicePitch = ({ slice }: Layout): number => slice + 1 - (slice % 2);

/** Vectors of workgroup memory: for increments, then for coefficients. */
export function stageVectors(layout: Layout): number {
  const { share, tracks, trackVectors, invocations, vector, slice, gathers } = layout;
  const slices = slice === 0 ? 0 : invocations * slicePitch(layout);
  // One number more, which is never read.
  const gathered = gathers ? (tracks / 2) * countCoefficients(share.channels, share.depth) + 1 : 0;
  return Math.max(tracks * trackVectors, Math.ceil(Math.max(slices, gathered) / vector));
}
