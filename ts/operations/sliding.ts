// Sliding windows that share work (crates/kernels/src/ops/sliding). Whether they do, and which
// windows make a block, is a matter of channels, depth, length and step alone, so that the bits of
// a window depend on nothing else than its path. Long paths are cut into runs of blocks.

import { KIND_FLOAT64, type Numbers } from "../input/arrays.ts";
import { Call } from "../input/call.ts";
import { ReadPaths, type WindowsOf } from "../input/read-paths.ts";
import { ReadRows } from "../input/rows.ts";
import { fit, lanes } from "../run/blocks.ts";
import { Job } from "../run/job.ts";
import type { Operation, Sink } from "../run/operation.ts";
import { HORNER, PRUNED, region } from "../wasm/abi.ts";
import { multiplyAddsOfStep } from "./cost.ts";

/** Most bytes of the signatures that a block keeps, one for each window and lane. */
const mostBytes = 8 * 1024 * 1024;
/** Most numbers of the points and of the rows of a run, unless it is one block. */
const mostNumbers = 2 ** 14;
/** Lengths are handed to kernels as float32. */
const mostPoints = 2 ** 24;
/**
 * What a multiply-add costs where windows share work, in those of recomputing them: steps one by
 * one and products are less dense than tiles of steps on long paths, which are also pruned.
 */
const slower = 2;

/** Multiply-adds and additions of a product of signatures, and of writing it: Σ_k (k + 1) d^k. */
function operationsOfProduct(channels: number, depth: number): number {
  let sum = 0;
  for (let k = 1, words = channels; k <= depth; k++, words *= channels) sum += (k + 1) * words;
  return sum;
}

/** How windows of a call share work. */
interface Sharing {
  /** Windows that are computed together, about a point that all of them hold; 0: each by itself. */
  readonly count: number;
  /** How many times as fast that is, roughly. */
  readonly gain: number;
}

const each: Sharing = { count: 0, gain: 1 };

/** How windows of a call share work. */
export function sharingOf(call: Call): Sharing {
  const { paths, channels, depth, size, bytes, bits } = call;
  const sliding = paths.windows?.sliding;
  // Points of augmented paths are made when they are staged.
  if (paths.augmented ?? paths.windows?.of.augmented) return each;
  if (sliding === undefined || call.stream || call.inverse || call.ahead > 0 || bits & (HORNER | PRUNED)) return each;
  const { length, step } = sliding;
  if (channels === 1 || depth === 1 || length >= mostPoints) return each;
  const steps = length - 1;
  const count = Math.min(Math.floor(steps / step), Math.floor(mostBytes / (lanes * bytes * size)));
  if (count < 2) return each;
  const walked = step + (steps - step) / count;
  const shared = walked * multiplyAddsOfStep(channels, depth) + operationsOfProduct(channels, depth);
  const gain = (steps * multiplyAddsOfStep(channels, depth)) / (slower * shared);
  return gain > 1 ? { count, gain } : each;
}

const slidingOperation: Operation = {
  name: "signature",
  label: "",
  kernel: {
    code: 11,
    options: ({ bits }) => bits,
    row: ({ operands }) => (operands[0] as ReadRows).view[0] as number,
    inputs: [
      {
        region: 5,
        per: "item",
        width: () => 3,
        of: ({ operands }) => operands[0],
        name: "options.windows",
        noun: "index",
        checked: "never",
      },
    ],
    outputs: [{ region: region.OUT, per: "item", width: ({ row }) => row }],
  },
  coalesces: false,
};

/** The runs of a call's windows. */
class Runs {
  /** Windows of a run, but the last of a path. */
  readonly most: number;
  /** For each run: its first point, its points, the row of its first window, its windows. */
  readonly starts: Float64Array;
  readonly lengths: Uint32Array;
  readonly rows: Float64Array;
  readonly windows: Uint32Array;
  readonly longest: number;

  constructor({ of, counts, perPath, sliding }: WindowsOf, most: number) {
    const { length, step } = sliding as NonNullable<WindowsOf["sliding"]>;
    const runs = counts.reduce((sum, windows) => sum + Math.ceil(windows / most), 0);
    this.most = most;
    this.starts = new Float64Array(runs);
    this.lengths = new Uint32Array(runs);
    this.rows = new Float64Array(runs);
    this.windows = new Uint32Array(runs);
    let longest = 0;
    let at = 0;
    for (const [path, all] of counts.entries()) {
      const first = of.starts?.[path] ?? path * of.points;
      for (let k = 0; k < all; k += most, at++) {
        const windows = Math.min(most, all - k);
        this.starts[at] = first + k * step;
        this.lengths[at] = (windows - 1) * step + length;
        this.rows[at] = path * perPath + k;
        this.windows[at] = windows;
        longest = Math.max(longest, this.lengths[at] as number);
      }
    }
    this.longest = longest;
  }
}

/** Takes the rows of runs. */
class RunSink implements Sink {
  readonly #rows: Sink;
  readonly #call: Call;
  readonly #runs: Runs;
  #isStarted = false;

  constructor(rows: Sink, call: Call, runs: Runs) {
    this.#rows = rows;
    this.#call = call;
    this.#runs = runs;
  }

  take(heap: Numbers, at: number, run: number, count: number): void {
    if (!this.#isStarted) this.#fill();
    const { rows, windows, most } = this.#runs;
    for (let i = run; i < run + count; i++, at += most * this.#call.row)
      this.#rows.take(heap, at, rows[i] as number, windows[i] as number);
  }

  /** Rows that are no windows are the identity. */
  #fill(): void {
    this.#isStarted = true;
    const { row, paths, options } = this.#call;
    const { counts, perPath } = paths.windows as WindowsOf;
    const identity = new Float64Array(row);
    if (options.scalarTerm) identity[0] = 1;
    for (const [path, all] of counts.entries())
      for (let k = all; k < perPath; k++) this.#rows.take(identity, 0, path * perPath + k, 1);
  }
}

type Given = ConstructorParameters<typeof Job>;

/** What a job of the call computes: its windows, or runs of them. */
function shared(given: Given): Given {
  const [, call, sinks, ...rest] = given;
  const { count } = sharingOf(call);
  if (count === 0) return given;
  const windows = call.paths.windows as WindowsOf;
  const { length, step } = windows.sliding as NonNullable<WindowsOf["sliding"]>;
  const { channels, dtype, options, size, row } = call;
  const blocks = fit(mostNumbers, Math.max(count * row, count * step * channels));
  const runs = new Runs(windows, count * Math.max(1, blocks));
  const { view, kind } = call.paths;
  const batch = runs.starts.length;
  const paths = new ReadPaths(view, kind, [batch], batch, runs.longest, channels, call.paths.dtype, runs.starts);
  paths.windows = windows;
  // The kernel is given the last three.
  const parameters = new ReadRows(Float64Array.of(count, length, step, runs.most), KIND_FLOAT64, 0, 4);
  const derived = new Call(
    ...([paths, options, dtype, size, runs.lengths, undefined, undefined, [parameters], runs.most * row] as const),
  );
  return [slidingOperation, derived, [new RunSink(sinks[0] as Sink, call, runs)], ...rest];
}

/** The job of a call of `signature`. */
export class SlidingJob extends Job {
  constructor(...given: Given) {
    super(...shared(given));
  }
}
