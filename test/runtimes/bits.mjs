// Results that must have the same bits wherever the `simd` binary runs: the calls, and a digest of
// all results. Plain JavaScript without APIs of Node or browsers; used by conformance.mjs.

/** The same numbers on every engine: integers of a small generator. */
export function walk(seed, length, channels) {
  let state = seed;
  const step = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state >>> 16) % 2001) / 1000 - 1;
  };
  let point = Array.from({ length: channels }, step);
  return Array.from({ length }, () => {
    point = point.map((x) => x + step() / 8);
    return point;
  });
}

/** A batch of paths of different lengths, one of them a single point. */
export const raggedPaths = () => [walk(1, 40, 3), walk(2, 7, 3), walk(3, 1, 3), walk(4, 333, 3), walk(5, 40, 3)];

/** Sixteen hexadecimal digits, a hash of the bits of numbers. */
function digest(arrays) {
  let [a, b] = [0x811c9dc5, 0x9e3779b9];
  for (const data of arrays) {
    for (const byte of new Uint8Array(data.buffer, data.byteOffset, data.byteLength)) {
      a = Math.imul(a ^ byte, 0x01000193);
      b = Math.imul(b ^ byte, 0x85ebca6b) ^ (b >>> 13);
    }
  }
  return [a, b].map((x) => (x >>> 0).toString(16).padStart(8, "0")).join("");
}

/** A digest of the results of `signature` on the current binary. */
export function bitsOf(signature) {
  const results = [];
  for (const dtype of ["float32", "float64"]) {
    for (const [channels, depth] of [
      [1, 5],
      [2, 2],
      [2, 6],
      [3, 4],
      [5, 3],
      [8, 3],
      [17, 2],
    ]) {
      for (const length of [2, 30, 500]) {
        results.push(signature([walk(9, length, channels), walk(10, length, channels)], { depth, dtype }).data);
      }
    }
    results.push(signature(raggedPaths(), { depth: 3, dtype, stream: true, basepoint: true }).data);
  }
  return digest(results);
}
