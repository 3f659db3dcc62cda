// Equal bits: a path's signature and gradients are the same alone, in a batch and on engines,
// wherever a call is cut. Sizes are drawn around the boundaries of the cuts (ts/run/blocks.ts,
// crates/kernels/src/batch/plan.rs).

import { createEngine, type Engine, init, type Paths, signature, signatureVjp } from "../../ts/index.ts";
import { leastSteps, mostSteps, outputBytes, pathNumbers } from "../../ts/run/blocks.ts";
import { digest } from "../judge.ts";
import { random } from "../paths.ts";
import { oneOf, randomText, shrink, sizeUpTo } from "./loop.ts";
import { type Bounds, type Failure, type Part, runCases } from "./part.ts";

interface Case {
  readonly seed: number;
  readonly variant: "relaxed" | "simd";
  readonly dtype: "float32" | "float64";
  readonly lengths: readonly number[];
  readonly channels: number;
  readonly depth: number;
  readonly stream: boolean;
  readonly inverse: boolean;
  readonly scalarTerm: boolean;
  readonly basepoint: boolean;
  readonly initial: boolean;
  readonly gradients: boolean;
}

const sizeOf = (channels: number, depth: number): number => {
  let size = 0;
  for (let k = 1; k <= depth; k++) size += channels ** k;
  return size;
};

/** Most numbers of the input and of the result of a case. */
const mostInput = 200_000;
const mostOutput = 600_000;

/** Steps at which something about a cut changes. */
function boundaries(channels: number, row: number, bytes: number): number[] {
  const stretch = Math.max(leastSteps, Math.min(mostSteps, Math.floor(pathNumbers / channels)));
  return [2, 48, 64, 96, 128, 256, stretch, 2 * stretch, pathNumbers / channels, outputBytes / (row * bytes)];
}

function caseOf(seed: number): Case {
  const next = random(seed);
  const channels = oneOf([1, 1, 1, 2, 2, 3, 4, 5, 8, 17, 64, 300], next);
  const depth = channels === 1 ? oneOf([1, 2, 5, 40], next) : sizeUpTo(channels < 4 ? 6 : channels < 9 ? 4 : 2, next);
  const stream = next() < 0.4;
  const gradients = next() < 0.3;
  const dtype = oneOf(["float32", "float64"] as const, next);
  const row = sizeOf(channels, depth);
  const batch = oneOf([1, 2, 3, 4, 5, 9], next);
  const most = Math.max(3, Math.floor(Math.min(mostInput / channels, stream ? mostOutput / row : mostInput) / batch));
  const near = Math.round(oneOf(boundaries(channels, row, dtype === "float32" ? 4 : 8), next));
  const points = Math.max(1, Math.min(most, near + Math.floor(next() * 5) - 1));
  const ragged = next() < 0.4;
  return {
    seed,
    variant: oneOf(["relaxed", "simd"] as const, next),
    dtype,
    lengths: Array.from({ length: batch }, () =>
      ragged
        ? Math.max(1, Math.min(points, next() < 0.5 ? points - Math.floor(next() * 4) : sizeUpTo(points, next)))
        : points,
    ),
    channels,
    depth,
    stream,
    inverse: next() < 0.3,
    scalarTerm: next() < 0.2,
    basepoint: next() < 0.3,
    initial: next() < 0.3,
    gradients,
  };
}

/** Numbers of a case: those of paths one after the other, each as long as the longest. */
function materialOf({ seed, lengths, channels, depth }: Case) {
  const next = random(seed + 1);
  const points = Math.max(...lengths);
  const numbers = (count: number) => Float32Array.from({ length: count }, () => (next() - 0.5) / 4);
  return {
    points,
    data: numbers(lengths.length * points * channels),
    basepoint: numbers(channels),
    initial: numbers(sizeOf(channels, depth)),
  };
}

const rowsOf = (one: Case, points: number): number => (one.stream ? points - 1 + (one.basepoint ? 1 : 0) : 1);

type Options = { depth: number; lengths?: number[] };
type Result = { [name in "data" | "paths" | "basepoint" | "initial"]?: ArrayLike<number> | undefined };
type Functions = Pick<Engine, "signature" | "signatureVjp">;

/** What `where` makes of some paths of a case, in the order given. */
async function compute(where: Functions | undefined, one: Case, chosen: readonly number[]): Promise<Result> {
  const { points, data, basepoint, initial } = materialOf(one);
  const { channels, depth, dtype, stream, inverse, scalarTerm } = one;
  const numbers = points * channels;
  const lengths = chosen.map((i) => one.lengths[i] as number);
  // Rows past the end of a path have cotangents too.
  const longest = one.gradients && one.stream ? points : Math.max(...lengths);
  const mine = new Float32Array(chosen.length * longest * channels);
  for (const [at, i] of chosen.entries())
    mine.set(data.subarray(i * numbers, i * numbers + longest * channels), at * longest * channels);
  const options = {
    depth,
    dtype,
    stream,
    inverse,
    scalarTerm,
    ...(one.basepoint && { basepoint }),
    ...(one.initial && { initial }),
    ...(lengths.some((length) => length !== longest) && { lengths }),
  } as Options;
  const paths = { data: mine, shape: [chosen.length, longest, channels] } as Paths;
  if (!one.gradients) {
    const { data } = await (where?.signature(paths, options) ?? signature(paths, options));
    return { data: data as ArrayLike<number> };
  }
  const row = sizeOf(channels, depth) + (scalarTerm ? 1 : 0);
  const next = random(one.seed + 2);
  const weights = Float32Array.from({ length: rowsOf(one, points) * row }, () => next() - 0.5);
  const each = rowsOf(one, longest) * row;
  const cotangent = new Float32Array(chosen.length * each);
  for (let i = 0; i < chosen.length; i++) cotangent.set(weights.subarray(0, each), i * each);
  const made = await (where?.signatureVjp(paths, cotangent, options) ?? signatureVjp(paths, cotangent, options));
  return { paths: made.paths.data, basepoint: made.basepoint?.data, initial: made.initial?.data };
}

const told = (result: Result): string =>
  Object.entries(result)
    .map(([name, data]) => `${name} ${data && digest(data as Float32Array)}`)
    .join(", ");

/** The numbers of the path at place `at` among `count`, without what follows its end. */
function ownOf(result: Result, one: Case, at: number, count: number, path: number): Float32Array {
  const data = (result.data ?? result.paths) as Float32Array;
  const own = data.subarray((at * data.length) / count, ((at + 1) * data.length) / count);
  const length = one.lengths[path] as number;
  const row = sizeOf(one.channels, one.depth) + (one.scalarTerm ? 1 : 0);
  if (one.gradients) return own.subarray(0, length * one.channels);
  return one.stream ? own.subarray(0, rowsOf(one, length) * row) : own;
}

const differs = (a: Float32Array, b: Float32Array): boolean => digest(a.slice()) !== digest(b.slice());

/** The engines that a run compares with, by what they are. */
class Engines {
  readonly #made = new Map<string, Engine>();

  async of(variant: "relaxed" | "simd"): Promise<[string, Engine][]> {
    await init({ variant });
    for (const [name, options] of [
      ["shared", { threads: 2 }],
      ["transfer", { threads: 1, sharedMemory: false }],
    ] as const) {
      const key = `${variant}, ${name}`;
      if (!this.#made.has(key)) this.#made.set(key, await createEngine(options));
    }
    return [...this.#made].filter(([key]) => key.startsWith(variant));
  }

  async close(): Promise<void> {
    for (const engine of this.#made.values()) await engine.close();
  }
}

async function wrongWith(one: Case, engines: Engines): Promise<string | undefined> {
  const all = [...one.lengths.keys()];
  const others = await engines.of(one.variant);
  const together = await compute(undefined, one, all);
  for (const [name, engine] of others) {
    const there = await compute(engine, one, all);
    if (told(there) !== told(together)) return `engine (${name}) and this thread differ`;
  }
  // Gradients of a single path take another way than those of a batch.
  if (one.gradients && all.length === 1) return undefined;
  for (const path of all) {
    const few = one.gradients ? [path, path] : [path];
    const alone = await compute(undefined, one, few);
    if (differs(ownOf(alone, one, 0, few.length, path), ownOf(together, one, path, all.length, path)))
      return `path ${path} alone and in its batch differ`;
    if (path >= 3) break;
  }
  return undefined;
}

function* smaller(one: Case): Generator<Case> {
  const { lengths } = one;
  for (let i = 0; i < lengths.length && lengths.length > 1; i++)
    yield { ...one, lengths: lengths.filter((_, j) => j !== i) };
  for (const less of [2, 1.1]) {
    const shorter = lengths.map((length) => Math.max(1, Math.floor(length / less)));
    if (shorter.some((length, i) => length < (lengths[i] as number))) yield { ...one, lengths: shorter };
  }
  if (one.depth > 1) yield { ...one, depth: one.depth - 1 };
  for (const flag of ["inverse", "scalarTerm", "basepoint", "initial", "gradients", "stream"] as const)
    if (one[flag]) yield { ...one, [flag]: false };
}

const scriptOf = (one: Case, what: string): string => `// ${what}
import { createEngine, init, ${one.gradients ? "signatureVjp" : "signature"} } from "path-signature";
${randomText}
const size = ${sizeOf(one.channels, one.depth)}, lengths = ${JSON.stringify(one.lengths)}, channels = ${one.channels};
const points = Math.max(...lengths), next = random(${one.seed + 1});
const numbers = (count) => Float32Array.from({ length: count }, () => (next() - 0.5) / 4);
const paths = { data: numbers(lengths.length * points * channels), shape: [lengths.length, points, channels] };
const basepoint = numbers(channels), initial = numbers(size);
const options = { depth: ${one.depth}, dtype: "${one.dtype}", stream: ${one.stream}, inverse: ${one.inverse},
  scalarTerm: ${one.scalarTerm}, lengths${one.basepoint ? ", basepoint" : ""}${one.initial ? ", initial" : ""} };
await init({ variant: "${one.variant}" });
const engine = await createEngine({ threads: 2 });
${
  one.gradients
    ? `const rows = ${one.stream} ? points - 1 + ${one.basepoint ? 1 : 0} : 1;
const weight = random(${one.seed + 2});
const row = Float32Array.from({ length: rows * (size + ${one.scalarTerm ? 1 : 0}) }, () => weight() - 0.5);
const cotangent = Float32Array.from(lengths.flatMap(() => [...row]));
console.log(signatureVjp(paths, cotangent, options).paths.data);
console.log((await engine.signatureVjp(paths, cotangent, options)).paths.data);`
    : `console.log(signature(paths, options).data);
console.log((await engine.signature(paths, options)).data);
for (const [i, length] of lengths.entries()) {
  const data = paths.data.subarray(i * points * channels, (i * points + length) * channels);
  console.log(i, signature({ data, shape: [length, channels] }, { ...options, lengths: undefined }).data);
}`
}
await engine.close();
`;

export const part: Part = {
  name: "bits",
  quick: 500,
  few: 80,
  async run(limits: Bounds) {
    const engines = new Engines();
    try {
      return await runCases(limits, async (seed): Promise<Failure | undefined> => {
        const first = caseOf(seed);
        const wrong = await wrongWith(first, engines);
        if (wrong === undefined) return undefined;
        const { one, what } = await shrink(first, wrong, smaller, (smaller) => wrongWith(smaller, engines));
        return { seed, what: `${what}: ${JSON.stringify(one)}`, script: scriptOf(one, what) };
      });
    } finally {
      await engines.close();
    }
  },
};
