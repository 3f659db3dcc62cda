// Derivatives of the signature from its definition (reference.ts: a product of segment
// exponentials) in float64. There are two independent implementations, which share nothing with
// each other or with the kernels: forward mode, a tangent propagated along the path (`tangent`),
// and reverse mode through every product with all states stored (`gradient`). Slow and plain.

import {
  difference,
  exponential,
  flatten,
  identity,
  type Levels,
  product,
  type ReferenceOptions,
  unflatten,
} from "./reference.ts";

export interface PathOptions extends ReferenceOptions {
  /** Number of rows of a padded stream, whose last row is repeated. */
  rows?: number;
}

/** Derivatives with respect to every input of a call for one path. */
export interface Gradient {
  /** (length, channels) */
  path: number[][];
  basepoint: number[] | undefined;
  /** Without a leading 1; without `initial`, with respect to the identity. */
  initial: number[];
}

const add = (a: Levels, b: Levels): Levels => a.map((level, k) => level.map((x, i) => x + b[k]![i]!));
const zeros = (d: number, n: number): Levels => identity(d, n).map((level) => level.fill(0));

/** Points in the order of travel. */
function travel<P>(points: readonly P[], basepoint: P | undefined, inverse: boolean): P[] {
  const walked = basepoint === undefined ? [...points] : [basepoint, ...points];
  return inverse ? walked.reverse() : walked;
}

const increment = (walked: readonly ArrayLike<number>[], t: number) => difference(walked[t]!, walked[t - 1]!);

/** The derivative of exp(z) in direction dz. */
function exponentialTangent(z: ArrayLike<number>, dz: ArrayLike<number>, depth: number): Levels {
  const d = z.length;
  const e = exponential(z, depth);
  const tangent = zeros(d, depth);
  for (let k = 1; k <= depth; k++) {
    for (let i = 0; i < e[k - 1]!.length; i++) {
      for (let c = 0; c < d; c++) {
        tangent[k]![i * d + c] = (tangent[k - 1]![i]! * z[c]! + e[k - 1]![i]! * dz[c]!) / k;
      }
    }
  }
  return tangent;
}

/** Rows of J v: the derivative of the result when the inputs move in `direction`. */
export function tangent(
  points: readonly ArrayLike<number>[],
  options: PathOptions,
  direction: {
    path: readonly ArrayLike<number>[];
    basepoint?: ArrayLike<number> | undefined;
    initial?: ArrayLike<number> | undefined;
  },
): number[][] {
  const { depth, stream = false, basepoint, initial, inverse = false, scalarTerm = false } = options;
  const walked = travel(points, basepoint, inverse);
  const moved = travel(direction.path, basepoint === undefined ? undefined : direction.basepoint, inverse);
  const d = walked[0]!.length;
  let s = initial === undefined ? identity(d, depth) : unflatten(initial, d, depth);
  let ds = direction.initial === undefined ? zeros(d, depth) : unflatten(direction.initial, d, depth);
  ds[0]![0] = 0;
  const out: number[][] = [];
  for (let t = 1; t < walked.length; t++) {
    const z = increment(walked, t);
    const e = exponential(z, depth);
    ds = add(product(ds, e), product(s, exponentialTangent(z, increment(moved, t), depth)));
    s = product(s, e);
    if (stream) out.push(flatten(ds, scalarTerm));
  }
  if (!stream) return [flatten(ds, scalarTerm)];
  while (out.length < (options.rows ?? 0)) out.push(flatten(ds, scalarTerm));
  return out;
}

/** λ(w) ← Σ_u λ(w u) e(u): the adjoint of s ↦ s ⊗ e. */
function throughLeft(lambda: Levels, e: Levels): Levels {
  return lambda.map((level, k) => {
    const to = new Float64Array(level.length);
    for (let j = 0; k + j < lambda.length; j++) {
      const [from, right] = [lambda[k + j]!, e[j]!];
      for (let w = 0; w < to.length; w++) {
        let sum = 0;
        for (let u = 0; u < right.length; u++) sum += from[w * right.length + u]! * right[u]!;
        to[w]! += sum;
      }
    }
    return to;
  });
}

/** λ(u) ← Σ_w s(w) λ(w u): the adjoint of e ↦ s ⊗ e. */
function throughRight(lambda: Levels, s: Levels): Levels {
  return lambda.map((level, k) => {
    const to = new Float64Array(level.length);
    for (let j = 0; k + j < lambda.length; j++) {
      const [from, left] = [lambda[k + j]!, s[j]!];
      for (let w = 0; w < left.length; w++) {
        const x = left[w]!;
        if (x !== 0) for (let u = 0; u < to.length; u++) to[u]! += x * from[w * to.length + u]!;
      }
    }
    return to;
  });
}

/** From the adjoint of e = exp(z) to that of z. */
function throughExponential(mu: Levels, z: ArrayLike<number>, e: Levels): Float64Array {
  const d = z.length;
  const adjoint = mu.map((level) => level.slice());
  const dz = new Float64Array(d);
  for (let k = mu.length - 1; k >= 1; k--) {
    for (let i = 0; i < e[k - 1]!.length; i++) {
      for (let c = 0; c < d; c++) {
        const x = adjoint[k]![i * d + c]! / k;
        dz[c]! += x * e[k - 1]![i]!;
        adjoint[k - 1]![i]! += x * z[c]!;
      }
    }
  }
  return dz;
}

/** Jᵀ w for cotangents w, one row for each row of the result. */
export function gradient(
  points: readonly ArrayLike<number>[],
  options: PathOptions,
  cotangents: readonly ArrayLike<number>[],
): Gradient {
  const { depth, stream = false, basepoint, initial, inverse = false, scalarTerm = false } = options;
  const walked = travel(points, basepoint, inverse);
  const d = walked[0]!.length;
  const steps = walked.length - 1;
  const levels = (row: ArrayLike<number>): Levels => {
    const all = unflatten(scalarTerm ? Array.prototype.slice.call(row, 1) : row, d, depth);
    all[0]![0] = 0; // the scalar term is constant
    return all;
  };
  const states: Levels[] = [initial === undefined ? identity(d, depth) : unflatten(initial, d, depth)];
  const segments: Levels[] = [identity(d, depth)];
  for (let t = 1; t <= steps; t++) {
    segments.push(exponential(increment(walked, t), depth));
    states.push(product(states[t - 1]!, segments[t]!));
  }

  const moved = walked.map(() => new Float64Array(d));
  let lambda = zeros(d, depth);
  if (!stream) lambda = levels(cotangents[0]!);
  else for (let r = Math.max(steps, 1); r <= cotangents.length; r++) lambda = add(lambda, levels(cotangents[r - 1]!));
  for (let t = steps; t >= 1; t--) {
    const z = increment(walked, t);
    const dz = throughExponential(throughRight(lambda, states[t - 1]!), z, segments[t]!);
    for (let c = 0; c < d; c++) {
      moved[t]![c]! += dz[c]!;
      moved[t - 1]![c]! -= dz[c]!;
    }
    lambda = throughLeft(lambda, segments[t]!);
    if (stream && t > 1) lambda = add(lambda, levels(cotangents[t - 2]!));
  }
  if (inverse) moved.reverse();
  const rows = moved.map((row) => [...row]);
  return {
    path: basepoint === undefined ? rows : rows.slice(1),
    basepoint: basepoint === undefined ? undefined : rows[0],
    initial: flatten(lambda, false),
  };
}
