// Arguments whose properties lie: lengths that are not those of the array, proxies, getters that
// change, names on `Object.prototype`. Results never hold numbers of other calls, and no call
// writes outside its arena.

import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { multiply } from "../ts/algebra.ts";
import {
  createEngine,
  init,
  isPathSignatureError,
  signature,
  signatureSize,
  signatureVjp,
  words,
} from "../ts/index.ts";

type Loose = (...given: readonly unknown[]) => { data: Float64Array; shape: readonly number[] };
const call = signature as unknown as Loose;
const vjp = signatureVjp as unknown as (...given: readonly unknown[]) => { paths: { data: Float64Array } };

beforeAll(() => init({ variant: "simd" }));

/** Points on a line, so that the first level is the last minus the first. */
const line = (count: number): Float64Array => Float64Array.from({ length: count }, (_, i) => i);

/** Leaves a marker in the arena, which no later result may contain. */
const marker = 1e99;
function leaveMarker(): void {
  signature({ data: new Float64Array(20_000).fill(marker), shape: [10_000, 2] }, { depth: 2, stream: true });
}

/** Runs a hostile call: it may be refused, but must not show another call's numbers. */
function attack(work: () => { data: ArrayLike<number> }): void {
  leaveMarker();
  try {
    const { data } = work();
    expect([...Array.from(data)].some((x) => Math.abs(x) > 1e90 || Number.isNaN(x))).toBe(false);
  } catch (error) {
    expect(isPathSignatureError(error), String(error)).toBe(true);
    expect((error as { code: string }).code).not.toBe("INTERNAL");
  }
  expect([...signature([[0], [2]], { depth: 2 }).data]).toEqual([2, 2]);
}

const withLength = (view: Float64Array, length: unknown): Float64Array =>
  Object.defineProperty(view, "length", { value: length });

class Liar extends Float64Array {
  static claimed: unknown = 6;
  override get length(): number {
    return Liar.claimed as number;
  }
  override get byteOffset(): number {
    return 8;
  }
  override get buffer(): ArrayBuffer {
    return new ArrayBuffer(80_000);
  }
  override set(): void {}
  override get [Symbol.toStringTag](): "Float64Array" {
    return "Float32Array" as "Float64Array";
  }
}

describe("lengths that lie are not believed", () => {
  const claims = [0, 1, 6, 100, 100_000, 2.5, -1, Number.NaN, 2 ** 53, "6", null, undefined];

  test.each(claims)("an own property, %s", (claim) => {
    // The array itself counts.
    expect(call({ data: withLength(line(100), claim), shape: [50, 2] }, { depth: 1 }).data).toEqual(
      Float64Array.of(98, 98),
    );
    attack(() => call({ data: withLength(line(6), claim), shape: [100, 2] }, { depth: 2 }));
    attack(() => call({ data: withLength(line(6), claim), shape: [claim as number, 2] }, { depth: 2 }));
    attack(() => call({ data: line(6), shape: [3, 2] }, { depth: 2, basepoint: withLength(line(1), claim) }));
    attack(() => call({ data: line(6), shape: [3, 2] }, { depth: 2, initial: withLength(line(1), claim) }));
    attack(() => call({ data: line(6), shape: [3, 2] }, { depth: 2, out: withLength(line(1), claim) }));
    attack(() => call({ data: line(6), shape: [3, 1, 2] }, { depth: 2, lengths: withLength(line(1), claim) }));
    attack(() => call([withLength(line(2), claim), line(2)], { depth: 2 }));
    attack(() => vjp({ data: line(6), shape: [3, 2] }, withLength(line(1), claim), { depth: 2 }).paths);
    attack(() => multiply(withLength(line(1), claim), line(2), { channels: 2, depth: 1 }));
  });

  test.each(claims)("getters of a subclass, %s", (claim) => {
    Liar.claimed = claim;
    const data = new Liar(100);
    for (let i = 0; i < 100; i++) data[i] = i;
    expect(call({ data, shape: [50, 2] }, { depth: 1 }).data).toEqual(Float64Array.of(98, 98));
    expect(call({ data, shape: [50, 2] }, { depth: 1, dtype: "float32" }).data).toEqual(Float32Array.of(98, 98));
    attack(() => call({ data: new Liar(6), shape: [100, 2] }, { depth: 2 }));
    attack(() => call({ data: line(6), shape: [3, 2] }, { depth: 2, basepoint: new Liar(1) }));
    const out = new Liar(1000 * 6);
    const { data: written } = call({ data: line(8000), shape: [1000, 4, 2] }, { depth: 2, out });
    expect(written).toBe(out);
    expect(out[0]).toBe(6);
  });

  test.each(claims)("proxies of arrays, %s", (claim) => {
    const lying = <T extends object>(target: T): T =>
      new Proxy(target, { get: (of, name) => (name === "length" ? claim : Reflect.get(of, name)) });
    const points = [
      [0, 0],
      [1, 2],
      [3, 4],
    ];
    attack(() => call(lying(points), { depth: 2 }));
    attack(() => call(points.map(lying), { depth: 2 }));
    attack(() => call([lying(points), points], { depth: 2 }));
    attack(() => call({ data: lying([0, 0, 1, 2]), shape: [2, 2] }, { depth: 2 }));
    attack(() => call({ data: line(4), shape: lying([2, 2]) }, { depth: 2 }));
    attack(() => call({ data: lying(line(4)), shape: [2, 2] }, { depth: 2 }));
    attack(() => call(points, { depth: 2, lengths: lying([3]) }));
    attack(() => call(points, { depth: 2, basepoint: lying([3, 3]) }));
    attack(() => call(points, { depth: 2, initial: lying([0, 0, 0, 0, 0, 0]) }));
    attack(() => call(points, { depth: 2, out: lying(line(6)) }));
    attack(() => vjp(points, lying([0, 0, 0, 0, 0, 0]), { depth: 2 }).paths);
    attack(() => multiply(lying([1, 2]) as number[], line(2), { channels: 2, depth: 1 }));
    attack(() => multiply(lying([[1, 2]]) as number[][], line(2), { channels: 2, depth: 1 }));
  });

  test("a length that changes is read once", () => {
    for (let first = 0; first < 4; first++) {
      let reads = 0;
      const turning = new Proxy([0, 1, 2, 3], {
        get: (of, name) => (name === "length" ? (reads++ < first ? 4 : 100_000) : Reflect.get(of, name)),
      });
      attack(() => call({ data: turning, shape: [2, 2] }, { depth: 2 }));
      attack(() => call([[0], [1]], { depth: 4, initial: turning }));
    }
  });

  test("what is no typed array but claims to be one", () => {
    for (const data of [
      new Proxy(line(4), {}),
      Object.create(Float64Array.prototype),
      { length: 4, BYTES_PER_ELEMENT: 8, [Symbol.toStringTag]: "Float64Array" },
    ])
      expect(() => call({ data, shape: [2, 2] }, { depth: 2 })).toThrow(
        expect.objectContaining({ code: "PATHS_TYPE" }),
      );
  });
});

describe("names on Object.prototype", () => {
  const names: Record<string, unknown> = {
    ...{ depth: 9, stream: true, basepoint: true, inverse: true, scalarTerm: true, dtype: "float32", lengths: [1] },
    ...{ out: new Float64Array(1), checkFinite: "no", algorithm: "none", initial: 3, unknown: 1 },
    ...{ shape: [7], dims: [8], strides: [9], stride: [9], offset: 3, data: "nothing" },
    ...{ signal: 1, onProgress: 2, device: "moon", output: "gpu", threads: -1, workerFactory: 3, coalesce: 4 },
  };
  const every = Object.prototype as Record<string, unknown>;
  afterEach(() => {
    for (const name in names) delete every[name];
  });

  test.each(Object.entries(names))("%s", async (name, value) => {
    const tensor = { data: line(6), shape: [3, 2] };
    const [right, gradient] = [call(tensor, { depth: 2 }), vjp(tensor, line(6), { depth: 2 })];
    const product = multiply(line(2), line(2), { channels: 2, depth: 1 });
    every[name] = value;
    expect(call(tensor, { depth: 2 })).toEqual(right);
    expect(call({ data: line(6), dims: [3, 2] }, { depth: 2 })).toEqual(right);
    expect(vjp(tensor, line(6), { depth: 2 })).toEqual(gradient);
    expect(vjp(tensor, right, { depth: 2 }).paths.data).toHaveLength(6);
    expect(multiply(line(2), line(2), { channels: 2, depth: 1 })).toEqual(product);
    expect(signatureSize(2, 2, {})).toBe(6);
    expect(words(2, 1, {})).toHaveLength(2);
    if (name !== "depth") expect(() => call(tensor, {})).toThrow(expect.objectContaining({ code: "DEPTH_INVALID" }));
    const engine = await createEngine({ threads: 1 });
    expect((await engine.signature(tensor as { data: Float64Array; shape: number[] }, { depth: 2 })).data).toEqual(
      right.data,
    );
    await engine.close();
  });

  test("a class of tensors may have getters", () => {
    class Tensor {
      get data() {
        return line(6);
      }
      get dims() {
        return [3, 2];
      }
    }
    every.shape = [7];
    every.data = "nothing";
    expect(call(new Tensor(), { depth: 1 }).data).toEqual(Float64Array.of(4, 4));
  });

  test("options that are inherited are none", () => {
    const inherited = Object.create({ depth: 2 });
    expect(() => call([[0], [1]], inherited)).toThrow(expect.objectContaining({ code: "DEPTH_INVALID" }));
  });
});

describe("input in memory that another thread changes", () => {
  test("is never reported as a fault of the library", { timeout: 60_000 }, async () => {
    const { Worker } = await import("node:worker_threads");
    const buffer = new SharedArrayBuffer(8 * 512);
    const source = `const { workerData } = require("node:worker_threads");
      const all = new Float64Array(workerData), stop = new Int32Array(workerData, 8 * 511);
      const values = [0, 1, -1, NaN, 1e308, -1e308, Infinity, 1e-300, 0.5];
      for (let i = 0, x = 1; Atomics.load(stop, 0) === 0; i++) {
        x = (Math.imul(x, 1103515245) + 12345) >>> 0;
        all[x % 500] = values[(x >>> 16) % values.length];
      }`;
    const worker = new Worker(source, { eval: true, workerData: buffer });
    const engine = await createEngine({ threads: 1 });
    const codes = new Set<string>();
    const note = (error: unknown) => {
      if (!isPathSignatureError(error)) throw error;
      codes.add(error.code);
    };
    const view = new Float64Array(buffer, 0, 300);
    const lengths = new Float64Array(buffer, 0, 10);
    const tensor = { data: view, shape: [10, 15, 2] };
    const rows = { data: new Float64Array(buffer, 0, 70), shape: [10, 7] };
    const algebra = (await import("../ts/algebra.ts")) as unknown as Record<string, Loose>;
    const attempts: (() => unknown)[] = [
      () => call(tensor, { depth: 3 }),
      () => call(tensor, { depth: 3, stream: true, dtype: "float32" }),
      () => call(tensor, { depth: 2, lengths }),
      () => call(tensor, { depth: 2, basepoint: { data: view.subarray(0, 20), shape: [10, 2] } }),
      () => call(tensor, { depth: 2, scalarTerm: true, initial: rows }),
      () => vjp(tensor, view.subarray(0, 60), { depth: 2 }),
      () => vjp({ data: view, shape: [75, 4] }, view.subarray(0, 84), { depth: 3, dtype: "float32" }),
      ...["inverse", "exp", "log"].map(
        (name) => () => algebra[name]!(rows, { channels: 2, depth: 2, scalarTerm: true }),
      ),
      () => algebra.logVjp!(rows, rows, { channels: 2, depth: 2, scalarTerm: true }),
    ];
    for (let i = 0; i < 400; i++) {
      for (const attempt of attempts) {
        try {
          attempt();
        } catch (error) {
          note(error);
        }
      }
      await engine.signature(tensor, { depth: 3 }).catch(note);
      await engine.signatureVjp(tensor, view.subarray(0, 60), { depth: 2 }).catch(note);
    }
    Atomics.store(new Int32Array(buffer, 8 * 511), 0, 1);
    await engine.close();
    await worker.terminate();
    expect(codes).not.toContain("INTERNAL");
    expect(codes).not.toContain("BLOCK_FAILED");
    expect(codes).toContain("NOT_FINITE");
  });
});
