// A validated call, and the options whose meaning depends on the shape of the paths (lengths,
// basepoint, initial, out). finite.ts checks whether numbers are finite.

import { INVERSE, SCALAR_TERM, STREAM } from "../wasm/abi.ts";
import {
  checkAttached,
  type DTypeIndex,
  FLOAT32,
  KIND_FLOAT64,
  type Kind,
  kindOf,
  type NumericView,
} from "./arrays.ts";
import { readAugmented } from "./augment/paths.ts";
import { countOf, describe, failure, rangeError, typeError } from "./errors.ts";
import { readLengths } from "./lengths.ts";
import { ReadOptions } from "./options.ts";
import type { ReadPaths, WindowsOf } from "./read-paths.ts";
import { ReadRows, type RowsArgument, readRows } from "./rows.ts";
import { readSelection } from "./select.ts";
import { countCoefficients, sizeInRange, tooLarge } from "./size.ts";
import { lengthOfView } from "./views.ts";
import { readWindows } from "./windows.ts";

const none: readonly undefined[] = [];

/** What to change where signatures are too large. */
const hint = " (the last dimension of paths is their channels; a smaller depth needs less)";
const fewNumbers = `such that a signature has fewer than 2^31 numbers${hint}`;

/**
 * A validated call. Operations on rows have no points: `paths` is then an empty batch with the
 * shape of the rows.
 */
export class Call {
  readonly paths: ReadPaths;
  readonly options: ReadOptions;
  readonly batch: number;
  readonly points: number;
  readonly channels: number;
  readonly depth: number;
  readonly dtype: DTypeIndex;
  readonly bytes: number;
  /** Coefficients without the scalar term. */
  readonly size: number;
  readonly row: number;
  readonly rows: number;
  readonly stream: boolean;
  readonly inverse: boolean;
  /** The kernels' option bits. */
  readonly bits: number;
  readonly checkFinite: boolean;
  /** Points that precede each path: 1 with a basepoint. */
  readonly ahead: number;
  readonly lengths: Uint32Array | undefined;
  /** `true`: the origin. */
  readonly basepoint: ReadRows | true | undefined;
  readonly initial: ReadRows | undefined;
  /** Further inputs of the operation, in an order that the operation defines. */
  readonly operands: readonly (ReadRows | undefined)[];

  constructor(
    paths: ReadPaths,
    options: ReadOptions,
    dtype: DTypeIndex,
    size: number,
    lengths: Uint32Array | undefined,
    basepoint: ReadRows | true | undefined,
    initial: ReadRows | undefined,
    operands: readonly (ReadRows | undefined)[] = none,
    row = options.scalarTerm ? size + 1 : size,
  ) {
    this.paths = paths;
    this.options = options;
    this.batch = paths.batch;
    this.points = paths.points;
    this.channels = paths.channels;
    this.depth = options.depth;
    this.dtype = dtype;
    this.bytes = dtype === FLOAT32 ? 4 : 8;
    this.size = size;
    this.row = row;
    this.ahead = basepoint === undefined ? 0 : 1;
    this.rows = options.stream ? paths.points - 1 + this.ahead : 1;
    this.stream = options.stream;
    this.inverse = options.inverse;
    this.bits =
      (options.stream ? STREAM : 0) |
      (options.inverse ? INVERSE : 0) |
      (options.scalarTerm ? SCALAR_TERM : 0) |
      options.algorithm;
    this.checkFinite = options.checkFinite;
    this.lengths = lengths;
    this.basepoint = basepoint;
    this.initial = initial;
    this.operands = operands;
  }

  /** What an item of the batch is called in errors. */
  get item(): "path" | "row" {
    return this.points === 0 ? "row" : "path";
  }

  /** The same call with something else in place of some of its parts. */
  with(changes: Changes): Call {
    // Own properties only: others are nobody's changes.
    const own = { __proto__: null, ...changes };
    const { paths, options, dtype, basepoint, initial, operands, row }: Changes = own;
    const changed = options === undefined ? this.options : Object.assign(new ReadOptions(), this.options, options);
    return new Call(
      paths ?? this.paths,
      changed,
      dtype ?? this.dtype,
      countCoefficients(this.channels, changed.depth),
      this.lengths,
      basepoint ?? this.basepoint,
      initial === null ? undefined : (initial ?? this.initial),
      operands ?? this.operands,
      row ?? (options === undefined ? this.row : undefined),
    );
  }
}

/** Parts that {@link Call.with} replaces; `initial: null` removes the initial signatures. */
export interface Changes {
  readonly paths?: ReadPaths;
  readonly options?: Partial<ReadOptions>;
  readonly dtype?: DTypeIndex;
  readonly basepoint?: ReadRows;
  readonly initial?: ReadRows | null;
  readonly operands?: Call["operands"];
  /** Numbers of a row of the result, where that is no signature. */
  readonly row?: number;
}

/**
 * The call for paths and options that have been read. `out` is not checked.
 * @throws PathSignatureError SIZE_TOO_LARGE, and the codes of lengths, basepoint and initial
 */
export function readCall(paths: ReadPaths, options: ReadOptions): Call {
  if (options.augment !== undefined || options.mask !== undefined) return augmentedOf(paths, options);
  const { channels } = paths;
  const { size, row } = sizesOf(options, channels);
  const dtype = options.dtype === -1 ? paths.dtype : options.dtype;
  const lengths = readLengths(options.lengths, paths);
  const basepoint = readBasepoint(options.basepoint, paths);
  if (options.windows !== undefined) return windowsOf(paths, options, dtype, size, lengths, basepoint, row);
  const initial = readInitial(options.initial, paths, size, options.scalarTerm);
  const call = new Call(paths, options, dtype, size, lengths, basepoint, initial, none, row);
  if (channels > paths.points && options.layout === undefined) warnOfLayout(call);
  return call;
}

/** @throws PathSignatureError AUGMENT_TYPE for a basepoint besides augmentations */
export function refuseBasepoint({ basepoint }: Pick<ReadOptions, "basepoint">): void {
  if (basepoint === undefined || basepoint === false) return;
  const accepted = "without basepoint: say { basepoint: … } in augment, where its place among others is clear";
  throw typeError("AUGMENT_TYPE", "options.augment", "augment or mask with basepoint", accepted);
}

/**
 * The call for augmented paths: first the one for the points that were given, of depth 1, then one
 * for what its items become. @throws PathSignatureError AUGMENT_TYPE, AUGMENT_RANGE
 */
function augmentedOf(given: ReadPaths, options: ReadOptions): Call {
  const { augment, mask, scalarTerm } = options;
  refuseBasepoint(options);
  const own = { augment: undefined, mask: undefined, select: undefined, depth: 1, basepoint: undefined };
  const initial = options.windows === undefined ? undefined : options.initial;
  const raw = readCall(given, Object.assign(new ReadOptions(), options, own, { initial }));
  const { paths, lengths } = readAugmented(raw, augment, mask);
  const { size, row } = sizesOf(options, paths.channels);
  const continued = readInitial(options.initial, paths, size, scalarTerm);
  return new Call(paths, options, raw.dtype, size, lengths, undefined, continued, none, row);
}

/**
 * Numbers of a signature, and of a row if that has chosen words. Reads these words, and sets the
 * depth to that of the longest. @throws PathSignatureError SIZE_TOO_LARGE, SELECT_TYPE,
 * SELECT_RANGE
 */
function sizesOf(options: ReadOptions, channels: number): { size: number; row: number | undefined } {
  let row: number | undefined;
  if (options.select !== undefined) {
    const selection = readSelection(options.select, channels, options.depth);
    options.select = selection;
    options.depth = selection.depth;
    row = selection.count + (options.scalarTerm ? 1 : 0);
    if (selection.isSparse) return { size: countCoefficients(channels, options.depth), row };
  }
  return { size: sizeInRange(channels, options.depth, "options.depth", fewNumbers), row };
}

/** The call for the windows of paths. @throws PathSignatureError WINDOWS_TYPE, WINDOWS_RANGE */
function windowsOf(
  of: ReadPaths,
  options: ReadOptions,
  dtype: DTypeIndex,
  size: number,
  lengths: Uint32Array | undefined,
  basepoint: ReadRows | true | undefined,
  row: number | undefined,
): Call {
  if (options.initial !== undefined)
    throw typeError("WINDOWS_TYPE", "options.initial", "initial and windows", "absent: each window starts anew");
  const { paths, lengths: own } = readWindows(options.windows, of, lengths);
  return new Call(paths, options, dtype, size, own, basepointOfWindows(basepoint, paths), undefined, none, row);
}

/** The basepoint of each window: its path's. Windows that a path does not have stay in place. */
function basepointOfWindows(basepoint: ReadRows | true | undefined, paths: ReadPaths): typeof basepoint {
  const windows = paths.windows as WindowsOf;
  const { counts, perPath } = windows;
  const isShared = basepoint === true || basepoint?.stride === 0;
  if (basepoint !== undefined && basepoint !== true) windows.basepoint = isShared ? "shared" : "own";
  if (basepoint === undefined || (isShared && counts.every((count) => count === perPath))) return basepoint;
  const { batch, channels, view, starts } = paths;
  const rows = new Float64Array(batch * channels);
  for (let i = 0; i < batch; i++) {
    const path = Math.floor(i / perPath);
    const isMissing = i - path * perPath >= (counts[path] as number);
    for (let c = 0; c < channels; c++) {
      const given = basepoint === true ? 0 : basepoint.view[path * basepoint.stride + c];
      rows[i * channels + c] = Number(isMissing ? view[((starts as Float64Array)[i] as number) * channels + c] : given);
    }
  }
  return new ReadRows(rows, KIND_FLOAT64, channels, channels);
}

/** A result of more numbers is large enough to ask whether its paths were meant so. */
const manyNumbers = 2 ** 22;
let hasWarned = false;

/** Says once what a large call reads, since its channels and points may have been exchanged. */
function warnOfLayout({ batch, points, channels, rows, row }: Call): void {
  const numbers = batch * rows * row;
  if (hasWarned || numbers <= manyNumbers) return;
  hasWarned = true;
  console.warn(
    `path-signature: ${countOf(batch, "path")} of ${countOf(points, "point")} of ${channels} channels were read, ` +
      `for ${numbers} numbers. If channels come first, say layout: "channels-first"; else "channels-last".`,
  );
}

const basepointArgument: RowsArgument = {
  name: "options.basepoint",
  type: "BASEPOINT_TYPE",
  shape: "BASEPOINT_SHAPE",
  forms: "true, false, an array of channels numbers, or a tensor (…batch, channels)",
};

/** The depth at which a signature has so many numbers. */
function depthOf(channels: number, size: number): number | undefined {
  if (channels === 1) return size;
  let depth = 1;
  while (countCoefficients(channels, depth) < size) depth++;
  return countCoefficients(channels, depth) === size ? depth : undefined;
}

/** What a row of `width` numbers is where `size` were expected. */
function initialHint(width: number, channels: number, size: number): string {
  if (width === size + 1) return " (with a scalar term: say scalarTerm: true)";
  const depth = depthOf(channels, width);
  const wanted = depthOf(channels, size);
  if (depth === undefined || depth === wanted) return "";
  return ` (${countOf(width, "number")} are a signature of depth ${depth}, and options.depth is ${wanted})`;
}

const initialArgument: RowsArgument = {
  name: "options.initial",
  type: "INITIAL_TYPE",
  shape: "INITIAL_SHAPE",
  forms: "an array of as many numbers as a signature, or a tensor (…batch, size)",
  hint: initialHint,
};

function readBasepoint(value: unknown, paths: ReadPaths): ReadRows | true | undefined {
  if (value === undefined || typeof value === "boolean") return value || undefined;
  return readRows(value, paths, paths.channels, paths.channels, basepointArgument);
}

function readInitial(value: unknown, paths: ReadPaths, size: number, scalarTerm: boolean): ReadRows | undefined {
  if (value === undefined) return undefined;
  if ((value as { basis?: unknown } | null)?.basis !== undefined)
    throw typeError(
      "INITIAL_TYPE",
      "options.initial",
      "a log-signature",
      "a signature: logSignatureToSignature gives it",
    );
  const rows = readRows(value, paths, size, scalarTerm ? size + 1 : size, initialArgument);
  if (rows.width > size) {
    const count = rows.stride === 0 ? 1 : paths.batch;
    for (let i = 0; i < count; i++) {
      const scalar = rows.view[i * rows.stride];
      if (Number(scalar) !== 1) {
        throw rangeError(
          "INITIAL_SCALAR",
          "options.initial",
          `${describe(scalar)} as the scalar term of row ${i}`,
          "signatures, whose scalar term is 1",
        );
      }
    }
  }
  return rows;
}

/** Throws unless `out` is an array of the result's number type with exactly `count` numbers. */
export function checkOut(out: unknown, count: number, call: Call, shape?: readonly number[]): void {
  const { dtype } = call;
  const kind = kindOf(out);
  const wanted = dtype === FLOAT32 ? "a Float32Array" : "a Float64Array";
  if (kind !== (dtype as Kind)) {
    const hint = kind === 0 || kind === 1 ? ` (or say dtype: "${kind === 0 ? "float32" : "float64"}")` : "";
    throw typeError("OUT_TYPE", "options.out", describe(out), `${wanted}, as the dtype says${hint}`);
  }
  const view = out as NumericView;
  const length = lengthOfView(view);
  if (length !== count || count === 0) {
    checkAttached(view, "options.out");
    if (length === count) return;
    throw rangeError(
      "OUT_LENGTH",
      "options.out",
      countOf(length, "number"),
      `of ${countOf(count, "number")}, for a result of shape (${(shape ?? shapeOf(call)).join(", ")})`,
    );
  }
}

/** Gradients have nowhere to go but new arrays. @throws PathSignatureTypeError OPTION_UNKNOWN */
export function refuseOut(call: Call): Call {
  if (call.options.out === undefined) return call;
  const accepted = "an option of signature only: gradients are new arrays";
  throw typeError("OPTION_UNKNOWN", "options.out", describe("out"), accepted);
}

/** The shape of the result. */
export const shapeOf = ({ paths, stream, rows, row }: Call): number[] =>
  stream ? [...paths.lead, rows, row] : [...paths.lead, row];

/** Index of the first number of path i in the input. */
export function startOf(call: Call, i: number): number {
  const { starts } = call.paths;
  return (starts === undefined ? i * call.points : (starts[i] as number)) * call.channels;
}

/** Number of points of path i. */
export const lengthOf = (call: Call, i: number): number =>
  call.lengths === undefined ? call.points : (call.lengths[i] as number);

/** What a call is about, for errors: "paths (3, 10, 2)" or "rows (3, 6)". */
export const describeInput = ({ item, batch, points, channels, row }: Call): string =>
  item === "row" ? `rows (${batch}, ${row})` : `paths (${batch}, ${points}, ${channels})`;

/** The error for a call of an operation that failed by a fault of the library. */
export function internal(operation: string, call: Call, what: string, cause?: unknown): Error {
  const input = describeInput(call);
  return failure(
    "INTERNAL",
    operation,
    `${input}, depth ${call.depth}`,
    "a call that the kernel carries out",
    `The kernel of ${operation} failed (${what}) for ${input}, a fault of path-signature: please report it`,
    cause,
  );
}

/** The error for a call whose shape the kernels do not support. */
export const beyondMemory = ({ channels, depth, size }: Call): Error =>
  tooLarge(channels, depth, size, "options.depth", `such that a call fits into 32-bit WebAssembly memory${hint}`);
