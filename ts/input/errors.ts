// Errors that the library throws: three classes, one table of codes. Messages are put together here; what is wrong is
// found elsewhere.

/**
 * The table of error codes. A code is stable: it keeps its meaning across versions. The value names the class.
 *
 * `TypeError` kinds say that a value is of the wrong sort or form, `RangeError` kinds that a number is out of bounds,
 * `Error` kinds that the engine or a resource failed.
 */
export interface PathSignatureErrorCodes {
  /** `paths` is none of the accepted forms, or a flat list of numbers without a shape. */
  PATHS_TYPE: "TypeError";
  /** `paths` has fewer than two dimensions, or nested arrays are deeper than (batch, length, channels). */
  PATHS_RANK: "TypeError";
  /** A dimension of `shape` is no whole number, or length or channels is 0. */
  SHAPE_INVALID: "RangeError";
  /** `data` does not have as many numbers as its shape says. */
  SHAPE_MISMATCH: "RangeError";
  /** A tensor has strides or an offset: only row-major, contiguous data is read. */
  STRIDED: "TypeError";
  /** Points of nested arrays differ in their number of channels. */
  RAGGED_ROW: "RangeError";
  /** A path of nested arrays has no points, or a batch of nested arrays has no paths (its channels are unknown). */
  EMPTY_PATH: "RangeError";
  /** An element of an array is no number: a string, null, a hole, … */
  ELEMENT_TYPE: "TypeError";
  /** A typed array whose buffer was transferred or resized away. */
  DETACHED_BUFFER: "TypeError";
  /** `options` is no object, or a switch (`stream`, `inverse`, `scalarTerm`, `checkFinite`) is no boolean. */
  OPTION_TYPE: "TypeError";
  /** An option of that name does not exist. */
  OPTION_UNKNOWN: "TypeError";
  /** `depth` is missing, not whole, or less than 1. */
  DEPTH_INVALID: "RangeError";
  /** `channels` is not whole, or less than 1. */
  CHANNELS_INVALID: "RangeError";
  /** A signature would have 2^31 numbers or more (or `words` more words than it lists). */
  SIZE_TOO_LARGE: "RangeError";
  /** `dtype` is neither "float32" nor "float64". */
  DTYPE_INVALID: "TypeError";
  /** `algorithm` names no kernel. */
  ALGORITHM_INVALID: "TypeError";
  /** `lengths` is no list of numbers. */
  LENGTHS_TYPE: "TypeError";
  /** `lengths` has not one entry for each path. */
  LENGTHS_COUNT: "RangeError";
  /** An entry of `lengths` is not whole, less than 1, or more than the points that there are. */
  LENGTHS_RANGE: "RangeError";
  /** `basepoint` is none of the accepted forms. */
  BASEPOINT_TYPE: "TypeError";
  /** `basepoint` has neither shape (channels) nor (…batch, channels). */
  BASEPOINT_SHAPE: "RangeError";
  /** `initial` is none of the accepted forms. */
  INITIAL_TYPE: "TypeError";
  /** `initial` has neither shape (size) nor (…batch, size). */
  INITIAL_SHAPE: "RangeError";
  /** `initial` carries a scalar term that is not 1: it is no signature. */
  INITIAL_SCALAR: "RangeError";
  /** `cotangent` is none of the accepted forms. */
  COTANGENT_TYPE: "TypeError";
  /** `cotangent` has not the shape of the signatures. */
  COTANGENT_SHAPE: "RangeError";
  /** Rows of the tensor algebra (`a`, `b`, …) are none of the accepted forms. */
  ROWS_TYPE: "TypeError";
  /** Rows of the tensor algebra have not the shape (…batch, size) that channels and depth say, or batches that differ. */
  ROWS_SHAPE: "RangeError";
  /** A row's scalar term is one for which the operation is not defined: 0 for `inverse`, 0 or less for `log`. */
  SCALAR_TERM_INVALID: "RangeError";
  /** `out` is no Float32Array or Float64Array, or not the one that the dtype asks for. */
  OUT_TYPE: "TypeError";
  /** `out` has not exactly as many numbers as the result. */
  OUT_LENGTH: "RangeError";
  /** An input number is NaN or infinite. */
  NOT_FINITE: "RangeError";
  /** An input number is finite, but beyond the range of float32, in which the call computes. */
  NOT_REPRESENTABLE: "RangeError";
  /** A level outside those that the tensor has. */
  LEVEL_INVALID: "RangeError";
  /** A word with letters outside the channels, or longer than the depth. */
  WORD_INVALID: "RangeError";
  /** `variant` names no binary. */
  VARIANT_INVALID: "TypeError";
  /** The engine cannot run that binary. */
  VARIANT_UNSUPPORTED: "Error";
  /** The engine has no WebAssembly, or none with 128-bit SIMD. */
  SIMD_UNSUPPORTED: "Error";
  /** `init` was given something else than a module, bytes, a Response or a URL. */
  SOURCE_TYPE: "TypeError";
  /** The entry that was imported holds no binary: `init` needs a source. */
  SOURCE_MISSING: "Error";
  /** A binary could not be fetched, compiled or instantiated; `cause` says why. */
  INIT_FAILED: "Error";
  /** `gpu` is neither a GPU nor a GPUDevice. */
  GPU_TYPE: "TypeError";
  /** A buffer that cannot be read: destroyed, of another device, too small, or not for storage. */
  GPU_BUFFER: "TypeError";
  /** `costs` are not what `calibrate` returns. */
  COSTS_INVALID: "TypeError";
  /** The host stops its clock while a program runs: nothing can be measured. */
  CLOCK_FROZEN: "Error";
  /** The host has no WebGPU, or WebGPU no adapter. */
  GPU_UNAVAILABLE: "Error";
  /** The device was lost, and what was to be computed, or what it held, with it. */
  GPU_LOST: "Error";
  /** The device gave no more memory. */
  GPU_OUT_OF_MEMORY: "Error";
  /** The device refused, or failed at, what it was told. */
  GPU_FAILED: "Error";
  /** A single signature, or what has to be computed at once, is larger than the device's limits. */
  GPU_LIMITS: "Error";
  /** A tensor of TensorFlow.js is on a GPU only, and the CPU needs its numbers at once. */
  TENSOR_ON_GPU: "Error";
  /** The engine gave no more memory. */
  OUT_OF_MEMORY: "Error";
  /** `threads`, `maxQueued`, `idleTimeout` or another number of an engine's options is none that is accepted. */
  ENGINE_OPTION: "RangeError";
  /** `signal` is no AbortSignal, `onProgress` or `workerFactory` no function, or `mode` names no way of working. */
  ENGINE_OPTION_TYPE: "TypeError";
  /** `explain` was asked about a function that engines do not have. */
  OPERATION_UNKNOWN: "TypeError";
  /** As many calls as `maxQueued` are waiting or running already. */
  QUEUE_FULL: "Error";
  /** The engine was closed. */
  ENGINE_CLOSED: "Error";
  /** A block of a call failed in three threads, one after the other, each of which ended or trapped; `argument` names the block. */
  BLOCK_FAILED: "Error";
  /** A fault of this library. */
  INTERNAL: "Error";
}

/** A stable name for what went wrong; see {@link PathSignatureErrorCodes} for the table. */
export type PathSignatureErrorCode = keyof PathSignatureErrorCodes;

type CodesOf<Kind> = {
  [C in PathSignatureErrorCode]: PathSignatureErrorCodes[C] extends Kind ? C : never;
}[PathSignatureErrorCode];

/** Where a number stands in the input: paths, rows and points count from 0, in the batch, flattened, and along the path. */
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

/** What every error carries besides its message. */
export interface ErrorDetails {
  /** Stable name of the kind of error. */
  readonly code: PathSignatureErrorCode;
  /** Name of the argument or option at fault, as in `options.lengths[3]` or `paths`. */
  readonly argument: string;
  /** What was given, in words. */
  readonly given: string;
  /** What is accepted, in words. */
  readonly accepted: string;
  /** The number at fault, for non-finite and unrepresentable values. */
  readonly position?: Position | undefined;
}

// Two copies of the library in one program (as ESM and CommonJS, say) recognise each other's errors by this property.
const brand = "isPathSignatureError";

/** Whether a caught value is an error of this library, whichever of its classes. */
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
 * Any error of this library. `error instanceof PathSignatureError` holds for {@link PathSignatureTypeError} and
 * {@link PathSignatureRangeError} as well, which are also a `TypeError` and a `RangeError`. Constructed itself where the
 * engine or a resource failed.
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

/** A value of the wrong sort or form. Also `instanceof PathSignatureError`. */
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

/** A `TypeError` of this library, to be thrown by the caller. */
export function typeError(
  code: CodesOf<"TypeError">,
  argument: string,
  given: string,
  accepted: string,
): PathSignatureTypeError {
  return new PathSignatureTypeError(sentence(argument, given, accepted), { code, argument, given, accepted });
}

/** A `RangeError` of this library, to be thrown by the caller. */
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

/** An error of the engine or of a resource, to be thrown by the caller. */
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

/** A count of things: "1 number", "2 numbers". */
export const countOf = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;

/** What an object says that it is: "ArrayBuffer", whatever realm it comes from. */
export const tagOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

/** Why something failed. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const withArticle = (name: string): string => `${/^[AEIO]/.test(name) ? "an" : "a"} ${name}`;

/** A text, cut where it runs long. */
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

/** A value in a few words, an object only as such: what files that must stay small use. */
export function brief(value: unknown): string {
  switch (typeof value) {
    case "string":
      return clip(JSON.stringify(value));
    case "bigint":
      return clip(`${value}n`);
    case "function":
      return "a function";
    case "object":
      return value === null ? "null" : "an object";
    default:
      return Object.is(value, -0) ? "-0" : String(value);
  }
}

/** A value in a few words. Never throws and never runs long, whatever it is given. */
export function describe(value: unknown): string {
  if (typeof value !== "object" || value === null) return brief(value);
  try {
    return describeObject(value);
  } catch {
    return "an object that cannot be read"; // a revoked proxy, a getter that throws
  }
}
