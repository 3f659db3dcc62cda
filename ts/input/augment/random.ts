// Random matrices that are the same for a seed on every machine: integer arithmetic and sums.

/**
 * Whole numbers from 0 to 2^32 − 1: a counter that goes up by the golden ratio, mixed (as SplitMix
 * by Steele, Lea & Flood 2014, with 32 bits and the finalizer of MurmurHash3 by Appleby).
 */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
}

/**
 * Nearly normal numbers of mean 0 and variance 1 / rows, row by row: sums of twelve uniform ones
 * less 6, without functions that engines round differently.
 */
export function randomMatrix(rows: number, columns: number, seed: number): Float64Array {
  const next = generator(seed);
  const scale = Math.sqrt(1 / rows);
  return Float64Array.from({ length: rows * columns }, () => {
    let sum = 0;
    for (let i = 0; i < 12; i++) sum += next();
    return (sum / 2 ** 32 - 6) * scale;
  });
}
