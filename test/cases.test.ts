// Every case of the table on every binary that this engine supports, against the reference; and the
// bits of `simd` on Node 20, which lacks relaxed SIMD and must select `simd` by itself.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { init, type Paths, signature, signatureSize } from "../ts/index.ts";
import { type Case, callOf, cases, type Material, material, referencesOf, shownByCase } from "./cases.ts";
import { bundleConformance, findNode20 } from "./conformance/bundle.ts";
import { digest, judge } from "./judge.ts";
import { chosenOf, level } from "./level.ts";
import type { Reference } from "./reference.ts";

const table = level === "quick" ? chosenOf(cases, shownByCase) : cases;
const variants = ["simd", "relaxed"] as const;
const digests = new Map<string, string>();
const known = new Map<Case, { material: Material; references: Reference[] }>();

/** Computed once for both variants. */
function truth(one: Case) {
  const found = known.get(one);
  if (found) return found;
  const made = material(one);
  const result = { material: made, references: referencesOf(one, made) };
  known.set(one, result);
  return result;
}

function run(one: Case, numbers: Material) {
  const { paths, options, shape } = callOf(one, numbers);
  const result = signature(paths as Paths, options as { depth: number });
  return { result, shape, options };
}

test("the table holds what it promises", () => {
  expect(new Set(cases.map((one) => one.name)).size).toBe(cases.length);
  for (let d = 1; d <= 24; d++) expect(cases.some((one) => one.channels === d)).toBe(true);
  for (let n = 1; n <= 12; n++) expect(cases.some((one) => one.depth === n)).toBe(true);
  for (const dtype of ["float32", "float64"]) {
    for (let r = 0; r < 4; r++) {
      expect(cases.some((one) => one.dtype === dtype && one.lengths.length % 4 === r)).toBe(true);
    }
  }
  expect(Math.max(...cases.flatMap((one) => one.lengths))).toBe(5000);
  expect(Math.min(...cases.flatMap((one) => one.lengths))).toBe(1);
});

describe.each(variants)("%s", (variant) => {
  beforeAll(async () => {
    expect((await init({ variant })).variant).toBe(variant);
  });

  test.each(table)("$name", (one) => {
    const { material: numbers, references } = truth(one);
    const { result, shape, options } = run(one, numbers);
    expect(result.shape).toEqual(shape);
    expect(result.dtype).toBe(one.dtype);
    expect(result.data).toBeInstanceOf(one.dtype === "float32" ? Float32Array : Float64Array);
    expect(result.data.length).toBe(shape.reduce((a, b) => a * b, 1));
    if (one.out) expect(result.data).toBe(options.out);
    expect(shape.at(-1)).toBe(signatureSize(one.channels, one.depth, { scalarTerm: one.scalarTerm }));
    digests.set(`${variant} ${one.name}`, digest(result.data));
    const verdict = judge(one, result.data, references);
    expect(verdict.worst, verdict.where).toBeLessThanOrEqual(1);
  });

  test("stream of a path without a step repeats what it began with", () => {
    const paths = [
      [[1, 2]],
      [
        [0, 0],
        [1, 1],
        [2, 0],
      ],
    ];
    const plain = signature(paths, { depth: 2, stream: true, scalarTerm: true });
    expect([...plain.data.slice(0, 14)]).toEqual([1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    const initial = [1, 2, 3, 4, 5, 6];
    const continued = signature(paths, { depth: 2, stream: true, initial });
    expect([...continued.data.slice(0, 12)]).toEqual([...initial, ...initial]);
  });
});

// Needs every case, and a bundle.
if (level !== "quick")
  test("Node 20 chooses simd, and computes the same bits", { timeout: 600_000 }, async ({ skip }) => {
    const node20 = findNode20();
    if (node20 === undefined) {
      expect(process.env.CI, "CI must have a Node 20").toBeFalsy();
      return skip("no Node 20 on this machine; set NODE20 to the path of one");
    }
    const script = await bundleConformance();
    const { stdout } = await promisify(execFile)(node20, [script], { maxBuffer: 2 ** 26 });
    const report = JSON.parse(stdout) as { node: string; variant: string; digests: Record<string, string> };
    expect(report.node).toMatch(/^v20\./);
    expect(report.variant).toBe("simd");
    expect(Object.keys(report.digests).length).toBe(cases.length);
    const different = cases.filter((one) => report.digests[one.name] !== digests.get(`simd ${one.name}`));
    expect(different.map((one) => one.name)).toEqual([]);
  });
