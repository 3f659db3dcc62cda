// The table of cases for gradients on a GPU, on the current runtime: every float32 case, and shapes
// at the limits of how the sweep fills workgroups. Compares results and reports; contains no
// expectations.

import { flowLayoutOf } from "../../ts/gpu/flow-layout.ts";
import { type GpuBackend, gpuOperations, readCallAnywhere } from "../../ts/gpu/index.ts";
import { readCotangent } from "../../ts/input/cotangent.ts";
import type { Gradients } from "../../ts/operations/gradients.ts";
import { type Case, callOf, cases, plainCase, rowsOf, sizeOf } from "../cases.ts";
import { type Truth, truth } from "../gradient-truth.ts";
import { pathKinds } from "../paths.ts";
import { maxAbs } from "../reference.ts";
import { gradientTolerance } from "../tolerances.ts";
import { defaultLimits } from "./default-limits.ts";
import { chosenGradients } from "./selection.ts";
import type { Outcome } from "./table.ts";

/** A case, and the number of segments of its sweep where the library does not choose it. */
export type GradientCase = Case & { readonly pieces?: number };

/**
 * One more than fits: paths in a workgroup, steps in a tile; trees in registers and in memory; more
 * pairs than invocations.
 */
function edges(): Case[] {
  const shapes = [
    [2, 3],
    [2, 6],
    [2, 9],
    [3, 4],
    [3, 5],
    [4, 4],
    [4, 5],
    [5, 3],
    [8, 3],
    [12, 3],
    [24, 3],
  ] as const;
  return shapes.flatMap(([channels, depth], n) => {
    const { tracks, tile } = flowLayoutOf(channels, depth, defaultLimits)!;
    return [0, 1, 2].map((more) => {
      // A whole tile of points, one more, and several visits of the last level but one.
      const length = more === 2 ? 300 : tile + more;
      const batch = more === 2 ? 2 : Math.min(tracks + more, 9);
      return {
        ...plainCase,
        name: `edge d=${channels} N=${depth} L=${length} B=${batch}`,
        channels,
        depth,
        // Neighbours in a workgroup with different lengths.
        lengths: Array.from({ length: batch }, (_, i) => Math.max(1, length - ((7 * i) % length))),
        lead: [batch],
        dtype: "float32" as const,
        kind: pathKinds[n % pathKinds.length]!,
        seed: 7500 + n,
        inverse: more === 1,
        basepoint: n % 2 === 0 ? ("each" as const) : ("none" as const),
        initial: (n + more) % 3 === 0 ? ("each" as const) : ("none" as const),
      };
    });
  });
}

/**
 * Sweeps split over several dispatches: trees in registers and in memory, also of segments, and
 * streams; a path that ends in an earlier part.
 */
function long(): GradientCase[] {
  const shapes = [
    [2, 3, 9000, 1, false],
    [2, 9, 900, 1, false],
    [3, 4, 9000, 1, false],
    [4, 3, 700, 1, true],
    [2, 3, 9300, 2, false],
    [2, 9, 930, 2, false],
  ] as const;
  return shapes.map(([channels, depth, length, pieces, stream], n) => ({
    ...plainCase,
    name: `long d=${channels} N=${depth} L=${length}${stream ? " stream" : ` in pieces: ${pieces}`}`,
    pieces,
    channels,
    depth,
    lengths: [length, Math.floor(length / 9)],
    lead: [2],
    dtype: "float32" as const,
    kind: "walk" as const,
    seed: 7700 + n,
    stream,
    inverse: n % 2 === 1,
    basepoint: n % 2 === 0 ? ("each" as const) : ("none" as const),
  }));
}

/**
 * Segments of time: two, three, many, more than steps; whole tiles and partial ones; paths that end
 * in earlier segments, in their first step, before it.
 */
function pieces(): GradientCase[] {
  const shapes = [
    [2, 3, 33, 2],
    [3, 3, 96, 3],
    [3, 4, 70, 3],
    [4, 4, 200, 13],
    [4, 5, 40, 2],
    [2, 6, 30, 50],
    [2, 9, 50, 7],
    [5, 3, 34, 33],
    [8, 3, 50, 4],
    [24, 3, 20, 3],
  ] as const;
  return shapes.flatMap(([channels, depth, length, count], n) =>
    [false, true].map((ragged) => ({
      ...plainCase,
      name: `pieces d=${channels} N=${depth} L=${length} in ${count}${ragged ? " ragged" : ""}`,
      pieces: count,
      channels,
      depth,
      lengths: ragged ? [length, 1, 2, Math.ceil(length / count), length - 1, 3] : [length],
      lead: [ragged ? 6 : 1],
      dtype: "float32" as const,
      kind: pathKinds[n % pathKinds.length]!,
      seed: 7800 + n,
      inverse: ragged === (n % 2 === 0),
      scalarTerm: n % 3 === 0,
      basepoint: ragged && n % 2 === 0 ? ("each" as const) : ("none" as const),
      initial: n % 3 === 1 ? ("each" as const) : ragged ? ("none" as const) : ("shared" as const),
    })),
  );
}

/** Paths long enough to be cut by themselves: a few of them, and a single one. */
const cut = (
  [
    [3, 4, 1],
    [4, 3, 2],
  ] as const
).map(
  ([channels, depth, batch], n): GradientCase => ({
    ...plainCase,
    name: `cut d=${channels} N=${depth} L=700 B=${batch}`,
    channels,
    depth,
    lengths: [700, 400].slice(0, batch),
    lead: [batch],
    dtype: "float32",
    kind: "walk",
    seed: 7900 + n,
    inverse: n === 0,
    basepoint: "each",
  }),
);

/**
 * Streams with more words than a workgroup has invocations, and fewer; with channels that do not
 * divide it.
 */
const streams = (
  [
    [2, 3],
    [3, 5],
    [5, 3],
    [17, 2],
    [1, 5],
    [70, 1],
  ] as const
).map(
  ([channels, depth], n): Case => ({
    ...plainCase,
    name: `edge d=${channels} N=${depth} stream`,
    channels,
    depth,
    lengths: [20, 1, 7],
    lead: [3],
    dtype: "float32",
    kind: pathKinds[n % pathKinds.length]!,
    seed: 7600 + n,
    stream: true,
    inverse: n % 2 === 1,
    scalarTerm: n % 3 === 1,
    basepoint: n % 2 === 0 ? "each" : "none",
    initial: n % 3 === 0 ? "each" : "none",
  }),
);

/**
 * The cases that have kernels, without those that differ only in the algorithm of the signatures.
 */
export const everyGpuGradientCase: readonly GradientCase[] = [
  ...cases.filter((one) => one.algorithm === "auto"),
  ...edges(),
  ...streams,
  ...long(),
  ...pieces(),
  ...cut,
].filter((one) => one.dtype === "float32" && one.lengths.length > 0 && rowsOf(one) > 0);

/** The cases to run. */
export const gpuGradientCases = chosenGradients(everyGpuGradientCase);

/** Runs a case. */
export async function runGradientCase(backend: GpuBackend, one: GradientCase): Promise<Outcome> {
  const { name, pieces } = one;
  const known = truth(one);
  const { paths, options, shape } = callOf({ ...one, out: false }, known.material);
  try {
    const { call } = readCallAnywhere(paths, options);
    const cotangent = readCotangent({ data: Float32Array.from(known.cotangents.flat(2)), shape }, call);
    const rows = [{ argument: "cotangent", rows: cotangent, count: call.batch * call.rows }];
    const gradients = await backend.run(gpuOperations.signatureVjp, { call, rows }, { pieces });
    return { name, ...judge(one, known, (gradients as Gradients).tensors()) };
  } catch (error) {
    return { name, worst: Number.POSITIVE_INFINITY, where: "", error: String((error as Error).stack ?? error) };
  }
}

/** The largest error relative to its tolerance. */
function judge(one: Case, { gradients }: Truth, found: ReturnType<Gradients["tensors"]>) {
  const { channels, depth, lengths } = one;
  const size = sizeOf(channels, depth);
  const points = Math.max(...lengths);
  let [worst, where] = [0, ""];
  const compare = (what: string, actual: ArrayLike<number>, wanted: readonly number[], allowed: number) => {
    for (let i = 0; i < wanted.length; i++) {
      const error = Math.abs(actual[i]! - wanted[i]!);
      const share = error === 0 ? 0 : error / allowed;
      if (share <= worst) continue;
      worst = Number.isNaN(share) ? Number.POSITIVE_INFINITY : share;
      where = `${what}, number ${i}: ${actual[i]} for ${wanted[i]}, allowed ${allowed}`;
    }
  };
  const scale = (i: number) => {
    const { path, basepoint } = gradients[i]!;
    return Math.max(maxAbs(path.flat()), maxAbs(basepoint ?? []));
  };
  const allowed = (i: number, of: number) => gradientTolerance("float32", depth, lengths[i]!, of);
  const sums = { basepoint: new Array<number>(channels).fill(0), initial: new Array<number>(size).fill(0) };
  const allowedOfSums = { basepoint: 0, initial: 0 };
  for (const [i, of] of gradients.entries()) {
    const own = found.paths.data.subarray(i * points * channels, (i + 1) * points * channels);
    compare(`path ${i}`, own, of.path.flat(), allowed(i, scale(i)));
    const tail = own.subarray(lengths[i]! * channels);
    compare(`past the end of path ${i}`, tail, new Array<number>(tail.length).fill(0), 0);
    const rows = [
      ["basepoint", channels, of.basepoint, scale(i)],
      ["initial", size, of.initial, maxAbs(of.initial)],
    ] as const;
    for (const [name, width, wanted, largest] of rows) {
      const data = found[name]?.data;
      if (!data || !wanted) continue;
      if (one[name] === "each") {
        compare(`${name} ${i}`, data.subarray(i * width, (i + 1) * width), wanted, allowed(i, largest));
      }
      for (const [j, x] of wanted.entries()) sums[name][j]! += x;
      allowedOfSums[name] += allowed(i, largest);
    }
  }
  for (const name of ["basepoint", "initial"] as const) {
    if (one[name] === "shared") compare(name, found[name]!.data, sums[name], allowedOfSums[name]);
  }
  return { worst, where };
}
