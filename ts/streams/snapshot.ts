// The bytes of a stream that is to be continued elsewhere or later. A header of 64 bytes, then
// float64 numbers, little-endian:
//
//   0 "PSST"   4 version   8 checksum of what follows   12 channels   16 depth   20 number type
//   24 flags: 1 basepoint, 2 window   28 points before the middle   32 window   40 points that are
//   held   48 points of the path so far
//   64 basepoint if any, points that are held (without a window: the last one), one signature
//
// Version 2 has augmentations: 56 bytes of their list, as JSON   60 numbers of their state; these
// numbers and this list, filled up with spaces, follow the signature.

import { describe, failure, typeError } from "../input/errors.ts";

const magic = 0x54535350;
/** Without augmentations, and with. */
const [plainVersion, version] = [1, 2];
const headerBytes = 64;

/** What a snapshot holds. */
export interface Snapshot {
  /** Channels of the points that are pushed; with augmentations these have others. */
  readonly given: number;
  readonly channels: number;
  readonly depth: number;
  readonly dtype: number;
  readonly window: number;
  readonly basepoint: Float64Array | undefined;
  readonly augment: { readonly list: readonly unknown[]; readonly state: Float64Array } | undefined;
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
  given,
  channels,
  depth,
  dtype,
  window,
  basepoint,
  augment,
  length,
  middle,
  points,
  state,
}: Snapshot): Uint8Array {
  const list = augment ? new TextEncoder().encode(JSON.stringify([given, augment.list])) : new Uint8Array(0);
  const padded = Math.ceil(list.length / 8) * 8;
  const numbers = [...(basepoint ? [basepoint] : []), points, state, ...(augment ? [augment.state] : [])];
  const count = numbers.reduce((sum, { length }) => sum + length, 0);
  const bytes = new Uint8Array(headerBytes + 8 * count + padded);
  const view = new DataView(bytes.buffer);
  const flags = (basepoint ? 1 : 0) | (window > 0 ? 2 : 0);
  const words = [magic, augment ? version : plainVersion, 0, channels, depth, dtype, flags, middle];
  for (const [i, value] of words.entries()) view.setUint32(4 * i, value, true);
  for (const [i, value] of [window, points.length / channels, length].entries())
    view.setFloat64(32 + 8 * i, value, true);
  view.setUint32(56, padded, true);
  view.setUint32(60, augment?.state.length ?? 0, true);
  let at = headerBytes;
  for (const part of numbers)
    for (const x of part) {
      view.setFloat64(at, x, true);
      at += 8;
    }
  bytes.fill(32, at);
  bytes.set(list, at);
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
  if (word(1) !== plainVersion && word(1) !== version)
    throw refuse(`a snapshot of version ${word(1)}; this library reads ${plainVersion} and ${version}`);
  if (word(2) !== checksum(bytes)) throw refuse("a snapshot with a wrong checksum");
  const [channels, depth, dtype, flags, middle] = [word(3), word(4), word(5), word(6), word(7)];
  const [window, held, length] = [0, 1, 2].map((i) => view.getFloat64(32 + 8 * i, true)) as [number, number, number];
  const isAugmented = word(1) === version;
  const [listBytes, stateNumbers] = isAugmented ? [word(14), word(15)] : [0, 0];
  const size = sizeOf(channels, depth);
  const based = flags & 1 ? channels : 0;
  const own = based + held * channels + size;
  if (bytes.length !== headerBytes + 8 * (own + stateNumbers) + listBytes || middle >= Math.max(1, held))
    throw refuse(`${bytes.length} bytes for ${held} points of ${channels} channels at depth ${depth}`);
  const numbers = Float64Array.from({ length: own + stateNumbers }, (_, i) =>
    view.getFloat64(headerBytes + 8 * i, true),
  );
  let [ofPoints, list]: [number, unknown[]] = [channels, []];
  if (isAugmented) {
    try {
      [ofPoints, list] = JSON.parse(new TextDecoder().decode(bytes.subarray(bytes.length - listBytes)));
    } catch {
      throw refuse("a list of augmentations that is no JSON");
    }
  }
  return {
    ...{ given: ofPoints, channels, depth, dtype, window, length, middle },
    basepoint: based ? numbers.subarray(0, based) : undefined,
    augment: isAugmented ? { list, state: numbers.subarray(own) } : undefined,
    points: numbers.subarray(based, based + held * channels),
    state: numbers.subarray(based + held * channels, own),
  };
}
