// Arrays of NumPy: `.npy` (numpy.lib.format, versions 1 to 3) and `.npz`, a zip archive of them.

import type { NumericView } from "../input/arrays.ts";
import { clip, countOf } from "../input/errors.ts";
import { peer } from "../tables/peer.ts";
import { badFile, bytesOf, type FileSource } from "./file.ts";

/** An array of a file, an input of `signature` if it has the dimensions. */
export interface NpyArray {
  /** The numbers, in the type and order of the file; not copied if they are aligned. */
  readonly data: NumericView;
  readonly shape: number[];
  /** Of arrays in Fortran's order. */
  readonly strides?: number[];
}

type Constructor = new (buffer: ArrayBufferLike, offset: number, length: number) => NumericView;

/** Number types by the kind and size that NumPy names. Truths are read as 0 and 1. */
const types: Readonly<Record<string, Constructor>> = {
  f4: Float32Array,
  f8: Float64Array,
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  i8: BigInt64Array,
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
  u8: BigUint64Array,
  b1: Uint8Array,
};

/** The first bytes of every `.npy` file. */
const magic = [0x93, ..."NUMPY"].map((character) =>
  typeof character === "number" ? character : character.charCodeAt(0),
);

/** What the header of a `.npy` file says. */
export interface NpyHeader {
  readonly shape: number[];
  /** Bytes ahead of the numbers, and of each number. */
  readonly start: number;
  readonly size: number;
  readonly isFortran: boolean;
  readonly order: string;
  readonly make: Constructor;
}

/** @param bytes - of the whole file, or of its beginning */
export function headerOf(bytes: Uint8Array, format: string): NpyHeader {
  if (magic.some((byte, i) => bytes[i] !== byte)) throw badFile(format, "other first bytes", "an array of NumPy");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLong = (bytes[6] as number) > 1;
  const start = isLong ? 12 : 10;
  const end = bytes.length < start ? -1 : start + (isLong ? view.getUint32(8, true) : view.getUint16(8, true));
  if (end < start || end > bytes.length)
    throw badFile(format, countOf(bytes.length, "byte"), "longer: its header is cut off");
  const header = new TextDecoder("latin1").decode(bytes.subarray(start, end));
  const [, order = "", type = ""] = /'descr':\s*'([<>|=])(\w+)'/.exec(header) ?? [];
  const dimensions = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  const make = types[type];
  if (make === undefined || dimensions === undefined)
    throw badFile(format, clip(header.trim()), `an array of numbers: ${Object.keys(types).join(", ")}`);
  const shape = dimensions.split(",").flatMap((text) => (text.trim() === "" ? [] : [Number(text)]));
  const isFortran = /'fortran_order':\s*True/.test(header);
  return { shape, start: end, size: Number(type.slice(1)), isFortran, order, make };
}

/** `count` numbers from byte `start` on; not copied if they are aligned. */
export function numbersAt(bytes: Uint8Array, start: number, count: number, { size, order, make }: NpyHeader) {
  const isAligned = (bytes.byteOffset + start) % size === 0 && (order !== ">" || size === 1);
  const numbers = isAligned ? bytes : bytes.slice(start, start + count * size);
  if (order === ">")
    for (let at = 0; at < numbers.length && size > 1; at += size) numbers.subarray(at, at + size).reverse();
  return new make(numbers.buffer, numbers.byteOffset + (isAligned ? start : 0), count);
}

/** The array in the bytes of a `.npy` file. */
function parse(bytes: Uint8Array, format: string): NpyArray {
  const header = headerOf(bytes, format);
  const { shape, start, size, isFortran } = header;
  const count = shape.reduce((product, size) => product * size, 1);
  if (bytes.length - start < count * size)
    throw badFile(format, countOf(bytes.length - start, "byte"), `${count * size} bytes of numbers, as its shape says`);
  const data = numbersAt(bytes, start, count, header);
  if (!isFortran) return { data, shape };
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, size) => product * size, 1));
  return { data, shape, strides };
}

/**
 * The array of a `.npy` file, as NumPy's `save` writes it: of floats, integers or truths, in either
 * byte order, in C's or Fortran's order. Shapes are those of the file: `signature` takes
 * (…batch, length, channels), and (…batch, channels, length) with `layout: "channels-first"`.
 * @throws PathSignatureError FILE_FORMAT, SOURCE_TYPE; errors of the file system
 *
 * @example signature(await readNpy("paths.npy"), { depth: 3 })
 */
export const readNpy = async (source: FileSource): Promise<NpyArray> => parse(await bytesOf(source), ".npy");

/**
 * The arrays of a `.npz` file by their names, as NumPy's `savez` and `savez_compressed` write it.
 * Needs the package fflate.
 * @throws PathSignatureError PEER_MISSING, and as {@link readNpy}
 */
export async function readNpz(source: FileSource): Promise<Record<string, NpyArray>> {
  const bytes = await bytesOf(source);
  const { unzipSync } = await peer("fflate", () => import("fflate"));
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes);
  } catch (error) {
    throw badFile(".npz", String(error), "a zip archive of .npy files");
  }
  const arrays = Object.entries(files).filter(([name]) => name.endsWith(".npy"));
  return Object.fromEntries(arrays.map(([name, file]) => [name.slice(0, -4), parse(file, name)]));
}
