// `logSignature`: the public function, and the descriptor of its operation.

import { type DType, FLOAT64, type Numbers } from "../input/arrays.ts";
import { type Call, shapeOf } from "../input/call.ts";
import { describe, typeError } from "../input/errors.ts";
import type { OptionName, ReadOther, SignatureOptions, VjpOptions } from "../input/options.ts";
import type { Paths } from "../input/paths.ts";
import type { BatchedOf, DTypeOf } from "../input/types.ts";
import type { Windows } from "../input/windows.ts";
import { type Budget, longestStretch, streamSteps } from "../run/blocks.ts";
import type { Segments } from "../run/operation.ts";
import { LOG_BASIS, LOG_FLOAT32, LOG_FLOAT64 } from "../wasm/abi.ts";
import type { Runtime } from "../wasm/runtime.ts";
import { computeRows } from "./bind.ts";
import { memoryReaders } from "./descriptor.ts";
import {
  bases,
  basisIn,
  checkTables,
  countCoordinates,
  type LogSignatureBasis,
  readBasis,
} from "./log-signature-labels.ts";
import { type LogSignatureOf, LogSignatureTensor } from "./log-signature-tensor.ts";
import { continuedSegments, imagineCall, pathsOperation, rowsFromDevice } from "./paths-operation.ts";

/**
 * Options of gradients of log-signatures. Unknown options are rejected.
 *
 * @typeParam T - number type of the result.
 * @typeParam S - whether the result is a stream.
 * @typeParam W - the type of the windows, if any.
 */
export interface LogSignatureVjpOptions<
  T extends DType = DType,
  S extends boolean = boolean,
  W extends Windows | undefined = Windows | undefined,
> extends Omit<VjpOptions<T, S, W>, "scalarTerm" | "algorithm" | "select"> {
  /**
   * Which coordinates; see {@link LogSignatureBasis}. Default "words".
   *
   * @example basis: "lyndon"
   */
  readonly basis?: LogSignatureBasis | undefined;
  /**
   * The arithmetic of calls in float32. A logarithm is what is left where large terms of a
   * signature cancel: float32 arithmetic loses 10 to 100 000 times its rounding there, more the
   * straighter a path is, in every library. "float64" computes in float64 from the float32 points
   * and rounds at the end; "float32" takes about half of that time. Default "auto": by each path
   * alone, accurate to some units in the last place of the largest coordinate of a level, gradients
   * to 2⁻¹⁵ of the largest. Calls in float64 compute in float64.
   *
   * @example precision: "float32"
   */
  readonly precision?: "auto" | "float32" | "float64" | undefined;
}

/** Options of `logSignature`: those of its gradients, and `out`. */
export interface LogSignatureOptions<
  T extends DType = DType,
  S extends boolean = boolean,
  W extends Windows | undefined = Windows | undefined,
> extends LogSignatureVjpOptions<T, S, W>,
    Pick<SignatureOptions, "out"> {}

/** The type of `logSignature`. */
export interface LogSignatureFunction {
  /**
   * Log-signatures of piecewise linear paths, truncated at `options.depth`: the logarithm of the
   * signature in the tensor algebra, which is a Lie element, in as many coordinates as the free Lie
   * algebra has dimensions. The unit of a coordinate is the product of the units of the channels of
   * its letters. Paths of shape (…batch, length, channels) give log-signatures of shape (…batch,
   * row), where row is `logSignatureSize(channels, depth, basis)`.
   *
   * Only the words of the signature that the logarithm depends on are computed; the logarithm
   * itself costs less than one step of the path (docs/log-signatures.md). With `initial` it is that
   * of initial ⊗ S(path); `initial` has to be a signature. Synchronous, on the calling thread.
   *
   * @param paths - as for `signature`.
   * @param options - `depth`, and the optional {@link LogSignatureOptions}.
   * @returns A tensor (…batch, row), row = `logSignatureSize(channels, depth, basis)`; with
   *   `stream` (…batch, length − 1, row), or (…batch, length, row) with a basepoint.
   * @throws PathSignatureError as for `signature`, and BASIS_INVALID, PRECISION_INVALID;
   *   SIZE_TOO_LARGE also where the signature has more than 131 072 coefficients and depth is 3 or
   *   more. After an error `out` is unchanged, and the next call works.
   *
   * @example
   * const p = logSignature([[0, 0], [1, 0], [1, 1]], { depth: 3 });
   * p.data; // Float64Array [1, 1, 0.5, 1/12, 1/12]
   * p.at([0, 1]); // 0.5, the area between path and chord
   */
  <P extends Paths, T extends DType = DTypeOf<P>, S extends boolean = false, W extends Windows | undefined = undefined>(
    paths: P,
    options: LogSignatureOptions<T, S, W>,
  ): LogSignatureOf<T, S, BatchedOf<P, W>>;
}

/** Operation code in the head of a task. */
const LOG_SIGNATURE = 4;

const names = [
  "depth",
  "basis",
  "precision",
  "stream",
  "basepoint",
  "initial",
  "inverse",
  "lengths",
  "layout",
  "windows",
  "augment",
  "mask",
  "dtype",
  "out",
  "checkFinite",
] as unknown as readonly OptionName[];

const precisions = { auto: 0, float32: LOG_FLOAT32, float64: LOG_FLOAT64 };

function readPrecision(value: unknown): number {
  if (value === undefined) return 0;
  if (typeof value !== "string" || !Object.hasOwn(precisions, value))
    throw typeError("PRECISION_INVALID", "options.precision", describe(value), '"auto", "float32" or "float64"');
  return precisions[value as keyof typeof precisions];
}

/**
 * Checks an option that only log-signatures have; returns whether it is one. @throws
 * PathSignatureTypeError BASIS_INVALID, PRECISION_INVALID
 */
export const readLogOption: ReadOther = (name, value) => {
  if (name === "basis") readBasis(value, "options.basis");
  else if (name === "precision") readPrecision(value);
  else return false;
  return true;
};

/** Reads a call by a function that is given how to read the options of log-signatures. */
export function readLogCall(read: (other: ReadOther, names: readonly OptionName[]) => Call, other?: ReadOther): Call {
  let basis: LogSignatureBasis = "words";
  let precision = 0;
  const readOwn: ReadOther = (name, value) => {
    if (name === "basis") basis = readBasis(value, "options.basis");
    else if (name === "precision") precision = readPrecision(value);
    else return other?.(name, value) ?? false;
    return true;
  };
  const call = read(readOwn, names);
  const { channels, depth, dtype } = call;
  checkTables(channels, depth, "options.depth");
  if (dtype === FLOAT64) {
    if (precision === LOG_FLOAT32)
      throw typeError("PRECISION_INVALID", "options.precision", '"float32"', '"auto" or "float64" for float64 paths');
    precision = 0;
  }
  const algorithm = bases.indexOf(basis) * LOG_BASIS + precision;
  return call.with({ options: { algorithm }, row: countCoordinates(channels, depth, basis) });
}

/** The basis of a call. */
export const basisOf = ({ options }: Pick<Call, "options">): LogSignatureBasis => basisIn(options.algorithm);

/** Whether float32 paths are computed in float64. */
const isWide = ({ dtype, options }: Call): boolean => dtype !== FLOAT64 && (options.algorithm & LOG_FLOAT32) === 0;

/** Numbers that a path hands on: the followed words, in the number type of the arithmetic. */
function stateNumbers(call: Call): number {
  const { channels, depth } = call;
  let numbers = 0;
  for (let width = 1; width <= channels; width++) {
    numbers += 1;
    // Words that begin with a letter, of `width` letters; on the last level of all but that letter.
    if (channels === 1) break;
    for (let k = 2; k <= depth; k++) numbers += width ** (k - 2) * (k === depth ? width - 1 : width);
  }
  return isWide(call) ? 2 * numbers : numbers;
}

/** Paths that are too long for one task. A path is cut at the same points alone and in a batch. */
function segments(call: Call, budget: Budget): Segments | undefined {
  const steps = call.stream ? streamSteps(call, budget) : longestStretch(call.channels);
  return continuedSegments(call, steps, stateNumbers(call));
}

type Result = LogSignatureOf;

const wrap = (call: Call, data: Numbers): Result =>
  new LogSignatureTensor(
    data as Float32Array,
    shapeOf(call),
    call.dtype,
    call.channels,
    call.depth,
    basisOf(call),
    call.stream,
    call.paths.windows?.counts,
  );

export const logSignatureOperation = /* @__PURE__ */ pathsOperation<Result>(
  { name: "logSignature", code: LOG_SIGNATURE, wrap },
  {
    segments,
    fromDevice: rowsFromDevice(wrap),
    read: ([paths, given], readers, other) =>
      readLogCall((own, names) => readers.call(paths, given, own, names), other),
    imagine: (sizes, other) => readLogCall((own, names) => imagineCall(sizes, own, names), other),
  },
);

/** Makes `logSignature` for a runtime. Pure: nothing is loaded before the first call. */
export function bindLogSignature(runtime: Runtime): LogSignatureFunction {
  function logSignature(paths: unknown, options: unknown): unknown {
    const call = readLogCall((own, names) => memoryReaders.call(paths, options, own, names));
    return computeRows(runtime, logSignatureOperation, call, wrap);
  }
  return logSignature as LogSignatureFunction;
}
