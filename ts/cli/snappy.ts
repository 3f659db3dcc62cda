// Decompresses Snappy (https://github.com/google/snappy/blob/main/format_description.txt).

/**
 * Writes what a block holds to the beginning of an array.
 * @throws RangeError for a block that is not of `length` bytes
 */
export function decompressSnappy(from: Uint8Array, to: Uint8Array, length: number): void {
  let [read, written] = [0, 0];
  const littleEndian = (bytes: number): number => {
    let value = 0;
    for (let i = 0; i < bytes; i++) value += (from[read++] as number) * 2 ** (8 * i);
    return value;
  };
  let said = 0;
  for (let factor = 1; ; factor *= 128) {
    const byte = from[read++] ?? 0;
    said += (byte & 127) * factor;
    if (byte < 128) break;
  }
  while (said === length && read < from.length) {
    const tag = from[read++] as number;
    if ((tag & 3) === 0) {
      const short = tag >> 2;
      const count = 1 + (short < 60 ? short : littleEndian(short - 59));
      if (written + count > length || read + count > from.length) break;
      if (count < 16) for (let i = 0; i < count; i++) to[written + i] = from[read + i] as number;
      else to.set(from.subarray(read, read + count), written);
      read += count;
      written += count;
      continue;
    }
    let count = 1 + (tag >> 2);
    let offset: number;
    if ((tag & 3) === 1) {
      count = 4 + ((tag >> 2) & 7);
      offset = ((tag >> 5) << 8) | (from[read++] as number);
    } else offset = littleEndian((tag & 3) === 2 ? 2 : 4);
    const first = written - offset;
    if (offset === 0 || first < 0 || written + count > length) break;
    // Bytes that this very copy has written may be copied again.
    for (let i = 0; i < count; i++) to[written + i] = to[first + i] as number;
    written += count;
  }
  if (written !== length || said !== length) throw new RangeError("a page cannot be decompressed");
}
