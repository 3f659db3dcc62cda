// Arrow IPC streams. A batch is one column with one row per path, each a list of points that are
// fixed-size lists of floats; paths may differ in length. A single path is one float column per
// channel, with one row per point. Responses have one column, `signature`, with one row per path.
// Numbers are read and written in place where possible.

import {
  type Data,
  DataType,
  Field,
  FixedSizeList,
  Float32,
  Float64,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableFromIPC,
  tableToIPC,
  Utf8,
} from "apache-arrow";
import type { SignatureRows } from "path-signature";
import { limits } from "../limits.ts";
import { Problem } from "../problem.ts";
import { type Body, fromRow } from "../ragged.ts";
import { checkedMessages } from "./arrow-guard.ts";

type Numbers = Float32Array | Float64Array;

const forms =
  "one column of lists of fixed-size lists of floats (one row per path), " +
  "or float columns (one row per point, one column per channel)";

const isFloat = (type: DataType) => DataType.isFloat(type) && type.precision > 0;

function noNulls(data: Data, name: string): void {
  if (data.nullCount !== 0) throw new Problem(422, name, "Nulls are no numbers.");
}

/** The numbers of a float column. The message may contain fewer than it claims. */
function numbersOf(data: Data, count: number, name: string): Numbers {
  noNulls(data, name);
  const values: unknown = data.values;
  if (!(values instanceof Float32Array || values instanceof Float64Array) || values.length < data.offset + count)
    throw new Problem(400, name, "The column is shorter than it says.");
  return values.subarray(data.offset, data.offset + count);
}

/** Concatenated rows of several record batches; a single batch is returned as it is. */
function joined(parts: readonly Numbers[]): Numbers {
  const [first] = parts;
  if (parts.length === 1 && first) return first;
  const count = parts.reduce((sum, part) => sum + part.length, 0);
  const all = first instanceof Float32Array ? new Float32Array(count) : new Float64Array(count);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A column of lists of fixed-size lists. */
function fromLists(table: Table, name: string, channels: number): Body {
  const lengths: number[] = [];
  const parts: Numbers[] = [];
  for (const list of table.getChildAt(0)?.data ?? []) {
    noNulls(list, name);
    const points = list.children[0] as Data;
    const numbers = points.children[0] as Data;
    noNulls(points, name);
    const offsets: ArrayLike<number> = list.valueOffsets;
    const begin = Number(offsets[0] ?? 0);
    let end = begin;
    for (let i = 0; i < list.length; i++) {
      const next = Number(offsets[i + 1]);
      if (!(next > end) || next > points.length)
        throw new Problem(
          next === end ? 422 : 400,
          `${name}[${i}]`,
          "A path needs at least one point, and offsets that rise.",
        );
      lengths.push(next - end);
      end = next;
    }
    const all = numbersOf(numbers, points.length * channels, name);
    parts.push(all.subarray(begin * channels, end * channels));
  }
  if (lengths.length === 0) throw new Problem(422, name, "There is not one path in it.");
  return fromRow(joined(parts), lengths, channels, false);
}

/** One column per channel. */
function fromColumns(table: Table): Body {
  const { numCols: channels, numRows: points } = table;
  if (points * channels > limits.padded) throw new Problem(413, "body", "There are too many points in it.");
  const columns = table.schema.fields.map(({ name }, c) =>
    joined((table.getChildAt(c)?.data ?? []).map((data) => numbersOf(data, data.length, name))),
  );
  const single = columns.every((column) => column instanceof Float32Array);
  const values = single ? new Float32Array(points * channels) : new Float64Array(points * channels);
  columns.forEach((column, c) => {
    if (column.length !== points) throw new Problem(400, "body", "Columns differ in length.");
    for (let i = 0; i < points; i++) values[i * channels + c] = column[i] as number;
  });
  if (points === 0) throw new Problem(422, "body", "There is not one point in it.");
  return fromRow(values, [points], channels, true);
}

/** @throws Problem 400, 413, 415, 422 */
export function decodeArrow(bytes: Uint8Array): Body {
  let table: Table;
  try {
    table = tableFromIPC(checkedMessages(bytes));
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(
      400,
      "body",
      `The body is no Arrow IPC stream that can be read here: ${(error as Error).message}`,
    );
  }
  const { fields } = table.schema;
  const [field] = fields;
  try {
    if (fields.length === 1 && field && DataType.isList(field.type)) {
      const points: DataType = field.type.valueType;
      if (DataType.isFixedSizeList(points) && points.listSize > 0 && isFloat(points.valueType))
        return fromLists(table, field.name, points.listSize);
    }
    if (fields.length > 0 && fields.every(({ type }) => isFloat(type))) return fromColumns(table);
  } catch (error) {
    if (error instanceof Problem) throw error;
    // Contradictory metadata shows when the columns are read.
    throw new Problem(400, "body", `The Arrow stream contradicts itself: ${(error as Error).message}`);
  }
  const found = fields
    .slice(0, 8)
    .map(({ name, type }) => `${String(name).slice(0, 40)}: ${String(type).slice(0, 80)}`);
  throw new Problem(422, "body", `The stream must hold ${forms}; it holds ${found.join(", ") || "no column"}.`);
}

/** A column of text. apache-arrow's own builder compiles code, which workerd does not allow. */
function textColumn(texts: readonly string[]): Data {
  const encoder = new TextEncoder();
  const valueOffsets = new Int32Array(texts.length + 1);
  const encoded = texts.map((text, i) => {
    const bytes = encoder.encode(text);
    valueOffsets[i + 1] = (valueOffsets[i] as number) + bytes.length;
    return bytes;
  });
  const data = new Uint8Array(valueOffsets[texts.length] as number);
  encoded.forEach((bytes, i) => void data.set(bytes, valueOffsets[i]));
  return makeData({ type: new Utf8(), length: texts.length, nullCount: 0, valueOffsets, data });
}

/**
 * A column `signature`, one row per path: fixed-size lists, or lists of them for the prefixes of
 * each path. Before it a column `path` with the ids, if there are any.
 */
export function encodeArrow(result: SignatureRows, { ids }: Body): Uint8Array<ArrayBuffer> {
  const { shape, data, dtype } = result;
  const row = shape.at(-1) as number;
  const rows = data.length / row;
  const type = dtype === "float32" ? new Float32() : new Float64();
  const numbers = makeData({ type, length: data.length, data } as Parameters<typeof makeData>[0]);
  const signatures = new FixedSizeList(row, new Field("coefficient", type, false));
  let column: Data = makeData({ type: signatures, length: rows, child: numbers } as Parameters<typeof makeData>[0]);
  if (result.stream) {
    const prefixes = shape.at(-2) as number;
    const paths = shape.length > 2 ? (shape[0] as number) : 1;
    const valueOffsets = Int32Array.from({ length: paths + 1 }, (_, i) => i * prefixes);
    const lists = new List(new Field("signature", signatures, false));
    column = makeData({ type: lists, length: paths, valueOffsets, child: column } as Parameters<typeof makeData>[0]);
  }
  const named = ids ? [textColumn(ids)] : [];
  const children = [...named, column];
  const fields = children.map(({ type: of }, i) => new Field(i < named.length ? "path" : "signature", of, false));
  const struct = makeData({ type: new Struct(fields), length: column.length, children, nullCount: 0 });
  const table = new Table(new Schema(fields), new RecordBatch(new Schema(fields), struct));
  return tableToIPC(table, "stream") as Uint8Array<ArrayBuffer>;
}
