// From what a caller gives to flat numbers with a shape: tensors of any kind of array, nested arrays, ragged batches. Plain
// arrays are copied here, element by element checked; typed arrays are only looked at. Everything a caller could hook into
// (getters, proxies) runs here, before WebAssembly memory is touched.

import { checkContiguous } from "../run/tensor.ts";
import {
  allocateNumbers,
  checkAttached,
  copyIn,
  copyNumbers,
  type DTypeIndex,
  dtypeOfKind,
  FLOAT32,
  FLOAT64,
  KIND_BIGINTS,
  KIND_FLOAT32,
  KIND_FLOAT64,
  type Kind,
  kindOf,
  type NumericView,
} from "./arrays.ts";
import { clip, countOf, describe, rangeError, typeError } from "./errors.ts";
import type { Resident } from "./resident.ts";

/** Numbers with a shape, row-major. `dims` is another name for `shape`; what else the object holds is not looked at. */
export type TensorInput =
  | { readonly data: NumericView | readonly number[]; readonly shape: ArrayLike<number> }
  | { readonly data: NumericView | readonly number[]; readonly dims: ArrayLike<number> };

/** One path as its points: (length, channels). */
export type NestedPath = readonly (readonly number[] | NumericView)[];

/**
 * Paths: a tensor (…batch, length, channels), or nested arrays (length, channels) or (batch, length, channels), where the
 * paths of a batch may differ in length.
 */
export type Paths = TensorInput | NestedPath | readonly NestedPath[];

/** Paths, normalised. */
export class ReadPaths {
  /** All numbers; plain arrays become a Float64Array. */
  view: NumericView;
  kind: Kind;
  /** Leading dimensions: none for a single path. */
  lead: readonly number[];
  /** Paths: the product of the leading dimensions. */
  batch: number;
  /** Points of the longest path. */
  points: number;
  channels: number;
  /** The number type that the input suggests. */
  dtype: DTypeIndex;
  /**
   * For a ragged batch of nested arrays: where each path starts, counted in points, and one entry more for the end. Its
   * points lie without padding. Otherwise path i starts at point i * points.
   */
  starts: Float64Array | undefined;
  /** Where the numbers lie, if that is on a device; `view` is empty then. */
  resident: Resident | undefined;

  constructor(
    view: NumericView,
    kind: Kind,
    lead: readonly number[],
    batch: number,
    points: number,
    channels: number,
    dtype: DTypeIndex,
    starts: Float64Array | undefined,
  ) {
    this.view = view;
    this.kind = kind;
    this.lead = lead;
    this.batch = batch;
    this.points = points;
    this.channels = channels;
    this.dtype = dtype;
    this.starts = starts;
    this.resident = undefined;
  }
}

const pathForms =
  "a tensor { data, shape } of shape (…batch, length, channels), or nested arrays of two or three dimensions";

/**
 * Normalises paths.
 * @throws PathSignatureError PATHS_TYPE, PATHS_RANK, SHAPE_INVALID, SHAPE_MISMATCH, STRIDED, RAGGED_ROW, EMPTY_PATH,
 *   ELEMENT_TYPE, DETACHED_BUFFER, SIZE_TOO_LARGE
 */
export function readPaths(paths: unknown): ReadPaths {
  if (typeof paths !== "object" || paths === null) throw typeError("PATHS_TYPE", "paths", describe(paths), pathForms);
  if (Array.isArray(paths)) return readNested(paths);
  const sizes = readTensorShape(paths, "paths", "PATHS_TYPE", pathForms);
  const rank = sizes.length;
  const points = sizes[rank - 2] as number;
  const channels = sizes[rank - 1] as number;
  if (rank < 2 || points < 1 || channels < 1) {
    const given = [shapeName(paths, "paths"), describeShape(sizes)] as const;
    if (rank < 2) throw typeError("PATHS_RANK", ...given, "of two dimensions or more, (…batch, length, channels)");
    throw rangeError("SHAPE_INVALID", ...given, "of length and channels from 1 on");
  }
  let batch = 1;
  for (let i = 0; i < rank - 2; i++) batch *= sizes[i] as number;
  const view = readNumbers(paths, "paths", "PATHS_TYPE", batch * points * channels, sizes);
  const kind = kindOf(view) as Kind;
  const lead = rank === 2 ? noLead : sizes.slice(0, rank - 2);
  return new ReadPaths(view, kind, lead, batch, points, channels, dtypeOfKind(kind), undefined);
}

/** Paths of a shape, without their numbers: for who wants to know what would become of them. @throws as {@link readPaths} */
export function imaginePaths(shape: unknown, dtype: DTypeIndex): ReadPaths {
  const sizes = readShape(shape, "shape", "PATHS_TYPE");
  const rank = sizes.length;
  const [points, channels] = [sizes[rank - 2] ?? 0, sizes[rank - 1] ?? 0];
  if (points < 1 || channels < 1)
    throw rangeError(
      "SHAPE_INVALID",
      "shape",
      describeShape(sizes),
      "(…batch, length, channels), length and channels at least 1",
    );
  const lead = sizes.slice(0, rank - 2);
  const batch = lead.reduce((product, size) => product * size, 1);
  const none = dtype === FLOAT32 ? new Float32Array(0) : new Float64Array(0);
  return new ReadPaths(none, dtype, lead, batch, points, channels, dtype, undefined);
}

const noLead: readonly number[] = [];

/** The numbers of a tensor of so many: a typed array as it is, those of a plain array as copies. */
function readNumbers(
  tensor: object,
  argument: string,
  code: "PATHS_TYPE" | RowsArgument["type"],
  count: number,
  sizes: readonly number[],
): NumericView {
  const { data } = tensor as { data?: unknown };
  const name = `${argument}.data`;
  if (kindOf(data) !== -1) {
    const view = data as NumericView;
    if (view.length !== count || count === 0) {
      checkAttached(view, name);
      checkLength(name, view.length, count, sizes);
    }
    return view;
  }
  if (!Array.isArray(data)) throw typeError(code, name, describe(data), "a typed array or an array of numbers");
  checkLength(name, data.length, count, sizes);
  const flat = allocateNumbers(FLOAT64, count, name) as Float64Array;
  copyNumbers(data, count, flat, 0, name);
  return flat;
}

function checkLength(argument: string, length: number, count: number, sizes: readonly number[]): void {
  if (length === count) return;
  throw rangeError(
    "SHAPE_MISMATCH",
    argument,
    countOf(length, "number"),
    `${countOf(count, "number")}, as shape ${describeShape(sizes)} says`,
  );
}

const describeShape = (sizes: readonly number[]): string => `(${clip(sizes.join(", "))})`;

/** More dimensions than this are taken for a mistake (for data given as a shape, say). */
const mostDimensions = 64;

/** A shape's numbers as an array of its own; `name` is added to the argument's in errors. */
export function readShape(
  shape: unknown,
  argument: string,
  code: "PATHS_TYPE" | "COTANGENT_TYPE" | RowsArgument["type"],
  name = "",
): number[] {
  const kind = kindOf(shape);
  const isList = Array.isArray(shape) || (kind !== -1 && kind !== KIND_BIGINTS);
  const rank = isList ? (shape as ArrayLike<unknown>).length : -1;
  if (rank < 0 || rank > mostDimensions) {
    throw typeError(code, argument + name, describe(shape), `an array of at most ${mostDimensions} whole numbers`);
  }
  // Of its length at once: one that grows has room for sixteen, which shows where thousands of small calls wait.
  const sizes: number[] = new Array(rank);
  for (let i = 0; i < rank; i++) {
    const size = (shape as ArrayLike<unknown>)[i];
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
      throw rangeError("SHAPE_INVALID", `${argument}${name}[${i}]`, describe(size), "a whole number from 0 on");
    }
    sizes[i] = size;
  }
  return sizes;
}

/** What a tensor calls its shape, for errors. */
const shapeName = (value: object, argument: string): string =>
  `${argument}.${(value as { shape?: unknown }).shape === undefined ? "dims" : "shape"}`;

/** The shape of a tensor that has to be contiguous, whatever it is the shape of. */
export function readTensorShape(
  value: object,
  argument: string,
  code: Parameters<typeof readShape>[2],
  forms: string,
): number[] {
  const { shape, dims } = value as { shape?: unknown; dims?: unknown };
  const given = shape === undefined ? dims : shape;
  if (given === undefined) throw typeError(code, argument, describe(value), forms);
  const sizes = readShape(given, argument, code, shape === undefined ? ".dims" : ".shape");
  checkContiguous(value, sizes, argument);
  return sizes;
}

type Row = readonly unknown[] | NumericView;
const isRow = (value: unknown): value is Row => Array.isArray(value) || kindOf(value) !== -1;
/** Whether nested arrays end at this element: it is a point's row of numbers, or nothing that could be deeper. */
const isPoint = (value: unknown): boolean =>
  kindOf(value) !== -1 || (Array.isArray(value) && (value.length === 0 || !isRow(value[0])));

/** Nested arrays: a path, or a batch of paths. */
function readNested(paths: readonly unknown[]): ReadPaths {
  if (paths.length === 0) {
    throw rangeError(
      "EMPTY_PATH",
      "paths",
      "an empty array",
      "not empty (a tensor { data, shape } can say a batch of no paths)",
    );
  }
  const first: unknown = paths[0];
  if (!isRow(first)) {
    if (typeof first === "number") throw typeError("PATHS_RANK", "paths", "a flat array of numbers", pathForms);
    throw typeError("PATHS_TYPE", "paths[0]", describe(first), "a point or a path");
  }
  return isPoint(first) ? readBatch([paths], noLead, "paths") : readBatch(paths, [paths.length], "paths");
}

/** Points of path i of nested arrays. */
const pointsOf = (starts: Float64Array, i: number): number => (starts[i + 1] as number) - (starts[i] as number);

/** Counts what a batch holds, then copies it once. */
function readBatch(batch: readonly unknown[], lead: readonly number[], argument: string): ReadPaths {
  const nameOf = (i: number) => (lead.length === 0 ? argument : `${argument}[${i}]`);
  const starts = new Float64Array(batch.length + 1);
  let longest = 0;
  let ragged = false;
  for (let i = 0; i < batch.length; i++) {
    const path = batch[i];
    if (!Array.isArray(path)) throw typeError("PATHS_TYPE", nameOf(i), describe(path), "a path: an array of points");
    if (path.length === 0) throw rangeError("EMPTY_PATH", nameOf(i), "an empty array", "a path of at least one point");
    starts[i + 1] = (starts[i] as number) + path.length;
    if (i > 0 && path.length !== longest) ragged = true;
    if (path.length > longest) longest = path.length;
  }
  const channels = ((batch[0] as readonly Row[])[0] as Row).length;
  if (channels === 0) {
    throw rangeError("SHAPE_INVALID", `${nameOf(0)}[0]`, "a point without channels", "a point of at least one channel");
  }
  const count = (starts[batch.length] as number) * channels;
  const flat = allocateNumbers(FLOAT64, count, argument) as Float64Array;
  let allFloat32 = true;
  let at = 0;
  for (let i = 0; i < batch.length; i++) {
    const path = batch[i] as readonly unknown[];
    // Read from `starts`: a getter may have changed the array since it was measured.
    const points = pointsOf(starts, i);
    for (let j = 0; j < points; j++, at += channels) {
      if (copyPoint(path[j], channels, flat, at, nameOf(i), j) !== KIND_FLOAT32) allFloat32 = false;
    }
  }
  return new ReadPaths(
    flat,
    KIND_FLOAT64,
    lead,
    batch.length,
    longest,
    channels,
    allFloat32 ? FLOAT32 : FLOAT64,
    ragged ? starts : undefined,
  );
}

/** One point of nested arrays, appended to `to`; returns its kind, -1 for a plain array. */
function copyPoint(point: unknown, channels: number, to: Float64Array, at: number, path: string, j: number): Kind | -1 {
  const kind = kindOf(point);
  if (kind === -1 && !Array.isArray(point)) {
    throw typeError("PATHS_TYPE", `${path}[${j}]`, describe(point), "a point: an array of numbers");
  }
  const row = point as ArrayLike<unknown>;
  if (row.length !== channels) {
    if (kind !== -1) checkAttached(point as NumericView, `${path}[${j}]`);
    throw rangeError(
      "RAGGED_ROW",
      `${path}[${j}]`,
      countOf(row.length, "number"),
      `${countOf(channels, "number")}, as the first point`,
    );
  }
  if (kind !== -1) copyIn(point as NumericView, kind, 0, channels, to, at);
  else {
    for (let c = 0; c < channels; c++) {
      const value = row[c];
      if (typeof value !== "number") {
        const where = `${path}[${j}][${c}]`;
        if (!Array.isArray(value)) throw typeError("ELEMENT_TYPE", where, describe(value), "a number");
        throw typeError("PATHS_RANK", where, "an array", "a number: nested arrays have two or three dimensions");
      }
      to[at + c] = value;
    }
  }
  return kind;
}

/** Numbers that belong to paths: a row for all of them, or one for each. */
export class ReadRows {
  view: NumericView;
  kind: Kind;
  /** Numbers from one path's row to the next one's; 0 for a row that all share. */
  stride: number;
  /** Length of a row as given. */
  width: number;
  /** Where the numbers lie, if that is on a device; `view` is empty then. */
  resident: Resident | undefined;

  constructor(view: NumericView, kind: Kind, stride: number, width: number) {
    this.view = view;
    this.kind = kind;
    this.stride = stride;
    this.width = width;
    this.resident = undefined;
  }
}

/** Which codes and words {@link readRows} uses for an argument. */
export interface RowsArgument {
  readonly name: string;
  readonly type: "BASEPOINT_TYPE" | "INITIAL_TYPE";
  readonly shape: "BASEPOINT_SHAPE" | "INITIAL_SHAPE";
  readonly forms: string;
}

/**
 * Reads numbers that belong to paths: a flat array of `width` (or `otherWidth`) numbers shared by all, nested arrays
 * (batch, width), or a tensor (width) or (…batch, width).
 */
export function readRows(
  value: unknown,
  paths: ReadPaths,
  width: number,
  otherWidth: number,
  argument: RowsArgument,
): ReadRows {
  const { name } = argument;
  const fits = (n: number) => n === width || n === otherWidth;
  const widths = otherWidth === width ? `${width}` : `${width} or ${otherWidth}`;
  const wrongShape = (given: string) =>
    rangeError(argument.shape, name, given, `of shape (${widths}) or (${[...paths.lead, widths].join(", ")})`);

  const kind = kindOf(value);
  if (kind !== -1) {
    const view = value as NumericView;
    if (!fits(view.length)) {
      checkAttached(view, name);
      throw wrongShape(`${countOf(view.length, "number")} without a shape`);
    }
    return new ReadRows(view, kind, 0, view.length);
  }
  if (Array.isArray(value)) {
    if (value.length > 0 && isRow(value[0])) return readNestedRows(value, paths, fits, wrongShape, name);
    if (!fits(value.length)) throw wrongShape(`${countOf(value.length, "number")} without a shape`);
    const flat = new Float64Array(value.length);
    copyNumbers(value, flat.length, flat, 0, name);
    return new ReadRows(flat, KIND_FLOAT64, 0, flat.length);
  }
  if (typeof value !== "object" || value === null)
    throw typeError(argument.type, name, describe(value), argument.forms);
  return readTensorRows(value, paths, fits, wrongShape, argument);
}

function readNestedRows(
  value: readonly unknown[],
  paths: ReadPaths,
  fits: (n: number) => boolean,
  wrongShape: (given: string) => Error,
  name: string,
): ReadRows {
  const width = (value[0] as Row).length;
  if (paths.lead.length !== 1 || value.length !== paths.batch || !fits(width)) {
    throw wrongShape(`nested arrays of shape (${value.length}, ${width})`);
  }
  const flat = allocateNumbers(FLOAT64, paths.batch * width, name) as Float64Array;
  for (let i = 0; i < paths.batch; i++) {
    const row: unknown = value[i];
    if (!isRow(row) || row.length !== width) throw wrongShape(`${describe(row)} at ${i} after rows of length ${width}`);
    const kind = kindOf(row);
    if (kind === -1) copyNumbers(row as readonly unknown[], width, flat, i * width, `${name}[${i}]`);
    else copyIn(row as NumericView, kind, 0, width, flat, i * width);
  }
  return new ReadRows(flat, KIND_FLOAT64, width, width);
}

function readTensorRows(
  value: object,
  paths: ReadPaths,
  fits: (n: number) => boolean,
  wrongShape: (given: string) => Error,
  { name, type, forms }: RowsArgument,
): ReadRows {
  const sizes = readTensorShape(value, name, type, forms);
  const rank = sizes.length;
  const width = sizes[rank - 1] ?? -1;
  const own = rank === paths.lead.length + 1 && paths.lead.every((n, i) => n === sizes[i]);
  if (!fits(width) || !(rank === 1 || own)) throw wrongShape(`a tensor of shape ${describeShape(sizes)}`);
  const view = readNumbers(value, name, type, own ? paths.batch * width : width, sizes);
  return new ReadRows(view, kindOf(view) as Kind, own ? width : 0, width);
}

/**
 * Lengths of the paths as the kernels read them, or `undefined` where every path has all its points.
 * @throws PathSignatureError LENGTHS_TYPE, LENGTHS_COUNT, LENGTHS_RANGE
 */
export function readLengths(lengths: unknown, paths: ReadPaths): Uint32Array | undefined {
  const { batch, points, starts } = paths;
  if (lengths === undefined) {
    if (starts === undefined) return undefined;
    const own = new Uint32Array(batch);
    for (let i = 0; i < batch; i++) own[i] = pointsOf(starts, i);
    return own;
  }
  const list = typeof lengths === "number" ? [lengths] : lengths;
  if (!isRow(list))
    throw typeError("LENGTHS_TYPE", "options.lengths", describe(lengths), "an array or a typed array of whole numbers");
  if (list.length !== batch) {
    if (!Array.isArray(list)) checkAttached(list as NumericView, "options.lengths");
    throw rangeError("LENGTHS_COUNT", "options.lengths", countOf(list.length, "length"), `one for each path, ${batch}`);
  }
  const read = new Uint32Array(batch);
  let short = false;
  for (let i = 0; i < batch; i++) {
    const given: unknown = list[i];
    const length = typeof given === "bigint" ? Number(given) : given;
    const most = starts === undefined ? points : pointsOf(starts, i);
    if (typeof length !== "number" || !Number.isInteger(length) || length < 1 || length > most) {
      throw rangeError("LENGTHS_RANGE", `options.lengths[${i}]`, describe(given), `a whole number from 1 to ${most}`);
    }
    read[i] = length;
    if (length < points) short = true;
  }
  return short ? read : undefined;
}
