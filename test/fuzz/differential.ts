// Random calls of every operation with every option, against the slow references of the tests: on
// this thread, whose WebAssembly memory was filled with NaN before, and on engines of every mode.
// Signatures in float64 on which the reference and the library disagree at all are judged by one in
// double-double arithmetic.

import fc from "fast-check";
import * as algebra from "../../ts/algebra.ts";
import * as core from "../../ts/index.ts";
import * as kernels from "../../ts/kernels.ts";
import { arity, functions, makeRow, type Numbers, type OperationName, type Result } from "../algebra-cases.ts";
import { operations, referenceRow, rowSize, type Shape } from "../algebra-reference.ts";
import {
  type Case,
  callOf,
  type Form,
  material,
  plainCase,
  referenceOptionsOf,
  referencesOf,
  rowsOf,
  sizeOf,
} from "../cases.ts";
import { preciseSignature } from "../double-double.ts";
import { truth } from "../gradient-truth.ts";
import { pathKinds, random } from "../paths.ts";
import { algebraTolerance, gradientTolerance, roundoff } from "../tolerances.ts";
import { modes, optionsOf } from "./engines.ts";
import { type Loose, others } from "./operations.ts";
import { type Part, propertyPart } from "./part.ts";

const places = ["this thread", ...modes] as const;

interface Given {
  readonly variant: "simd" | "relaxed";
  readonly place: (typeof places)[number];
  /** Also a name of `others`. */
  readonly operation: "signature" | "signatureVjp" | OperationName | string;
  readonly one: Omit<Case, "name" | "lead"> & { readonly long: number };
}

/** Most numbers of a signature, and about as many operations of the reference. */
const largestSize = 400;
const mostWork = 2e5;

/** Fills what a call of this thread is going to stage in and to write. */
function poison(): void {
  const data = new Float64Array(60_000).fill(Number.NaN);
  core.signature({ data, shape: [30, 1000, 2] }, { depth: 2, stream: true, checkFinite: false });
  functions.exp({ data: data.subarray(0, 42_000), shape: [1000, 42] }, { channels: 6, depth: 2, checkFinite: false });
}

/** The modules of families: the functions of this thread, and those that make engines. */
const families = { core, algebra, kernels } as const;
type Family = keyof typeof families;

const engines = new Map<string, Promise<Loose>>();

/** The functions of a place. */
async function functionsOf(place: Given["place"], family: Family): Promise<Loose> {
  if (place === "this thread") {
    poison();
    return families[family] as unknown as Loose;
  }
  const key = `${place} ${family}`;
  if (!engines.has(key)) engines.set(key, families[family].createEngine(optionsOf(place)) as unknown as Promise<Loose>);
  return engines.get(key)!;
}

/** 64 units of rounding of a bound that no coefficient exceeds. */
const share = 64;
/** Units from which on a float64 result is contested: the reference may be as far off as it. */
const contested = 1;

function judgeRow(
  data: ArrayLike<number>,
  at: number,
  wanted: ArrayLike<number>,
  allowed: (i: number) => number,
  where: string,
): string | undefined {
  for (let i = 0; i < wanted.length; i++) {
    const error = Math.abs(data[at + i]! - wanted[i]!);
    if (!(error <= allowed(i)))
      return `${where}, number ${i}: ${data[at + i]} for ${wanted[i]}, ${allowed(i)} is allowed`;
  }
  return undefined;
}

/** The level of each number of a row. */
const levelsOf = ({ channels, depth, scalarTerm }: Shape): number[] => {
  const levels = scalarTerm ? [0] : [];
  for (let k = 1; k <= depth; k++) levels.push(...new Array<number>(channels ** k).fill(k));
  return levels;
};

async function judgeSignature(here: Loose, one: Case): Promise<string | undefined> {
  const made = material(one);
  const { paths, options, shape } = callOf(one, made);
  const { data } = (await here.signature!(paths, options)) as Result;
  const numbers = shape.reduce((a, b) => a * b, 1);
  if (data.length !== numbers) return `${data.length} numbers for ${numbers}`;
  if (one.out && data !== options.out) return "the result is not in out";
  const levels = levelsOf(one);
  const rows = rowsOf(one);
  const given = referenceOptionsOf(one, made);
  for (const [p, { rows: all, natural, steps }] of referencesOf(one, made).entries()) {
    const unit = 2 * roundoff[one.dtype];
    // In float32 the roundings of many steps show; float64 has the better judge.
    const most = unit * share * (one.dtype === "float32" ? Math.max(1, Math.sqrt(steps) / 4) : 1);
    const judge = (where: string, rowsOfPath: readonly ArrayLike<number>[], units: number) => {
      for (let r = 0; r < rows; r++) {
        const wanted = rowsOfPath[Math.min(r, rowsOfPath.length - 1)];
        if (wanted === undefined) continue;
        const allowed = (i: number) => units * natural[levels[i]!]! + 1e-300;
        const found = judgeRow(data, (p * rows + r) * levels.length, wanted, allowed, `${where} ${p}, row ${r}`);
        if (found !== undefined) return found;
      }
      return undefined;
    };
    if (one.dtype === "float32") {
      const found = judge("path", all, most);
      if (found !== undefined) return found;
    } else if (judge("path", all, contested * unit) !== undefined) {
      const precise = preciseSignature(made.paths[p]!, given[p]!).map(({ high }) => high);
      const found = judge("in double-double, path", precise, most);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

async function judgeGradient(here: Loose, one: Case): Promise<string | undefined> {
  const { material: made, cotangents, gradients } = truth(one);
  const { paths, options } = callOf({ ...one, out: false }, made);
  const numbers = cotangents.flat(2);
  const cotangent = one.dtype === "float32" ? Float32Array.from(numbers) : Float64Array.from(numbers);
  const result = (await here.signatureVjp!(paths, cotangent, options)) as { paths: { data: Numbers } };
  const points = Math.max(1, ...one.lengths);
  for (const [p, { path }] of gradients.entries()) {
    const wanted = path.flat();
    const largest = wanted.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    // The cotangents are as large as 1 for every word, which adds up.
    const allowed = 4 * gradientTolerance(one.dtype, one.depth, path.length, largest);
    const at = p * points * one.channels;
    const found = judgeRow(result.paths.data, at, wanted, () => allowed, `gradient of path ${p}`);
    if (found !== undefined) return found;
    for (let i = at + wanted.length; i < at + points * one.channels; i++)
      if (result.paths.data[i] !== 0) return `gradient of path ${p} beyond its end: ${result.paths.data[i]}`;
  }
  return undefined;
}

async function judgeAlgebra(here: Loose, name: OperationName, one: Case): Promise<string | undefined> {
  const next = random(one.seed);
  const shape = { channels: one.channels, depth: one.depth, scalarTerm: one.scalarTerm };
  const width = rowSize(shape);
  const batch = one.lengths.length;
  const array = one.dtype === "float32" ? Float32Array : Float64Array;
  const operands = Array.from({ length: arity(name) }, (_, i) => {
    const isShared = batch === 0 || (i === 0 ? one.basepoint : one.initial) === "shared";
    const rows = Array.from({ length: isShared ? 1 : batch }, () => makeRow(name, shape, next));
    const data = array.from(rows.flat());
    return { rows, given: isShared ? data : { data, shape: [batch, width] } };
  });
  const { data } = (await here[name]!(...operands.map(({ given }) => given), { ...shape, dtype: one.dtype })) as Result;
  const [a, b = a] = operands.map(({ rows }) => rows);
  const count = Math.max(a!.length, b!.length);
  for (let i = 0; i < count; i++) {
    const { wanted, sizes } = referenceRow(name, a![i % a!.length]!, b![i % b!.length]!, shape);
    const allowed = (j: number) => 4 * algebraTolerance(one.dtype, one.depth, sizes[j]!);
    const found = judgeRow(data, i * width, wanted, allowed, `row ${i}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Within the work that the reference can do. */
function caseOf({ long, ...one }: Given["one"]): Case {
  let { depth } = one;
  while (sizeOf(one.channels, depth) > largestSize) depth--;
  const each = Math.max(2, mostWork / (depth * sizeOf(one.channels, depth) * Math.max(1, one.lengths.length)));
  let lengths = one.lengths.map((length) => Math.min(length, Math.floor(each)));
  // Long enough to be cut in time.
  if (long > 0) [lengths, depth] = [[long], Math.min(depth, one.channels < 3 ? 3 : 2)];
  const lead = [lengths.length];
  const none = lengths.length === 0 ? ({ form: "tensor", basepoint: "none", initial: "none" } as const) : {};
  return { ...plainCase, ...one, name: "", depth, lengths, lead, ...none };
}

let variant: string | undefined;

/** What is wrong with a call; `undefined` if nothing is. */
export async function replay({ place, operation, one, ...given }: Given): Promise<string | undefined> {
  if (variant !== given.variant) {
    ({ variant } = given);
    for (const { init } of Object.values(families)) await init({ variant: given.variant });
  }
  const isAlgebra = (operations as readonly string[]).includes(operation);
  const other = others[operation];
  const here = await functionsOf(place, other?.family ?? (isAlgebra ? "algebra" : "core"));
  const made = caseOf(one);
  try {
    if (other) return await other.judge(here, made);
    if (isAlgebra) return await judgeAlgebra(here, operation as OperationName, made);
    return await (operation === "signature" ? judgeSignature : judgeGradient)(here, made);
  } catch (error) {
    return `it threw ${String(error)}`;
  }
}

const forms: readonly Form[] = ["tensor", "dims", "plain", "nested", "shared", "int16", "bigint"];
const often = <T>(usual: T, ...others: readonly T[]) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 2, arbitrary: fc.constantFrom(...others) });

const arbitraryOf = (seed: number): fc.Arbitrary<Given> =>
  fc.record({
    // One binary for many cases: engines start other workers for another one.
    variant: fc.constant(seed % 2 === 0 ? ("relaxed" as const) : ("simd" as const)),
    place: often<Given["place"]>("this thread", ...modes),
    operation: often<Given["operation"]>("signature", "signatureVjp", ...operations, ...Object.keys(others)),
    one: fc.record({
      channels: fc.integer({ min: 1, max: 8 }),
      depth: fc.integer({ min: 1, max: 7 }),
      lengths: fc.array(fc.integer({ min: 1, max: 70 }), { maxLength: 9 }),
      long: fc.oneof(
        { weight: 60, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.constantFrom(2000, 4097, 4098, 9000) },
      ),
      dtype: fc.constantFrom("float32" as const, "float64" as const),
      kind: fc.constantFrom(...pathKinds),
      seed: fc.nat(),
      stream: fc.boolean(),
      inverse: fc.boolean(),
      scalarTerm: fc.boolean(),
      basepoint: fc.constantFrom("none" as const, "zeros" as const, "shared" as const, "each" as const),
      initial: fc.constantFrom("none" as const, "shared" as const, "each" as const),
      form: often<Form>("tensor", ...forms),
      out: fc.boolean(),
      algorithm: often<Case["algorithm"]>("auto", "horner", "pruned"),
    }),
  });

export const part: Part = propertyPart("differential", { quick: 2000, few: 300 }, arbitraryOf, replay);
