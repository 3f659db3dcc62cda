// WebAssembly memory: bounded, as documented in run/blocks.ts, for batches and lengths far larger
// than the staging memory, and constant over many calls.

import { beforeEach, describe, expect, test } from "vitest";
import { bindSignature, type SignatureFunction } from "../ts/operations/signature.ts";
import { inputBytes, outputBytes, pathNumbers } from "../ts/run/blocks.ts";
import { headBytes, word } from "../ts/wasm/abi.ts";
import { compileNow } from "../ts/wasm/compile.ts";
import { onlyModules, Runtime } from "../ts/wasm/runtime.ts";
import { bytesOf } from "./inlined.ts";
import { random } from "./paths.ts";

const page = 65536;
const module = compileNow(bytesOf("simd"));
let runtime: Runtime;
let fresh: SignatureFunction;

beforeEach(() => {
  runtime = new Runtime({ compile: onlyModules, moduleNow: () => module });
  fresh = bindSignature(runtime);
});

const held = () => runtime.instance().kernels.memory.buffer.byteLength;

/** Bytes of scratch for a signature. */
function scratchBytes(dtype: 0 | 1, channels: number, depth: number, options: number): number {
  const { kernels } = runtime.instance();
  const at = kernels.allocate(headBytes) >>> 0;
  const head = new Uint32Array(kernels.memory.buffer, at, headBytes / 4).fill(0);
  head.set([1, dtype], word.OPERATION);
  head.set([channels, depth, options, 1, 2], word.CHANNELS);
  const bytes = kernels.scratch(at) >>> 0;
  kernels.release(at, headBytes);
  expect(bytes).toBeGreaterThan(0);
  return bytes;
}

/**
 * The bound of run/blocks.ts for a call, scratch included, in whole pages plus one for the
 * allocator.
 */
function bound(dtype: 0 | 1, channels: number, depth: number, size: number, options = 0): number {
  const bytes = dtype === 0 ? 4 : 8;
  const input = Math.max(inputBytes, 4 * Math.max(pathNumbers + 2 * channels, 258 * channels) * bytes);
  const output = Math.max(outputBytes, 4 * (size + 1) * bytes);
  const lengths = 256 * 1024;
  const basepoints = Math.max(256 * 1024, 4 * channels * bytes);
  const scratch = scratchBytes(dtype, channels, depth, options);
  return Math.ceil((input + 2 * output + lengths + basepoints + scratch) / page + 1) * page;
}

describe("the bound", () => {
  test.each([
    { name: "a large batch", shape: [20_000, 50, 3], depth: 3, size: 39 },
    { name: "a batch of one point each", shape: [2_000_000, 1, 1], depth: 2, size: 2 },
    { name: "much output", shape: [2_000, 3, 8], depth: 4, size: 4680 },
    { name: "one long path", shape: [3_000_000, 2], depth: 3, size: 14 },
    { name: "long paths", shape: [6, 300_000, 3], depth: 2, size: 12 },
    { name: "many channels", shape: [5, 1000, 2000], depth: 1, size: 2000 },
  ])("$name", ({ shape, depth, size }) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1);
    const channels = shape.at(-1)!;
    const before = held();
    const s = fresh({ data, shape }, { depth });
    expect(data.byteLength + s.data.byteLength).toBeGreaterThan(4 * 2 ** 20); // otherwise the case proves nothing
    expect(held() - before).toBeLessThanOrEqual(bound(0, channels, depth, size));
  });

  test("stream, far more rows than are staged", () => {
    const data = new Float64Array(40 * 4000 * 3).fill(1);
    const before = held();
    const s = fresh({ data, shape: [40, 4000, 3] }, { depth: 3, stream: true, basepoint: true });
    expect(s.data.byteLength).toBeGreaterThan(45 * 2 ** 20);
    expect(held() - before).toBeLessThanOrEqual(bound(1, 3, 3, 39, 1));
  });

  test("ragged nested arrays: one long path among short ones is not padded", () => {
    const paths = Array.from({ length: 3000 }, (_, i) =>
      Array.from({ length: i === 1500 ? 30_000 : 2 }, (_, t) => [t, -t]),
    );
    const before = held();
    const s = fresh(paths, { depth: 2 });
    expect(s.at([0])[1500]).toBe(29_999);
    expect(s.at([0])[1499]).toBe(1);
    expect(held() - before).toBeLessThanOrEqual(bound(1, 2, 2, 6));
  });
});

test("memory is flat over calls of changing shapes", () => {
  const next = random(5);
  const shapes = Array.from({ length: 40 }, () => ({
    shape: [1 + Math.floor(next() * 300), 1 + Math.floor(next() * 200), 1 + Math.floor(next() * 5)],
    depth: 1 + Math.floor(next() * 4),
    stream: next() < 0.3,
  }));
  const all = () => {
    for (const { shape, depth, stream } of shapes) {
      fresh({ data: new Float32Array(shape.reduce((a, b) => a * b, 1)), shape }, { depth, stream });
    }
  };
  all();
  const before = held();
  for (let i = 0; i < 5; i++) all();
  expect(held()).toBe(before);
});
