// The table of cases on a GPU, on the current runtime: every float32 case, shapes at the limits of
// how kernels fill workgroups, and paths that are cut in time. Compares results and reports;
// contains no expectations.

import { type GpuBackend, gpuOperations, readCallAnywhere } from "../../ts/gpu/index.ts";
import { layoutOf } from "../../ts/gpu/layout.ts";
import { shareOf, streamShareOf } from "../../ts/gpu/share.ts";
import { type Case, callOf, cases, type Material, material, plainCase, referencesOf, rowsOf } from "../cases.ts";
import { judge } from "../judge.ts";
import { pathKinds } from "../paths.ts";
import type { Reference } from "../reference.ts";
import { chosenSignatures } from "./selection.ts";

/** Outcome of a case. */
export interface Outcome {
  readonly name: string;
  /** The largest error relative to its tolerance. */
  readonly worst: number;
  readonly where: string;
  /** The error that was thrown instead. */
  readonly error?: string;
}

/** The limits of every device; kernels use no more workgroup memory unless they have to. */
const limits = { maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupStorageSize: 16384 };

/** One more than fits: paths in a workgroup, steps in a tile of time. */
function edges(): Case[] {
  const shapes = [
    [2, 2],
    [2, 5],
    [2, 9],
    [3, 3],
    [3, 4],
    [4, 3],
    [5, 3],
    [7, 2],
    [9, 2],
    [17, 2],
    [10, 3],
  ] as const;
  return shapes.flatMap(([channels, depth], n) =>
    [false, true].flatMap((stream) => {
      const { tracks, tile } = layoutOf((stream ? streamShareOf : shareOf)(channels, depth), limits)!;
      return [0, 1].map((more) => {
        const length = tile + 1 + more;
        const batch = tracks + more;
        return {
          ...plainCase,
          name: `edge d=${channels} N=${depth} L=${length} B=${batch}${stream ? " stream" : ""}`,
          channels,
          depth,
          // Neighbours in a workgroup with different lengths.
          lengths: Array.from({ length: batch }, (_, i) => Math.max(1, length - ((7 * i) % length))),
          lead: [batch],
          dtype: "float32" as const,
          kind: pathKinds[n % pathKinds.length]!,
          seed: 7000 + n,
          stream,
          inverse: more === 1,
          basepoint: n % 2 === 0 ? ("each" as const) : ("none" as const),
        };
      });
    }),
  );
}

/**
 * Few paths that are long enough to be cut in time: into as many segments as a workgroup holds,
 * fewer, more; every kind of share, every option.
 */
function pieces(): Case[] {
  const shapes = [
    [2, 2],
    [2, 5],
    [2, 6],
    [3, 3],
    [3, 4],
    [4, 3],
    [4, 4],
    [5, 3],
    [7, 2],
    [8, 3],
    [9, 2],
    [9, 3],
    [17, 2],
    [24, 2],
    [2, 9],
  ] as const;
  return shapes.flatMap(([channels, depth], n) =>
    ([130, 560, 2100] as const).map((length, i) => ({
      ...plainCase,
      name: `pieces d=${channels} N=${depth} L=${length}`,
      channels,
      depth,
      lengths: n % 3 === 1 ? [length, 1, length - 77] : [length, length, length],
      lead: [3],
      dtype: "float32" as const,
      kind: pathKinds[(n + i) % pathKinds.length]!,
      seed: 8000 + 10 * n + i,
      stream: i === 1 && n % 5 === 2,
      inverse: (n + i) % 4 === 1,
      scalarTerm: (n + i) % 2 === 1,
      basepoint: ([`none`, `each`, `none`, `shared`] as const)[(n + i) % 4]!,
      initial: ([`none`, `each`, `shared`] as const)[(n + i) % 3]!,
    })),
  );
}

/** What a GPU computes; empty results never reach it. */
export const everyGpuCase: readonly Case[] = [...cases, ...edges(), ...pieces()].filter(
  (one) => one.dtype === "float32" && one.lengths.length > 0 && rowsOf(one) > 0,
);

/** The cases to run. */
export const gpuCases = chosenSignatures(everyGpuCase);

const known = new Map<Case, { numbers: Material; references: Reference[] }>();

/** Created once for all devices that a case runs on. */
function truth(one: Case) {
  const found = known.get(one);
  if (found) return found;
  const numbers = material(one);
  const made = { numbers, references: referencesOf(one, numbers) };
  known.set(one, made);
  return made;
}

/** Runs a case. */
export async function runCase(backend: GpuBackend, one: Case): Promise<Outcome> {
  const { name } = one;
  const { numbers, references } = truth(one);
  const { paths, options } = callOf(one, numbers);
  try {
    const { call } = readCallAnywhere(paths, options);
    const data = (await backend.run(gpuOperations.signature, { call, rows: [] })) as Float32Array;
    const { worst, where } = judge(one, data, references);
    return { name, worst, where };
  } catch (error) {
    return { name, worst: Number.POSITIVE_INFINITY, where: "", error: String((error as Error).stack ?? error) };
  }
}
