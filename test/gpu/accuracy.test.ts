// Rounding over ten thousand points: on every level the largest error of the GPU's kernels, which
// also sum in float32, is at most four times that of the CPU's two algorithms, on paths with benign
// and adverse rounding. Dawn in Node.

import { afterAll, beforeAll, expect, test } from "vitest";
import { GpuBackend, gpuOperations, readCallAnywhere } from "../../ts/gpu/index.ts";
import { signature } from "../../ts/index.ts";
import { chosenOf } from "../level.ts";
import { makePath, makeZigzag, type PathKind, random, toFloat32 } from "../paths.ts";
import { maxAbs } from "../reference.ts";
import { roundoff } from "../tolerances.ts";
import { describeOn, openDawn } from "./implementations.ts";

const points = 10_000;
/** Paths per call: fewer are cut into more segments. */
const batches = [2, 40];
const mostRatio = 4;

const kinds: readonly (PathKind | "zigzag")[] = ["walk", "drift", "time", "closed", "scales", "zigzag"];
const shapes = [
  [2, 2],
  [2, 4],
  [2, 6],
  [3, 5],
  [4, 4],
  [8, 3],
  [16, 2],
] as const;

/**
 * By default every shape with benign and with adverse rounding, and every kind with a deep and with
 * a flat shape. The sweep is every kind with every shape.
 */
const chosen = chosenOf(
  shapes.flatMap(([channels, depth]) => kinds.map((kind) => ({ channels, depth, kind }))),
  ({ channels, depth, kind }) => {
    const isAdverse = kind === "zigzag" || kind === "drift";
    return {
      features: [`${channels} ${depth}, adverse ${isAdverse}`, `${kind}, deep ${depth > 3}`],
      needs: `${channels} ${depth}`,
    };
  },
);

describeOn("dawn", "errors at 10 000 points", () => {
  let backend: GpuBackend;
  beforeAll(async () => {
    backend = new GpuBackend((await openDawn())!);
  });
  afterAll(() => backend.close());

  test.each(chosen)("d=$channels N=$depth $kind", async ({ channels, depth, kind }) => {
    const next = random(channels + depth);
    const path = kind === "zigzag" ? makeZigzag(points, channels, next) : makePath(kind, points, channels, next);
    const one = Float32Array.from(toFloat32(path).flat());
    const exact = signature(
      { data: Float64Array.from(one), shape: [points, channels] },
      { depth, algorithm: "horner" },
    );
    const cpu = (["auto", "horner"] as const).map((algorithm) =>
      signature({ data: one, shape: [points, channels] }, { depth, algorithm }),
    );
    for (const batch of batches) {
      const data = new Float32Array(batch * one.length);
      for (let b = 0; b < batch; b++) data.set(one, b * one.length);
      const { call } = readCallAnywhere({ data, shape: [batch, points, channels] }, { depth });
      const gpu = (await backend.run(gpuOperations.signature, { call, rows: [] })) as Float32Array;
      for (let level = 1, at = 0; level <= depth; at += channels ** level, level++) {
        const part = (numbers: ArrayLike<number>) => Array.prototype.slice.call(numbers, at, at + channels ** level);
        const wanted: number[] = part(exact.data);
        const error = (numbers: number[]) => maxAbs(numbers.map((x, i) => x - wanted[i]!));
        // A rounding or two, where the CPU happens to be exact.
        const allowed =
          mostRatio * Math.max(...cpu.map(({ data }) => error(part(data))), roundoff.float32 * maxAbs(wanted));
        expect(error(part(gpu)), `level ${level}, batch of ${batch}`).toBeLessThanOrEqual(allowed);
      }
    }
  });
});
