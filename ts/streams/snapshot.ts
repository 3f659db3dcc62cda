// The bytes of a stream that is to be continued elsewhere or later. A header of 64 bytes, then
// float64 numbers, little-endian:
//
//   0 "PSST"   4 version   8 checksum of what follows   12 channels   16 depth   20 number type
//   24 flags: 1 basepoint, 2 window   28 points before the middle   32 window   40 points that are
//   held   48 points of the path so far
//   64 basepoint if any, points that are held (without a window: the last one), one signature

import { describe, failure, typeError } from "../input/errors.ts";

const magic = 0x54535350;
const version = 1;
const headerBytes = 64;

/** What a snapshot holds. */
export interface Snapshot {
  readonly channels: number;
  readonly depth: number;
  readonly dtype: number;
  readonly window: number;
  readonly basepoint: Float64Array | undefined;
  /** Points of the path so far. */
  readonly length: number;
  readonly middle: number;
  readonly points: Float64Array;
  readonly state: Float64Array;
}

/** FNV-1a over words. */
function checksum(bytes: Uint8Array): number {
  const words = new Uint32Array(bytes.slice(12).buffer);
  let hash = 0x811c9dc5;
  for (const word of words) hash = Math.imul(hash ^ word, 0x01000193);
  return hash >>> 0;
}

export function write({
  channels,
  depth,
  dtype,
  window,
  basepoint,
  length,
  middle,
  points,
  state,
}: Snapshot): Uint8Array {
  const numbers = [...(basepoint ? [basepoint] : []), points, state];
  const count = numbers.reduce((sum, { length }) => sum + length, 0);
  const bytes = new Uint8Array(headerBytes + 8 * count);
  const view = new DataView(bytes.buffer);
  const flags = (basepoint ? 1 : 0) | (window > 0 ? 2 : 0);
  const words = [magic, version, 0, channels, depth, dtype, flags, middle];
  for (const [i, value] of words.entries()) view.setUint32(4 * i, value, true);
  for (const [i, value] of [window, points.length / channels, length].entries())
    view.setFloat64(32 + 8 * i, value, true);
  let at = headerBytes;
  for (const part of numbers)
    for (const x of part) {
      view.setFloat64(at, x, true);
      at += 8;
    }
  view.setUint32(8, checksum(bytes), true);
  return bytes;
}

/** @throws PathSignatureError SNAPSHOT_TYPE, SNAPSHOT_INVALID */
export function read(given: unknown, sizeOf: (channels: number, depth: number) => number): Snapshot {
  const isBuffer = given instanceof ArrayBuffer;
  if (!isBuffer && !(given instanceof Uint8Array))
    throw typeError("SNAPSHOT_TYPE", "bytes", describe(given), "the Uint8Array that `snapshot` returned");
  const bytes = isBuffer ? new Uint8Array(given) : given.slice();
  const refuse = (what: string) =>
    failure("SNAPSHOT_INVALID", "bytes", what, "a complete snapshot of a stream of this version");
  if (bytes.length < headerBytes || bytes.length % 8 !== 0) throw refuse(`${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const word = (i: number) => view.getUint32(4 * i, true);
  if (word(0) !== magic) throw refuse("bytes that are no snapshot");
  if (word(1) !== version) throw refuse(`a snapshot of version ${word(1)}; this library reads ${version}`);
  if (word(2) !== checksum(bytes)) throw refuse("a snapshot with a wrong checksum");
  const [channels, depth, dtype, flags, middle] = [word(3), word(4), word(5), word(6), word(7)];
  const [window, held, length] = [0, 1, 2].map((i) => view.getFloat64(32 + 8 * i, true)) as [number, number, number];
  const size = sizeOf(channels, depth);
  const based = flags & 1 ? channels : 0;
  if (bytes.length !== headerBytes + 8 * (based + held * channels + size) || middle >= Math.max(1, held))
    throw refuse(`${bytes.length} bytes for ${held} points of ${channels} channels at depth ${depth}`);
  const numbers = Float64Array.from({ length: based + held * channels + size }, (_, i) =>
    view.getFloat64(headerBytes + 8 * i, true),
  );
  return {
    ...{ channels, depth, dtype, window, length, middle },
    basepoint: based ? numbers.subarray(0, based) : undefined,
    points: numbers.subarray(based, based + held * channels),
    state: numbers.subarray(based + held * channels),
  };
}
