// Gradients: every case of the table on every binary against a reverse-mode reference with stored
// states; that reference against forward mode; central differences and directional derivatives of
// the library's own signatures; other guarantees for callers. Errors: errors.test.ts; other
// libraries: gradients-oracles.test.ts.

import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { init, type Paths, signature, signatureSize, signatureVjp, signatureWithVjp } from "../ts/index.ts";
import { type Case, callOf, cases, plainCase, shownByCase } from "./cases.ts";
import { gradient, tangent } from "./gradient-reference.ts";
import { truth } from "./gradient-truth.ts";
import { chosenOf, level } from "./level.ts";
import { random } from "./paths.ts";
import { maxAbs } from "./reference.ts";
import { type DType, gradientTolerance } from "./tolerances.ts";

fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 20_240_229) });

const variants = ["simd", "relaxed"] as const;

/**
 * Single paths, whose time is split over lanes from some length on: lengths around every threshold,
 * equal and unequal chunks, every combination of options.
 */
function lonePaths(): Case[] {
  const shapes = [
    [2, 3, [128, 129, 130, 131, 300]],
    [2, 6, [128, 129, 130]],
    [3, 3, [64, 65, 66, 67, 68, 4098]],
    [3, 4, [65, 66, 70]],
    [4, 4, [40, 41, 42, 43, 44, 45, 500]],
    [5, 3, [40, 41, 101]],
    [7, 3, [41, 50]],
    [2, 2, [129, 9000]],
    [4, 1, [100, 4500]],
    [1, 5, [200, 8195]],
    [24, 2, [2733]],
    [4, 3, [4097, 4098, 4099, 8194]],
  ] as const;
  const flags = [false, true];
  return shapes.flatMap(([channels, depth, lengths]) =>
    lengths.flatMap((length, i) =>
      flags.flatMap((inverse) =>
        flags.map((given, k): Case => {
          const n = 4 * i + 2 * Number(inverse) + k;
          const dtype = (n + channels) % 3 === 0 ? "float64" : "float32";
          const scalarTerm = (i + k) % 2 === 1;
          const named = [inverse && " inverse", given && " basepoint, initial", scalarTerm && " scalarTerm"].filter(
            Boolean,
          );
          return {
            ...plainCase,
            name: `single d=${channels} N=${depth} L=${length} ${dtype}${named.join("")}`,
            channels,
            depth,
            lengths: [length],
            lead: n % 2 === 0 ? [] : [1],
            dtype,
            seed: 7000 + n,
            inverse,
            scalarTerm,
            basepoint: given ? (n % 4 === 3 ? "zeros" : "each") : "none",
            initial: given ? "each" : "none",
          };
        }),
      ),
    ),
  );
}

/**
 * Long paths of many channels take the reference seconds each: every combination of options with
 * one number type, every two options with both.
 */
function isRun({ basepoint, dtype, initial, inverse, name }: Case): boolean {
  if (level === "all" || !name.includes("cut in time")) return true;
  const odd = [basepoint !== "none", initial !== "none", inverse].filter(Boolean).length % 2 === 1;
  return odd === (dtype === "float64");
}

/**
 * Up to rounding, gradients do not depend on the kernel of the signatures, so the plain cases are
 * enough.
 */
const every = [...cases.filter((one) => one.algorithm === "auto" && isRun(one)), ...lonePaths()];
const table = level === "quick" ? chosenOf(every, shownByCase) : every;

/** The largest error relative to its tolerance, over one path or one row. */
function compare(what: string, actual: ArrayLike<number>, wanted: ArrayLike<number>, allowed: number): void {
  expect(actual.length, what).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    const error = Math.abs(actual[i]! - wanted[i]!);
    if (!(error <= allowed)) expect.fail(`${what}, number ${i}: ${actual[i]} for ${wanted[i]}, allowed ${allowed}`);
  }
}

const sumOf = (rows: readonly (readonly number[])[]): number[] =>
  rows[0]!.map((_, i) => rows.reduce((sum, row) => sum + row[i]!, 0));

describe.each(variants)("%s", (variant) => {
  beforeAll(async () => {
    expect((await init({ variant })).variant).toBe(variant);
  });

  test.each(table)("$name", (one) => {
    const { material: numbers, cotangents, gradients } = truth(one);
    const { channels, depth, lengths, lead, dtype } = one;
    const { paths, options, shape } = callOf({ ...one, out: false }, numbers);
    const Numbers = dtype === "float32" ? Float32Array : Float64Array;
    const cotangent = { data: Numbers.from(cotangents.flat(2)), shape };
    const result = signatureVjp(paths as Paths, cotangent, options as { depth: number });

    const points = Math.max(1, ...(lengths.length === 0 ? [4] : lengths));
    expect(result.paths.shape).toEqual([...lead, points, channels]);
    expect(result.paths.data).toBeInstanceOf(Numbers);
    expect(result.paths.dtype).toBe(dtype);
    expect(result.basepoint === undefined).toBe(one.basepoint === "none" || one.basepoint === "zeros");
    expect(result.initial === undefined).toBe(one.initial === "none");
    if (lengths.length === 0) return;

    const size = signatureSize(channels, depth);
    const scale = (i: number) => {
      const { path, basepoint } = gradients[i]!;
      return Math.max(maxAbs(path.flat()), maxAbs(basepoint ?? []));
    };
    const allowed = (i: number, of: number) => gradientTolerance(dtype, depth, lengths[i]!, of);
    for (const [i, of] of gradients.entries()) {
      const at = i * points * channels;
      const end = at + lengths[i]! * channels;
      compare(`path ${i}`, result.paths.data.subarray(at, end), of.path.flat(), allowed(i, scale(i)));
      // Exactly zero past the end.
      expect(maxAbs(result.paths.data.subarray(end, at + points * channels))).toBe(0);
      if (one.basepoint === "each") {
        const own = result.basepoint!.data.subarray(i * channels, (i + 1) * channels);
        compare(`basepoint ${i}`, own, of.basepoint!, allowed(i, scale(i)));
      }
      if (one.initial === "each") {
        const own = result.initial!.data.subarray(i * size, (i + 1) * size);
        compare(`initial ${i}`, own, of.initial, allowed(i, maxAbs(of.initial)));
      }
    }
    const sum = (of: (i: number) => number) => gradients.reduce((total, _, i) => total + of(i), 0);
    if (one.basepoint === "shared") {
      const all = sum((i) => allowed(i, scale(i)));
      compare("basepoint", result.basepoint!.data, sumOf(gradients.map((g) => g.basepoint!)), all);
      expect(result.basepoint!.shape).toEqual([channels]);
    }
    if (one.initial === "shared") {
      const all = sum((i) => allowed(i, maxAbs(gradients[i]!.initial)));
      compare("initial", result.initial!.data, sumOf(gradients.map((g) => g.initial)), all);
      expect(result.initial!.shape).toEqual([size]);
    }
  });

  test.each(table.filter((_, n) => n % 7 === 0))("with its signature: $name", (one) => {
    const { material: numbers, cotangents } = truth(one);
    const { paths, options, shape } = callOf({ ...one, out: false }, numbers);
    const cotangent = { data: Float64Array.from(cotangents.flat(2)), shape };
    const alone = signatureVjp(paths as Paths, cotangent, options as { depth: number });
    const [s, pullback] = signatureWithVjp(paths as Paths, options as { depth: number });
    expect(bits(s.data)).toEqual(bits(signature(paths as Paths, options as { depth: number }).data));
    const first = pullback(cotangent);
    const again = pullback(cotangent);
    for (const name of ["paths", "initial", "basepoint"] as const) {
      expect(first[name]?.shape).toEqual(alone[name]?.shape);
      if (alone[name] === undefined) continue;
      // Repeated calls give the same bits; signatures without their top level are rounded
      // differently.
      expect(bits(again[name]!.data), name).toEqual(bits(first[name]!.data));
      const longest = Math.max(1, ...one.lengths);
      const allowed = gradientTolerance(one.dtype, one.depth, longest, maxAbs(alone[name].data)) * 2;
      const all = one.lengths.length === 0 ? 0 : name === "paths" ? 1 : one.lengths.length;
      compare(name, first[name]!.data, alone[name].data, allowed * all);
    }
  });

  /** A shape, a path, options, and a direction for every differentiable input. */
  const scene = fc
    .record({
      shape: fc.constantFrom([1, 4], [2, 1], [2, 3], [2, 5], [3, 2], [3, 4], [4, 3], [6, 2], [7, 3]),
      length: fc.integer({ min: 1, max: 40 }),
      seed: fc.nat(),
      stream: fc.boolean(),
      inverse: fc.boolean(),
      basepoint: fc.boolean(),
      initial: fc.boolean(),
    })
    .map(({ shape: [channels, depth], length, seed, ...flags }) => {
      const next = random(seed);
      const numbers = (count: number, scale = 1) => Array.from({ length: count }, () => (2 * next() - 1) * scale);
      const size = signatureSize(channels!, depth!);
      const path = (scale: number) => Array.from({ length }, () => numbers(channels!, scale));
      const make = (scale: number) => ({
        path: path(scale),
        basepoint: flags.basepoint ? numbers(channels!, scale) : undefined,
        initial: flags.initial ? numbers(size, scale) : undefined,
      });
      const rows = flags.stream ? length - (flags.basepoint ? 0 : 1) : 1;
      return { depth: depth!, ...flags, rows, at: make(0.5), direction: make(1), cotangent: numbers(rows * size) };
    });

  type Scene = typeof scene extends fc.Arbitrary<infer S> ? S : never;
  const optionsOf = ({ depth, stream, inverse }: Scene, { basepoint, initial }: Scene["at"]) => ({
    depth,
    stream,
    inverse,
    ...(basepoint && { basepoint }),
    ...(initial && { initial }),
  });

  /** ⟨v, Jᵀ w⟩, and a bound of its size. */
  function pairing({ direction }: Scene, of: ReturnType<typeof signatureVjp>): { value: number; size: number } {
    const terms = [
      [direction.path.flat(), of.paths.data],
      [direction.basepoint ?? [], of.basepoint?.data ?? []],
      [direction.initial ?? [], of.initial?.data ?? []],
    ] as const;
    let [value, size] = [0, 0];
    for (const [v, g] of terms) {
      for (let i = 0; i < v.length; i++) {
        value += v[i]! * g[i]!;
        size += Math.abs(v[i]! * g[i]!);
      }
    }
    return { value, size };
  }

  test("adjoint identity: ⟨J v, w⟩ by forward mode is ⟨v, Jᵀ w⟩", () => {
    fc.assert(
      fc.property(scene, (one) => {
        const { at, direction, cotangent, rows } = one;
        const forward = tangent(at.path, { ...optionsOf(one, at), rows }, direction).flat();
        const wanted = forward.reduce((sum, x, i) => sum + x * cotangent[i]!, 0);
        const { value, size } = pairing(one, signatureVjp(at.path, cotangent, optionsOf(one, at)));
        const scale = size + forward.reduce((sum, x, i) => sum + Math.abs(x * cotangent[i]!), 0);
        expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1e-12 * Math.max(1, scale));
      }),
      { numRuns: 300 },
    );
  });

  test("directional derivatives are central differences of signatures, to 1e-6", () => {
    fc.assert(
      fc.property(scene, (one) => {
        const { at, direction, cotangent } = one;
        const h = 1e-4;
        const move = (x: readonly number[], v: readonly number[], by: number) => x.map((a, i) => a + by * v[i]!);
        const value = (by: number) => {
          const path = at.path.map((point, t) => move(point, direction.path[t]!, by));
          const basepoint = at.basepoint && move(at.basepoint, direction.basepoint!, by);
          const initial = at.initial && move(at.initial, direction.initial!, by);
          const s = signature(path, optionsOf(one, { path, basepoint, initial })).data;
          return s.reduce((sum, x, i) => sum + x * cotangent[i]!, 0);
        };
        // Two step widths cancel the error of order h²; the remaining error is below rounding.
        const slope = (width: number) => (value(width) - value(-width)) / (2 * width);
        const wanted = (4 * slope(h) - slope(2 * h)) / 3;
        const { value: got, size } = pairing(one, signatureVjp(at.path, cotangent, optionsOf(one, at)));
        expect(Math.abs(got - wanted)).toBeLessThanOrEqual(1e-6 * Math.max(1, size));
      }),
      { numRuns: 100 },
    );
  });

  test("neighbours: gradients do not depend on the other paths of a ragged batch or on their order, to the bit", () => {
    const batches = fc.record({
      shape: fc.constantFrom([1, 4], [2, 2], [2, 4], [3, 3], [4, 4], [5, 2], [7, 3], [2, 7]),
      lengths: fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 2, maxLength: 11 }),
      dtype: fc.constantFrom<DType>("float32", "float64"),
      seed: fc.nat(),
      turn: fc.nat(),
      stream: fc.boolean(),
      inverse: fc.boolean(),
      basepoint: fc.boolean(),
    });
    fc.assert(
      fc.property(batches, ({ shape: [d, n], lengths, seed, turn, ...options }) => {
        const next = random(seed);
        const batch = lengths.map((length) =>
          Array.from({ length }, () => Array.from({ length: d! }, () => Math.fround(next() - 0.5))),
        );
        const longest = Math.max(...lengths);
        const size = signatureSize(d!, n!);
        const rowsFor = (length: number) => (options.stream ? length - (options.basepoint ? 0 : 1) : 1);
        const rows = rowsFor(longest);
        // Cotangents past a path's own rows are zero, so that the path alone has the same ones.
        const cotangents = lengths.map((length) =>
          Array.from({ length: rows }, (_, r) =>
            Array.from({ length: size }, () => (r < rowsFor(length) ? Math.fround(next() - 0.5) : 0)),
          ),
        );
        const call = { depth: n!, ...options };
        const together = signatureVjp(batch, cotangents.flat(2), call).paths.data;
        const at = (i: number) => (i + turn) % batch.length;
        const moved = signatureVjp(
          batch.map((_, i) => batch[at(i)]!),
          batch.flatMap((_, i) => cotangents[at(i)]!.flat()),
          call,
        ).paths.data;
        const each = longest * d!;
        batch.forEach((path, i) => {
          const own = cotangents[i]!.slice(0, rowsFor(path.length)).flat();
          // A single path takes another code path, so the smallest comparable batch has two.
          const alone = signatureVjp([path, path], [...own, ...own], call).paths.data.subarray(0, path.length * d!);
          const inBatch = together.subarray(i * each, i * each + alone.length);
          expect(bits(inBatch)).toEqual(bits(alone));
          const place = (i - (turn % batch.length) + batch.length) % batch.length;
          expect(bits(moved.subarray(place * each, (place + 1) * each))).toEqual(
            bits(together.subarray(i * each, (i + 1) * each)),
          );
        });
      }),
      { numRuns: 150 },
    );
  });

  test("a path of a single point has gradient zero, whatever the cotangent", () => {
    for (const [d, n] of [
      [1, 3],
      [2, 1],
      [2, 2],
      [2, 4],
      [3, 3],
      [7, 3],
    ] as const) {
      const point = [Array.from({ length: d }, (_, c) => c + 0.3)];
      const cotangent = Array.from({ length: signatureSize(d, n) }, (_, i) => Math.sin(i + 1));
      const { paths, initial } = signatureVjp([point, point], [...cotangent, ...cotangent], {
        depth: n,
        initial: cotangent,
      });
      expect([...paths.data]).toEqual(new Array(2 * d).fill(0));
      expect([...initial!.data]).toEqual(cotangent.map((x) => 2 * x));
    }
  });
});

/** The bits as digits: texts are compared at once, arrays number by number. */
const bits = ({ buffer, byteOffset, byteLength }: Float32Array | Float64Array) =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString("hex");

describe("the reference itself", () => {
  test("reverse mode against forward mode", () => {
    const next = random(5);
    for (const [d, n] of [
      [1, 3],
      [2, 4],
      [3, 3],
      [4, 2],
    ] as const) {
      for (const stream of [false, true]) {
        const points = Array.from({ length: 6 }, () => Array.from({ length: d }, () => next() - 0.5));
        const size = signatureSize(d, n);
        const options = {
          depth: n,
          stream,
          basepoint: points[0],
          initial: Array.from({ length: size }, () => next()),
          rows: 7,
        };
        const cotangents = Array.from({ length: stream ? 7 : 1 }, () =>
          Array.from({ length: size }, () => next() - 0.5),
        );
        const { path } = gradient(points, options, cotangents);
        points.forEach((_, t) => {
          for (let c = 0; c < d; c++) {
            const direction = points.map((point, u) => point.map((_, e) => (u === t && e === c ? 1 : 0)));
            const rows = tangent(points, options, { path: direction, basepoint: new Array(d).fill(0) });
            const wanted = rows.flat().reduce((sum, x, i) => sum + x * cotangents.flat()[i]!, 0);
            expect(path[t]![c]!).toBeCloseTo(wanted, 12);
          }
        });
      }
    }
  });
});
