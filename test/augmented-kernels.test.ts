// Augmentations and masks of signature kernels, of their gradients and of random features: to the
// bit what the materialised path gives (test/materialised.ts), with the lists and the errors of
// augmentations.test.ts.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Augmentation, isPathSignatureError, type Mask } from "../ts/index.ts";
import {
  createEngine,
  type Engine,
  randomSignatureFeatures,
  signatureKernel,
  signatureKernelGram,
  signatureKernelGramVjp,
  signatureKernelVjp,
  signatureMmd,
  signatureMmdVjp,
  staticKernels,
  truncatedSignatureKernelGram,
  truncatedSignatureKernelVjp,
} from "../ts/kernels.ts";
import { bad, badMasks, few, indices, lists, pathsOf, plain, times } from "./augmentation-cases.ts";
import { codeOf } from "./code-of.ts";
import { augmented, masked, type Path } from "./materialised.ts";
import { random } from "./paths.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 2 });
});
afterAll(() => engine.close());

/** Short steps, so that kernels are small. */
const small = (paths: readonly Path[]): Path[] =>
  paths.map((path) => path.map((point) => point.map((x) => Math.fround(x / 8))));
const made = (paths: readonly Path[], augment: readonly Augmentation[], round: boolean): Path[] =>
  paths.map((path) => augmented(path, augment, indices(2), round).path);
const scaled = (augment: readonly Augmentation[]): Augmentation[] => {
  const channels = augmented(small(pathsOf([12], 2))[0]!, augment, indices(2), false).path[0]!.length;
  return [...augment, { scale: new Array(channels).fill(0.0625) }];
};

describe("to the bit as kernels of the materialised path", () => {
  test.each(lists(2).map((list) => [JSON.stringify(list), list] as const))("%s", (_, list) => {
    const augment = scaled(list);
    const [x, y] = [small(pathsOf([12, 1, 7], 2)), small(pathsOf([2, 12, 5, 3], 2, 9))];
    for (const dtype of ["float64", "float32"] as const) {
      const [mx, my] = [x, y].map((side) => made(side, augment, dtype === "float32")) as [Path[], Path[]];
      const options = { dtype, staticKernel: staticKernels.rbf({ sigma: 0.7 }) };
      expect([...signatureKernelGram(x, y, { ...options, augment }).data]).toEqual([
        ...signatureKernelGram(mx, my, options).data,
      ]);
      expect([...truncatedSignatureKernelGram(x, { dtype, depth: 4, augment }).data]).toEqual([
        ...truncatedSignatureKernelGram(mx, { dtype, depth: 4 }).data,
      ]);
    }
  });
});

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, x, i) => sum + x * b[i]!, 0);

describe.each(few.map((list) => [JSON.stringify(list), list] as const))("%s", (_, list) => {
  const augment = scaled(plain(list, 2));
  const [x, y] = [small(pathsOf([12, 12], 2)), small(pathsOf([12, 12], 2, 9))];

  test("engines, losses and random features", async () => {
    const [mx, my] = [made(x, augment, false), made(y, augment, false)];
    const gram = signatureKernelGram(x, y, { augment, normalize: true, estimateError: true });
    const exact = signatureKernelGram(mx, my, { normalize: true, estimateError: true });
    expect([...gram.data, ...gram.errors!]).toEqual([...exact.data, ...exact.errors!]);
    expect([...(await engine.signatureKernelGram(x, y, { augment })).data]).toEqual([
      ...signatureKernelGram(mx, my).data,
    ]);
    expect(signatureMmd(x, y, { augment })).toBe(signatureMmd(mx, my));
    const features = { depth: 3, features: 40, seed: 5 } as const;
    for (const variant of ["dp", "trp"] as const)
      expect([...randomSignatureFeatures(x, { ...features, variant, augment }).data]).toEqual([
        ...randomSignatureFeatures(mx, { ...features, variant }).data,
      ]);
  });

  test("gradients are those of the points that were given", async () => {
    // The map is affine: its adjoint is known from what it makes of a direction.
    const along = small(pathsOf([12, 12], 2, 77));
    const moved = x.map((path, i) => path.map((point, t) => point.map((z, c) => z + along[i]![t]![c]!)));
    const [mx, my, mm] = [x, y, moved].map((side) => made(side, augment, false)) as [Path[], Path[], Path[]];
    const step = mm.flat(2).map((z, i) => z - mx.flat(2)[i]!);
    const next = random(4);
    const cotangent = Array.from({ length: 4 }, () => next() - 0.5);
    const check = (found: ArrayLike<number>, own: ArrayLike<number>) => {
      const change = dot(own, step);
      expect(Math.abs(dot(found, along.flat(2)) - change)).toBeLessThan(1e-12 * (1 + Math.abs(change)));
    };
    const matrix = { data: cotangent, shape: [2, 2] };
    const found = signatureKernelGramVjp(x, y, matrix, { augment });
    const own = signatureKernelGramVjp(mx, my, matrix);
    expect([found.x!.shape, found.y!.shape]).toEqual([
      [2, 12, 2],
      [2, 12, 2],
    ]);
    check(found.x!.data, own.x!.data);
    const there = await engine.signatureKernelGramVjp(x, y, matrix, { augment });
    expect([...there.x!.data, ...there.y!.data]).toEqual([...found.x!.data, ...found.y!.data]);
    check(
      signatureKernelVjp(x, y, [1, -2], { augment, gradients: "x" }).x!.data,
      signatureKernelVjp(mx, my, [1, -2]).x!.data,
    );
    check(
      truncatedSignatureKernelVjp(x, y, [1, -2], { augment, depth: 3 }).x!.data,
      truncatedSignatureKernelVjp(mx, my, [1, -2], { depth: 3 }).x!.data,
    );
    check(signatureMmdVjp(x, y, { augment }).x!.data, signatureMmdVjp(mx, my).x!.data);
    const single = signatureKernelVjp(x, y, [1, -2], { augment, dtype: "float32" }).x!;
    expect(single.dtype).toBe("float32");
    const double = signatureKernelVjp(x, y, [1, -2], { augment }).x!.data;
    for (const [i, z] of single.data.entries()) expect(Math.abs(z - double[i]!)).toBeLessThan(1e-4);
  });
});

test("y may have its own times and mask, and lengths count points that were given", () => {
  const [x] = small(pathsOf([12], 2)) as [Path];
  const [y] = small(pathsOf([5], 2, 3)) as [Path];
  const own = [0, 1, 1.5, 4, 9];
  const timed = (path: Path, at: readonly number[]) => path.map((point, t) => [...point, (at[t]! - at[0]!) / 16]);
  const scale = { scale: [1, 1, 1 / 16] };
  const options = { augment: [{ time: { times } }, scale], yAugment: [{ time: { times: own } }, scale] };
  expect(signatureKernel(x, y, options).data[0]).toBe(signatureKernel(timed(x, times), timed(y, own)).data[0]);
  const skip = [0, 1, 0, 0, 1];
  const kept = masked(y, "skip", skip);
  const without = new Array(12).fill(0);
  expect(signatureKernel(x, y, { mask: { skip: without }, yMask: { skip } }).data[0]).toBe(
    signatureKernel(x, kept).data[0],
  );
  const holes = y.map((point, t) => (t === 2 ? [Number.NaN, point[1]!] : point));
  const filled = masked(holes, "missing", "nan");
  expect(signatureKernel(x, holes, { mask: { missing: "nan" }, augment: ["time", scale] }).data[0]).toBe(
    signatureKernel(x, filled, { augment: ["time", scale] }).data[0],
  );
  const [dx] = [signatureKernelVjp(x, holes, [1], { mask: { missing: "nan" } })];
  expect(dx.y!.data[4]).toBe(0);
  expect([...signatureKernelGram([x, x], { xLengths: [7, 12], augment: ["leadLag"] }).data]).toEqual([
    ...signatureKernelGram(made([x.slice(0, 7), x], ["leadLag"], false)).data,
  ]);
});

describe("errors are those of signature, and nothing is written", () => {
  const [x, y] = pathsOf([12, 12], 2) as [Path, Path];
  const out = new Float64Array(1).fill(7);

  test.each(bad.map((one) => [JSON.stringify(one[0]), ...one] as const))("%s", (_, augment, kind, text) => {
    for (const [options, name] of [
      [{ augment }, "options.augment"],
      [{ augment: [], yAugment: augment }, "options.yAugment"],
    ] as const) {
      let caught: unknown;
      try {
        signatureKernel(x, y, { out, ...(options as { augment: Augmentation[] }) });
      } catch (error) {
        caught = error;
      }
      expect(isPathSignatureError(caught) && caught.code).toBe(`AUGMENT_${kind}`);
      expect((caught as Error).message).toContain(text);
      expect((caught as Error).message).toContain(name);
    }
    expect(
      codeOf(() => randomSignatureFeatures(x, { depth: 2, features: 2, variant: "dp", seed: 1, augment } as never)),
    ).toBe(`AUGMENT_${kind}`);
    expect(out[0]).toBe(7);
  });

  test("masks, channels that differ, and what is not finite", () => {
    for (const [mask, code] of badMasks) {
      expect(codeOf(() => signatureKernel(x, y, { mask: mask as Mask }))).toBe(code);
      expect(codeOf(() => signatureKernel(x, y, { mask: { skip: "nan" }, yMask: mask as Mask }))).toBe(code);
    }
    expect(codeOf(() => signatureKernel(x, y, { augment: ["time"], yAugment: [] }))).toBe("KERNEL_SHAPE");
    expect(codeOf(() => signatureKernelGram([x], { yAugment: [] }))).toBe("OPTION_UNKNOWN");
    const holes = y.map((point, t) => (t === 3 ? [point[0]!, Number.NaN] : point));
    let caught: unknown;
    try {
      signatureKernelGram([x, x], [y, holes], { augment: ["basepoint", "time"] });
    } catch (error) {
      caught = error;
    }
    expect(isPathSignatureError(caught) && [caught.code, caught.argument, caught.position]).toEqual([
      "NOT_FINITE",
      "y",
      { path: 1, point: 3, channel: 1 },
    ]);
    expect(signatureKernel(x, holes, { mask: { skip: "nan" } }).data[0]).toBe(
      signatureKernel(
        x,
        masked(
          holes,
          "skip",
          new Array(12).fill(0).map((_, t) => Number(t === 3)),
        ),
      ).data[0],
    );
  });
});
