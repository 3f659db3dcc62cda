// The shapes on which dispatch is judged: five hundred calls, from a path of a few points to
// batches that fill a GPU. Shared by the benchmark that times them and the test that reads the
// times.

const shapes = [
  [2, 2],
  [2, 4],
  [2, 6],
  [3, 2],
  [3, 3],
  [3, 5],
  [4, 2],
  [4, 3],
  [4, 4],
  [5, 3],
  [6, 4],
  [8, 2],
  [8, 3],
  [10, 2],
  [16, 2],
  [16, 3],
  [40, 2],
  [1, 4],
  [7, 1],
];
const batches = [1, 4, 16, 64, 256, 1024, 4096];
const lengths = [10, 32, 100, 316, 1000, 3162, 10000];

/** Operations of the largest call: some milliseconds on one core. */
const mostWork = 4e8;
/** Numbers of the largest input and output: 32 MiB. */
const mostNumbers = 2 ** 23;
const count = 500;

const horner = (channels, depth) => {
  let sum = channels;
  for (let k = 2; k <= depth; k++) sum += (depth - k + 1) * channels ** k;
  return sum;
};
const sizeOf = (channels, depth) => {
  let size = 0;
  for (let k = 1; k <= depth; k++) size += channels ** k;
  return size;
};

function every() {
  const calls = [];
  for (const stream of [false, true])
    for (const [channels, depth] of shapes)
      for (const batch of batches)
        for (const points of lengths) {
          const output = batch * sizeOf(channels, depth) * (stream ? points : 1);
          const work = batch * points * horner(channels, depth);
          if (work <= mostWork && output <= mostNumbers && batch * points * channels <= mostNumbers)
            calls.push({ batch, points, channels, depth, stream });
        }
  return calls;
}

/**
 * The grid: an even sample of all combinations that are not too large, so that every channel count,
 * depth, batch and length occurs.
 */
export function dispatchGrid() {
  const calls = every();
  return Array.from({ length: count }, (_, i) => calls[Math.floor((i * calls.length) / count)]);
}
