// The errors of the library: three classes and one table of codes. This file formats messages;
// other files detect the faults.

/**
 * The table of error codes. A code is stable: it keeps its meaning across versions. The value names
 * the class.
 *
 * `TypeError`: a value has the wrong type or form. `RangeError`: a number is out of bounds.
 * `Error`: the engine or a resource failed.
 */
export interface PathSignatureErrorCodes {
  /** `paths` has none of the accepted forms, or is a flat list of numbers without a shape. */
  PATHS_TYPE: "TypeError";
  /**
   * `paths` has fewer than two dimensions, or nested arrays are deeper than (batch, length,
   * channels).
   */
  PATHS_RANK: "TypeError";
  /** A dimension of `shape` is not a whole number, or length or channels is 0. */
  SHAPE_INVALID: "RangeError";
  /**
   * The count of numbers in `data` does not match its shape, strides or offsets, or `shape` and
   * `dims` differ.
   */
  SHAPE_MISMATCH: "RangeError";
  /** `strides` or `offset` of a tensor are no whole numbers, one for each dimension. */
  STRIDED: "TypeError";
  /** Points, or paths of a list, differ in their channels; or columns in their length. */
  RAGGED_ROW: "RangeError";
  /**
   * A path has no points, or a batch of nested arrays has no paths (its channels
   * are unknown).
   */
  EMPTY_PATH: "RangeError";
  /** An element of an array is not a number: a string, null, a hole, … */
  ELEMENT_TYPE: "TypeError";
  /** The buffer of a typed array was transferred or resized. */
  DETACHED_BUFFER: "TypeError";
  /**
   * The buffer of an input, or of `out`, was transferred or shrunk while the call was under way. Of
   * an `out` of more than 1 MiB a part may have been written.
   */
  INPUT_DETACHED: "TypeError";
  /**
   * `options` is not an object, or a flag (`stream`, `inverse`, `scalarTerm`, `checkFinite`) is not
   * a boolean.
   */
  OPTION_TYPE: "TypeError";
  /** There is no option of that name. */
  OPTION_UNKNOWN: "TypeError";
  /** `depth` is missing, not a whole number, or less than 1. */
  DEPTH_INVALID: "RangeError";
  /** `channels` is not a whole number from 1 on; or it, or `names`, is no list of their names. */
  CHANNELS_INVALID: "RangeError";
  /** A signature would have 2^31 numbers or more (or `words` would list too many words). */
  SIZE_TOO_LARGE: "RangeError";
  /** `dtype` is neither "float32" nor "float64". */
  DTYPE_INVALID: "TypeError";
  /**
   * `layout` is neither "channels-last" nor "channels-first", or paths cannot be read in that
   * order.
   */
  LAYOUT_INVALID: "TypeError";
  /** `algorithm` is none of the names of kernels. */
  ALGORITHM_INVALID: "TypeError";
  /** `basis` is none of the names of bases of log-signatures. */
  BASIS_INVALID: "TypeError";
  /**
   * `precision` is neither "auto", "float32" nor "float64", or "float32" for a call in float64.
   */
  PRECISION_INVALID: "TypeError";
  /** `lengths` is not a list of numbers. */
  LENGTHS_TYPE: "TypeError";
  /** `lengths` does not have one entry for each path. */
  LENGTHS_COUNT: "RangeError";
  /**
   * An entry of `lengths` is not a whole number, less than 1, or more than the number of points.
   */
  LENGTHS_RANGE: "RangeError";
  /** `windows` has none of the accepted forms, or comes with `initial`. */
  WINDOWS_TYPE: "TypeError";
  /** A window is empty or beyond the points, a step is not positive, or times do not increase. */
  WINDOWS_RANGE: "RangeError";
  /**
   * `augment` or `mask` has none of the accepted forms or an unknown name, or an augmentation
   * cannot stand where it does.
   */
  AUGMENT_TYPE: "TypeError";
  /** A number in `augment` or `mask` is out of range, or there are too few or too many. */
  AUGMENT_RANGE: "RangeError";
  /** `select` has none of the accepted forms, or comes with `initial`. */
  SELECT_TYPE: "TypeError";
  /** A word, weight, bound or level of `select` is out of range or repeated, or there is none. */
  SELECT_RANGE: "RangeError";
  /** `basepoint` has none of the accepted forms. */
  BASEPOINT_TYPE: "TypeError";
  /** `basepoint` has neither shape (channels) nor (…batch, channels). */
  BASEPOINT_SHAPE: "RangeError";
  /** `initial` has none of the accepted forms. */
  INITIAL_TYPE: "TypeError";
  /** `initial` has neither shape (size) nor (…batch, size). */
  INITIAL_SHAPE: "RangeError";
  /** The scalar term of `initial` is not 1, so it is not a signature. */
  INITIAL_SCALAR: "RangeError";
  /** `cotangent` has none of the accepted forms. */
  COTANGENT_TYPE: "TypeError";
  /** `cotangent` does not have the shape of the signatures. */
  COTANGENT_SHAPE: "RangeError";
  /** Rows of the tensor algebra (`a`, `b`, …) have none of the accepted forms. */
  ROWS_TYPE: "TypeError";
  /** Rows of the tensor algebra do not have the shape (…batch, size), or their batches differ. */
  ROWS_SHAPE: "RangeError";
  /**
   * The operation is not defined for the scalar term of a row: 0 for `inverse`, 0 or less for
   * `log`.
   */
  SCALAR_TERM_INVALID: "RangeError";
  /** `degree`, `dyadicOrder` or a parameter of a static kernel is out of range. */
  KERNEL_OPTION: "RangeError";
  /** `staticKernel` is none of `staticKernels`. */
  KERNEL_OPTION_TYPE: "TypeError";
  /** Paths whose kernels are computed differ in channels, or batches of pairs in their shape. */
  KERNEL_SHAPE: "RangeError";
  /** A kernel of finite paths leaves the range of the number type. */
  KERNEL_OVERFLOW: "RangeError";
  /** A kernel whose logarithm is wanted is not positive. */
  KERNEL_NOT_POSITIVE: "RangeError";
  /** `out` is not a Float32Array or Float64Array, or does not match the dtype. */
  OUT_TYPE: "TypeError";
  /** The length of `out` is not the count of numbers of the result. */
  OUT_LENGTH: "RangeError";
  /** `window` of a stream is not a whole number from 1 on, or Infinity. */
  WINDOW_INVALID: "RangeError";
  /** `popFront` was asked for more points than the stream keeps. */
  POP_RANGE: "RangeError";
  /** `count` of streams is not a whole number from 1 on. */
  COUNT_INVALID: "RangeError";
  /** A snapshot is not a Uint8Array. */
  SNAPSHOT_TYPE: "TypeError";
  /** A snapshot, or the JSON of a pipeline, is damaged, incomplete or of another version. */
  SNAPSHOT_INVALID: "Error";
  /** The stream was disposed of. */
  STREAM_CLOSED: "Error";
  /** An input number is NaN or infinite. */
  NOT_FINITE: "RangeError";
  /** An input number is finite but beyond the range of float32, the number type of the call. */
  NOT_REPRESENTABLE: "RangeError";
  /** The tensor does not have this level. */
  LEVEL_INVALID: "RangeError";
  /** A letter of the word is not a channel, or the word is longer than the depth. */
  WORD_INVALID: "RangeError";
  /** `variant` is none of the names of binaries. */
  VARIANT_INVALID: "TypeError";
  /** The JavaScript engine cannot run that binary. */
  VARIANT_UNSUPPORTED: "Error";
  /** The JavaScript engine has no WebAssembly, or no 128-bit SIMD. */
  SIMD_UNSUPPORTED: "Error";
  /** The source given to `init` is not a module, bytes, a Response or a URL. */
  SOURCE_TYPE: "TypeError";
  /** The imported entry contains no binary: `init` needs a source. */
  SOURCE_MISSING: "Error";
  /** A binary could not be fetched, compiled or instantiated; see `cause`. */
  INIT_FAILED: "Error";
  /** `gpu` is neither a GPU nor a GPUDevice. */
  GPU_TYPE: "TypeError";
  /**
   * A buffer cannot be read: it is destroyed, of another device, too small, or lacks a required
   * usage.
   */
  GPU_BUFFER: "TypeError";
  /** `costs` was not returned by `calibrate`. */
  COSTS_INVALID: "TypeError";
  /** The host stops its clock while code runs, so times cannot be measured. */
  CLOCK_FROZEN: "Error";
  /** The host has no WebGPU, or WebGPU has no adapter. */
  GPU_UNAVAILABLE: "Error";
  /** The device was lost, with the tensors it held or the computation in progress. */
  GPU_LOST: "Error";
  /** The device is out of memory. */
  GPU_OUT_OF_MEMORY: "Error";
  /** The device rejected an operation, or failed to complete it. */
  GPU_FAILED: "Error";
  /** A single signature, or what must be computed at once, exceeds the limits of the device. */
  GPU_LIMITS: "Error";
  /** A TensorFlow.js tensor is only on a GPU, and a synchronous CPU call needs its numbers. */
  TENSOR_ON_GPU: "Error";
  /** WebAssembly memory cannot grow. */
  OUT_OF_MEMORY: "Error";
  /**
   * `threads`, `maxQueued`, `idleTimeout` or another numeric option of an engine is out of range.
   */
  ENGINE_OPTION: "RangeError";
  /**
   * `signal` is not an AbortSignal, `onProgress` or `workerFactory` not a function, or `mode` is
   * unknown.
   */
  ENGINE_OPTION_TYPE: "TypeError";
  /** `explain` was called for a function that engines do not have. */
  OPERATION_UNKNOWN: "TypeError";
  /** The number of waiting and running calls has reached `maxQueued`. */
  QUEUE_FULL: "Error";
  /** The engine is closed. */
  ENGINE_CLOSED: "Error";
  /**
   * A block of a call failed on three threads in turn; each terminated or trapped. `argument` names
   * the block.
   */
  BLOCK_FAILED: "Error";
  /** An option of `signatureFeatures` is none of its values. */
  FEATURES_OPTION: "TypeError";
  /** A pipeline is to transform paths and has not learned from any. */
  NOT_FITTED: "Error";
  /** A table or a column has none of the accepted forms, or there is no column of that name. */
  TABLE_TYPE: "TypeError";
  /** A value is missing and `missing` does not say what to do, or what it says cannot be done. */
  MISSING_VALUE: "RangeError";
  /** `missing` is none of its names. */
  MISSING_INVALID: "TypeError";
  /** A file is not of its format, or uses a part of it that is not read. */
  FILE_FORMAT: "Error";
  /** A package that reads files of this kind is not installed. */
  PEER_MISSING: "Error";
  /** A bug in this library. */
  INTERNAL: "Error";
}

/** A stable name of the kind of error; see {@link PathSignatureErrorCodes} for the table. */
export type PathSignatureErrorCode = keyof PathSignatureErrorCodes;

type CodesOf<Kind> = {
  [C in PathSignatureErrorCode]: PathSignatureErrorCodes[C] extends Kind ? C : never;
}[PathSignatureErrorCode];

/**
 * Where a number stands in the input: paths, rows and points count from 0, in the batch, flattened,
 * and along the path.
 */
export interface Position {
  /** Index of the path in the flattened batch; 0 for a single path. */
  readonly path?: number;
  /** Index of the point along its path. */
  readonly point?: number;
  /** Index of the channel. */
  readonly channel?: number;
  /** Index of the row of the tensor algebra in the flattened batch; absent where all share one. */
  readonly row?: number;
  /** Index within the numbers of the path, of what is no point, or of the row. */
  readonly index?: number;
}

/** Properties of every error besides its message. */
export interface ErrorDetails {
  /** Stable name of the kind of error. */
  readonly code: PathSignatureErrorCode;
  /** The argument or option at fault, for example `options.lengths[3]` or `paths`. */
  readonly argument: string;
  /** Description of the value that was given. */
  readonly given: string;
  /** Description of the values that are accepted. */
  readonly accepted: string;
  /** Position of the number at fault, for non-finite and unrepresentable values. */
  readonly position?: Position | undefined;
}

// Identifies errors across two copies of the library in one program (ESM and CommonJS, for
// example).
const brand = "isPathSignatureError";

/** Whether a caught value is an error of this library, of any of its classes. */
export function isPathSignatureError(value: unknown): value is PathSignatureError {
  return typeof value === "object" && value !== null && brand in value && value instanceof Error;
}

function adopt(error: Error, name: string, details: ErrorDetails): void {
  Object.defineProperties(error, {
    [brand]: { value: true },
    name: { value: name, configurable: true, writable: true },
  });
  Object.assign(error, details);
}

/**
 * Any error of this library. {@link PathSignatureTypeError} and {@link PathSignatureRangeError}
 * also pass `instanceof PathSignatureError`, besides `TypeError` and `RangeError`. Direct instances
 * report that the engine or a resource failed.
 */
export class PathSignatureError extends Error implements ErrorDetails {
  declare readonly code: PathSignatureErrorCode;
  declare readonly argument: string;
  declare readonly given: string;
  declare readonly accepted: string;
  declare readonly position?: Position | undefined;

  /** @internal */
  constructor(message: string, details: ErrorDetails, options?: ErrorOptions) {
    super(message, options);
    adopt(this, "PathSignatureError", details);
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isPathSignatureError(value);
  }
}

/** A value of the wrong type or form. Also `instanceof PathSignatureError`. */
export class PathSignatureTypeError extends TypeError implements ErrorDetails {
  declare readonly code: CodesOf<"TypeError">;
  declare readonly argument: string;
  declare readonly given: string;
  declare readonly accepted: string;
  declare readonly position?: Position | undefined;

  /** @internal */
  constructor(message: string, details: ErrorDetails) {
    super(message);
    adopt(this, "PathSignatureTypeError", details);
  }
}

/** A number or a size out of bounds. Also `instanceof PathSignatureError`. */
export class PathSignatureRangeError extends RangeError implements ErrorDetails {
  declare readonly code: CodesOf<"RangeError">;
  declare readonly argument: string;
  declare readonly given: string;
  declare readonly accepted: string;
  declare readonly position?: Position | undefined;

  /** @internal */
  constructor(message: string, details: ErrorDetails) {
    super(message);
    adopt(this, "PathSignatureRangeError", details);
  }
}

const sentence = (argument: string, given: string, accepted: string): string =>
  `${argument} must be ${accepted}; got ${given}`;

/** A `TypeError` of this library, for the caller to throw. */
export function typeError(
  code: CodesOf<"TypeError">,
  argument: string,
  given: string,
  accepted: string,
): PathSignatureTypeError {
  return new PathSignatureTypeError(sentence(argument, given, accepted), { code, argument, given, accepted });
}

/** A `RangeError` of this library, for the caller to throw. */
export function rangeError(
  code: CodesOf<"RangeError">,
  argument: string,
  given: string,
  accepted: string,
  position?: Position,
): PathSignatureRangeError {
  const details = { code, argument, given, accepted };
  return new PathSignatureRangeError(
    sentence(argument, given, accepted),
    position ? { ...details, position } : details,
  );
}

/** An error of the engine or of a resource, for the caller to throw. */
export function failure(
  code: CodesOf<"Error">,
  argument: string,
  given: string,
  accepted: string,
  message: string = sentence(argument, given, accepted),
  cause?: unknown,
): PathSignatureError {
  return new PathSignatureError(
    message,
    { code, argument, given, accepted },
    cause === undefined ? undefined : { cause },
  );
}

/** A count with its noun: "1 number", "2 numbers". */
export const countOf = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;

/** The string tag of an object, such as "ArrayBuffer", from any realm. */
export const tagOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

/** The message of a caught value. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const withArticle = (name: string): string => `${/^[AEIO]/.test(name) ? "an" : "a"} ${name}`;

/** A text, truncated if it is long. */
export const clip = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}…` : text);

function describeObject(value: object): string {
  if (Array.isArray(value)) return `an array of length ${value.length}`;
  const name = withArticle(clip(tagOf(value)));
  if (ArrayBuffer.isView(value)) {
    return "length" in value ? `${name} of length ${String(value.length)}` : name;
  }
  if (!name.endsWith(" Object")) return name;
  const keys = Object.keys(value);
  return keys.length === 0 ? "an object without keys" : `an object with ${clip(keys.join(", "))}`;
}

/** A short description of a value, without looking into objects; for files that must stay small. */
export function brief(value: unknown): string {
  switch (typeof value) {
    case "string":
      return clip(JSON.stringify(value));
    case "bigint":
      return clip(`${value}n`);
    case "function":
      return "a function";
    case "object":
      return value === null ? "null" : Array.isArray(value) ? "an array" : "an object";
    default:
      return Object.is(value, -0) ? "-0" : String(value);
  }
}

/** A short description of a value. Never throws, and its length is bounded. */
export function describe(value: unknown): string {
  if (typeof value !== "object" || value === null) return brief(value);
  try {
    return describeObject(value);
  } catch {
    return "an object that cannot be read"; // a revoked proxy, a getter that throws
  }
}
