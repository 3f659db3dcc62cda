// The table of cases for log-signatures on a GPU, on the current runtime: shapes of every kind of
// layout, every basis, every option of paths. Compares results with the logarithm of the reference
// by its power series; contains no expectations.

import { type GpuBackend, gpuOperations, readCallAnywhere } from "../../ts/gpu/index.ts";
import { logLayoutOf } from "../../ts/gpu/logarithm.ts";
import { readLogCall } from "../../ts/operations/log-signature.ts";
import {
  type Bracket,
  bases,
  type LogSignatureBasis,
  type LogSignatureLabel,
  labelsOf,
} from "../../ts/operations/log-signature-labels.ts";
import { reference, toLevels } from "../algebra-reference.ts";
import { type Case, callOf, cases, material, plainCase, referencesOf, rowsOf, sizeOf } from "../cases.ts";
import { pathKinds } from "../paths.ts";
import { type Levels, maxAbs, type Reference } from "../reference.ts";
import { logTolerances, tolerance } from "../tolerances.ts";
import { defaultLimits } from "./default-limits.ts";
import { chosenLogarithms } from "./selection.ts";
import type { Outcome } from "./table.ts";

/** A case and the coordinates of its result. */
export type LogCase = Case & { readonly basis: LogSignatureBasis };

/** Shapes with one signature a workgroup and with many, with one more than fit, at the limits. */
function edges(): LogCase[] {
  const shapes = [
    [1, 1],
    [1, 4],
    [3, 1],
    [2, 2],
    [2, 4],
    [2, 6],
    [2, 10],
    [3, 3],
    [3, 5],
    [4, 4],
    [5, 3],
    [6, 4],
    [8, 3],
    [9, 2],
    [24, 2],
    [40, 2],
  ] as const;
  return shapes.flatMap(([channels, depth], n) =>
    bases.flatMap((basis, b) => {
      const layout = logLayoutOf(channels, depth, basis, defaultLimits);
      if (!layout) return [];
      const stream = (n + b) % 3 === 0;
      const length = stream ? 6 : 19;
      const lead = layout.rows + 1;
      return [
        {
          ...plainCase,
          name: `logarithms d=${channels} N=${depth} ${basis} B=${lead}${stream ? " stream" : ""}`,
          basis,
          channels,
          depth,
          lengths: Array.from({ length: lead }, (_, i) => Math.max(1, length - (b % 2 === 0 ? (7 * i) % length : 0))),
          lead: [lead],
          dtype: "float32" as const,
          kind: pathKinds[(n + b) % pathKinds.length]!,
          seed: 9000 + 10 * n + b,
          stream,
          inverse: (n + b) % 2 === 1,
          basepoint: (["none", "each", "shared"] as const)[(n + 2 * b) % 3]!,
          initial: (["none", "none", "each"] as const)[(2 * n + b) % 3]!,
        },
      ];
    }),
  );
}

/** Numbers of all levels of what is computed: logarithms of the reference are whole products. */
const work = (one: Case): number => one.lengths.length * rowsOf(one) * sizeOf(one.channels, one.depth) * one.depth;
const mostWork = 2 ** 15;

/** Log-signatures of the table's own cases, each in one of the bases. */
const ofTable = cases
  .filter(({ dtype, algorithm, lengths }) => dtype === "float32" && algorithm === "auto" && lengths.length > 0)
  .map((one, i): LogCase => ({ ...one, scalarTerm: false, basis: bases[i % bases.length]! }))
  .filter((one) => work(one) < mostWork && logLayoutOf(one.channels, one.depth, one.basis, defaultLimits));

export const everyGpuLogCase: readonly LogCase[] = [...edges(), ...ofTable].filter((one) => rowsOf(one) > 0);

/** The cases to run. */
export const gpuLogCases = chosenLogarithms(everyGpuLogCase);

/** A bracket multiplied out: words, as text, and their coefficients. */
function expanded(bracket: Bracket): Map<string, number> {
  if (typeof bracket === "number") return new Map([[String.fromCharCode(bracket), 1]]);
  const [left, right] = [expanded(bracket[0]), expanded(bracket[1])];
  const sum = new Map<string, number>();
  for (const [sign, a, b] of [[1, left, right] as const, [-1, right, left] as const])
    for (const [u, x] of a) for (const [v, y] of b) sum.set(u + v, (sum.get(u + v) ?? 0) + sign * x * y);
  return sum;
}

interface Coordinates {
  /** What is compared: words with their level and number among the words of the level. */
  readonly words: readonly { readonly level: number; readonly number: number; readonly text: string }[];
  /** The coefficients of the words that a row of the result stands for. */
  coefficients(row: ArrayLike<number>): ArrayLike<number>;
}

/** Words to compare, and how their coefficients follow from coordinates. */
function coordinatesOf({ channels, depth, basis }: LogCase): Coordinates {
  const isBrackets = basis === "lyndon" || basis === "hall";
  const numbered = ({ word }: LogSignatureLabel) => ({
    level: word.length,
    number: word.reduce((n, letter) => n * channels + letter, 0),
    text: String.fromCharCode(...word),
  });
  const words = labelsOf(channels, depth, isBrackets ? "words" : basis).map(numbered);
  if (!isBrackets) return { words, coefficients: (row) => row };
  const index = new Map(words.map(({ text }, i) => [text, i]));
  const trees = labelsOf(channels, depth, basis).map(({ bracket }) => expanded(bracket!));
  const coefficients = (row: ArrayLike<number>) => {
    const sums = new Float64Array(words.length);
    for (const [t, tree] of trees.entries()) {
      for (const [word, x] of tree) {
        const at = index.get(word);
        if (at !== undefined) sums[at]! += x * row[t]!;
      }
    }
    return sums;
  };
  return { words, coefficients };
}

/** The largest error relative to its tolerance. */
function judge(one: LogCase, data: Float32Array, references: readonly Reference[]): Pick<Outcome, "worst" | "where"> {
  const { channels, depth } = one;
  const { words, coefficients } = coordinatesOf(one);
  const width = labelsOf(channels, depth, one.basis).length;
  const rows = rowsOf(one);
  const found = { worst: 0, where: "" };
  for (const [path, { rows: own, steps, natural, reached }] of references.entries()) {
    for (let r = 0; r < rows; r++) {
      const expected = own[Math.min(r, own.length - 1)];
      if (expected === undefined) continue;
      const levels: Levels = toLevels(expected, { channels, depth, scalarTerm: false }, 1);
      const wanted = reference("log", levels, levels);
      const errors = levels.map((_, k) => tolerance("float32", k, steps, natural[k]!, reached[k]!));
      const allowed = logTolerances("float32", errors, levels.map(maxAbs));
      const at = (path * rows + r) * width;
      const actual = coefficients(data.subarray(at, at + width));
      for (const [i, { level, number }] of words.entries()) {
        const [x, y] = [actual[i]!, wanted[level]![number]!];
        const share = x === y ? 0 : Math.abs(x - y) / allowed[level]!;
        if (share <= found.worst) continue;
        found.worst = Number.isNaN(share) ? Number.POSITIVE_INFINITY : share;
        found.where = `path ${path}, row ${r}, word ${i} of level ${level}: ${x} for ${y}, allowed ${allowed[level]}`;
      }
    }
  }
  return found;
}

/** Runs a case. */
export async function runLogCase(backend: GpuBackend, one: LogCase): Promise<Outcome> {
  const { name, basis } = one;
  const numbers = material(one);
  const { paths, options } = callOf({ ...one, out: false }, numbers);
  const { scalarTerm: _, ...own } = options;
  const given = { ...own, basis, precision: "float32" };
  try {
    const call = readLogCall((other, names) => readCallAnywhere(paths, given, other, names).call);
    const data = (await backend.run(gpuOperations.logSignature, { call, rows: [] })) as Float32Array;
    return { name, ...judge(one, data, referencesOf(one, numbers)) };
  } catch (error) {
    return { name, worst: Number.POSITIVE_INFINITY, where: "", error: String((error as Error).stack ?? error) };
  }
}
