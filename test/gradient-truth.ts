// Cotangents for a case, and its gradients by the reverse-mode reference, for every backend. Judges
// nothing.

import { type Case, type Material, material, rowsOf, sizeOf } from "./cases.ts";
import { type Gradient, gradient, type PathOptions } from "./gradient-reference.ts";
import { random } from "./paths.ts";

export interface Truth {
  material: Material;
  /** One row of cotangents per path; with `stream` one for each row of the result. */
  cotangents: number[][][];
  gradients: Gradient[];
}

function pathOptions(one: Case, { basepoints, initials }: Material, i: number): PathOptions {
  const { depth, stream, inverse, scalarTerm } = one;
  return { depth, stream, inverse, scalarTerm, basepoint: basepoints?.[i], initial: initials?.[i], rows: rowsOf(one) };
}

const known = new Map<Case, Truth>();

/** Computed once for all variants. */
export function truth(one: Case): Truth {
  const found = known.get(one);
  if (found) return found;
  const made = material(one);
  const next = random(one.seed + 77);
  const row = sizeOf(one.channels, one.depth) + (one.scalarTerm ? 1 : 0);
  const round = one.dtype === "float32" ? Math.fround : (x: number) => x;
  // The scalar term is constant: its cotangent must not matter.
  const cotangent = () =>
    Array.from({ length: row }, (_, i) => (one.scalarTerm && i === 0 ? 1e30 : round(2 * next() - 1)));
  const cotangents = one.lengths.map(() => Array.from({ length: rowsOf(one) }, cotangent));
  const gradients = made.paths.map((points, i) => gradient(points, pathOptions(one, made, i), cotangents[i]!));
  const result = { material: made, cotangents, gradients };
  known.set(one, result);
  return result;
}
