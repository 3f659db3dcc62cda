// The tensor algebra on every binary, on the calling thread: against exact rationals and a plain
// reference, by identities, and gradients by differences; forms of arguments, `out`, memory.
// Errors: algebra-errors.test.ts; engines: engine/algebra.test.ts.

import { beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import { exp, init, inverse, log, multiply, multiplyVjp, words } from "../ts/algebra.ts";
import { signature } from "../ts/index.ts";
import { bindMultiply, bindMultiplyVjp } from "../ts/operations/algebra.ts";
import { outputBytes } from "../ts/run/blocks.ts";
import { compileNow } from "../ts/wasm/compile.ts";
import { onlyModules, Runtime } from "../ts/wasm/runtime.ts";
import {
  arity,
  call,
  functions,
  makeRow,
  type Numbers,
  operations,
  type Result,
  rowSize,
  type Shape,
  sharings,
  tensor,
} from "./algebra-cases.ts";
import { exact, referenceRow } from "./algebra-reference.ts";
import { bytesOf } from "./inlined.ts";
import { makePath, random } from "./paths.ts";
import { type Coefficients, nameOf, Rational } from "./rational.ts";
import { maxAbs, referenceSignature } from "./reference.ts";
import { algebraTolerance, differenceTolerance, identityTolerance } from "./tolerances.ts";

const variants = ["simd", "relaxed"] as const;
const dtypes = ["float32", "float64"] as const;
const batches = [0, 1, 3, 17];

const rowOf = ({ data, shape }: Pick<Result, "data" | "shape">, i: number): Numbers => {
  const width = shape.at(-1)!;
  return data.subarray(i * width, (i + 1) * width);
};

const shapesUpTo = (channels: number, depth: number): Shape[] =>
  Array.from({ length: channels }, (_, d) => d + 1).flatMap((d) =>
    Array.from({ length: depth }, (_, n) => n + 1).flatMap((n) =>
      [false, true].map((scalarTerm) => ({ channels: d, depth: n, scalarTerm })),
    ),
  );

/**
 * Throws unless numbers are within their tolerances. Returns the largest error relative to its
 * tolerance.
 */
function expectWithin(actual: Numbers, wanted: readonly number[], allowed: readonly number[], name: string): number {
  expect(actual.length, name).toBe(wanted.length);
  let worst = 0;
  for (const [i, x] of wanted.entries()) {
    const error = Math.abs(actual[i]! - x);
    if (error === 0) continue;
    worst = Math.max(worst, error / allowed[i]!);
    if (!(error <= allowed[i]!)) throw new Error(`${name}, number ${i}: ${actual[i]} for ${x}, allowed ${allowed[i]}`);
  }
  return worst;
}

describe.each(variants)("%s", (variant) => {
  beforeAll(async () => {
    await init({ variant });
  });

  describe.each(operations)("%s", (name) => {
    test.each(dtypes)("every shape, batch and way of sharing rows against the reference, %s", (dtype) => {
      const next = random(17);
      let form = 0;
      for (const shape of shapesUpTo(4, 5)) {
        for (const batch of batches) {
          for (const shared of sharings(name)) {
            const operands = shared.map((isShared) =>
              Array.from({ length: isShared ? 1 : batch }, () => makeRow(name, shape, next)),
            );
            const isBatch = shared.includes(false);
            const given = operands.map((rows, k) => tensor(rows, shape, shared[k] ? [] : [batch], form++));
            const found = call(name)(...given, { ...shape, dtype });
            const { channels: d, depth: n, scalarTerm } = shape;
            const title = `d=${d} N=${n} scalar=${scalarTerm} batch=${batch} shared=${shared}`;
            expect(found.shape, title).toEqual(isBatch ? [batch, rowSize(shape)] : [rowSize(shape)]);
            expect(found.dtype).toBe(dtype);
            for (let i = 0; i < (isBatch ? batch : 1); i++) {
              const [a, b = a] = operands.map((rows, k) => rows[shared[k] ? 0 : i]!);
              const { wanted, sizes } = referenceRow(name, a!, b!, shape);
              const allowed = sizes.map((size) => algebraTolerance(dtype, shape.depth, size));
              expectWithin(rowOf(found, i), wanted, allowed, `${title} row ${i}`);
            }
          }
        }
      }
    });

    test("small fractions against exact arithmetic", () => {
      const next = random(5);
      for (const [channels, depth] of [
        [1, 5],
        [2, 1],
        [2, 4],
        [3, 3],
        [4, 2],
      ] as const) {
        for (const scalarTerm of [false, true]) {
          const labels = [[], ...words(channels, depth)];
          const make = (scalar: bigint): Coefficients =>
            new Map(
              labels.map((word) => [
                nameOf(word),
                word.length === 0 ? new Rational(scalar) : new Rational(BigInt(Math.round(16 * next() - 8)), 4n),
              ]),
            );
          const [a, b] = [make(name === "exp" ? 0n : 1n), make(1n)];
          const listed = scalarTerm ? labels : labels.slice(1);
          const flat = (of: Coefficients): number[] => listed.map((word) => of.get(nameOf(word))?.toNumber() ?? 0);
          const wanted = flat(exact(name, a, b, depth));
          const shape = { channels, depth, scalarTerm };
          const { sizes } = referenceRow(name, flat(a), flat(b), shape);
          for (const dtype of dtypes) {
            const operands = [flat(a), flat(b)].slice(0, arity(name));
            const { data } = call(name)(...operands, { ...shape, dtype });
            const allowed = sizes.map((size) => algebraTolerance(dtype, depth, size));
            expectWithin(data, wanted, allowed, `d=${channels} N=${depth} ${dtype}`);
          }
        }
      }
    });

    test("a row's result does not depend on its neighbours, to the bit", () => {
      const next = random(3);
      for (const dtype of dtypes) {
        for (const shape of shapesUpTo(3, 4)) {
          const rows = Array.from({ length: 17 }, () => makeRow(name, shape, next));
          const other = makeRow(name, shape, next);
          const rest = name === "multiply" ? [other] : [];
          const together = call(name)(rows, ...rest, { ...shape, dtype });
          for (const [i, row] of rows.entries())
            expect(rowOf(together, i)).toEqual(call(name)(row, ...rest, { ...shape, dtype }).data);
        }
      }
    });

    test("gradients are what differences of the function are", () => {
      const next = random(29);
      const step = 2 ** -11;
      for (const shape of shapesUpTo(3, 4)) {
        const size = rowSize(shape);
        const operands = Array.from({ length: arity(name) }, () => makeRow(name, shape, next));
        const cotangent = Array.from({ length: size }, () => 2 * next() - 1);
        const found = functions[`${name}Vjp`](...operands, cotangent, shape) as Record<string, Result>;
        for (const [k, operand] of operands.entries()) {
          // All shifted rows in one batch: ∂f/∂xᵢ by the five-point formula.
          const moved = operand.flatMap((_, i) =>
            [-2, -1, 1, 2].map((times) => operand.map((x, j) => (i === j ? x + times * step : x))),
          );
          const values = call(name)(...operands.map((own, j) => (j === k ? moved : own)), shape);
          const f = (i: number): number => cotangent.reduce((sum, c, j) => sum + c * rowOf(values, i)[j]!, 0);
          const expected = operand.map(
            (_, i) => (f(4 * i) - 8 * f(4 * i + 1) + 8 * f(4 * i + 2) - f(4 * i + 3)) / (12 * step),
          );
          const { data, shape: dims, dtype } = found[k === 0 ? "a" : "b"]!;
          expect([dims, dtype]).toEqual([[size], "float64"]);
          const allowed = expected.map(() => differenceTolerance * Math.max(1, maxAbs(expected)));
          expectWithin(data, expected, allowed, `d=${shape.channels} N=${shape.depth} of operand ${k}`);
        }
      }
    });

    test("gradients of a batch are its rows', of shared rows their sum, in float32 as in float64", () => {
      const next = random(31);
      for (const shape of shapesUpTo(3, 3)) {
        const size = rowSize(shape);
        for (const batch of batches) {
          for (const shared of sharings(name).filter((which) => which.includes(false))) {
            const operands = shared.map((isShared) =>
              Array.from({ length: isShared ? 1 : batch }, () => makeRow(name, shape, next)),
            );
            const given = operands.map((rows, k) => tensor(rows, shape, shared[k] ? [] : [batch], 0));
            const cotangents = Array.from({ length: batch }, () =>
              Array.from({ length: size }, () => Math.fround(2 * next() - 1)),
            );
            const cotangent = { data: cotangents.flat(), shape: [batch, size] };
            const vjp = functions[`${name}Vjp`] as (...args: unknown[]) => Record<string, Result>;
            const found = vjp(...given, cotangent, shape);
            const single = vjp(...given, cotangent, { ...shape, dtype: "float32" });
            for (const [k, isShared] of shared.entries()) {
              const letter = k === 0 ? "a" : "b";
              const alone = cotangents.map((one, i) => {
                const own = operands.map((rows, j) => rows[shared[j] ? 0 : i]!);
                return vjp(...own, one, shape)[letter]!.data;
              });
              const { data, shape: dims } = found[letter]!;
              expect(dims).toEqual(isShared ? [size] : [batch, size]);
              const wanted = isShared
                ? Array.from({ length: size }, (_, j) => alone.reduce((sum, row) => sum + row[j]!, 0))
                : alone.flatMap((row) => [...row]);
              expect([...data]).toEqual(wanted);
              expect(single[letter]!.data).toBeInstanceOf(Float32Array);
              const largest = Math.max(1, ...alone.map(maxAbs)) * (isShared ? batch : 1);
              const allowed = wanted.map(() => algebraTolerance("float32", shape.depth, 4 * largest));
              expectWithin(single[letter]!.data, wanted, allowed, `${letter} in float32`);
            }
          }
        }
      }
    });
  });

  describe.each(dtypes)("identities, %s", (dtype) => {
    /**
     * The largest difference of two results that are each within a tolerance relative to `size`.
     */
    const near = (actual: Numbers, wanted: ArrayLike<number>, depth: number, size: number): void => {
      const allowed = Array.from(wanted, () => algebraTolerance(dtype, depth, size));
      expectWithin(actual, Array.from(wanted), allowed, "identity");
    };

    test("log(exp x) = x and exp(log a) = a", () => {
      const next = random(41);
      for (const shape of shapesUpTo(4, 4)) {
        const options = { ...shape, dtype };
        const x = makeRow("exp", shape, next);
        const a = makeRow("log", shape, next);
        const sizesOf = (name: "exp" | "log", row: number[]) => referenceRow(name, row, row, shape).sizes;
        const logOfExp = Math.max(1, ...sizesOf("log", sizesOf("exp", x)));
        near(log(exp(x, options), options).data, x, shape.depth, 4 * logOfExp);
        const expOfLog = Math.max(1, ...sizesOf("exp", sizesOf("log", a)));
        near(exp(log(a, options), options).data, a, shape.depth, 4 * expOfLog);
      }
    });

    test("products are associative, and 1 = a ⊗ a⁻¹ = a⁻¹ ⊗ a", () => {
      const next = random(43);
      for (const shape of shapesUpTo(4, 4)) {
        const options = { ...shape, dtype };
        const [a, b, c] = Array.from({ length: 3 }, () => makeRow("inverse", shape, next)) as [
          number[],
          number[],
          number[],
        ];
        const size = (shape.depth + 2) ** 2 * 8;
        const left = multiply(multiply(a, b, options), c, options);
        near(left.data, multiply(a, multiply(b, c, options), options).data, shape.depth, size);
        const back = inverse(a, options);
        const one = new Array<number>(rowSize(shape)).fill(0);
        if (shape.scalarTerm) one[0] = 1;
        const sizes = referenceRow("inverse", a, a, shape).sizes;
        const both = Math.max(1, ...sizes) * (shape.depth + 1) * 2;
        near(multiply(a, back, options).data, one, shape.depth, both);
        near(multiply(back, a, options).data, one, shape.depth, both);
        near(inverse(back, options).data, a, shape.depth, both ** 2);
      }
    });

    test("Chen's identity, the inverse of a signature, and logarithms of straight lines", () => {
      const next = random(47);
      for (const { channels, depth, scalarTerm } of shapesUpTo(4, 4)) {
        const points = makePath("walk", 20, channels, next);
        const { steps, natural, reached } = referenceSignature(points, { depth });
        const labels = words(channels, depth);
        const allowed = (scalarTerm ? [[], ...labels] : labels).map(({ length: k }) =>
          identityTolerance(dtype, k, steps, natural[k]!, reached[k]!),
        );
        const of = (path: number[][], rest = {}) => signature(path, { depth, scalarTerm, dtype, ...rest });
        const options = { channels, depth, scalarTerm, dtype };
        const product = multiply(of(points.slice(0, 8)), of(points.slice(7)), options);
        const title = `d=${channels} N=${depth}`;
        expectWithin(product.data, [...of(points).data], allowed, `product ${title}`);
        const backwards = of(points, { inverse: true });
        expectWithin(inverse(of(points), options).data, [...backwards.data], allowed, `inverse ${title}`);
        const line = log(of([points[0]!, points[9]!]), options);
        const size = Math.max(1, ...natural);
        const wanted = line.data.map((_, i) => {
          const c = i - Number(scalarTerm);
          const straight = points[9]![c]! - points[0]![c]!;
          return c >= 0 && c < channels ? straight : 0;
        });
        near(line.data, wanted, depth, size * 4);
      }
    });
  });
});

describe("arguments", () => {
  const shape: Shape = { channels: 2, depth: 3, scalarTerm: false };
  const size = rowSize(shape);
  const options = { channels: 2, depth: 3 };
  const next = random(53);
  const rows = Array.from({ length: 6 }, () => makeRow("multiply", shape, next));
  const other = makeRow("multiply", shape, next);
  const flat = rows.flat();

  test("the same numbers in every form give the same bits", () => {
    const wanted = multiply(rows, other, options).data;
    const shared = new Float64Array(new SharedArrayBuffer(8 * flat.length));
    shared.set(flat);
    const forms: unknown[] = [
      { data: flat, shape: [6, size] },
      { data: Float64Array.from(flat), dims: [6, size] },
      { data: shared, shape: Int32Array.of(6, size) },
      rows.map((row) => Float64Array.from(row)),
      rows.map((row, i) => (i % 2 === 0 ? row : Float32Array.from(row))),
      // The result of another call.
      multiply(rows, new Array<number>(size).fill(0), options),
    ];
    for (const form of forms) expect(call("multiply")(form, other, options).data).toEqual(wanted);
    for (const form of [Float64Array.from(other), { data: other, shape: [size] }, Float32Array.from(other)])
      expect(call("multiply")(rows, form, options).data).toEqual(wanted);
    const wide = call("multiply")({ data: flat, shape: [2, 3, size] }, other, options);
    expect(wide).toMatchObject({ shape: [2, 3, size], data: wanted });
    const single = multiply({ data: flat.slice(0, size), shape: [1, size] }, other, options);
    expect(single).toMatchObject({ shape: [1, size], data: wanted.subarray(0, size) });
    const integers = BigInt64Array.from(rows[0]!.map((_, i) => BigInt(i)));
    expect(call("exp")(integers, options).data).toEqual(exp(Array.from(integers, Number), options).data);
    const streamed = signature(
      [
        [0, 0],
        [1, 2],
        [3, 1],
      ],
      { depth: 3, stream: true },
    );
    expect(log(streamed, options).shape).toEqual([2, size]);
  });

  test("float32 where all rows are Float32Arrays, else float64", () => {
    const single = Float32Array.from(other);
    const many = rows.map((row) => Float32Array.from(row));
    const both = { data: Float32Array.from(flat), shape: [6, size] };
    expect([exp(single, options), exp(many, options), multiply(both, single, options)].map((r) => r.dtype)).toEqual(
      new Array(3).fill("float32"),
    );
    const mixed = [multiply(single, other, options), multiply(other, both, options), exp(other, options)];
    expect(mixed.map((r) => r.dtype)).toEqual(new Array(3).fill("float64"));
    expect(multiply(rows, rows, { ...options, dtype: "float32" }).data).toBeInstanceOf(Float32Array);
    expectTypeOf(exp(single, options).data).toEqualTypeOf<Float32Array>();
    expectTypeOf(exp(many, options).data).toEqualTypeOf<Float32Array>();
    expectTypeOf(multiply(both, single, options).data).toEqualTypeOf<Float32Array>();
    expectTypeOf(multiply(single, other, options).data).toEqualTypeOf<Float64Array>();
    expectTypeOf(multiply(rows, both, options).data).toEqualTypeOf<Float64Array>();
    expectTypeOf(multiply(rows, both, { ...options, dtype: "float32" }).data).toEqualTypeOf<Float32Array>();
    expectTypeOf(multiplyVjp(both, rows, flat, options).b.data).toEqualTypeOf<Float64Array>();
    expectTypeOf(multiplyVjp(both, single, flat, options).a.data).toEqualTypeOf<Float32Array>();
  });

  test("results have views by level and word", () => {
    const result = exp([1, 2, 0, 0, 0, 0], { channels: 2, depth: 2, scalarTerm: false });
    expect(result.at([0, 1])).toBe(1);
    expect([...result.level(2).toArray()]).toEqual([0.5, 1, 1, 2]);
    const whole = exp([0, 1, 2, 0, 0, 0, 0], { channels: 2, depth: 2, scalarTerm: true });
    expect([whole.at([]), whole.scalarTerm]).toEqual([1, true]);
  });

  test("checkFinite: false lets numbers flow that are not finite", () => {
    const bad = [...other];
    bad[0] = Number.NaN;
    const { data } = multiply([bad, other], other, { ...options, checkFinite: false });
    expect(data[0]).toBeNaN();
    expect(data.subarray(size)).toEqual(multiply(other, other, options).data);
  });
});

describe("out", () => {
  const shape: Shape = { channels: 2, depth: 4, scalarTerm: true };
  const size = rowSize(shape);
  const many = 2 * Math.ceil(outputBytes / 4 / size);

  test.each([3, many])("takes %i rows and is the result's data", (batch) => {
    const next = random(59);
    for (const dtype of dtypes) {
      const Kind = dtype === "float32" ? Float32Array : Float64Array;
      for (const name of operations) {
        const row = makeRow(name, shape, next);
        const numbers = Array.from({ length: batch * size }, (_, i) => row[i % size]!);
        const a = { data: Kind.from(numbers), shape: [batch, size] };
        const rest = name === "multiply" ? [makeRow(name, shape, next)] : [];
        const options = { ...shape, dtype };
        const wanted = call(name)(a, ...rest, options).data;
        const out = new Kind(batch * size + 8).fill(7);
        const part = out.subarray(4, 4 + batch * size);
        const found = call(name)(a, ...rest, { ...options, out: part });
        expect(found.data).toBe(part);
        expect(same(part, wanted)).toBe(true);
        expect([...out.subarray(0, 4), ...out.subarray(-4)]).toEqual(new Array(8).fill(7));
        // In place, and overlapping a part of its input.
        const place = { ...a, data: a.data.slice() };
        expect(same(call(name)(place, ...rest, { ...options, out: place.data }).data, wanted)).toBe(true);
        const buffer = new Kind(batch * size + size);
        const late = { ...a, data: buffer.subarray(size) };
        late.data.set(a.data);
        expect(
          same(call(name)(late, ...rest, { ...options, out: buffer.subarray(0, batch * size) }).data, wanted),
        ).toBe(true);
      }
    }
  });

  test("may lie over the row that all share", () => {
    const next = random(61);
    const [a, b] = [makeRow("multiply", shape, next), makeRow("multiply", shape, next)];
    const rows = { data: Float64Array.from({ length: many * size }, (_, i) => a[i % size]!), shape: [many, size] };
    const wanted = multiply(rows, b, shape).data;
    const out = new Float64Array(many * size);
    const own = out.subarray(5 * size, 6 * size);
    own.set(b);
    expect(same(multiply(rows, own, { ...shape, out }).data, wanted)).toBe(true);
  });
});

const same = (a: Numbers, b: Numbers): boolean =>
  a.length === b.length &&
  Buffer.compare(
    new Uint8Array(a.buffer, a.byteOffset, a.byteLength),
    new Uint8Array(b.buffer, b.byteOffset, b.byteLength),
  ) === 0;

describe("memory", () => {
  const module = compileNow(bytesOf("simd", "algebra"));
  const runtimeOf = () => new Runtime({ compile: onlyModules, moduleNow: () => module });
  const shape = { channels: 3, depth: 3 };
  const batch = 60_000;
  const data = new Float64Array(batch * 39).fill(0.25);
  const rows = { data, shape: [batch, 39] };
  /** Inputs and outputs of a block, at most 1 MiB each, and as much again for scratch and pages. */
  const bound = (arrays: number) => (arrays + 1) * outputBytes;

  test("stays bounded for a large batch of products", () => {
    const runtime = runtimeOf();
    const run = bindMultiply(runtime);
    const before = runtime.instance().kernels.memory.buffer.byteLength;
    const { data: found } = run(rows, rows, shape);
    expect(data.byteLength).toBeGreaterThan(4 * bound(3));
    expect(found.subarray(-39)).toEqual(multiply(data.subarray(0, 39), data.subarray(0, 39), shape).data);
    expect(runtime.instance().kernels.memory.buffer.byteLength - before).toBeLessThanOrEqual(bound(3));
  });

  test("and of gradients, and is flat over calls", () => {
    const runtime = runtimeOf();
    const run = bindMultiplyVjp(runtime);
    const held = () => runtime.instance().kernels.memory.buffer.byteLength;
    const before = held();
    run(rows, rows, data, shape);
    const first = held();
    expect(first - before).toBeLessThanOrEqual(bound(5));
    for (let i = 0; i < 3; i++) run(rows, i === 0 ? data.subarray(0, 39) : rows, data, shape);
    expect(held()).toBe(first);
  });
});
