// Cuts a call into blocks of paths and segments of time, so that WebAssembly memory stays bounded whatever the batch. Pure
// arithmetic: nothing is copied or computed here.
//
// The bound. With b bytes a number, staging memory is at most the sum of
//   input    max(256 KiB, 4 paths × (65536 + channels) × b), 257 points a path where channels > 256
//   output   max(1 MiB, 4 signatures)
//   initial  max(1 MiB, 4 signatures), only where a call continues signatures or a path is cut in time
//   lengths, basepoints: at most 256 KiB each, or 4 points
//   scratch  as the kernels ask for a shape, whatever batch and length.
//
// A path's result must not depend on its neighbours, to the bit. So where a path is cut in time depends on its own number
// of points and on the channels alone: a path that is longer than one segment is cut at multiples of the segment from where
// it starts (run backwards: from its end), and a path that is over before others waits or repeats without a step.

/** Staged input of one block, unless four paths need more. */
export const inputBytes = 256 * 1024;
/** Staged output of one block, unless four paths need more. */
export const outputBytes = 1024 * 1024;
/** The widest vectors hold four paths: blocks are multiples of this, so that only the last has idle lanes. */
export const lanes = 4;
/** A path of more numbers than this is cut in time. */
export const pathNumbers = 65536;
/** Shorter segments would spend a visible part of their time on starting. */
export const leastSteps = 256;

/** How a call is cut. */
export interface BlockPlan {
  /** Paths of a block; the last block may have fewer. */
  readonly paths: number;
  /** Steps of a segment; the last may have fewer. */
  readonly steps: number;
  /** Segments of the longest path, from 1 on. */
  readonly segments: number;
  /** The whole result is staged, and written out at the end in one piece. */
  readonly staged: boolean;
}

/** A call's sizes, as the cut sees them. */
export interface CallSizes {
  /** Paths. */
  readonly batch: number;
  /** Points of the longest path, a basepoint not counted. */
  readonly points: number;
  readonly channels: number;
  /** Numbers of one signature as returned. */
  readonly row: number;
  /** Signatures returned for each path. */
  readonly rows: number;
  /** Bytes of a number. */
  readonly bytes: number;
  readonly stream: boolean;
}

/** Whether a call is one block of one segment, which needs no plan. The common case, so it allocates nothing. */
export function fitsOneBlock(sizes: CallSizes): boolean {
  const { batch, points, channels, row, rows, bytes } = sizes;
  return (
    points * channels <= pathNumbers &&
    batch * points * channels * bytes <= inputBytes &&
    batch * rows * row * bytes <= outputBytes
  );
}

const fit = (space: number, each: number): number => Math.floor(space / each);

/** The cut. See the head of this file for what it guarantees. */
export function planBlocks(sizes: CallSizes): BlockPlan {
  const { batch, points, channels, row, rows, bytes, stream } = sizes;
  const fewest = Math.min(lanes, batch);
  const total = batch * rows * row * bytes;
  let steps: number;
  if (stream) {
    const tooLong = points * channels > pathNumbers || fewest * rows * row * bytes > outputBytes;
    // A row is at least as long as a point, so a bound on the output bounds the input too.
    steps = tooLong ? Math.max(1, fit(outputBytes, fewest * row * bytes)) : Math.max(1, rows);
  } else {
    steps =
      points * channels > pathNumbers ? Math.max(leastSteps, fit(pathNumbers, channels)) : Math.max(1, points - 1);
  }
  // The steps to be cut: with `stream` one for each row, else those between points (the basepoint's joins the first segment).
  const segments = Math.max(1, Math.ceil((stream ? rows : points - 1) / steps));
  const staged = total <= outputBytes && !(stream && segments > 1);
  const perPathInput = Math.min(points, steps + 1) * channels * bytes;
  const perPathOutput = (stream ? Math.min(rows, steps) : 1) * row * bytes;
  let paths = fit(inputBytes, perPathInput);
  if (!staged) paths = Math.min(paths, fit(outputBytes, perPathOutput));
  paths = Math.max(lanes, paths - (paths % lanes));
  return { paths: Math.min(paths, batch), steps, segments, staged };
}
