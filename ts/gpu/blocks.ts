// Cuts a call for a device: into blocks of paths whose buffers stay small, or, where a single path is more than a buffer may hold,
// into segments of its time. Pure arithmetic: nothing is copied or computed here. The twin of ts/run/blocks.ts.
//
// The bound. At most three blocks are under way at once, one of them being uploaded, one computed, one read back. A block has at
// most `blockBytes` of input, of output and of intermediate signatures each, or what a single path needs of them.

import type { DeviceLimits } from "./device.ts";

/** Each of a block's input, output and intermediate signatures, unless one path needs more. */
export const blockBytes = 16 * 2 ** 20;
/** Blocks under way at once. */
export const blocksUnderWay = 3;

/** A call's sizes, as the cut sees them. */
export interface CutSizes {
  readonly batch: number;
  /** Points of the longest path, a basepoint not counted. */
  readonly points: number;
  readonly channels: number;
  /** Numbers of a signature as returned. */
  readonly row: number;
  /** Signatures returned for each path. */
  readonly rows: number;
  readonly stream: boolean;
  /** Numbers of intermediate signatures of a path. */
  readonly states: number;
  /** Whether the paths are on the device already, so that nothing is gained by small blocks of them. */
  readonly resident: boolean;
  /** Whether results stay there. */
  readonly stays: boolean;
}

/** How a call is cut. */
export interface Cut {
  /** Paths of a block; the last may have fewer. */
  readonly paths: number;
  /** Steps of a segment, where each path is cut in time by itself. */
  readonly steps: number | undefined;
}

const bytes = 4;

/** The largest range that can be bound: a binding that begins at a path begins a little before it, where alignment allows. */
export const bindable = (limits: DeviceLimits): number =>
  Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize) - limits.minStorageBufferOffsetAlignment;

/** Whether the signatures of one path, one of them at a time, can be on the device at all. */
export const fitsDevice = ({ row, channels }: Pick<CutSizes, "row" | "channels">, limits: DeviceLimits): boolean =>
  Math.max(row, 2 * channels) * bytes <= bindable(limits);

/** The cut of a call that {@link fitsDevice}. `usual`: bytes of a block's parts. */
export function cutFor(sizes: CutSizes, limits: DeviceLimits, usual = blockBytes): Cut {
  const { batch, points, channels, row, rows, stream, states, resident, stays } = sizes;
  const most = bindable(limits);
  const input = points * channels * bytes;
  const output = rows * row * bytes;
  const needs = Math.max(input, output, states * bytes);
  if (needs > most) {
    // The state that a segment hands on, and its intermediate signatures, do not grow with its steps.
    const perStep = Math.max(channels, stream ? row : 0) * bytes;
    return { paths: 1, steps: Math.max(1, Math.floor(most / perStep) - 1) };
  }
  const fit = (each: number, isOnDevice: boolean) =>
    each === 0 ? batch : Math.max(1, Math.floor((isOnDevice ? most : Math.min(most, usual)) / each));
  const paths = Math.min(batch, fit(input, resident), fit(output, stays), fit(states * bytes, false));
  return { paths: Math.max(1, paths), steps: undefined };
}
