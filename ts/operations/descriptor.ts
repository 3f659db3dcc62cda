// What an operation is: the kernel and the cuts that the runner reads (run/operation.ts), and how its
// calls are read, prepared and explained. One descriptor an operation; every entry, the engine and
// the pool read it.

import type { Call } from "../input/call.ts";
import { readCall } from "../input/call.ts";
import { readCotangent } from "../input/cotangent.ts";
import { type ReadOptions, type ReadOther, readOptions } from "../input/options.ts";
import { readPaths } from "../input/paths.ts";
import type { ReadRows } from "../input/rows.ts";
import type { Budget } from "../run/blocks.ts";
import type { Operation, Sink } from "../run/operation.ts";

/** How arguments are read: numbers in memory, or on an engine's device as well. */
export interface Readers {
  /** Paths and the options of an operation on paths. */
  call(paths: unknown, options: unknown, other?: ReadOther): Call;
  /** Cotangents of rows of the shape that the call's result has. */
  cotangent(value: unknown, call: Call): ReadRows;
}

/** Reads numbers that are in memory. */
export const memoryReaders: Readers = {
  call: (paths, options, other) => {
    const given: ReadOptions = readOptions(options, other);
    return readCall(readPaths(paths), given);
  },
  cotangent: readCotangent,
};

/** A call's results: where they go, and what is returned once they are there. */
export interface Prepared<R> {
  readonly sinks: readonly (Sink | undefined)[];
  /** Whether all numbers have to be checked before anything runs. */
  readonly checksFirst: boolean;
  result(): R;
}

export interface Descriptor<R = unknown> extends Operation {
  /** Reads and checks a call's arguments, options last. @throws what the public function throws */
  read(given: readonly unknown[], readers: Readers, other?: ReadOther): Call;
  /** A call of such a shape without numbers, as `explain` is asked about it. @throws likewise */
  imagine(sizes: unknown, other?: ReadOther): Call;
  /** @throws where there is no memory for the result, or `out` does not fit */
  prepare(call: Call): Prepared<R>;
  /** The result of what a GPU's program left in memory (ts/gpu/operations). Absent: there is none. */
  fromDevice?(call: Call, numbers: unknown): R;
  /** Estimated nanoseconds of a call on one thread. */
  cost(call: Call): number;
  /** In words, how a call would be divided. */
  explain(call: Call, budget: Budget): readonly string[];
}
