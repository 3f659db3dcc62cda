// Streams of one channel: powers of how far the path has moved from its first point, the same bits
// wherever they are cut, alone, in a batch and on engines.

import { afterAll, beforeAll, expect, test } from "vitest";
import { createEngine, type Engine, signature } from "../ts/index.ts";
import { digest } from "./judge.ts";
import { random } from "./paths.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 2 });
});
afterAll(() => engine.close());

const length = 9000;
const depth = 20;
const next = random(1);
const data = Float64Array.from({ length: 3 * length }, () => next() - 0.5);

test.each([
  {},
  { inverse: true },
  { basepoint: [0.25] },
  { basepoint: [0.25], inverse: true },
  { lengths: [9000, 5000, 1] },
  { lengths: [4096, 9000, 2], inverse: true, basepoint: true as const },
  { initial: Float64Array.from({ length: depth }, (_, k) => 1 / (k + 2)) },
])("cut in time, %o", async (given: object) => {
  const { lengths, basepoint } = given as { lengths?: number[]; basepoint?: unknown };
  const options = { ...given, depth, stream: true };
  const batch = { data, shape: [3, length, 1] };
  const together = signature(batch, options).data;
  expect(digest((await engine.signature(batch, options)).data)).toBe(digest(together));
  for (let path = 0; path < 3; path++) {
    const points = lengths?.[path] ?? length;
    const own = { data: data.subarray(path * length, path * length + points), shape: [points, 1] };
    const alone = signature(own, { ...options, lengths: undefined }).data;
    const from = (path * together.length) / 3;
    expect(digest(together.slice(from, from + alone.length))).toBe(digest(alone));
    if ("initial" in given) continue;
    // Level 1 is one difference, rounded once.
    const travelled = [...(basepoint === undefined ? [] : [Array.isArray(basepoint) ? 0.25 : 0]), ...own.data];
    if ("inverse" in given) travelled.reverse();
    const levelOne = alone.filter((_, i) => i % depth === 0);
    expect([...levelOne]).toEqual(travelled.slice(1).map((x) => x - travelled[0]!));
  }
});
