// Reads Thrift's compact protocol, in which Parquet writes its metadata: structs as maps of the
// numbers of their fields, whatever they mean.

/** A struct by its fields' numbers. Numbers beyond 2^53 are not exact. */
export type Struct = ReadonlyMap<number, Value>;
export type Value = number | boolean | Uint8Array | readonly Value[] | Struct;

export class ThriftReader {
  readonly #bytes: Uint8Array;
  /** The next byte. */
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  #byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new RangeError("metadata are cut off");
    return byte;
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  #integer(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  struct(): Struct {
    const fields = new Map<number, Value>();
    for (let last = 0; ; ) {
      const head = this.#byte();
      if (head === 0) return fields;
      last = head >> 4 === 0 ? this.#integer() : last + (head >> 4);
      const type = head & 15;
      // A field that is a boolean has its value in its type.
      fields.set(last, type === 1 || type === 2 ? type === 1 : this.#value(type));
    }
  }

  #value(type: number): Value {
    switch (type) {
      case 1:
      case 2:
        return this.#byte() === 1;
      case 3:
        return (this.#byte() << 24) >> 24;
      case 4:
      case 5:
      case 6:
        return this.#integer();
      case 7:
        this.at += 8;
        return Number.NaN;
      case 8: {
        const length = this.#varint();
        this.at += length;
        return this.#bytes.subarray(this.at - length, this.at);
      }
      case 9:
      case 10: {
        const head = this.#byte();
        const count = head >> 4 === 15 ? this.#varint() : head >> 4;
        return Array.from({ length: count }, () => this.#value(head & 15));
      }
      case 12:
        return this.struct();
      default:
        throw new RangeError(`metadata have a type ${type}`);
    }
  }
}
