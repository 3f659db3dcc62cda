// Random Fourier signature features: without bias and with an error that falls with their number,
// against the kernels that they estimate; exact for one direction of time; seeds; forms of input.

import { beforeAll, describe, expect, test } from "vitest";
import {
  createEngine,
  init,
  randomSignatureFeatures,
  staticKernels,
  truncatedSignatureKernelGram,
} from "../ts/kernels.ts";
import { codeOf } from "./code-of.ts";
import { random } from "./paths.ts";

type Path = number[][];
const variants = ["dp", "trp"] as const;

function walks(count: number, points: number, channels: number, seed: number): Path[] {
  const next = random(seed);
  return Array.from({ length: count }, () => {
    const path: Path = [new Array(channels).fill(0)];
    for (let i = 1; i < points; i++) path.push(path[i - 1]!.map((c) => c + next() - 0.5));
    return path;
  });
}
const dot = (data: ArrayLike<number>, row: number, i: number, j: number): number => {
  let sum = 0;
  for (let k = 0; k < row; k++) sum += data[i * row + k]! * data[j * row + k]!;
  return sum;
};

describe.each(["simd", "relaxed"] as const)("%s", (binary) => {
  beforeAll(async () => {
    await init({ variant: binary });
  });

  describe.each(variants)("%s", (variant) => {
    test("the mean over seeds is the kernel, within the error of the mean; errors fall with features", () => {
      const x = walks(4, 8, 2, 1);
      const [depth, sigma] = [3, 1.5];
      const wanted = truncatedSignatureKernelGram(x, { depth, staticKernel: staticKernels.rbf({ sigma }) }).data;
      const spread: number[] = [];
      for (const features of [9, 144]) {
        const seeds = 150;
        const sums = new Float64Array(16);
        const squares = new Float64Array(16);
        for (let seed = 0; seed < seeds; seed++) {
          const { data, shape } = randomSignatureFeatures(x, { features, depth, variant, seed, sigma });
          for (let k = 0; k < 16; k++) {
            const value = dot(data, shape[1]!, Math.floor(k / 4), k % 4);
            sums[k]! += value / seeds;
            squares[k]! += value ** 2 / seeds;
          }
        }
        let total = 0;
        for (let k = 0; k < 16; k++) {
          const deviation = Math.sqrt(Math.max(0, squares[k]! - sums[k]! ** 2));
          total += deviation;
          // 16 means of fixed seeds: more than 4.5 standard errors once in 10^4 tests.
          expect(Math.abs(sums[k]! - wanted[k]!)).toBeLessThan((4.5 * deviation) / Math.sqrt(seeds) + 1e-9);
        }
        spread.push(total);
      }
      // 16 times as many features: a quarter of the deviation.
      expect(spread[1]! / spread[0]!).toBeGreaterThan(0.15);
      expect(spread[1]! / spread[0]!).toBeLessThan(0.4);
    });

    test("seeds repeat; rows do not depend on the batch, the number type, or the container", () => {
      const x = walks(7, 12, 3, 2);
      const options = { features: 21, depth: 4, variant, seed: 2 ** 32 - 1 };
      const { data, shape, dtype } = randomSignatureFeatures(x, options);
      const row = 1 + 21 * (variant === "trp" ? 4 : 30);
      expect([...shape, dtype]).toEqual([7, row, "float64"]);
      expect(randomSignatureFeatures(x, options).data).toEqual(data);
      expect(randomSignatureFeatures(x, { ...options, seed: 1 }).data).not.toEqual(data);
      for (let i = 0; i < 7; i++) {
        expect(data[i * row]).toBe(1);
        expect(randomSignatureFeatures(x[i]!, options).data).toEqual(data.slice(i * row, (i + 1) * row));
      }
      const flat = Float32Array.from(x.flat(2));
      const single = randomSignatureFeatures({ data: flat, shape: [7, 12, 3] }, options);
      expect(single.dtype).toBe("float32");
      for (const [i, value] of single.data.entries()) expect(Math.abs(value - data[i]!)).toBeLessThan(1e-5);
      const lengths = [12, 1, 5, 12, 3, 2, 7];
      const ragged = x.map((path, i) => path.slice(0, lengths[i]!));
      const padded = randomSignatureFeatures(x, { ...options, lengths });
      expect(padded.data).toEqual(randomSignatureFeatures(ragged, options).data);
      // A path that does not move has the features of the empty one.
      expect([...padded.data.slice(row, 2 * row)]).toEqual([1, ...new Array(row - 1).fill(0)]);
      const out = new Float64Array(7 * row);
      expect(randomSignatureFeatures(x, { ...options, out }).data).toBe(out);
      expect(out).toEqual(data);
    });

    test("a point in between, and points that repeat, do not count more than the lifted path", () => {
      const [path] = walks(1, 6, 2, 3) as [Path];
      const options = { features: 10, depth: 3, variant, seed: 4 };
      const still = path.flatMap((point) => [point, point]);
      const wanted = randomSignatureFeatures(path, options).data;
      for (const [i, value] of randomSignatureFeatures(still, options).data.entries())
        expect(Math.abs(value - wanted[i]!)).toBeLessThan(1e-12);
    });

    test("engines compute the same bits", async () => {
      const x = walks(40, 30, 2, 5);
      const options = { features: 30, depth: 3, variant, seed: 6 };
      await using engine = await createEngine({ threads: 2 });
      expect((await engine.randomSignatureFeatures(x, options)).data).toEqual(randomSignatureFeatures(x, options).data);
    });
  });

  test("bad options are errors, and the next call works", () => {
    const [path] = walks(1, 3, 2, 7) as [Path];
    const good = { features: 4, depth: 2, variant: "dp", seed: 1 } as const;
    const code = (options: object, of: unknown = path) =>
      codeOf(() => randomSignatureFeatures(of as Path, { ...good, ...options } as never));
    for (const wrong of [{ features: 0 }, { depth: 9 }, { seed: -1 }, { seed: 0.5 }, { sigma: 0 }, { features: 1e9 }])
      expect(code(wrong)).toBe("KERNEL_OPTION");
    expect(code({ variant: "rff" })).toBe("KERNEL_OPTION_TYPE");
    expect(code({ stream: true })).toBe("OPTION_UNKNOWN");
    expect(
      code({}, [
        [0, Number.NaN],
        [1, 1],
      ]),
    ).toBe("NOT_FINITE");
    expect(code({}, [[Number.NaN, 1]])).toBe("NOT_FINITE");
    expect(code({})).toBeUndefined();
  });
});
