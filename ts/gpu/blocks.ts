// Cuts a call for a device: into blocks of paths whose buffers stay small, or, where a single path
// is more than a buffer may hold, into segments of its time, each continuing where the one before
// ended. Pure arithmetic. The counterpart of ts/run/blocks.ts.
//
// Memory is bounded: at most three blocks are in progress, one being uploaded, one computed, one
// read back. A block has at most `blockBytes` of input, of output and of intermediate signatures
// each, or what a single path needs of them.

import type { Call } from "../input/call.ts";
import type { DeviceLimits } from "./device.ts";
import { type CallShape, type Residency, sizesOf } from "./shape.ts";

/** Each of a block's input, output and intermediate signatures, unless one path needs more. */
export const blockBytes = 16 * 2 ** 20;
/** Blocks in progress at once. */
export const blocksInProgress = 3;

/** How a call is cut. */
export interface Cut {
  /** Paths of a block; the last may have fewer. */
  readonly paths: number;
  /** Steps of a segment, where each path is cut in time by itself. */
  readonly steps: number | undefined;
}

const bytes = 4;

/** The largest range that can be bound, less what a binding may begin before its data. */
export const bindable = (limits: DeviceLimits): number =>
  Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize) - limits.minStorageBufferOffsetAlignment;

/** Whether one path's signatures, one of them at a time, can be on the device at all. */
export const fitsDevice = (row: number, channels: number, limits: DeviceLimits): boolean =>
  Math.max(row, 2 * channels) * bytes <= bindable(limits);

/**
 * The cut of a call that {@link fitsDevice}. `intermediate`: numbers of a path's intermediate
 * signatures. `usual`: bytes of each part of a block that is not on the device anyway.
 */
export function cutFor(
  shape: CallShape,
  { input, output }: Residency,
  intermediate: number,
  limits: DeviceLimits,
  usual = blockBytes,
): Cut {
  const { batch, points, channels, stream = false } = shape;
  const { row, rows } = sizesOf(shape);
  const most = bindable(limits);
  const inputBytes = points * channels * bytes;
  const outputBytes = Math.max(1, rows) * row * bytes;
  if (Math.max(inputBytes, outputBytes, intermediate * bytes) > most) {
    // The state after a segment, and intermediate signatures, do not grow with its steps.
    const perStep = Math.max(channels, stream ? row : 0) * bytes;
    return { paths: 1, steps: Math.max(1, Math.floor(most / perStep) - 1) };
  }
  const fit = (each: number, isOnDevice: boolean) =>
    each === 0 ? batch : Math.max(1, Math.floor((isOnDevice ? most : Math.min(most, usual)) / each));
  const paths = Math.min(
    batch,
    fit(inputBytes, input === "gpu"),
    fit(outputBytes, output === "gpu"),
    fit(intermediate * bytes, false),
  );
  return { paths: Math.max(1, paths), steps: undefined };
}

/** A part of a call. */
export interface Block {
  /** The first path, and how many. */
  readonly first: number;
  readonly paths: number;
  /** Stored points of each path: from which on, and how many. */
  readonly from: number;
  readonly points: number;
  /** Whether paths end where their lengths say; else they have all of `points`. */
  readonly ragged: boolean;
  /** Whether the basepoint comes before (run backwards: after) the points. */
  readonly basepoint: boolean;
  /** What paths continue: the call's initial signatures, or the state after the block before. */
  readonly continues: "initial" | "state";
  /** Rows that are written for each path, and the number of the first. */
  readonly rows: number;
  readonly firstRow: number;
  /** Whether its rows are part of the result; else they are the state for the next block. */
  readonly isResult: boolean;
}

/** What the blocks of a call depend on. A basepoint of `undefined` or `false` is none. */
export type Sequence = Pick<Call, "batch" | "points" | "lengths" | "inverse" | "stream" | "rows"> & {
  readonly basepoint: unknown;
};

const hasBasepoint = ({ basepoint }: Sequence): boolean => basepoint !== undefined && basepoint !== false;

/** The blocks of a call. */
export function* blocksOf(call: Sequence, cut: Cut): Generator<Block> {
  if (cut.steps !== undefined) {
    for (let path = 0; path < call.batch; path++) yield* segmentsOf(call, path, cut.steps);
    return;
  }
  for (let first = 0; first < call.batch; first += cut.paths) {
    yield {
      ...onePath,
      first,
      paths: Math.min(cut.paths, call.batch - first),
      from: 0,
      points: call.points,
      ragged: call.lengths !== undefined,
      basepoint: hasBasepoint(call),
      rows: call.rows,
    };
  }
}

/** What blocks of one path by itself have in common, unless they say otherwise. */
export const onePath = {
  paths: 1,
  ragged: false,
  basepoint: false,
  continues: "initial",
  rows: 1,
  firstRow: 0,
  isResult: true,
} as const;

/** One path, cut at multiples of `steps` from where it starts to run. */
function* segmentsOf(call: Sequence, path: number, steps: number): Generator<Block> {
  const length = call.lengths?.[path] ?? call.points;
  const segments = Math.max(1, Math.ceil((length - 1) / steps));
  let firstRow = 0;
  let continues: Block["continues"] = "initial";
  for (let s = 0; s < segments; s++) {
    const last = s === segments - 1;
    const begin = s * steps;
    const end = Math.min(length - 1, begin + steps);
    // Run backwards, the last point is where it starts.
    const from = call.inverse ? length - 1 - end : begin;
    const basepoint = hasBasepoint(call) && from === 0 && (call.inverse ? last : s === 0);
    const own = end - begin + (basepoint ? 1 : 0);
    const rows = call.stream ? own : 1;
    // A stream of one point has no rows of its own.
    if (rows === 0) continue;
    const isResult = call.stream || last;
    yield { ...onePath, first: path, from, points: end - begin + 1, basepoint, continues, rows, firstRow, isResult };
    continues = "state";
    if (call.stream) firstRow += rows;
  }
  // Past its end a path's last row repeats.
  for (; call.stream && firstRow < call.rows; firstRow += steps) {
    const rows = Math.min(steps, call.rows - firstRow);
    yield { ...onePath, first: path, from: 0, points: 1, continues, rows, firstRow };
  }
}
