// Writers of features: a row for each series, written as rows come.

import type { FileHandle } from "node:fs/promises";
import type { DType, Numbers } from "../input/arrays.ts";
import { peer } from "../tables/peer.ts";
import type { Id } from "../tables/series.ts";
import { wrongArguments } from "./fault.ts";
import { ParquetFile, physical, plainTexts } from "./parquet.ts";
import { Place } from "./place.ts";

export interface Columns {
  readonly id: { readonly name: string; readonly type: string };
  /** Whether a column `label` follows the ids. */
  readonly hasLabels: boolean;
  readonly names: readonly string[];
  readonly dtype: DType;
  /** Number of rows in all. */
  readonly count: number;
}

/** Some rows. */
export interface Rows {
  readonly ids: readonly Id[];
  readonly labels?: readonly string[] | undefined;
  /** (rows, columns). */
  readonly data: Numbers;
}

export interface Writer {
  append(rows: Rows): Promise<void>;
  /** Completes the file under its name. */
  finish(): Promise<void>;
  /** Removes what was written. */
  abort(): Promise<void>;
}

/** Opens a writer for a file, by its name; `undefined`: CSV on stdout. */
export async function openWriter(file: string | undefined, columns: Columns): Promise<Writer> {
  if (file === undefined) return csvWriter(undefined, columns);
  const [, kind] = /\.(csv|npy|arrow|parquet)$/i.exec(file) ?? [];
  const open = { csv: csvWriter, npy: npyWriter, arrow: arrowWriter, parquet: parquetWriter }[
    kind?.toLowerCase() ?? ""
  ];
  if (open === undefined) throw wrongArguments(`--out ${file}: neither .parquet, .csv, .arrow nor .npy by its name.`);
  return open(new Place(file), columns);
}

/** A writer of bytes to a place. */
async function bytesTo(
  place: Place,
  append: (handle: FileHandle, rows: Rows) => Promise<void>,
  head: Uint8Array | string,
) {
  const handle = await place.open();
  await handle.writeFile(head);
  return {
    append: (rows: Rows) => append(handle, rows),
    async finish() {
      await handle.close();
      await place.finish();
    },
    async abort() {
      await handle.close().catch(() => {});
      await place.remove();
    },
  };
}

const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

async function csvWriter(place: Place | undefined, { id, hasLabels, names }: Columns): Promise<Writer> {
  const head = `${[id.name, ...(hasLabels ? ["label"] : []), ...names].map(field).join()}\n`;
  const text = ({ ids, labels, data }: Rows): string =>
    ids
      .map((own, i) => {
        const keys = [own, ...(hasLabels ? [labels?.[i] ?? ""] : [])].map((key) => field(String(key)));
        return `${keys.join()},${data.subarray(i * names.length, (i + 1) * names.length).join()}\n`;
      })
      .join("");
  if (place !== undefined) return bytesTo(place, (handle, rows) => handle.writeFile(text(rows)), head);
  const print = (line: string): Promise<void> =>
    new Promise((resolve, reject) => process.stdout.write(line, (error) => (error ? reject(error) : resolve())));
  await print(head);
  return { append: (rows) => print(text(rows)), finish: async () => {}, abort: async () => {} };
}

const npyWriter = (place: Place, { names, count, dtype }: Columns): Promise<Writer> =>
  bytesTo(place, (handle, { data }) => handle.writeFile(bytesOf(data)), npyHead([count, names.length], dtype));

const bytesOf = ({ buffer, byteOffset, byteLength }: Numbers | BigInt64Array): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

/** The header of an .npy file of numbers in C's order. @param shape - of two dimensions or more */
export function npyHead(shape: readonly number[], dtype: DType): Uint8Array {
  const type = dtype === "float32" ? "<f4" : "<f8";
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`;
  // Numbers begin at a multiple of 64 bytes.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const head = Buffer.alloc(length, " ");
  head.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  head.writeUInt16LE(length - 10, 8);
  head.write(text, 10, "latin1");
  head[length - 1] = 0x0a;
  return head;
}

async function arrowWriter(place: Place, { id, hasLabels, names, dtype }: Columns): Promise<Writer> {
  const arrow = await peer("apache-arrow", () => import("apache-arrow"));
  const handle = await place.open();
  const writer = new arrow.RecordBatchFileWriter();
  const written = (async () => {
    for await (const bytes of writer) await handle.writeFile(bytes);
  })();
  const float = dtype === "float32" ? new arrow.Float32() : new arrow.Float64();
  return {
    async append({ ids, labels, data }) {
      const texts = (list: readonly unknown[]) => arrow.vectorFromArray(list.map(String), new arrow.Utf8());
      const own = isInteger(id.type)
        ? arrow.vectorFromArray(
            ids.map((one) => BigInt(one as number)),
            new arrow.Int64(),
          )
        : texts(ids);
      const group = new Group(names.length, ids.length, dtype);
      group.append({ ids, data });
      const columns = names.map((name, c): [string, unknown] => {
        const values = group.column(c);
        return [name, new arrow.Vector([arrow.makeData({ type: float as never, data: values as never })])];
      });
      const named = [[id.name, own], ...(hasLabels ? [["label", texts(labels ?? [])]] : []), ...columns];
      writer.write(new arrow.Table(Object.fromEntries(named)) as never);
      await Promise.resolve();
    },
    async finish() {
      writer.finish();
      await written;
      await handle.close();
      await place.finish();
    },
    async abort() {
      writer.abort();
      await handle.close().catch(() => {});
      await place.remove();
    },
  };
}

/** Numbers of a row group, at least. */
const numbersOfGroup = 2 ** 20;

async function parquetWriter(place: Place, { id, hasLabels, names, dtype, count }: Columns): Promise<Writer> {
  const handle = await place.open();
  const float = dtype === "float32" ? physical.float : physical.double;
  const file = new ParquetFile(handle, [
    { name: id.name, type: isInteger(id.type) ? physical.int64 : physical.text },
    ...(hasLabels ? [{ name: "label", type: physical.text }] : []),
    ...names.map((name) => ({ name, type: float })),
  ]);
  let group = new Group(names.length, count, dtype);
  const flush = async (): Promise<void> => {
    const { ids, labels } = group;
    const keys = [
      isInteger(id.type) ? bytesOf(BigInt64Array.from(ids, (one) => BigInt(one))) : plainTexts(ids.map(String)),
      ...(hasLabels ? [plainTexts(labels)] : []),
    ];
    await file.group(ids.length, (column) => keys[column] ?? bytesOf(group.column(column - keys.length)));
    group = new Group(names.length, count, dtype, group);
  };
  return {
    async append(rows) {
      group.append(rows);
      if (group.ids.length * names.length >= numbersOfGroup) await flush();
    },
    async finish() {
      if (group.ids.length > 0) await flush();
      await file.finish();
      await handle.close();
      await place.finish();
    },
    async abort() {
      await handle.close().catch(() => {});
      await place.remove();
    },
  };
}

/** Whether ids of an SQL type are written as 64-bit integers, others as texts. */
const isInteger = (type: string): boolean => /^(BIGINT|U?(INTEGER|SMALLINT|TINYINT))$/.test(type);

/** Rows column by column, as they come. */
class Group {
  readonly ids: Id[] = [];
  readonly labels: string[] = [];
  readonly #width: number;
  /** Rows of the file. */
  readonly #most: number;
  /** Columns one after the other, with space for more rows behind each. */
  #numbers: Numbers;
  #capacity: number;

  /** @param before - a group that is written, whose memory is used again */
  constructor(width: number, most: number, dtype: DType, before?: Group) {
    this.#width = width;
    this.#most = most;
    [this.#numbers, this.#capacity] =
      before === undefined
        ? [dtype === "float32" ? new Float32Array(0) : new Float64Array(0), 0]
        : [before.#numbers, before.#capacity];
  }

  append({ ids, labels = [], data }: Rows): void {
    const [width, first] = [this.#width, this.ids.length];
    // A group is full soon after it has its numbers.
    const usual = Math.ceil(numbersOfGroup / width) + ids.length;
    if (first + ids.length > this.#capacity) this.#grow(Math.max(first + ids.length, Math.min(usual, this.#most)));
    const [numbers, capacity] = [this.#numbers, this.#capacity];
    for (let i = 0, from = 0; i < ids.length; i++)
      for (let column = 0, to = first + i; column < width; column++, to += capacity)
        numbers[to] = data[from++] as number;
    for (const id of ids) this.ids.push(id);
    for (const label of labels) this.labels.push(label);
  }

  column(column: number): Numbers {
    return this.#numbers.subarray(column * this.#capacity, column * this.#capacity + this.ids.length);
  }

  #grow(capacity: number): void {
    const Type = this.#numbers instanceof Float32Array ? Float32Array : Float64Array;
    const grown = new Type(this.#width * capacity);
    for (let column = 0; column < this.#width; column++) grown.set(this.column(column), column * capacity);
    [this.#numbers, this.#capacity] = [grown, capacity];
  }
}
