// Types of the public API. `npm run check` checks the assertions; running them checks that the
// values agree.

import { describe, expect, expectTypeOf, test } from "vitest";
import {
  type Info,
  init,
  type LevelView,
  type Signature,
  type SignatureOptions,
  type Signatures,
  signature,
} from "../ts/index.ts";

const path = [
  [0, 1],
  [1, 2],
];
const batch = [path, path];

describe("the result's type", () => {
  test("knows whether stream was asked", () => {
    expectTypeOf(signature(path, { depth: 2 })).toEqualTypeOf<Signature<"float64">>();
    expectTypeOf(signature(path, { depth: 2, stream: true })).toEqualTypeOf<Signatures<"float64">>();
    expectTypeOf(signature(path, { depth: 2, stream: false })).toEqualTypeOf<Signature<"float64">>();
    const options: SignatureOptions = { depth: 2, stream: true };
    expectTypeOf(signature(path, options)).toEqualTypeOf<Signature | Signatures>();
    const stream: boolean = path.length > 1;
    const s = signature(path, { depth: 2, stream });
    expectTypeOf(s).toEqualTypeOf<Signature<"float64"> | Signatures<"float64">>();
    expect(s.stream).toBe(true);
  });

  test("knows the number type", () => {
    const single = { data: new Float32Array(4), shape: [2, 2] };
    expectTypeOf(signature(single, { depth: 1 }).dtype).toEqualTypeOf<"float32">();
    expectTypeOf(signature(single, { depth: 1 }).data).toEqualTypeOf<Float32Array>();
    expectTypeOf(
      signature({ data: new Float64Array(4), shape: [2, 2] }, { depth: 1 }).data,
    ).toEqualTypeOf<Float64Array>();
    expectTypeOf(signature(path, { depth: 1 }).data).toEqualTypeOf<Float64Array>();
    expectTypeOf(signature(batch, { depth: 1 }).data).toEqualTypeOf<Float64Array>();
    expectTypeOf(signature([new Float32Array(2)], { depth: 1 }).data).toEqualTypeOf<Float32Array>();
    expectTypeOf(signature(path, { depth: 1, dtype: "float32" }).data).toEqualTypeOf<Float32Array>();
    expectTypeOf(signature(single, { depth: 1, dtype: "float64" }).level(1)).toEqualTypeOf<LevelView<"float64">>();
    const options: SignatureOptions = { depth: 1 };
    expectTypeOf(signature(single, options).data).toEqualTypeOf<Float32Array | Float64Array>();
  });

  test("knows whether a word has one coefficient or many", () => {
    expectTypeOf(signature(path, { depth: 1 }).at([0])).toEqualTypeOf<number>();
    expectTypeOf(signature(batch, { depth: 1 }).at([0])).toEqualTypeOf<Float64Array>();
    expectTypeOf(signature(path, { depth: 1, stream: true }).at([0])).toEqualTypeOf<Float64Array>();
    const data = new Float32Array(4);
    expectTypeOf(signature({ data, shape: [2, 2] }, { depth: 1 }).at([0])).toEqualTypeOf<number>();
    expectTypeOf(signature({ data, dims: [1, 2, 2] }, { depth: 1 }).at([0])).toEqualTypeOf<Float32Array>();
    const shape: number[] = [1, 2, 2];
    expectTypeOf(signature({ data, shape }, { depth: 1 }).at([0])).toEqualTypeOf<number | Float32Array>();
    expect(signature({ data, shape }, { depth: 1 }).at([0])).toEqual(new Float32Array(1));
  });

  test("knows containers", () => {
    const data = new Float32Array(4);
    const columns = signature({ x: data, y: new Float32Array(4) }, { depth: 1 });
    expectTypeOf(columns).toEqualTypeOf<Signature<"float32">>();
    expectTypeOf(signature({ x: [1, 2], y: new Float64Array(2) }, { depth: 1 }).at([0])).toEqualTypeOf<number>();
    const list = signature([{ data, shape: [2, 2] }], { depth: 1 });
    expectTypeOf(list).toEqualTypeOf<Signatures<"float32">>();
    const offsets = signature({ data, offsets: [0, 2], channels: 2 }, { depth: 1 });
    expectTypeOf(offsets).toEqualTypeOf<Signatures<"float32">>();
    const arrays = signature({ data: [data], channels: ["x", "y"] }, { depth: 1 });
    expectTypeOf(arrays).toEqualTypeOf<Signatures<"float32">>();
    expectTypeOf(signature({ data, channels: 2 }, { depth: 1 }).at([0])).toEqualTypeOf<number>();
    expect([columns, list, offsets, arrays].map(({ dtype }) => dtype)).toEqual(new Array(4).fill("float32"));
    expect([columns, list, offsets, arrays].map(({ shape }) => shape.length)).toEqual([1, 2, 2, 2]);
  });

  test("is a Signature, or Signatures", () => {
    expectTypeOf(signature(path, { depth: 1 })).toExtend<Signature>();
    expectTypeOf(signature(batch, { depth: 1 })).toExtend<Signatures>();
    expectTypeOf(signature(path, { depth: 1 })).toEqualTypeOf<Signature<"float64">>();
    expectTypeOf(init({ variant: "simd" })).toEqualTypeOf<Promise<Info>>();
  });
});

describe("arguments that types refuse", () => {
  test("are refused at run time too", () => {
    // @ts-expect-error an unknown option
    expect(() => signature(path, { depth: 2, deph: 1 })).toThrow();
    // @ts-expect-error no depth
    expect(() => signature(path, {})).toThrow();
    // @ts-expect-error no options
    expect(() => signature(path)).toThrow();
    // @ts-expect-error a flat array
    expect(() => signature([1, 2], { depth: 2 })).toThrow();
    // @ts-expect-error a typed array without shape
    expect(() => signature(new Float32Array(4), { depth: 2 })).toThrow();
    // @ts-expect-error a number type that is none
    expect(() => signature(path, { depth: 2, dtype: "int8" })).toThrow();
  });

  test("readonly input is fine", () => {
    const fixed = [
      [0, 1],
      [1, 2],
    ] as const;
    const options = { depth: 1, stream: true } as const;
    expect([...signature(fixed, options).data]).toEqual([1, 1]);
    expect([...signature({ data: Object.freeze([0, 1, 1, 2]), shape: Int8Array.of(2, 2) }, options).data]).toEqual([
      1, 1,
    ]);
  });
});
