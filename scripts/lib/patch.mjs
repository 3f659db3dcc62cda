// Makes a patch that turns one binary, `base`, into another, `next`. The variants of a family
// differ in a few instructions, so a patch is a sixth of a binary's size after compression. Made by
// the build; applied by ts/wasm/binaries.ts.
//
// A patch begins with the length of `next`. Then the following repeats until that many bytes are
// made: the number of literal bytes; those bytes; the number of bytes to copy from `base`; and
// their position, relative to where `base` would continue if the literal bytes had replaced as many
// (zigzag: 2n for n, −2n − 1 for negative n). Numbers are LEB128.

/**
 * Shorter copies cost more than their bytes after compression: longer and shorter limits were tried
 * on the binaries.
 */
const leastCopy = 12;
/**
 * Positions in `base` that are compared for one position in `next`; common ones (padding,
 * prologues) have thousands.
 */
const mostPlaces = 64;

const keyOf = (bytes, at) => bytes.readUInt32LE(at) * 31 + bytes.readUInt32LE(at + 4);
const keyBytes = 8;

function placesOf(base) {
  const places = new Map();
  for (let at = 0; at + keyBytes <= base.length; at++) {
    const key = keyOf(base, at);
    const known = places.get(key);
    if (known === undefined) places.set(key, [at]);
    else if (known.length < mostPlaces) known.push(at);
  }
  return places;
}

function common(base, from, next, at) {
  let length = 0;
  while (from + length < base.length && at + length < next.length && base[from + length] === next[at + length])
    length++;
  return length;
}

/**
 * The patch that turns `base` into `next`, both Buffers. Deterministic: the same bytes on every
 * machine.
 */
export function makePatch(base, next) {
  const places = placesOf(base);
  const patch = [];
  const put = (n) => {
    let rest = n;
    for (; rest > 127; rest = Math.floor(rest / 128)) patch.push((rest & 127) | 128);
    patch.push(rest);
  };
  put(next.length);
  let literal = 0; // where the pending literal bytes begin
  let ended = 0; // where the last copy ended in `base`
  for (let at = 0; at < next.length; ) {
    // Where `base` would continue if the skipped bytes had the same length in both: the cheapest
    // position to encode, so it is preferred.
    const straight = ended + at - literal;
    let from = straight;
    let length = straight < base.length ? common(base, straight, next, at) : 0;
    if (at + keyBytes <= next.length && length < leastCopy) {
      for (const place of places.get(keyOf(next, at)) ?? []) {
        const found = common(base, place, next, at);
        if (found > length) [from, length] = [place, found];
      }
    }
    if (length < leastCopy) {
      at++;
      continue;
    }
    put(at - literal);
    patch.push(...next.subarray(literal, at));
    put(length);
    const distance = from - straight;
    put(distance < 0 ? -2 * distance - 1 : 2 * distance);
    ended = from + length;
    at += length;
    literal = at;
  }
  if (literal < next.length) {
    put(next.length - literal);
    patch.push(...next.subarray(literal));
  }
  return Buffer.from(patch);
}
