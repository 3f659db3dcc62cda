// The descriptor of an operation: the kernel and the cuts that the runner uses (run/operation.ts),
// and how its calls are read, prepared and explained. Each operation has one; every entry, the
// engine and the pool use it.

import type { Call } from "../input/call.ts";
import { readCall } from "../input/call.ts";
import { readCotangent } from "../input/cotangent.ts";
import { type OptionName, type ReadOther, readOptions } from "../input/options.ts";
import { readPaths } from "../input/paths.ts";
import type { ReadRows } from "../input/rows.ts";
import type { Budget } from "../run/blocks.ts";
import type { Operation, Sink } from "../run/operation.ts";

/** How arguments are read: numbers in memory only, or also on the device of an engine. */
export interface Readers {
  /** Paths and the options of an operation on paths. */
  call(paths: unknown, options: unknown, other?: ReadOther, names?: readonly OptionName[]): Call;
  /** Cotangents: rows with the shape of the call's result. */
  cotangent(value: unknown, call: Call): ReadRows;
}

/** Reads numbers in memory. */
export const memoryReaders: Readers = {
  call: (paths, options, other, names) => {
    const given = readOptions(options, other, names);
    return readCall(readPaths(paths, given.layout), given);
  },
  cotangent: readCotangent,
};

/** A call of an operation, as one of several that a call of another consists of. */
export interface Step {
  readonly operation: Descriptor;
  readonly call: Call;
  /** Whether it is the last one, whose progress is that of the whole. */
  readonly isLast: boolean;
}

/** Steps, each of which is resumed with its result. */
export type Steps<R> = Generator<Step, R, unknown>;

/** One step; returns its result. */
export function* step<R>(operation: Descriptor<R>, call: Call, isLast = false): Steps<R> {
  return (yield { operation, call, isLast }) as R;
}

/** Results of a call: where outputs are written, and what is returned at the end. */
export interface Prepared<R> {
  readonly sinks: readonly (Sink | undefined)[];
  /** Whether all numbers must be checked before a kernel runs. */
  readonly checksFirst: boolean;
  result(): R;
}

/** What computes a call that has been read. */
export interface Computation<R = unknown> extends Operation {
  /** Allocates the results. @throws if there is no memory for them, or `out` does not fit */
  prepare(call: Call): Prepared<R>;
}

export interface Descriptor<R = unknown> extends Computation<R> {
  /** Reads and checks the arguments of a call, options last. @throws as the public function */
  read(given: readonly unknown[], readers: Readers, other?: ReadOther): Call;
  /** A call of a shape without numbers, for `explain`. @throws as the public function */
  imagine(sizes: unknown, other?: ReadOther): Call;
  /**
   * The operations that a call consists of, one after the other. Absent: the kernel's alone.
   */
  steps?(call: Call): Steps<R>;
  /**
   * The result from the output of a GPU program (ts/gpu/operations). Absent: not supported on the
   * GPU.
   */
  fromDevice?(call: Call, numbers: unknown): R;
  /** Estimated nanoseconds of a call on one thread. */
  cost(call: Call): number;
  /** Describes how a call would be divided. */
  explain(call: Call, budget: Budget): readonly string[];
}
