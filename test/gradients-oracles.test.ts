// Gradients of other libraries, stored with their inputs: pySigLib's sig_backprop and JAX's
// gradient of Keras Sig, in float64 (test/oracles/make_gradients.py).

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { init, signatureVjp } from "../ts/index.ts";
import { maxAbs } from "./reference.ts";
import { gradientTolerance } from "./tolerances.ts";

interface Oracle {
  source: string;
  channels: number;
  depth: number;
  stream: boolean;
  path: number[][];
  cotangent: number[] | number[][];
  gradient: number[][];
}

const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, "oracles/gradients.json"), "utf8")) as {
  cases: Oracle[];
};

test("both libraries are there, whole signatures and streams", () => {
  expect(cases.filter(({ source }) => source === "pySigLib").length).toBeGreaterThanOrEqual(15);
  expect(cases.filter(({ source }) => source.startsWith("Keras Sig")).length).toBeGreaterThanOrEqual(20);
  expect(cases.some(({ stream }) => stream)).toBe(true);
});

describe.each(["simd", "relaxed"] as const)("%s", (variant) => {
  beforeAll(async () => {
    expect((await init({ variant })).variant).toBe(variant);
  });

  describe.each(["float64", "float32"] as const)("%s", (dtype) => {
    test.each(
      cases.map((one) => ({
        ...one,
        name: `${one.source} d=${one.channels} N=${one.depth}${one.stream ? " stream" : ""}`,
      })),
    )("$name", (one) => {
      const { depth, stream, path, cotangent, gradient } = one;
      const { data } = signatureVjp(path, cotangent.flat(), { depth, stream, dtype }).paths;
      const wanted = gradient.flat();
      const allowed = gradientTolerance(dtype, depth, path.length, maxAbs(wanted));
      expect(data.length).toBe(wanted.length);
      for (const [i, x] of wanted.entries()) {
        expect(Math.abs(data[i]! - x), `number ${i}: ${data[i]} for ${x}`).toBeLessThanOrEqual(allowed);
      }
    });
  });
});
