// Description of an operation for the runner: the inputs and outputs of its kernel, and how paths
// that are too long for one task are cut in time. Types only; ts/operations has the operations.

import type { Numbers } from "../input/arrays.ts";
import type { Call } from "../input/call.ts";
import type { CheckedRows } from "../input/finite.ts";
import type { Budget } from "./blocks.ts";
import type { Job } from "./job.ts";

/** Input rows of items, besides their points. */
export interface Input extends CheckedRows {
  readonly region: number;
  /**
   * Numbers per row as kernels read it. If the caller's row has more, the leading ones are not
   * staged.
   */
  readonly width: (call: Call) => number;
}

/** Output rows of a kernel. */
export interface Output {
  readonly region: number;
  /** "item": one row per item. "step": one per row of the result. "point": one per point. */
  readonly per: "item" | "step" | "point";
  readonly width: (call: Call) => number;
  /**
   * For per-item outputs, the input of which this is the gradient. The output is absent if the
   * input is.
   */
  readonly of?: Input;
}

/** A kernel as tasks call it. */
export interface Kernel {
  /** Operation code in the head of a task. */
  readonly code: number;
  readonly options: (call: Call) => number;
  /** Numbers per row of the input whose width varies. */
  readonly row?: (call: Call) => number;
  readonly inputs: readonly Input[];
  readonly outputs: readonly Output[];
}

/**
 * Cut into stretches: computed in any order, each from the identity, and multiplied by Chen's
 * identity.
 */
export interface Stretches {
  /** Computes a stretch: one row of `size` numbers. */
  readonly kernel: Kernel;
  /** The input that the product of a path's stretches continues. */
  readonly initial: Input;
}

/** Cut into segments: consecutive in time, each of which continues the state of the one before. */
export interface Segments {
  /** Steps per segment, and number of segments of the longest path. */
  readonly steps: number;
  readonly count: number;
  /**
   * Number of paths that are computed together, segment by segment; absent: as many as fit a block.
   */
  readonly paths?: number;
  /** Whether segments run from the end of the path to its beginning. */
  readonly backward: boolean;
  /**
   * Whether every segment starts from the path's first point, which is staged instead of the end of
   * the segment before: for results that depend on end points alone.
   */
  readonly fromFirstPoint?: boolean;
  /** Whether a basepoint is staged as a first point, and so can be in a segment of its own. */
  readonly basepointIsPoint: boolean;
  /**
   * Whether the kernel distinguishes first and last segments: CONTINUED and CONTINUES of
   * wasm/abi.ts.
   */
  readonly tellsEnds: boolean;
  /** Regions of the incoming and the outgoing state; may be the same. */
  readonly state: { readonly from: number; readonly to: number };
  /** Numbers of state per path. */
  readonly stateNumbers: number;
  /**
   * What a path continues at the start of a segment: the state, rows computed before (`needs`), or
   * always the caller's input.
   */
  readonly start: "state" | "rows" | "given";
  /** Rows that another operation must compute first on the same paths, and their region. */
  readonly needs?: { readonly operation: Operation; readonly call: Call; readonly region: number };
}

/** Consecutive paths of a call, or of one derived from it, that are computed in the same way. */
export interface Section {
  readonly call: Call;
  readonly first: number;
  readonly end: number;
}

/** The runner's description of an operation. */
export interface Operation {
  /** Name of the public function. */
  readonly name: string;
  /** Prefix of the names of paths in errors: "" or "gradients of ". */
  readonly label: string;
  readonly kernel: Kernel;
  /** Absent: paths are not cut in this way. */
  readonly stretches?: Stretches;
  readonly segments?: (call: Call, budget: Budget) => Segments | undefined;
  /** Whether small calls with equal options may be coalesced. */
  readonly coalesces: boolean;
  /** Absent: one section, all paths. */
  readonly sections?: (call: Call) => Section[];
  /**
   * After MAY_CANCEL of wasm/abi.ts: which paths of a call are computed again, and by which call.
   */
  readonly again?: (call: Call) => { readonly call: Call; readonly concerns: (path: number) => boolean };
  /** The job of a call, for an operation whose tasks are not blocks of paths. Absent: `Job`. */
  readonly job?: typeof Job;
}

/**
 * Receives rows of an output: `count` rows in `heap` from index `at` on. `row` is the index of the
 * first in the whole call.
 */
export interface Sink {
  take(heap: Numbers, at: number, row: number, count: number): void;
}
