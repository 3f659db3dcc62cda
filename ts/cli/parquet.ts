// Writes Parquet (https://parquet.apache.org/docs/file-format/), the part of it that features need:
// required columns of numbers and texts, PLAIN encoding, no compression, a page for each column of
// a row group. Memory is bounded by a row group, and equal rows give equal bytes.

import type { FileHandle } from "node:fs/promises";

/** Physical types, by their numbers in the format. */
export const physical = { int64: 2, float: 4, double: 5, text: 6 } as const;

export interface ParquetColumn {
  readonly name: string;
  readonly type: (typeof physical)[keyof typeof physical];
}

/** Fields of Thrift's compact protocol, in which the format writes its structs. */
class Thrift {
  readonly #bytes: number[] = [];
  #last = 0;

  #varint(value: number | bigint): void {
    let rest = BigInt(value);
    for (; rest > 127n; rest >>= 7n) this.#bytes.push(Number(rest & 127n) | 128);
    this.#bytes.push(Number(rest));
  }

  #field(id: number, type: number): void {
    this.#bytes.push(((id - this.#last) << 4) | type);
    this.#last = id;
  }

  #text(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.#varint(bytes.length);
    for (const byte of bytes) this.#bytes.push(byte);
  }

  i32(id: number, value: number): this {
    this.#field(id, 5);
    this.#varint(value * 2);
    return this;
  }

  i64(id: number, value: number): this {
    this.#field(id, 6);
    this.#varint(BigInt(value) * 2n);
    return this;
  }

  text(id: number, text: string): this {
    this.#field(id, 8);
    this.#text(text);
    return this;
  }

  struct(id: number, { bytes }: Thrift): this {
    this.#field(id, 12);
    return this.#append(bytes);
  }

  #list(id: number, type: number, count: number): void {
    this.#field(id, 9);
    if (count < 15) this.#bytes.push((count << 4) | type);
    else {
      this.#bytes.push(0xf0 | type);
      this.#varint(count);
    }
  }

  structs(id: number, all: readonly Thrift[]): this {
    this.#list(id, 12, all.length);
    for (const { bytes } of all) this.#append(bytes);
    return this;
  }

  numbers(id: number, all: readonly number[]): this {
    this.#list(id, 5, all.length);
    for (const one of all) this.#varint(one * 2);
    return this;
  }

  texts(id: number, all: readonly string[]): this {
    this.#list(id, 8, all.length);
    for (const one of all) this.#text(one);
    return this;
  }

  #append(bytes: readonly number[]): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }

  /** With the end of the struct. */
  get bytes(): readonly number[] {
    return [...this.#bytes, 0];
  }
}

const magic = Uint8Array.from("PAR1", (letter) => letter.charCodeAt(0));

export class ParquetFile {
  readonly #handle: FileHandle;
  readonly #columns: readonly ParquetColumn[];
  readonly #groups: Thrift[] = [];
  #rows = 0;
  /** Bytes that are written. */
  #at = 0;

  constructor(handle: FileHandle, columns: readonly ParquetColumn[]) {
    this.#handle = handle;
    this.#columns = columns;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await this.#handle.writeFile(bytes);
    this.#at += bytes.length;
  }

  /** Writes a row group. @param valuesOf - the bytes of a column, in PLAIN encoding */
  async group(rows: number, valuesOf: (column: number) => Uint8Array): Promise<void> {
    if (this.#at === 0) await this.#write(magic);
    const chunks: Thrift[] = [];
    const start = this.#at;
    for (const [i, { name, type }] of this.#columns.entries()) {
      const values = valuesOf(i);
      const head = new Thrift()
        .i32(1, 0)
        .i32(2, values.length)
        .i32(3, values.length)
        .struct(5, new Thrift().i32(1, rows).i32(2, 0).i32(3, 3).i32(4, 3));
      const offset = this.#at;
      const headBytes = Uint8Array.from(head.bytes);
      const page = new Uint8Array(headBytes.length + values.length);
      page.set(headBytes);
      page.set(values, headBytes.length);
      await this.#write(page);
      const meta = new Thrift()
        .i32(1, type)
        .numbers(2, [0])
        .texts(3, [name])
        .i32(4, 0)
        .i64(5, rows)
        .i64(6, page.length)
        .i64(7, page.length)
        .i64(9, offset);
      chunks.push(new Thrift().i64(2, offset).struct(3, meta));
    }
    this.#groups.push(
      new Thrift()
        .structs(1, chunks)
        .i64(2, this.#at - start)
        .i64(3, rows),
    );
    this.#rows += rows;
  }

  /** Writes the footer. */
  async finish(): Promise<void> {
    if (this.#at === 0) await this.#write(magic);
    const leaves = this.#columns.map(({ name, type }) => {
      const leaf = new Thrift().i32(1, type).i32(3, 0).text(4, name);
      return type === physical.text ? leaf.i32(6, 0) : leaf;
    });
    const footer = Uint8Array.from(
      new Thrift()
        .i32(1, 1)
        .structs(2, [new Thrift().text(4, "features").i32(5, leaves.length), ...leaves])
        .i64(3, this.#rows)
        .structs(4, this.#groups)
        .text(6, "path-signature").bytes,
    );
    const end = new Uint8Array(footer.length + 8);
    end.set(footer);
    new DataView(end.buffer).setUint32(footer.length, footer.length, true);
    end.set(magic, footer.length + 4);
    await this.#write(end);
  }
}

/** Texts in PLAIN encoding: the number of bytes, then the bytes. */
export function plainTexts(texts: readonly string[]): Uint8Array {
  const all = texts.map((text) => new TextEncoder().encode(text));
  const bytes = new Uint8Array(all.reduce((sum, { length }) => sum + 4 + length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const one of all) {
    view.setUint32(at, one.length, true);
    bytes.set(one, at + 4);
    at += 4 + one.length;
  }
  return bytes;
}
