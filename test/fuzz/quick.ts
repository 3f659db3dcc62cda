// The short form of a part of the fuzz suite, as a test: a new seed each time, unless one is given.
// The test's name has it.

import { expect, test } from "vitest";
import type { Part } from "./loop.ts";

export function quickRun(part: Part, seed: number = Math.floor(Math.random() * 2 ** 31)): void {
  test(`${part.name}: ${part.quick} cases from seed ${seed}`, { timeout: 600_000 }, async () => {
    const { cases, failures } = await part.run({ seed, cases: part.quick, log: console.log });
    expect(failures.map(({ what, script }) => `${what}\n${script}`)).toEqual([]);
    expect(cases).toBe(part.quick);
  });
}
