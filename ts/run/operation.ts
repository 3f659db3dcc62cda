// What the runner has to know of an operation: what its kernel reads and writes, and how paths that
// are too long for one task are cut in time. Types only; the operations are in ts/operations.

import type { Numbers } from "../input/arrays.ts";
import type { Call } from "../input/call.ts";
import type { CheckedRows } from "../input/finite.ts";
import type { Budget } from "./blocks.ts";

/** Rows that items bring besides their points. */
export interface Input extends CheckedRows {
  readonly region: number;
  /** Numbers of a row as kernels read it; what a row has more comes first and is not staged. */
  readonly width: (call: Call) => number;
}

/** Rows that a kernel writes. */
export interface Output {
  readonly region: number;
  /** "item": one row for each item. "step": one for each row of the result. "point": one for each point. */
  readonly per: "item" | "step" | "point";
  readonly width: (call: Call) => number;
  /** The input whose gradient it is, for per-item outputs: absent where that input is. */
  readonly of?: Input;
}

/** One kernel, as tasks call it. */
export interface Kernel {
  /** Its code in the head of a task. */
  readonly code: number;
  readonly options: (call: Call) => number;
  /** Numbers of a row of the input whose width varies. */
  readonly row?: (call: Call) => number;
  readonly inputs: readonly Input[];
  readonly outputs: readonly Output[];
}

/** Paths cut into stretches that are computed in any order, each from the identity, and multiplied by Chen's identity. */
export interface Stretches {
  /** Computes a stretch: one row of `size` numbers. */
  readonly kernel: Kernel;
  /** The input that the product of a path's stretches continues. */
  readonly initial: Input;
}

/** Paths cut into segments that follow each other in time, each with the state of the one before. */
export interface Segments {
  /** Steps of a segment, and segments of the longest path. */
  readonly steps: number;
  readonly count: number;
  /** Paths that go through their segments together; absent: as many as a block holds. */
  readonly paths?: number;
  /** Whether the last segment comes first. */
  readonly backward: boolean;
  /** Whether a basepoint is staged as a first point, so that it falls into a segment of its own. */
  readonly basepointIsPoint: boolean;
  /** Whether the kernel has to know which segments are not the first and not the last: CONTINUED and CONTINUES of wasm/abi.ts. */
  readonly tellsEnds: boolean;
  /** Regions in which the state comes in and goes out: the same one, or two. */
  readonly state: { readonly from: number; readonly to: number };
  /** Numbers of the state of a path. */
  readonly stateNumbers: number;
  /** What a path continues where a segment begins: the state, rows computed before (`needs`), or always what the caller gave. */
  readonly start: "state" | "rows" | "given";
  /** Rows that have to be computed before, by another operation on the same paths, and the region they go to. */
  readonly needs?: { readonly operation: Operation; readonly call: Call; readonly region: number };
}

/** Consecutive paths of a call, or of one made of it, that are computed in the same way. */
export interface Window {
  readonly call: Call;
  readonly first: number;
  readonly end: number;
}

/** What the runner reads of an operation. */
export interface Operation {
  /** The public function's name. */
  readonly name: string;
  /** What tasks do, in front of the names of their paths in errors: "" or "gradients of ". */
  readonly label: string;
  readonly kernel: Kernel;
  /** Absent: paths are not cut in this way. */
  readonly stretches?: Stretches;
  readonly segments?: (call: Call, budget: Budget) => Segments | undefined;
  /** Whether small calls with equal options may be computed as one batch. */
  readonly coalesces: boolean;
  /** Absent: one window, all paths. */
  readonly windows?: (call: Call) => Window[];
}

/** Takes rows of an output: `count` of them in `heap` from index `at` on, the first being row number `row` of the whole call. */
export interface Sink {
  take(heap: Numbers, at: number, row: number, count: number): void;
}
