// The blocks of a call in the order in which they are computed: runs of paths, or for paths that are cut in time their segments,
// each going on from what the one before came to. Pure arithmetic.

import type { Cut } from "./blocks.ts";

/** What a block starts from. */
export type Continues = "given" | "before";

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
  /** What the call was given as initial signatures, or what the block before came to. */
  readonly continues: Continues;
  /** Rows that are written for each path, and the number of the first. */
  readonly rows: number;
  readonly firstRow: number;
  /** Whether its result is part of the call's, or only what the next block goes on from. */
  readonly isResult: boolean;
}

/** What the blocks depend on. */
export interface Sequence {
  readonly batch: number;
  readonly points: number;
  readonly lengths: ArrayLike<number> | undefined;
  readonly basepoint: boolean;
  readonly inverse: boolean;
  readonly stream: boolean;
  readonly rows: number;
}

/** The blocks of a call. */
export function* blocksOf(call: Sequence, cut: Cut): Generator<Block> {
  if (cut.steps !== undefined) {
    for (let path = 0; path < call.batch; path++) yield* segmentsOf(call, path, cut.steps);
    return;
  }
  for (let first = 0; first < call.batch; first += cut.paths) {
    yield {
      first,
      paths: Math.min(cut.paths, call.batch - first),
      from: 0,
      points: call.points,
      ragged: call.lengths !== undefined,
      basepoint: call.basepoint,
      continues: "given",
      rows: call.rows,
      firstRow: 0,
      isResult: true,
    };
  }
}

/** One path, cut at multiples of \`steps\` from where it starts to run. */
function* segmentsOf(call: Sequence, path: number, steps: number): Generator<Block> {
  const length = call.lengths?.[path] ?? call.points;
  const segments = Math.max(1, Math.ceil((length - 1) / steps));
  let firstRow = 0;
  let continues: Continues = "given";
  for (let s = 0; s < segments; s++) {
    const last = s === segments - 1;
    const begin = s * steps;
    const end = Math.min(length - 1, begin + steps);
    // Run backwards, the last point is where it starts.
    const from = call.inverse ? length - 1 - end : begin;
    const basepoint = call.basepoint && from === 0 && (call.inverse ? last : s === 0);
    const own = end - begin + (basepoint ? 1 : 0);
    const rows = call.stream ? own : 1;
    // A stream of one point has no rows of its own.
    if (rows === 0) continue;
    yield {
      first: path,
      paths: 1,
      from,
      points: end - begin + 1,
      ragged: false,
      basepoint,
      continues,
      rows,
      firstRow,
      isResult: call.stream || last,
    };
    continues = "before";
    if (call.stream) firstRow += rows;
  }
  // Past its end a path's last row repeats.
  for (; call.stream && firstRow < call.rows; firstRow += steps) {
    yield {
      first: path,
      paths: 1,
      from: 0,
      points: 1,
      ragged: false,
      basepoint: false,
      continues,
      rows: Math.min(steps, call.rows - firstRow),
      firstRow,
      isResult: true,
    };
  }
}
