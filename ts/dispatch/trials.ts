// The calls that measure a machine: of all kinds, none of them one of the calls that plans are
// judged by (bench/dispatch/grid.mjs). Numbers only.

import type { CallShape, Residency } from "../gpu/index.ts";

/** A measurement's call: what `run` has to do with it. */
export interface Trial extends CallShape {
  readonly dtype: "float32" | "float64";
  readonly threads: number;
  readonly residency: Residency;
}

const onCpu: Residency = { input: "cpu", output: "cpu" };

/** [batch, points, channels, depth, stream]: every unit is most of at least two. */
const cpuShapes: readonly (readonly [number, number, number, number, boolean?])[] = [
  // Calls and paths.
  [1, 8, 2, 2],
  [1, 40, 3, 3],
  [2, 80, 5, 4],
  [300, 8, 2, 3],
  // Only ends count.
  [50, 80, 1, 3],
  [500, 500, 7, 1],
  [3000, 20, 1, 4],
  // Depth 2.
  [200, 20, 3, 2],
  [64, 300, 2, 2],
  [32, 400, 5, 2],
  [128, 12, 10, 2],
  [16, 500, 8, 2],
  [4, 300, 24, 2],
  // Horner's scheme, in one piece and in several.
  [250, 12, 2, 4],
  [64, 40, 3, 3],
  [16, 40, 4, 4],
  [8, 60, 8, 3],
  [2, 120, 5, 5],
  // The pruned walk.
  [1, 500, 3, 3],
  [48, 300, 2, 4],
  [32, 400, 3, 3],
  [8, 300, 2, 6],
  [8, 400, 4, 4],
  [2, 400, 6, 4],
  [4, 500, 8, 3],
  [1, 3000, 4, 3],
  [200, 150, 4, 4],
  // Results, up to some that are fresh memory.
  [512, 4, 8, 3],
  [700, 3, 10, 3],
  [3000, 6, 3, 5],
  // Streams.
  [1, 24, 3, 3],
  [16, 200, 2, 2, true],
  [64, 50, 3, 3, true],
  [4, 60, 4, 4, true],
  [1, 250, 3, 5, true],
  [8, 120, 8, 2, true],
  [50, 120, 1, 3, true],
  [16, 300, 5, 3, true],
  [64, 400, 6, 2, true],
  // More than caches hold, read and written.
  [300, 1200, 3, 2],
  [600, 900, 1, 2],
  [100, 1500, 2, 4],
  [50, 1000, 4, 3, true],
];

/** Calls that are also measured in float64, which costs the kernels more, not calls. */
const wideFrom = 7;
const wideTo = 27;

/** The calls of a CPU, in float32 and on one thread; some of them in float64. */
export function cpuTrials(): Trial[] {
  const trials = cpuShapes.map(([batch, points, channels, depth, stream = false]): Trial => {
    return { batch, points, channels, depth, stream, dtype: "float32", threads: 1, residency: onCpu };
  });
  const wide = trials.slice(wideFrom, wideTo).filter((_, i) => i % 3 === 0);
  return [...trials, ...wide.map((one): Trial => ({ ...one, dtype: "float64" }))];
}

/** Calls small and large on all threads, after the same on one. */
export function threadTrials(threads: number): Trial[] {
  const small: Trial = {
    batch: threads,
    points: 3,
    channels: 2,
    depth: 2,
    dtype: "float32",
    threads: 1,
    residency: onCpu,
  };
  const large: Trial = { ...small, batch: 64 * threads, points: 500, channels: 4, depth: 4 };
  return [small, large].flatMap((one) => [one, { ...one, threads }]);
}

type Place = Residency["input"];

/**
 * [points, channels, depth, input, output, stream, batches]: the smallest batch is little more than
 * a launch, the largest fills a device. The most telling come first: where kernels are slow to
 * compile the last ones are left out.
 */
const gpuFamilies: readonly (readonly [number, number, number, Place, Place, boolean, readonly number[]])[] = [
  // What a call takes that computes next to nothing, with and without a way across the bus.
  [6, 2, 2, "cpu", "cpu", false, [1, 100]],
  [6, 2, 2, "gpu", "gpu", false, [1, 100]],
  // As most calls are: from an array to an array.
  [60, 3, 3, "cpu", "cpu", false, [12, 400]],
  [200, 5, 3, "cpu", "cpu", false, [4, 100]],
  [150, 5, 2, "cpu", "cpu", true, [2, 40]],
  // An invocation for each path, and for each prefix; pieces of time; every step written.
  [50, 2, 4, "gpu", "gpu", false, [6, 150, 2500]],
  [50, 4, 4, "gpu", "gpu", false, [3, 60, 1200]],
  [700, 3, 3, "gpu", "gpu", false, [2, 48, 500]],
  [50, 3, 3, "gpu", "gpu", true, [3, 60, 1200]],
  // The bus and the memory, each with and without the other: up, and down.
  [500, 4, 1, "cpu", "gpu", false, [12, 200, 2000]],
  [500, 4, 1, "gpu", "gpu", false, [12, 200, 2000]],
  [3, 9, 3, "gpu", "cpu", false, [12, 200, 2500]],
  [3, 9, 3, "gpu", "gpu", false, [12, 200, 2500]],
  // Other shapes of each.
  [50, 6, 2, "gpu", "gpu", false, [6, 150, 3000]],
  [50, 7, 3, "gpu", "gpu", false, [3, 60, 1200]],
  [700, 9, 2, "gpu", "gpu", false, [1, 24, 400]],
  [700, 4, 4, "gpu", "gpu", false, [1, 24, 200]],
  [800, 4, 3, "gpu", "gpu", true, [1, 12]],
  [50, 9, 2, "gpu", "gpu", true, [3, 60, 600]],
  [50, 3, 3, "gpu", "gpu", false, [6, 150, 3000]],
  [50, 3, 4, "gpu", "gpu", false, [3, 60, 1200]],
  [50, 20, 2, "gpu", "gpu", false, [3, 60, 1200]],
  [6000, 3, 2, "gpu", "gpu", false, [2, 48]],
  [6000, 4, 3, "gpu", "gpu", false, [1, 10]],
  [60, 1, 3, "gpu", "gpu", true, [3, 100, 3000]],
  [50, 4, 4, "gpu", "gpu", true, [1, 20, 200]],
  [800, 2, 3, "gpu", "gpu", true, [1, 24]],
  [50, 2, 2, "gpu", "gpu", false, [6, 150, 3000, 20000]],
  [50, 4, 6, "gpu", "gpu", false, [1, 100]],
  [700, 2, 3, "gpu", "gpu", false, [1, 24, 400]],
  [5000, 6, 3, "gpu", "gpu", false, [1, 8]],
  [50, 2, 3, "gpu", "gpu", true, [3, 60, 1200]],
  [800, 9, 2, "gpu", "gpu", true, [1, 12]],
];

/** The calls of a GPU: families of the same shape, each from its smallest batch to its largest. */
export function gpuTrials(): Trial[][] {
  return gpuFamilies.map(([points, channels, depth, input, output, stream, batches]) =>
    batches.map((batch): Trial => {
      return { batch, points, channels, depth, stream, dtype: "float32", threads: 0, residency: { input, output } };
    }),
  );
}
