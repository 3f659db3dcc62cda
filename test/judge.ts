// Compares a result with the reference, level by level, and describes the worst difference.

import { type Case, sizeOf } from "./cases.ts";
import type { Reference } from "./reference.ts";
import { tolerance } from "./tolerances.ts";

/** The largest error of a result relative to its tolerance, and its position. */
export interface Verdict {
  worst: number;
  where: string;
}

/** Checks every number of a result. */
export function judge(one: Case, data: ArrayLike<number>, references: readonly Reference[]): Verdict {
  const { channels, depth, dtype, scalarTerm } = one;
  const row = sizeOf(channels, depth) + (scalarTerm ? 1 : 0);
  // With `stream` shorter paths repeat their last row to the length of the longest (or their
  // initial signature if they have no step).
  const rows = references.reduce((most, { rows: r }) => Math.max(most, r.length), 0);
  const verdict: Verdict = { worst: 0, where: "" };
  references.forEach((reference, path) => {
    for (let r = 0; r < rows; r++) {
      const expected = reference.rows[Math.min(r, reference.rows.length - 1)];
      if (expected === undefined) continue; // no step at all: cases.test.ts checks these separately
      let at = (path * rows + r) * row;
      let i = 0;
      for (let k = scalarTerm ? 0 : 1; k <= depth; k++) {
        const allowed = tolerance(dtype, k, reference.steps, reference.natural[k]!, reference.reached[k]!);
        for (let n = channels ** k; n > 0; n--, i++, at++) {
          const error = Math.abs(data[at]! - expected[i]!);
          const share = error === 0 ? 0 : error / allowed;
          if (!(share <= verdict.worst)) {
            verdict.worst = Number.isNaN(share) ? Number.POSITIVE_INFINITY : share;
            const position = `path ${path}, row ${r}, level ${k}, number ${i} of the row`;
            verdict.where = `${position}: ${data[at]} for ${expected[i]}`;
          }
        }
      }
    }
  });
  return verdict;
}

/** Sixteen hexadecimal digits, a hash of the exact bits of a result. */
export function digest(data: Float32Array | Float64Array): string {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  let [a, b] = [0x811c9dc5, 0x9e3779b9];
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x85ebca6b) ^ (b >>> 13);
  }
  return [a, b].map((x) => (x >>> 0).toString(16).padStart(8, "0")).join("");
}
