// Random calls of operations that are built on others, for the part `differential`: gradients of
// the algebra, log-signatures and their gradients, windows, live streams, signature kernels and
// their gradients. Against the slow references: values directly, gradients by the change of the
// reference in a random direction.

import { createSignatureStream, type SignatureStream } from "../../ts/index.ts";
import { arity, makeRow, type Numbers, type OperationName } from "../algebra-cases.ts";
import { operations as algebraNames, referenceRow, rowSize } from "../algebra-reference.ts";
import type { Case } from "../cases.ts";
import { tangent } from "../gradient-reference.ts";
import { makePath, random, toFloat32 } from "../paths.ts";
import { maxAbs, referenceSignature } from "../reference.ts";
import { roundoff } from "../tolerances.ts";

type Tensor = { readonly data: Numbers; readonly shape: readonly number[] };
/** The functions of a place. */
export type Loose = Record<string, (...given: readonly unknown[]) => unknown>;

export interface Operation {
  readonly family: "core" | "algebra" | "kernels";
  /** What is wrong with a call; `undefined` if nothing is. */
  judge(here: Loose, one: Case): Promise<string | undefined>;
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => Array.from(a, (x, i) => x * b[i]!).reduce(add, 0);
const add = (a: number, b: number): number => a + b;
const sizes = (a: ArrayLike<number>): number => Array.from(a, Math.abs).reduce(add, 0);
const numbers = (count: number, next: () => number): number[] => Array.from({ length: count }, () => next() - 0.5);

/** At least so many paths, of at least two points, short enough for the references. */
function pathsOf({ channels, kind, lengths, seed }: Case, most = 24): number[][][] {
  const next = random(seed);
  const all = lengths.length === 0 ? [5] : lengths;
  return all.map((points) => toFloat32(makePath(kind, Math.max(2, Math.min(most, points)), channels, next)));
}

/** Paths as one tensor, the short ones repeating their last point. */
function padded(paths: readonly number[][][], dtype: Case["dtype"]) {
  const points = Math.max(...paths.map(({ length }) => length));
  const all = paths.map((path) => [...path, ...new Array<number[]>(points - path.length).fill(path.at(-1)!)]);
  const data = (dtype === "float32" ? Float32Array : Float64Array).from(all.flat(2));
  return { paths: { data, shape: [paths.length, points, paths[0]![0]!.length] }, lengths: paths.map((p) => p.length) };
}

/** `actual` for `wanted`, up to rounding of `terms`, the sum of the sizes of what is added up. */
function near(actual: number, wanted: number, terms: number, dtype: Case["dtype"], name: string, more = 0) {
  const allowed = 64 * roundoff[dtype] * terms + more * terms + 1e-300;
  return Math.abs(actual - wanted) <= allowed ? undefined : `${name}: ${actual} for ${wanted}, ${allowed} is allowed`;
}

/** The derivative of a function in a direction, by the five-point formula. */
const slope = (f: (t: number) => number, step: number): number =>
  (f(-2 * step) - 8 * f(-step) + 8 * f(step) - f(2 * step)) / (12 * step);
/** What that formula leaves, of the sum of the sizes of terms. */
const formula = 1e-7;

const algebraGradient = (name: OperationName): Operation => ({
  family: "algebra",
  async judge(here, one) {
    const { channels, scalarTerm, dtype, seed, lengths } = one;
    const shape = { channels, depth: Math.min(one.depth, 4), scalarTerm };
    const next = random(seed);
    const batch = Math.max(1, lengths.length);
    const array = dtype === "float32" ? Float32Array : Float64Array;
    const make = () => ({
      data: array.from(Array.from({ length: batch }, () => makeRow(name, shape, next)).flat()),
      shape: [batch, rowSize(shape)],
    });
    const operands = Array.from({ length: arity(name) }, make);
    const cotangent = make();
    const found = (await here[`${name}Vjp`]!(...operands, cotangent, shape)) as Record<"a" | "b", Tensor>;
    const width = rowSize(shape);
    const rowOf = ({ data }: { data: Numbers }, i: number) => [...data.subarray(i * width, (i + 1) * width)];
    for (let i = 0; i < batch; i++) {
      const [a, b = a] = operands.map((rows) => rowOf(rows, i)) as [number[], number[]?];
      const weights = rowOf(cotangent, i);
      for (const [k, key] of (["a", "b"] as const).slice(0, operands.length).entries()) {
        const way = numbers(width, next);
        const moved = (own: number[], t: number, j: number) => (j === k ? own.map((x, n) => x + t * way[n]!) : own);
        const f = (t: number) => dot(weights, referenceRow(name, moved(a, t, 0), moved(b!, t, 1), shape).wanted);
        const gradient = rowOf(found[key], i);
        const terms =
          Math.abs(dot(gradient.map(Math.abs), way.map(Math.abs))) +
          dot(weights.map(Math.abs), referenceRow(name, a, b!, shape).sizes);
        const problem = near(
          dot(gradient, way),
          slope(f, 2 ** -10),
          terms * 2 ** shape.depth,
          dtype,
          `row ${i}, ${key}`,
          formula,
        );
        if (problem !== undefined) return problem;
      }
    }
    return undefined;
  },
});

/** The logarithm of a signature, in all words, and its sizes. */
const logOf = (signature: number[], channels: number, depth: number) =>
  referenceRow("log", signature, signature, { channels, depth, scalarTerm: false });

const logSignature: Operation = {
  family: "core",
  async judge(here, one) {
    const depth = Math.min(one.depth, 5);
    const all = pathsOf(one);
    const { paths, lengths } = padded(all, one.dtype);
    const options = { depth, lengths, inverse: one.inverse, basis: "expanded", dtype: one.dtype };
    const { data } = (await here.logSignature!(paths, options)) as Tensor;
    for (const [p, path] of all.entries()) {
      const { rows, natural } = referenceSignature(path, { depth, inverse: one.inverse });
      const { wanted } = logOf([...rows[0]!], one.channels, depth);
      for (const [i, x] of wanted.entries()) {
        const terms = 2 ** depth * path.length * Math.max(...natural);
        const problem = near(data[p * wanted.length + i]!, x, terms, one.dtype, `path ${p}, number ${i}`);
        if (problem !== undefined) return problem;
      }
    }
    return undefined;
  },
};

const logSignatureVjp: Operation = {
  family: "core",
  async judge(here, one) {
    const { channels, dtype } = one;
    const depth = Math.min(one.depth, 4);
    const all = pathsOf(one, 12);
    const { paths, lengths } = padded(all, dtype);
    const next = random(one.seed + 1);
    const width = logOf([...referenceSignature(all[0]!, { depth }).rows[0]!], channels, depth).wanted.length;
    const cotangent = numbers(all.length * width, next).map(Math.fround);
    const given = {
      data: (dtype === "float32" ? Float32Array : Float64Array).from(cotangent),
      shape: [all.length, width],
    };
    const options = { depth, lengths, basis: "expanded", dtype };
    const found = ((await here.logSignatureVjp!(paths, given, options)) as { paths: Tensor }).paths;
    const [, points] = paths.shape as [number, number];
    for (const [p, path] of all.entries()) {
      const way = path.map(() => numbers(channels, next));
      const weights = cotangent.slice(p * width, (p + 1) * width);
      // The change of the signature is exact, that of its logarithm is not.
      const [signature] = referenceSignature(path, { depth }).rows as [number[]];
      const [change] = tangent(path, { depth }, { path: way }) as [number[]];
      const f = (t: number) =>
        dot(
          weights,
          logOf(
            [...signature].map((x, i) => x + t * change[i]!),
            channels,
            depth,
          ).wanted,
        );
      const gradient = found.data.subarray(p * points * channels, (p * points + path.length) * channels);
      const moves = way.flat();
      const terms =
        sizes(gradient) + sizes(weights) * Math.max(1, maxAbs(change)) * Math.max(1, maxAbs(signature)) ** depth;
      const problem = near(
        dot(gradient, moves),
        slope(f, 2 ** -8),
        2 ** depth * path.length * terms,
        dtype,
        `path ${p}`,
        formula,
      );
      if (problem !== undefined) return problem;
    }
    return undefined;
  },
};

const windows: Operation = {
  family: "core",
  async judge(here, one) {
    const { depth, dtype, inverse, scalarTerm, seed, channels } = one;
    const next = random(seed + 2);
    const [path] = pathsOf(one, 70) as [number[][]];
    const intervals = Array.from({ length: 1 + Math.floor(next() * 5) }, () => {
      const from = Math.floor(next() * path.length);
      return [from, from + 1 + Math.floor(next() * (path.length - from))] as const;
    });
    const array = dtype === "float32" ? Float32Array : Float64Array;
    const tensor = (points: number[][]) => ({ data: array.from(points.flat()), shape: [points.length, channels] });
    const options = { depth, inverse, scalarTerm };
    const { data } = (await here.signature!(tensor(path), { ...options, windows: intervals })) as Tensor;
    const width = data.length / intervals.length;
    for (const [w, [from, end]] of intervals.entries()) {
      const alone = ((await here.signature!(tensor(path.slice(from, end)), options)) as Tensor).data;
      const own = data.subarray(w * width, (w + 1) * width);
      // To the bit.
      if (!alone.every((x, i) => Object.is(x, own[i]))) return `window [${from}, ${end}) differs from its points`;
    }
    return undefined;
  },
};

const liveStream: Operation = {
  family: "core",
  async judge(_, one) {
    const { channels, seed } = one;
    const depth = Math.min(one.depth, 5);
    const next = random(seed + 3);
    const [path] = pathsOf(one, 40) as [number[][]];
    const window = next() < 0.5 ? undefined : 1 + Math.floor(next() * 12);
    const stream: SignatureStream = createSignatureStream({ channels, depth, ...(window && { window }) });
    try {
      for (let at = 0, from = 0; at < path.length; ) {
        const count = 1 + Math.floor(next() * 6);
        stream.push(path.slice(at, at + count));
        at = Math.min(path.length, at + count);
        from = Math.max(from, at - (window ?? at));
        if (window !== undefined && next() < 0.2) {
          stream.popFront(1);
          from++;
        }
        if (stream.length !== at - from) return `${stream.length} points for ${at - from}`;
        if (at - from < 2) continue;
        const { rows, natural } = referenceSignature(path.slice(from, at), { depth });
        const { data } = stream.value();
        // What has left the window has left its rounding.
        const { natural: all } = referenceSignature(path.slice(0, at), { depth });
        const terms = path.length * 2 ** depth * Math.max(...natural, ...all);
        for (const [i, x] of [...rows[0]!].entries()) {
          const problem = near(data[i]!, x, terms, "float64", `points ${from} to ${at}, number ${i}`);
          if (problem !== undefined) return problem;
        }
      }
    } finally {
      stream[Symbol.dispose]();
    }
    return undefined;
  },
};

/** Two paths of about the length one, for kernels. */
function pairOf(one: Case): [number[][], number[][]] {
  const [a, b = a] = pathsOf(one, 12) as [number[][], number[][]?];
  const short = (path: number[][]) => {
    const way = path.reduce((sum, x, t) => sum + (t === 0 ? 0 : sizes(x.map((y, c) => y - path[t - 1]![c]!))), 0);
    return path.map((point) => point.map((x) => Math.fround(x / Math.max(1, way))));
  };
  return [short(a), short(b!)];
}

const tensorOf = (path: number[][], dtype: Case["dtype"]) => ({
  data: (dtype === "float32" ? Float32Array : Float64Array).from(path.flat()),
  shape: [path.length, path[0]!.length],
});

const truncatedKernel: Operation = {
  family: "kernels",
  async judge(here, one) {
    const depth = Math.min(one.depth, 5);
    const [x, y] = pairOf(one);
    const given = [tensorOf(x, one.dtype), tensorOf(y, one.dtype), { depth }];
    const { data } = (await here.truncatedSignatureKernel!(...given)) as Tensor;
    const [a, b] = [x, y].map((path) => referenceSignature(path, { depth }).rows[0]!) as [number[], number[]];
    return near(data[0]!, 1 + dot(a, b), 8 * (x.length + y.length), one.dtype, "kernel");
  },
};

const signatureKernel: Operation = {
  family: "kernels",
  async judge(here, one) {
    const [x, y] = pairOf(one);
    const given = [tensorOf(x, one.dtype), tensorOf(y, one.dtype), { degree: 3, dyadicOrder: 3 }];
    const { data } = (await here.signatureKernel!(...given)) as Tensor;
    // Of paths of the length one, what is left out is less than 1 / 8!².
    const [a, b] = [x, y].map((path) => referenceSignature(path, { depth: one.channels < 3 ? 7 : 4 }).rows[0]!) as [
      number[],
      number[],
    ];
    return near(
      data[0]!,
      1 + dot(a, b),
      8 * (x.length + y.length),
      one.dtype,
      "kernel",
      one.channels < 3 ? 1e-7 : 1e-4,
    );
  },
};

const signatureKernelVjp: Operation = {
  family: "kernels",
  async judge(here, one) {
    const next = random(one.seed + 4);
    const [x, y] = pairOf(one);
    const options = { degree: 1 + Math.floor(next() * 3), dyadicOrder: 1 };
    const found = (await here.signatureKernelVjp!(tensorOf(x, one.dtype), tensorOf(y, one.dtype), [1], options)) as {
      x: Tensor;
      y: Tensor;
    };
    const way = x.map((point) => numbers(point.length, next));
    const moved = (t: number) => x.map((point, i) => point.map((z, c) => z + t * way[i]![c]!));
    const values: number[] = [];
    const step = 2 ** -8;
    for (const t of [-2, -1, 1, 2])
      values.push(
        ((await here.signatureKernel!(tensorOf(moved(t * step), "float64"), tensorOf(y, "float64"), options)) as Tensor)
          .data[0]!,
      );
    const wanted = (values[0]! - 8 * values[1]! + 8 * values[2]! - values[3]!) / (12 * step);
    const terms = 8 * (x.length + y.length) * (1 + sizes(found.x.data));
    return near(dot(found.x.data, way.flat()), wanted, terms, one.dtype, "gradient", 1e-6);
  },
};

/** By name. */
export const others: Readonly<Record<string, Operation>> = {
  ...Object.fromEntries(algebraNames.map((name) => [`${name}Vjp`, algebraGradient(name)])),
  logSignature,
  logSignatureVjp,
  windows,
  liveStream,
  truncatedKernel,
  signatureKernel,
  signatureKernelVjp,
};
