// Reads columns of numbers of Parquet files straight into float64 arrays: the part of the format
// that most files use (columns without nesting, pages in PLAIN or dictionary encoding, compressed
// by Snappy or not at all). Nothing is made for each value or page, so that this takes a fraction
// of the time of a query whose result is handed over chunk by chunk.

import { type FileHandle, open } from "node:fs/promises";
import { reasonOf } from "../input/errors.ts";
import { Fault } from "./fault.ts";
import { decompressSnappy } from "./snappy.ts";
import type { Allocate, RowReader } from "./table-rows.ts";
import { type Struct, ThriftReader } from "./thrift.ts";

/** Physical types by their numbers in the format, and the bytes of each. */
const bytesOfType: Readonly<Record<number, number>> = { 1: 4, 2: 8, 4: 4, 5: 8 };
const [int32, int64, float] = [1, 2, 4];
/** PLAIN, PLAIN_DICTIONARY, RLE (of levels), RLE_DICTIONARY. */
const encodings = new Set([0, 2, 3, 8]);
const [plain, snappy] = [0, 1];

/** SQL types of columns that are numbers as the file has them. */
const numbers = /^(DOUBLE|FLOAT|TINYINT|SMALLINT|INTEGER|BIGINT)$/;

/** Numbers of a row group at most, and of a page. */
const mostNumbers = 2 ** 22;

/** Bytes behind a page that may be read with its last one. */
const slack = 8;

interface Chunk {
  readonly type: number;
  readonly codec: number;
  readonly isOptional: boolean;
  readonly values: number;
  readonly start: number;
  readonly length: number;
}

interface RowGroup {
  readonly rows: number;
  readonly chunks: readonly Chunk[];
}

const number = (struct: Struct | undefined, field: number): number | undefined => {
  const value = struct?.get(field);
  return typeof value === "number" ? value : undefined;
};
const structs = (struct: Struct | undefined, field: number): readonly Struct[] =>
  (struct?.get(field) ?? []) as readonly Struct[];
const text = (bytes: unknown): string => new TextDecoder().decode(bytes as Uint8Array);

/** The footer of a file; `undefined` if there is none that could be read. */
async function footerOf(handle: FileHandle): Promise<Struct | undefined> {
  const { size } = await handle.stat();
  const end = Buffer.alloc(8);
  await handle.read(end, 0, 8, Math.max(0, size - 8));
  const length = end.readUInt32LE(0);
  if (end.toString("latin1", 4) !== "PAR1" || length > size - 12) return undefined;
  const footer = Buffer.alloc(length);
  await handle.read(footer, 0, length, size - 8 - length);
  return new ThriftReader(footer).struct();
}

/** Row groups with the chunks of some columns; `undefined` for what this file does not read. */
function rowGroupsOf(footer: Struct, columns: readonly string[]): RowGroup[] | undefined {
  const [root, ...schema] = structs(footer, 2);
  if (number(root, 5) !== schema.length) return undefined;
  const elements = columns.map((name) => schema.findIndex((element) => text(element.get(4)) === name));
  const groups: RowGroup[] = [];
  for (const group of structs(footer, 4)) {
    const rows = number(group, 3) ?? 0;
    const chunks: Chunk[] = [];
    for (const place of elements) {
      const element = schema[place];
      const meta = structs(group, 1)[place]?.get(3) as Struct | undefined;
      const [type, codec, values] = [number(meta, 1) ?? -1, number(meta, 4) ?? -1, number(meta, 5)];
      const [data, dictionary = 0] = [number(meta, 9), number(meta, 11)];
      const used = meta?.get(2) as readonly number[] | undefined;
      const repetition = number(element, 3) ?? 0;
      const isKnown =
        bytesOfType[type] !== undefined &&
        (codec === plain || codec === snappy) &&
        repetition < 2 &&
        values === rows &&
        rows * columns.length <= mostNumbers &&
        used?.every((encoding) => encodings.has(encoding));
      if (!isKnown || data === undefined) return undefined;
      const start = dictionary > 0 ? Math.min(dictionary, data) : data;
      chunks.push({ type, codec, isOptional: repetition === 1, values, start, length: number(meta, 7) ?? 0 });
    }
    groups.push({ rows, chunks });
  }
  return groups;
}

/** Values of a column chunk, or what is missing, as they stand in its pages. */
class Pages {
  /** What a page holds, with `slack` behind it. */
  #page = new Uint8Array(0);
  #levels = new Uint8Array(0);

  /** Puts the values of a chunk to a column of rows, NaN for what is missing. */
  read(bytes: Uint8Array, chunk: Chunk, to: Float64Array, column: number, width: number): void {
    let dictionary = new Float64Array(0);
    for (let at = 0, row = 0; row < chunk.values; ) {
      const reader = new ThriftReader(bytes, at);
      const head = reader.struct();
      const [kind, size, stored] = [number(head, 1), number(head, 2) ?? 0, number(head, 3) ?? 0];
      const body = bytes.subarray(reader.at, reader.at + stored);
      at = reader.at + stored;
      if (kind === 2) {
        const page = this.#open(body, size, chunk.codec);
        const count = number(head.get(7) as Struct, 1) ?? 0;
        dictionary = new Float64Array(count);
        copyPlain(page, 0, chunk.type, dictionary, 0, 1, count);
        continue;
      }
      const isSecond = kind === 3;
      const data = head.get(isSecond ? 8 : 5) as Struct | undefined;
      const count = number(data, 1) ?? 0;
      if (count === 0 || row + count > chunk.values) throw new RangeError("a page of another length");
      const encoding = number(data, isSecond ? 4 : 2);
      // In the second version of pages levels stand before what is compressed.
      const before = isSecond ? (number(data, 5) ?? 0) + (number(data, 6) ?? 0) : 0;
      const isCompressed = !isSecond || data?.get(7) !== false;
      const page = this.#open(body.subarray(before), size - before, isCompressed ? chunk.codec : plain);
      let from = 0;
      let there = count;
      if (chunk.isOptional) {
        const length = isSecond ? before : new DataView(page.buffer, page.byteOffset).getUint32(0, true);
        if (!isSecond) from = 4 + length;
        const levels = isSecond ? withSlack(body.subarray(0, before)) : page.subarray(4);
        there = this.#readLevels(levels, count);
      }
      const first = row * width + column;
      if (encoding === 0) copyPlain(page, from, chunk.type, to, first, width, there);
      else copyIndexed(page, from, dictionary, to, first, width, there);
      if (there < count) spread(to, first, width, this.#levels, count, there);
      row += count;
    }
  }

  #open(body: Uint8Array, size: number, codec: number): Uint8Array {
    if (this.#page.length < size + slack) this.#page = new Uint8Array(2 * size + slack);
    if (codec === snappy) decompressSnappy(body, this.#page, size);
    else this.#page.set(body);
    return this.#page;
  }

  /** Whether values are there, 0 or 1 each. @returns how many are */
  #readLevels(bytes: Uint8Array, count: number): number {
    if (this.#levels.length < count) this.#levels = new Uint8Array(2 * count);
    const levels = this.#levels;
    let there = 0;
    eachRun(bytes, 0, 1, count, (at, length, value, packed) => {
      if (packed < 0) {
        levels.fill(value, at, at + length);
        there += value * length;
        return;
      }
      for (let i = 0; i < length; i++) {
        const level = ((bytes[packed + (i >> 3)] as number) >> (i & 7)) & 1;
        levels[at + i] = level;
        there += level;
      }
    });
    return there;
  }
}

function withSlack(bytes: Uint8Array): Uint8Array {
  const longer = new Uint8Array(bytes.length + slack);
  longer.set(bytes);
  return longer;
}

/** Moves values that stand together to the rows in which one is, NaN to the others. */
function spread(to: Float64Array, first: number, step: number, levels: Uint8Array, count: number, there: number): void {
  for (let row = count - 1, from = there - 1; row >= 0; row--)
    to[first + row * step] = levels[row] === 1 ? (to[first + from-- * step] as number) : Number.NaN;
}

function copyPlain(
  page: Uint8Array,
  from: number,
  type: number,
  to: Float64Array,
  first: number,
  step: number,
  count: number,
): void {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  const bytes = bytesOfType[type] as number;
  if (from + count * bytes > page.length - slack) throw new RangeError("a page that is cut off");
  let at = first;
  const end = from + count * bytes;
  if (type === int32) for (let i = from; i < end; i += 4, at += step) to[at] = view.getInt32(i, true);
  else if (type === float) for (let i = from; i < end; i += 4, at += step) to[at] = view.getFloat32(i, true);
  else if (type === int64)
    // Both parts are exact, so that only their sum is rounded.
    for (let i = from; i < end; i += 8, at += step)
      to[at] = view.getInt32(i + 4, true) * 2 ** 32 + view.getUint32(i, true);
  else for (let i = from; i < end; i += 8, at += step) to[at] = view.getFloat64(i, true);
}

function copyIndexed(
  page: Uint8Array,
  from: number,
  dictionary: Float64Array,
  to: Float64Array,
  first: number,
  step: number,
  count: number,
): void {
  const bits = page[from] as number;
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  const mask = 2 ** bits - 1;
  // An index and the bits before it in its first byte are read as 32 bits.
  if (bits > 24) throw new RangeError("a dictionary that is too large");
  eachRun(page, from + 1, bits, count, (row, length, value, packed) => {
    let at = first + row * step;
    if (packed < 0) {
      const one = dictionary[value] as number;
      for (let i = 0; i < length; i++, at += step) to[at] = one;
    } else
      for (let i = 0, bit = 0; i < length; i++, bit += bits, at += step)
        to[at] = dictionary[(view.getUint32(packed + (bit >>> 3), true) >>> (bit & 7)) & mask] as number;
  });
}

/**
 * Runs of the hybrid of run lengths and packed bits.
 * @param visit - of each run: the place of its first value, how many there are, and the value or,
 *   of packed ones, the place of their first byte; −1 of others
 */
function eachRun(
  bytes: Uint8Array,
  from: number,
  bits: number,
  count: number,
  visit: (at: number, length: number, value: number, packed: number) => void,
): void {
  const width = Math.ceil(bits / 8);
  for (let done = 0, at = from; done < count; ) {
    let head = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError("a page that is cut off");
      head += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    const half = Math.floor(head / 2);
    const length = Math.min(count - done, head % 2 === 0 ? half : 8 * half);
    if (length === 0) throw new RangeError("a run without values");
    if (head % 2 === 0) {
      let value = 0;
      for (let i = 0; i < width; i++) value += (bytes[at++] as number) * 2 ** (8 * i);
      visit(done, length, value, -1);
    } else {
      visit(done, length, 0, at);
      at += half * bits;
    }
    done += length;
  }
}

/** A column of a table, by its name and SQL type. */
interface NamedColumn {
  readonly name: string;
  readonly type: string;
}

/**
 * Rows of Parquet files in their order, row group by row group; `undefined` where a file has what
 * this does not read.
 */
export async function rowsOfParquet(
  files: readonly string[],
  columns: readonly NamedColumn[],
): Promise<RowReader | undefined> {
  if (!columns.every(({ type }) => numbers.test(type))) return undefined;
  const width = columns.length;
  const all: { readonly file: string; readonly handle: FileHandle; readonly group: RowGroup }[] = [];
  const handles: FileHandle[] = [];
  const close = async () => {
    for (const handle of handles) await handle.close();
  };
  const types = new Set<string>();
  for (const file of files) {
    const handle = await open(file);
    handles.push(handle);
    const groups = await groupsOf(
      handle,
      columns.map(({ name }) => name),
    );
    // The types of the first file are those of all, to DuckDB.
    for (const { chunks } of groups ?? []) types.add(chunks.map(({ type }) => type).join());
    if (groups === undefined || types.size > 1) {
      await close();
      return undefined;
    }
    for (const group of groups) all.push({ file, handle, group });
  }
  const pages = new Pages();
  // Two sets of buffers: one is filled from the file while the other is decoded.
  const buffers = [0, 1].map(() => columns.map(() => new Uint8Array(0)));
  let begun = 0;
  const begin = () => {
    const own = buffers[begun % 2] as Uint8Array<ArrayBuffer>[];
    const one = all[begun++];
    const bytes = one && Promise.all(one.group.chunks.map((chunk, i) => load(one.handle, chunk, own, i)));
    // It fails where it is awaited.
    bytes?.catch(() => {});
    return one && bytes && { ...one, bytes };
  };
  let next = begin();
  return {
    async next(allocate: Allocate) {
      if (next === undefined) return undefined;
      const { file, group, bytes } = next;
      try {
        const loaded = await bytes;
        next = begin();
        const rows = { count: group.rows, numbers: allocate(group.rows * width) };
        for (const [i, chunk] of group.chunks.entries())
          pages.read(loaded[i] as Uint8Array, chunk, rows.numbers, i, width);
        return rows;
      } catch (error) {
        throw new Fault(`${file}: ${reasonOf(error)}`);
      }
    },
    async end() {
      begun = all.length;
      await next?.bytes.catch(() => {});
      await close();
    },
  };
}

async function groupsOf(handle: FileHandle, columns: readonly string[]): Promise<RowGroup[] | undefined> {
  try {
    const footer = await footerOf(handle);
    return footer && rowGroupsOf(footer, columns);
  } catch {
    return undefined;
  }
}

/** The bytes of a chunk, in a buffer that grows. */
async function load(handle: FileHandle, { start, length }: Chunk, buffers: Uint8Array[], i: number) {
  if ((buffers[i] as Uint8Array).length < length) buffers[i] = new Uint8Array(length);
  const bytes = (buffers[i] as Uint8Array).subarray(0, length);
  const { bytesRead } = await handle.read(bytes, 0, length, start);
  if (bytesRead < length) throw new RangeError("the file is cut off");
  return bytes;
}
