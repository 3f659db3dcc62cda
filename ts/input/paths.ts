// Normalises the caller's paths (tensors of any array type, nested arrays, ragged batches) to flat
// numbers with a shape. Other containers are in containers.ts. Plain arrays are checked and copied
// by element; typed arrays are referenced. Code of the caller (getters, proxies) runs only here,
// before WebAssembly memory is
// touched.

import {
  allocateNumbers,
  checkAttached,
  copyIn,
  type DTypeIndex,
  dtypeOfKind,
  FLOAT32,
  FLOAT64,
  KIND_FLOAT32,
  KIND_FLOAT64,
  type Kind,
  kindOf,
  type NumericView,
} from "./arrays.ts";
import { type ColumnsInput, type PointsInput, readColumns, readList, readPoints } from "./containers.ts";
import { countOf, describe, rangeError, typeError } from "./errors.ts";
import type { Layout } from "./options.ts";
import { pointsOf, ReadPaths } from "./read-paths.ts";
import { describeShape, isRow, lengthOfList, readNumbers, readShape, shapeOfTensor, transpose } from "./shape.ts";

export { ReadPaths };

/** Where a tensor's numbers are in `data`, in numbers. Default: row-major from the first. */
interface Order {
  readonly strides?: ArrayLike<number> | undefined;
  readonly offset?: number | undefined;
}

/**
 * Numbers with a shape, row-major or at any strides. `dims` is an alias of `shape`; other
 * properties are ignored.
 */
export type TensorInput =
  | (Order & { readonly data: NumericView | readonly number[]; readonly shape: Sizes })
  | (Order & { readonly data: NumericView | readonly number[]; readonly dims: Sizes });

/** Sizes of dimensions. The empty tuple lets TypeScript infer the rank of a literal. */
type Sizes = ArrayLike<number> | readonly [];

/** One path as its points: (length, channels). */
export type NestedPath = readonly (readonly number[] | NumericView)[];

/**
 * Paths. Points are rows:
 *
 *     shape (3, 2), data [0, 0,  1, 0,  1, 2]     with layout: "channels-first"
 *                                                 shape (2, 3), data [0, 1, 1,  0, 0, 2]
 *              channel 0  channel 1                          point 0  point 1  point 2
 *     point 0      0          0                   channel 0     0        1        1
 *     point 1      1          0                   channel 1     0        0        2
 *     point 2      1          2
 *
 * - a tensor `{ data, shape }` of shape (…batch, length, channels);
 * - nested arrays (length, channels) or (batch, length, channels), where the paths of a batch may
 *   differ in length;
 * - columns `{ x: [0, 1, 1], y: [0, 0, 2] }`, one path whose channels have names;
 * - points `{ data, channels, offsets }` of paths one after the other;
 * - a list of tensors (length, channels), or of columns, that may differ in length.
 */
export type Paths =
  | TensorInput
  | NestedPath
  | readonly NestedPath[]
  | ColumnsInput
  | PointsInput
  | readonly (TensorInput | ColumnsInput)[];

const pathForms =
  "a tensor { data, shape } of shape (…batch, length, channels), or nested arrays of two or three dimensions, " +
  "or columns { x, y } of one path, or { data, channels, offsets }";

/**
 * Normalises paths.
 * @throws PathSignatureError PATHS_TYPE, PATHS_RANK, SHAPE_INVALID, SHAPE_MISMATCH, STRIDED,
 *   RAGGED_ROW, EMPTY_PATH, ELEMENT_TYPE, DETACHED_BUFFER, SIZE_TOO_LARGE, CHANNELS_INVALID,
 *   LAYOUT_INVALID
 */
export const readPaths = (paths: unknown, layout?: Layout): ReadPaths =>
  readContainer(paths, "paths", layout === "channels-first");

/** @param turned - whether channels precede points in it */
function readContainer(paths: unknown, argument: string, turned: boolean): ReadPaths {
  if (typeof paths !== "object" || paths === null) throw typeError("PATHS_TYPE", argument, describe(paths), pathForms);
  if (Array.isArray(paths)) return readNested(paths, argument, turned);
  const sizes = shapeOfTensor(paths, argument, "PATHS_TYPE");
  if (sizes === undefined) {
    if (!("data" in paths)) return readColumns(paths, argument, pathForms);
    const { data, channels } = paths as { data: unknown; channels?: unknown };
    if (channels === undefined && !("offsets" in paths))
      throw typeError("PATHS_TYPE", argument, describe(paths), pathForms);
    return readPoints(paths, data, channels, argument, turned, readContainer);
  }
  const rank = sizes.length;
  const points = sizes[rank - 2] as number;
  const channels = sizes[rank - 1] as number;
  if (rank < 2 || points < 1 || channels < 1) {
    const given = [shapeName(paths, argument), describeShape(sizes)] as const;
    if (rank < 2) throw typeError("PATHS_RANK", ...given, "of two dimensions or more, (…batch, length, channels)");
    throw rangeError("SHAPE_INVALID", ...given, "of length and channels from 1 on");
  }
  let batch = 1;
  for (let i = 0; i < rank - 2; i++) batch *= sizes[i] as number;
  const view = readNumbers(paths, argument, "PATHS_TYPE", batch * points * channels, sizes);
  const kind = kindOf(view) as Kind;
  const lead = rank === 2 ? noLead : sizes.slice(0, rank - 2);
  const read = new ReadPaths(view, kind, lead, batch, points, channels, dtypeOfKind(kind), undefined);
  return turned ? turn(read) : read;
}

/** Paths whose channels were read as points, and the other way round. */
function turn({ view, lead, batch, points, channels, dtype }: ReadPaths): ReadPaths {
  const turned = transpose(view, batch, points, channels);
  return new ReadPaths(turned, kindOf(turned) as Kind, lead, batch, channels, points, dtype, undefined);
}

/** Paths of a shape without numbers, to plan a call. @throws as {@link readPaths} */
export function imaginePaths(shape: unknown, dtype: DTypeIndex, layout?: Layout): ReadPaths {
  const sizes = readShape(shape, "shape", "PATHS_TYPE");
  const rank = sizes.length;
  const ends = [sizes[rank - 2] ?? 0, sizes[rank - 1] ?? 0] as const;
  const [points, channels] = layout === "channels-first" ? [ends[1], ends[0]] : ends;
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

/** Name of the property that holds the shape, for errors. */
const shapeName = (value: object, argument: string): string =>
  `${argument}.${(value as { shape?: unknown }).shape === undefined ? "dims" : "shape"}`;

/** Whether nesting ends at this element: it is the row of a point, or not an array. */
const isPoint = (value: unknown): boolean =>
  kindOf(value) !== -1 || (Array.isArray(value) && (lengthOfList(value) === 0 || !isRow(value[0])));

/** Nested arrays: a path or a batch of paths; or a list of other containers. */
function readNested(paths: readonly unknown[], argument: string, turned: boolean): ReadPaths {
  const items = lengthOfList(paths);
  if (items < 1) {
    throw rangeError(
      "EMPTY_PATH",
      argument,
      "an empty array",
      "not empty (a tensor { data, shape } can say a batch of no paths)",
    );
  }
  const first: unknown = paths[0];
  if (!isRow(first)) {
    if (typeof first === "number") throw typeError("PATHS_RANK", argument, "a flat array of numbers", pathForms);
    if (typeof first !== "object" || first === null || ArrayBuffer.isView(first))
      throw typeError("PATHS_TYPE", `${argument}[0]`, describe(first), "a point or a path");
    return readList(paths, argument, turned, readContainer);
  }
  if (isPoint(first)) {
    const read = readBatch([paths], undefined, argument);
    return turned ? turn(read) : read;
  }
  return turned ? readList(paths, argument, turned, readContainer) : readBatch(paths, items, argument);
}

/** Measures a batch, then copies it once. */
function readBatch(batch: readonly unknown[], size: number | undefined, argument: string): ReadPaths {
  const nameOf = (i: number) => (size === undefined ? argument : `${argument}[${i}]`);
  const items = size ?? 1;
  const starts = new Float64Array(items + 1);
  let longest = 0;
  let ragged = false;
  for (let i = 0; i < items; i++) {
    const path = batch[i];
    const length = Array.isArray(path) ? lengthOfList(path) : -1;
    if (length < 0) throw typeError("PATHS_TYPE", nameOf(i), describe(path), "a path: an array of points");
    if (length === 0) throw rangeError("EMPTY_PATH", nameOf(i), "an empty array", "a path of at least one point");
    starts[i + 1] = (starts[i] as number) + length;
    if (i > 0 && length !== longest) ragged = true;
    if (length > longest) longest = length;
  }
  const channels = lengthOfList((batch[0] as readonly unknown[])[0]);
  if (channels < 1) {
    throw rangeError("SHAPE_INVALID", `${nameOf(0)}[0]`, "a point without channels", "a point of at least one channel");
  }
  const count = (starts[items] as number) * channels;
  const flat = allocateNumbers(FLOAT64, count, argument) as Float64Array;
  let allFloat32 = true;
  let at = 0;
  for (let i = 0; i < items; i++) {
    const path = batch[i] as readonly unknown[];
    // Uses `starts`: a getter may have changed the array since it was measured.
    const points = pointsOf(starts, i);
    for (let j = 0; j < points; j++, at += channels) {
      if (copyPoint(path[j], channels, flat, at, nameOf(i), j) !== KIND_FLOAT32) allFloat32 = false;
    }
  }
  return new ReadPaths(
    flat,
    KIND_FLOAT64,
    size === undefined ? noLead : [items],
    items,
    longest,
    channels,
    allFloat32 ? FLOAT32 : FLOAT64,
    ragged ? starts : undefined,
  );
}

/** Appends one point of nested arrays to `to`. Returns its kind, -1 for a plain array. */
function copyPoint(point: unknown, channels: number, to: Float64Array, at: number, path: string, j: number): Kind | -1 {
  const kind = kindOf(point);
  if (kind === -1 && !Array.isArray(point)) {
    throw typeError("PATHS_TYPE", `${path}[${j}]`, describe(point), "a point: an array of numbers");
  }
  const row = point as ArrayLike<unknown>;
  const length = lengthOfList(point);
  if (length !== channels) {
    if (kind !== -1) checkAttached(point as NumericView, `${path}[${j}]`);
    throw rangeError(
      "RAGGED_ROW",
      `${path}[${j}]`,
      countOf(length, "number"),
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
