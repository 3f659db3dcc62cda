// The result: shapes, number types, views by level and by word, and `out`.

import { describe, expect, test } from "vitest";
import { signature, signatureSize, words } from "../ts/index.ts";
import { makePath, random } from "./paths.ts";

const next = random(11);
const one = makePath("walk", 9, 3, next);
const batch = Array.from({ length: 5 }, () => makePath("walk", 9, 3, next));
const flat = (paths: number[][][]) => Float64Array.from(paths.flat(2));

describe("number type", () => {
  const shape = [2, 3];
  const numbers = [0, 0, 0, 1, 2, 3];
  test.each([
    ["Float32Array", { data: Float32Array.from(numbers), shape }, "float32"],
    ["Float64Array", { data: Float64Array.from(numbers), shape }, "float64"],
    ["numbers", { data: numbers, shape }, "float64"],
    ["Int8Array", { data: Int8Array.from(numbers), shape }, "float64"],
    ["Uint8ClampedArray", { data: Uint8ClampedArray.from(numbers), shape }, "float64"],
    ["Uint16Array", { data: Uint16Array.from(numbers), shape }, "float64"],
    ["Int32Array", { data: Int32Array.from(numbers), shape }, "float64"],
    ["Uint32Array", { data: Uint32Array.from(numbers), shape }, "float64"],
    ["BigUint64Array", { data: BigUint64Array.from(numbers.map(BigInt)), shape }, "float64"],
    ["a Node Buffer", { data: Buffer.from(numbers), shape }, "float64"],
    [
      "nested numbers",
      [
        [0, 0, 0],
        [1, 2, 3],
      ],
      "float64",
    ],
    ["nested Float32Array", [Float32Array.of(0, 0, 0), Float32Array.of(1, 2, 3)], "float32"],
    ["nested Float32Array and numbers", [Float32Array.of(0, 0, 0), [1, 2, 3]], "float64"],
    ["nested Int16Array", [Int16Array.of(0, 0, 0), Int16Array.of(1, 2, 3)], "float64"],
    ["nested BigInt64Array", [BigInt64Array.of(0n, 0n, 0n), BigInt64Array.of(1n, 2n, 3n)], "float64"],
  ] as const)("%s", (_, paths, dtype) => {
    const s = signature(paths, { depth: 2 });
    expect(s.dtype).toBe(dtype);
    expect([...s.data]).toEqual([1, 2, 3, 0.5, 1, 1.5, 1, 2, 3, 1.5, 3, 4.5]);
    for (const asked of ["float32", "float64"] as const) {
      const t = signature(paths, { depth: 2, dtype: asked });
      expect(t.dtype).toBe(asked);
      expect(t.data).toBeInstanceOf(asked === "float32" ? Float32Array : Float64Array);
      expect([...t.data]).toEqual([...s.data]);
    }
  });

  test.runIf("Float16Array" in globalThis)("Float16Array", () => {
    const Half = (globalThis as unknown as { Float16Array: { from(x: number[]): Float32Array } }).Float16Array;
    const data = Half.from(Array.from({ length: 200 }, (_, i) => (i % 7) / 4));
    const s = signature({ data, shape: [100, 2] }, { depth: 2 });
    expect([...s.data]).toEqual([...signature({ data: [...data], shape: [100, 2] }, { depth: 2 }).data]);
    const block = Half.from(new Array(600_000).fill(0.5));
    expect(signature({ data: block, shape: [3000, 100, 2] }, { depth: 1 }).data).toEqual(new Float64Array(6000));
  });

  test("arrays of another realm", async () => {
    const { runInNewContext } = await import("node:vm");
    const data = runInNewContext("Float32Array.of(0, 0, 0, 1, 2, 3)") as Float32Array;
    expect(data).not.toBeInstanceOf(Float32Array);
    const s = signature({ data, shape: [2, 3] }, { depth: 1 });
    expect([...s.data]).toEqual([1, 2, 3]);
    expect(s.dtype).toBe("float32");
    const many = runInNewContext("new Float32Array(600000).fill(1)") as Float32Array;
    expect(signature({ data: many, shape: [3000, 100, 2] }, { depth: 1 }).data).toEqual(new Float32Array(6000));
  });
});

describe("views", () => {
  test("level of a single signature is contiguous and shares its memory", () => {
    const s = signature(one, { depth: 3, scalarTerm: true });
    const level = s.level(2);
    expect(level).toMatchObject({ shape: [3, 3], strides: [3, 1], offset: 0, dtype: "float64" });
    expect(level.data.buffer).toBe(s.data.buffer);
    expect([...level.data]).toEqual([...s.data.subarray(4, 13)]);
    expect(s.level(0)).toMatchObject({ shape: [] });
    expect(s.level(0).get()).toBe(1);
    s.data[4] = 42;
    expect(level.get(0, 0)).toBe(42);
  });

  test.each([false, true])("level and at agree with words(), with a scalar term: %s", (scalarTerm) => {
    const s = signature(one, { depth: 3, scalarTerm });
    const all = words(3, 3, { scalarTerm });
    expect(all.length).toBe(signatureSize(3, 3, { scalarTerm }));
    all.forEach((word, i) => {
      expect(s.at(word)).toBe(s.data[i]);
      expect(s.level(word.length).get(...word)).toBe(s.data[i]);
    });
    expect(s.at(Uint8Array.of(0, 2))).toBe(s.at([0, 2]));
  });

  test("of a batch", () => {
    const s = signature(batch, { depth: 3, scalarTerm: true });
    const size = signatureSize(3, 3, { scalarTerm: true });
    const level = s.level(2);
    expect(level).toMatchObject({ shape: [5, 3, 3], strides: [size, 3, 1], offset: 4 });
    expect(level.data).toBe(s.data);
    const copy = level.toArray();
    expect(copy.length).toBe(45);
    for (let b = 0; b < 5; b++) {
      for (let i = 0; i < 3; i++) {
        for (let j = 0; j < 3; j++) {
          expect(level.get(b, i, j)).toBe(s.data[b * size + 4 + i * 3 + j]);
          expect(copy[(b * 3 + i) * 3 + j]).toBe(level.get(b, i, j));
          expect(s.at([i, j])[b]).toBe(level.get(b, i, j));
        }
      }
    }
    expect([...s.level(0).toArray()]).toEqual([1, 1, 1, 1, 1]);
  });

  test("of prefixes of a batch with two leading dimensions", () => {
    const s = signature({ data: flat(batch.slice(0, 4)), shape: [2, 2, 9, 3] }, { depth: 2, stream: true });
    expect(s.shape).toEqual([2, 2, 8, 12]);
    expect(s.stream).toBe(true);
    const level = s.level(1);
    expect(level.shape).toEqual([2, 2, 8, 3]);
    expect(level.strides).toEqual([192, 96, 12, 1]);
    expect(level.get(1, 0, 7, 2)).toBe(s.data[(2 * 8 + 7) * 12 + 2]);
    expect(s.at([2]).length).toBe(32);
    expect(s.at([2])[2 * 8 + 7]).toBe(level.get(1, 0, 7, 2));
    expect(level.toArray().length).toBe(96);
  });

  test("a copied level can be a path again", () => {
    const level = signature(batch, { depth: 2 }).level(2);
    expect(signature({ data: level.toArray(), shape: level.shape }, { depth: 1 }).shape).toEqual([5, 3]);
  });
});

describe("shapes", () => {
  test.each([
    [[9, 3], {}, [12]],
    [[1, 9, 3], {}, [1, 12]],
    [[9, 3], { stream: true }, [8, 12]],
    [[9, 3], { stream: true, basepoint: true }, [9, 12]],
    [[2, 1, 9, 3], { scalarTerm: true }, [2, 1, 13]],
    [[0, 9, 3], {}, [0, 12]],
    [[3, 0, 9, 3], { stream: true }, [3, 0, 8, 12]],
    [[2, 1, 3], { stream: true }, [2, 0, 12]],
    [[2, 1, 3], { stream: true, basepoint: true }, [2, 1, 12]],
    [[1, 3], {}, [12]],
  ] as const)("%j %j", (shape, options, wanted) => {
    const count = shape.reduce((a: number, b) => a * b, 1);
    const s = signature({ data: new Float32Array(count), shape }, { depth: 2, ...options });
    expect(s.shape).toEqual(wanted);
    expect(s.data.length).toBe(wanted.reduce((a: number, b) => a * b, 1));
    expect(s).toMatchObject({ channels: 3, depth: 2 });
  });

  test("a path of one point has the identity", () => {
    expect([...signature([[5, 7]], { depth: 2, scalarTerm: true }).data]).toEqual([1, 0, 0, 0, 0, 0, 0]);
  });

  test("given shapes are not kept", () => {
    const shape = [2, 9, 3];
    const s = signature({ data: flat(batch.slice(0, 2)), shape }, { depth: 2 });
    shape[0] = 99;
    expect(s.shape).toEqual([2, 12]);
  });
});

describe("out", () => {
  const wanted = signature(batch, { depth: 3 }).data;

  test("is written to and returned", () => {
    const out = new Float64Array(wanted.length);
    expect(signature(batch, { depth: 3, out }).data).toBe(out);
    expect([...out]).toEqual([...wanted]);
  });

  test("may be a part of a larger array, or shared", () => {
    const larger = new Float64Array(new SharedArrayBuffer(8 * (wanted.length + 4))).fill(9);
    const out = larger.subarray(2, wanted.length + 2);
    expect(signature(batch, { depth: 3, out }).data).toBe(out);
    expect([...larger]).toEqual([9, 9, ...wanted, 9, 9]);
  });

  test("of no numbers", () => {
    const out = new Float32Array(0);
    expect(signature({ data: out, shape: [0, 5, 2] }, { depth: 3, out }).data).toBe(out);
  });

  test("may be where initial is: a path continued in place", () => {
    const size = signatureSize(3, 3);
    const whole = signature(one, { depth: 3 }).data;
    const state = new Float64Array(size);
    for (let t = 0; t + 1 < one.length; t++) signature(one.slice(t, t + 2), { depth: 3, initial: state, out: state });
    for (let i = 0; i < size; i++) expect(state[i]).toBeCloseTo(whole[i]!, 12);
  });

  // Batches of several blocks, where a later block could read what an earlier one wrote.
  const count = 3000;
  const rows = signatureSize(3, 4);
  const paths = Float64Array.from({ length: count * 4 * 3 }, () => next());
  const shape = [count, 4, 3];

  test("may overlap paths", () => {
    const expected = signature({ data: paths, shape }, { depth: 4 }).data.slice();
    const memory = new Float64Array(count * rows);
    for (const at of [0, count * (rows - 12)]) {
      memory.set(paths, at);
      const data = memory.subarray(at, at + paths.length);
      expect(signature({ data, shape }, { depth: 4, out: memory }).data).toEqual(expected);
    }
  });

  test("may overlap initial and basepoint, in place or not", () => {
    const initials = Float64Array.from({ length: count * rows }, () => next());
    const basepoints = Float64Array.from({ length: count * 3 }, () => next());
    const run = (initial: Float64Array, basepoint: Float64Array, out?: Float64Array) =>
      signature(
        { data: paths, shape },
        {
          depth: 4,
          initial: { data: initial, shape: [count, rows] },
          basepoint: { data: basepoint, shape: [count, 3] },
          ...(out && { out }),
        },
      ).data;
    const expected = run(initials, basepoints).slice();
    const inPlace = initials.slice();
    expect(run(inPlace, basepoints, inPlace)).toEqual(expected);
    const memory = new Float64Array(count * rows + 1000);
    memory.set(initials, 1000);
    expect(run(memory.subarray(1000), basepoints, memory.subarray(0, count * rows))).toEqual(expected);
    memory.set(basepoints, 50);
    expect(run(initials, memory.subarray(50, 50 + count * 3), memory.subarray(0, count * rows))).toEqual(expected);
  });
});
