// The options of a call: their types, and reading each of them once. Values that depend on the
// shape of the paths (lengths, basepoint, initial, out) are passed on; call.ts checks them.

import { HORNER, PRUNED } from "../wasm/abi.ts";
import { type ArrayOf, type DType, type DTypeIndex, FLOAT32, FLOAT64, type NumericView } from "./arrays.ts";
import type { Augmentation, Mask } from "./augment/types.ts";
import { describe, typeError } from "./errors.ts";
import type { TensorInput } from "./paths.ts";
import type { Select } from "./select.ts";
import { checkChannels, checkDepth } from "./size.ts";
import { optionsOfEngines, unknownOption } from "./unknown-option.ts";
import type { Windows } from "./windows.ts";

/**
 * Options of gradients: those of `signature` without `out`. Unknown options are rejected.
 *
 * @typeParam T - number type of the result.
 * @typeParam S - whether the result is a stream.
 * @typeParam W - the type of the windows, if any.
 */
export interface VjpOptions<
  T extends DType = DType,
  S extends boolean = boolean,
  W extends Windows | undefined = Windows | undefined,
> {
  /**
   * N, the level at which signatures are truncated: a whole number, at least 1. A signature of d
   * channels has d + d² + … + d^N numbers.
   *
   * @example depth: 3 // for 2 channels 2 + 4 + 8 = 14 numbers
   */
  readonly depth: number;
  /**
   * Return the signature of every prefix of a path: of the first 2, 3, …, length points (with a
   * basepoint, of the first 1, 2, …, length). The result has shape (…batch, length − 1, size), or
   * (…batch, length, size). Past the end of a shorter path the last value repeats. Default false.
   *
   * @example stream: true // (32, 100, 2) at depth 3 gives (32, 99, 14)
   */
  readonly stream?: S | undefined;
  /**
   * A point that precedes the first point of each path, so that signatures depend on where paths
   * start: `true` for the origin, (channels) numbers for all paths, or a tensor (…batch, channels).
   * Default none.
   *
   * @example basepoint: [0.5, -1] // for paths of two channels
   */
  readonly basepoint?:
    | boolean
    | readonly number[]
    | readonly (readonly number[])[]
    | NumericView
    | TensorInput
    | undefined;
  /**
   * Signatures to continue from: the result is initial ⊗ S(path). (size) numbers for all paths, or
   * (…batch, size); with `scalarTerm` including the leading 1. May share memory with `out`. The
   * segment that joins two pieces of a path belongs to neither: give the last point of the first
   * piece as `basepoint` of the second. Default the identity.
   *
   * @example
   * const first = signature(head, { depth: 3 });
   * const whole = signature(tail, { depth: 3, initial: first, basepoint: head.at(-1) });
   */
  readonly initial?: readonly number[] | readonly (readonly number[])[] | NumericView | TensorInput | undefined;
  /**
   * Signatures of the reversed paths: all points, basepoint included, in reverse order. They are
   * the inverses of the signatures in the tensor algebra. Default false.
   *
   * @example inverse: true
   */
  readonly inverse?: boolean | undefined;
  /**
   * Include the leading 1, the coefficient of the empty word, in each signature: one number more a
   * row. Default false.
   *
   * @example scalarTerm: true // for 2 channels at depth 3, 15 numbers
   */
  readonly scalarTerm?: boolean | undefined;
  /**
   * Number of points of each path in the flattened batch, from 1 to length. Later points are
   * ignored. Default all of them.
   *
   * @example lengths: [100, 42] // for paths of shape (2, 100, channels)
   */
  readonly lengths?: number | ArrayLike<number> | undefined;
  /**
   * Stretches of each path, by their points: each has a signature of its own, and the result has
   * shape (…batch, windows, size). Windows may overlap and are not copied. A `basepoint` precedes
   * each of them; `initial` is not accepted. Paths of different lengths have different numbers of
   * windows, `counts` of the result; rows behind them are the identity. Default the whole path.
   *
   * `signature` computes sliding windows that overlap much from pieces that they share, without
   * inverses: each is as accurate as the signature of its points, but not the same to the bit. With
   * `algorithm: "horner"` it is (docs/streams.md).
   *
   * @example windows: { type: "sliding", length: 50, step: 10 }
   */
  readonly windows?: W | undefined;
  /**
   * What is done to each path first, in this order (docs/augmentations.md): time as a channel,
   * lead-lag, a point ahead of the first, … The augmented paths are never stored as a whole. Rows
   * and streams are those of the augmented path, of `augmentedChannels(channels, augment)`
   * channels; `lengths`, `windows` and `mask` count the points that were given, each window is
   * augmented on its own, and gradients are those of the points that were given. On the CPU only.
   * In place of `basepoint` there is an augmentation. Default none.
   *
   * @example augment: ["time", { leadLag: { lag: 2 } }]
   */
  readonly augment?: readonly Augmentation[] | undefined;
  /**
   * Points, or numbers of points, that are not there: points to skip, or numbers in whose place the
   * channel's number before them stands. They may be NaN, and have no gradient. Default none.
   *
   * @example mask: { missing: "nan" } // NaN: the channel's number before it
   */
  readonly mask?: Mask | undefined;
  /**
   * Words of the signature that are wanted: the result has shape (…batch, words) and costs what
   * these words and their prefixes cost, or what all words do if they are many. A list `words`, in
   * its order; `weights` of the letters and a `bound` for their sum; or `levels`. No word may have
   * more than `depth` letters. `initial` is not accepted: chosen words cannot be continued without
   * the others. Default all words.
   *
   * @example select: { weights: [1, 2, 2], bound: 4 } // a letter of channel 0 counts half
   */
  readonly select?: Select | undefined;
  /**
   * The order of a path's dimensions: `"channels-last"` for points as rows, (length, channels), or
   * `"channels-first"` for channels as rows, (channels, length), which are transposed when they are
   * read. Gradients of paths have the same order; `lengths` and `basepoint` are those of points in
   * both. Default `"channels-last"`, with a warning where paths look like the other.
   *
   * @example layout: "channels-first" // for three channels of 200 points, (3, 200)
   */
  readonly layout?: Layout | undefined;
  /**
   * Number type of computation and result. Default: float32 if all input is Float32Array, else
   * float64.
   *
   * @example dtype: "float32"
   */
  readonly dtype?: T | undefined;
  /**
   * Throw for input that is NaN, infinite, or out of the range of float32 where that is the number
   * type. If false, a coefficient of a signature is NaN or infinite exactly where a letter of its
   * word has such a number in a point that it depends on, or a prefix of the word has one in
   * `initial`; all others keep their bits. The same on engines; a call for WebGPU that has such a
   * number is done on the CPU. For gradients see docs/gradients.md. Results may overflow to
   * infinity in both cases. Default true.
   *
   * @example checkFinite: false
   */
  readonly checkFinite?: boolean | undefined;
  /**
   * How whole signatures are computed. `"horner"` updates every word at each step. `"pruned"`
   * updates only words whose first letter is their smallest and recovers the others at the end,
   * with two to four times fewer operations (docs/pruned-walk.md). It exists from two channels and
   * depth 2 up to 32 channels and depth 6 (on GPUs 16384 coefficients), without `stream`; elsewhere
   * `"horner"` is used. Default `"auto"`: pruned where it is both faster and as accurate.
   *
   * @example algorithm: "horner"
   */
  readonly algorithm?: Algorithm | undefined;
}

/**
 * Options of `signature`. Unknown options are rejected.
 *
 * @typeParam T - number type of the result.
 * @typeParam S - whether the result is a stream.
 * @typeParam W - the type of the windows, if any.
 */
export interface SignatureOptions<
  T extends DType = DType,
  S extends boolean = boolean,
  W extends Windows | undefined = Windows | undefined,
> extends VjpOptions<T, S, W> {
  /**
   * Array for the result, of its number type and exact length, (…batch, size) row by row; `data` of
   * the result is then this array.
   *
   * @example out: new Float64Array(32 * signatureSize(2, 3)) // for 32 paths of 2 channels
   */
  readonly out?: Float32Array | Float64Array | undefined;
}

/** Names of kernels for whole signatures; see {@link SignatureOptions.algorithm}. */
export type Algorithm = "auto" | "horner" | "pruned";

/** Which of a path's dimensions comes first; see {@link SignatureOptions.layout}. */
export type Layout = "channels-last" | "channels-first";

/** The options as read, with defaults, for operations on paths and for operations on rows. */
export class ReadOptions {
  /** For operations on rows; paths define their channels. */
  channels = 0;
  /** 1 for operations that have no depth. */
  depth = 1;
  stream = false;
  basepoint: unknown = undefined;
  initial: unknown = undefined;
  inverse = false;
  scalarTerm = false;
  lengths: unknown = undefined;
  windows: unknown = undefined;
  augment: unknown = undefined;
  mask: unknown = undefined;
  /** As given, then a `Selection`. */
  select: unknown = undefined;
  layout: Layout | undefined = undefined;
  /** -1: inferred from the input. */
  dtype: DTypeIndex | -1 = -1;
  out: ArrayOf[DType] | undefined = undefined;
  checkFinite = true;
  /** Option bits of the algorithm. */
  algorithm = 0;
}

function flag(value: unknown, fallback: boolean, name: string): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== "boolean") throw typeError("OPTION_TYPE", `options.${name}`, describe(value), "true or false");
  return value;
}

/** The number type of an option; -1: none given. @throws PathSignatureTypeError DTYPE_INVALID */
export function readDType(value: unknown): DTypeIndex | -1 {
  switch (value) {
    case undefined:
      return -1;
    case "float32":
      return FLOAT32;
    case "float64":
      return FLOAT64;
    default:
      throw typeError("DTYPE_INVALID", "options.dtype", describe(value), '"float32" or "float64"');
  }
}

function readLayout(value: unknown): Layout | undefined {
  if (value === undefined || value === "channels-last" || value === "channels-first") return value;
  throw typeError("LAYOUT_INVALID", "options.layout", describe(value), '"channels-last" or "channels-first"');
}

function readAlgorithm(value: unknown): number {
  switch (value) {
    case undefined:
    case "auto":
      return 0;
    case "horner":
      return HORNER;
    case "pruned":
      return PRUNED;
    default:
      throw typeError("ALGORITHM_INVALID", "options.algorithm", describe(value), '"auto", "horner" or "pruned"');
  }
}

/** Faster than `Object.hasOwn` where a loop visits properties. */
const hasOwn = Object.prototype.hasOwnProperty;

/** The name of an option. */
export type OptionName = keyof ReadOptions;

/** Reads a further option of an operation. Returns whether the name is known. */
export type ReadOther = (name: string, value: unknown) => boolean;

/** Names of the options of operations on rows of the tensor algebra. */
export const namesOfRows: readonly OptionName[] = ["channels", "depth", "scalarTerm", "dtype", "out", "checkFinite"];

/**
 * Reads each option once. Options are own properties: what an object inherits, as from a changed
 * `Object.prototype`, is none of the call's.
 * @param other - reads options that are not in `names`
 * @param names - options of the operation; default those of {@link SignatureOptions}
 * @throws PathSignatureError OPTION_TYPE, OPTION_UNKNOWN, SELECT_TYPE, CHANNELS_INVALID,
 *   DEPTH_INVALID, DTYPE_INVALID, LAYOUT_INVALID, ALGORITHM_INVALID
 */
export function readOptions(options: unknown, other?: ReadOther, names?: readonly (keyof ReadOptions)[]): ReadOptions {
  if (typeof options !== "object" || options === null) {
    const example = names?.includes("channels") ? "{ channels: 2, depth: 3 }" : "{ depth: 3 }";
    throw typeError("OPTION_TYPE", "options", describe(options), `an object such as ${example}`);
  }
  const given = options as Record<keyof ReadOptions, unknown>;
  const read = new ReadOptions();
  let depth: unknown;
  let channels: unknown;
  for (const name in given) {
    if (!hasOwn.call(given, name)) continue;
    if (names === undefined || names.includes(name as OptionName)) {
      switch (name) {
        case "depth":
          depth = given.depth;
          continue;
        case "basepoint":
        case "initial":
        case "lengths":
        case "windows":
        case "augment":
        case "mask":
        case "select":
        case "out":
          read[name] = given[name] as ReadOptions["out"];
          continue;
        case "stream":
        case "inverse":
        case "scalarTerm":
        case "checkFinite":
          read[name] = flag(given[name], read[name], name);
          continue;
        case "layout":
          read.layout = readLayout(given.layout);
          continue;
        case "dtype":
          read.dtype = readDType(given.dtype);
          continue;
        case "algorithm":
          read.algorithm = readAlgorithm(given.algorithm);
          continue;
        case "channels":
          if (names === undefined) break;
          channels = given.channels;
          continue;
      }
    }
    if (other?.(name, (given as Record<string, unknown>)[name])) continue;
    const known = names ?? Object.keys(read).filter((key) => key !== "channels");
    throw unknownOption(name, [...known, ...optionsOfEngines.filter((one) => other?.(one, undefined))]);
  }
  if (names?.includes("channels")) {
    checkChannels(channels, "options.channels");
    read.channels = channels;
  }
  if (names === undefined || names.includes("depth")) {
    checkDepth(depth, "options.depth");
    read.depth = depth;
  }
  if (read.select !== undefined && read.initial !== undefined) {
    const accepted = "one of them: chosen words cannot be continued without the others";
    throw typeError("SELECT_TYPE", "options.select", "select and initial", accepted);
  }
  return read;
}
