// Operations on paths that give rows: the descriptor that they have in common. One that says no
// more stages every path whole; how paths may be cut in time is added by the operation
// (signature.ts).

import { copyOut, FLOAT32, FLOAT64, type Numbers } from "../input/arrays.ts";
import { type Call, readCall } from "../input/call.ts";
import { describe, typeError } from "../input/errors.ts";
import { type OptionName, type ReadOther, readOptions } from "../input/options.ts";
import { imaginePaths } from "../input/paths.ts";
import { pathInputs } from "../run/inputs.ts";
import type { Operation, Segments } from "../run/operation.ts";
import { region } from "../wasm/abi.ts";
import { signatureCost } from "./cost.ts";
import type { Computation, Descriptor } from "./descriptor.ts";
import { PreparedRows } from "./prepared-rows.ts";

/** Specification of an operation on paths. */
export interface PathsOperation<R> {
  readonly name: string;
  /** Operation code in the head of a task. */
  readonly code: number;
  /** The options that it takes. Absent: those of `signature`. */
  readonly options?: readonly OptionName[];
  /** Numbers of a row of the result. Absent: those of a signature. */
  readonly row?: (call: Call) => number;
  /** The result, once its numbers are there. */
  readonly wrap: (call: Call, data: Numbers) => R;
  /** How long paths are cut; see {@link Operation}. */
  readonly stretches?: Operation["stretches"];
  readonly segments?: Operation["segments"];
  /** The job of a call; see {@link Operation}. */
  readonly job?: Operation["job"];
}

/**
 * Paths that hand on a state of `stateNumbers` numbers after `steps` steps or rows, if they are too
 * long for one task. A path is cut at the same points alone and in a batch.
 */
export function continuedSegments(call: Call, steps: number, stateNumbers: number): Segments | undefined {
  const { stream, rows, points, ahead } = call;
  if (steps >= Math.max(1, stream ? rows : points - 1)) return undefined;
  return {
    steps,
    count: Math.ceil((stream ? rows : points - 1 + ahead) / steps),
    backward: false,
    basepointIsPoint: true,
    tellsEnds: true,
    state: { from: region.STATE, to: region.STATE },
    stateNumbers,
    start: "given",
  };
}

/** A call for `explain`: a shape and options, no numbers. */
export function imagineCall(sizes: unknown, other?: ReadOther, names?: readonly OptionName[]): Call {
  if (typeof sizes !== "object" || sizes === null)
    throw typeError("OPTION_TYPE", "sizes", describe(sizes), "an object with shape and depth");
  const { shape, ...rest } = sizes as { shape?: unknown };
  const options = readOptions(rest, other, names);
  return readCall(imaginePaths(shape, options.dtype === FLOAT64 ? FLOAT64 : FLOAT32, options.layout), options);
}

/** The result from rows that a GPU has computed; they go to `out` where the call has one. */
export const rowsFromDevice =
  <R>(wrap: PathsOperation<R>["wrap"]) =>
  (call: Call, numbers: unknown): R => {
    const { out } = call.options;
    const data = numbers as Float32Array;
    if (out !== undefined) copyOut(data, 0, data.length, out, 0);
    return wrap(call, out ?? data);
  };

/** What this thread needs of an operation. Engines need more: an app without them drops that. */
export function pathsComputation<R>({ name, code, wrap, stretches, segments, job }: PathsOperation<R>): Computation<R> {
  return {
    name,
    label: "",
    kernel: {
      code,
      options: ({ bits }) => bits,
      inputs: pathInputs,
      outputs: [{ region: region.OUT, per: "step", width: ({ row }) => row }],
    },
    prepare: (call) => new PreparedRows(call, wrap),
    coalesces: true,
    ...(stretches && { stretches }),
    ...(segments && { segments }),
    ...(job && { job }),
  };
}

/** @param more - what else the operation says of itself */
export function pathsOperation<R>(operation: PathsOperation<R>, more?: Partial<Descriptor<R>>): Descriptor<R> {
  const { options, row } = operation;
  const withRow = (call: Call): Call => (row === undefined ? call : call.with({ row: row(call) }));
  return {
    ...pathsComputation(operation),
    read: ([paths, given], readers, other) => withRow(readers.call(paths, given, other, options)),
    imagine: (sizes, other) => withRow(imagineCall(sizes, other, options)),
    cost: signatureCost,
    explain: () => [],
    ...more,
  };
}
