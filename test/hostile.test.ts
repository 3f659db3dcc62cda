// Ten thousand bad calls, to the facade and straight to the exported functions of the binaries: each comes back with a typed
// error or a code, never a trap, never a wrong answer; then results are right to the bit, and memory has not grown.

import { beforeAll, describe, expect, test } from "vitest";
import { info, init, isPathSignatureError, signature } from "../ts/index.ts";
import { code, type Kernels } from "../ts/wasm/abi.ts";
import { compileNow } from "../ts/wasm/compile.ts";
import { onlyModules, Runtime } from "../ts/wasm/runtime.ts";
import { bytesOf } from "./inlined.ts";
import { random } from "./paths.ts";
import { referenceSignature } from "./reference.ts";

const calls = 10_000;

const call = signature as unknown as (paths: unknown, options: unknown) => { data: Float64Array; shape: number[] };

/** Values that an argument should not have, and some that it may. */
function junk(next: () => number): unknown {
  const all: (() => unknown)[] = [
    () => undefined,
    () => null,
    () => 0,
    () => -1,
    () => 1.5,
    () => Number.NaN,
    () => Number.POSITIVE_INFINITY,
    () => 2 ** 31,
    () => 2 ** 53,
    () => 3n,
    () => "",
    () => "depth",
    () => "\u0000".repeat(100),
    () => true,
    () => Symbol("s"),
    () => () => 1,
    () => [],
    () => [[]],
    () => [[[]]],
    () => [1, 2, 3],
    () => [[1, 2], [3]],
    () => [[1, Number.NaN]],
    () => [["1", "2"]],
    () => ({}),
    () => Object.create(null) as unknown,
    () => ({ length: 2, 0: 1, 1: 2 }),
    () => ({ data: [1, 2], shape: [1, 2] }),
    () => ({ data: [1, 2], shape: [2, 2] }),
    () => ({ data: new Float32Array(6), shape: [3, 2] }),
    () => ({ data: new Float32Array(6), shape: [-3, -2] }),
    () => ({ data: new Float32Array(6), shape: [2 ** 32, 2 ** 32] }),
    () => ({ data: new Float32Array(0), shape: [0, 2 ** 40, 2 ** 40] }),
    () => ({ data: "text", shape: { length: 2, 0: 1, 1: 1 } }),
    () => new Float32Array(6),
    () => new Float64Array(6),
    () => new BigInt64Array(6),
    () => new DataView(new ArrayBuffer(8)),
    () => new Date(0),
    () => new Map(),
    () => new Proxy([], {}),
    () => {
      const { proxy, revoke } = Proxy.revocable([], {});
      // Half of them dead.
      if (next() < 0.5) revoke();
      return proxy;
    },
    () => {
      const array = new Float64Array(6);
      structuredClone(array.buffer, { transfer: [array.buffer] });
      return array;
    },
  ];
  return all[Math.floor(next() * all.length)]!();
}

const optionNames = [
  "depth",
  "stream",
  "basepoint",
  "initial",
  "inverse",
  "scalarTerm",
  "lengths",
  "dtype",
  "out",
  "checkFinite",
  "deph",
];

/** Runs a call of an exported function; if it traps, says with which arguments. */
function untrapped(args: readonly number[], run: () => number): number {
  try {
    return run();
  } catch (error) {
    throw new Error(`trapped, called with (${args.join(", ")})`, { cause: error });
  }
}

describe.each(["simd", "relaxed"] as const)("%s", (variant) => {
  beforeAll(async () => {
    await init({ variant });
  });

  test(`${calls} bad calls of signature`, () => {
    const next = random(variant === "simd" ? 1 : 2);
    const path = Array.from({ length: 50 }, () => [next(), next(), next()]);
    const before = [...signature(path, { depth: 4 }).data];
    // Warm up: the good ones among the calls may need a larger arena than the first did.
    let refused = 0;
    let other = 0;
    let memory = 0;
    for (let i = 0; i < calls; i++) {
      if (i === calls / 10) memory = info().memoryBytes;
      const options: Record<string, unknown> = { depth: next() < 0.5 ? 1 + Math.floor(next() * 4) : junk(next) };
      for (let n = Math.floor(next() * 3); n > 0; n--)
        options[optionNames[Math.floor(next() * optionNames.length)]!] = junk(next);
      const given = next() < 0.4 ? { data: new Float64Array(12), shape: [2, 3, 2] } : junk(next);
      try {
        const { data, shape } = call(given, next() < 0.05 ? junk(next) : options);
        // What was accepted after all has to be whole.
        expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
      } catch (error) {
        if (isPathSignatureError(error)) {
          expect(error.code).not.toBe("INTERNAL");
          refused++;
        } else {
          // A revoked proxy throws by itself, wherever it is touched.
          expect(error).toBeInstanceOf(TypeError);
          expect((error as Error).message).toMatch(/revoked/);
          other++;
        }
      }
    }
    expect(refused).toBeGreaterThan(calls / 2);
    expect(other).toBeLessThan(calls / 10);
    expect([...signature(path, { depth: 4 }).data]).toEqual(before);
    expect(before[0]).toBeCloseTo(referenceSignature(path, { depth: 4 }).rows[0]![0]!, 12);
    expect(info().memoryBytes).toBe(memory);
  });

  test(`${calls} random calls of the exported functions`, () => {
    const next = random(variant === "simd" ? 3 : 4);
    const kernels: Kernels = new Runtime({
      compile: onlyModules,
      moduleNow: () => compileNow(bytesOf(variant)),
    }).instance().kernels;
    const { memory } = kernels;
    const room = 1 << 16;
    const region = kernels.allocate(room) >>> 0;
    expect(region % 64).toBe(0);
    expect(region).toBeGreaterThan(0);

    // What may be written to (out, scratch) lies in the region or out of reach: a caller vouches for what it owns, and nothing else
    // of the memory (the kernel's own stack and tables) can be told from it by a kernel.
    const wild = () => {
      const beyond = memory.buffer.byteLength;
      const all = [
        0,
        1,
        -1,
        -4,
        beyond,
        beyond - 1,
        beyond - 4,
        beyond - 64,
        2 ** 31,
        2 ** 31 - 1,
        2 ** 32 - 1,
        -(2 ** 31),
        Number.NaN,
      ];
      return all[Math.floor(next() * all.length)]!;
    };
    const inside = () => region + 16 * Math.floor((next() * room) / 16);
    const address = () => (next() < 0.6 ? inside() + (next() < 0.2 ? Math.floor(next() * 16) : 0) : wild());
    const count = () => (next() < 0.7 ? Math.floor(next() * 12) : wild());
    const anything = () => (next() < 0.5 ? Math.floor((next() - 0.5) * 2 ** 33) : wild());
    const options = () => (next() < 0.8 ? Math.floor(next() * 8) : anything());

    // Any bits: as numbers small, huge, NaN; as lengths mostly too large.
    new Uint32Array(memory.buffer, region, room / 4).forEach((_, i, all) => {
      all[i] = next() < 0.5 ? Math.floor(next() * 4) : Math.floor(next() * 2 ** 32);
    });

    const codes = new Map<number, number>();
    for (let i = 0; i < calls; i++) {
      const dtype = next() < 0.9 ? Math.floor(next() * 2) : anything();
      const [channels, depth] = [count(), count()];
      const bits = options();
      kernels.signature_size(channels, depth);
      const needed = kernels.signature_scratch_bytes(dtype, channels, depth, bits) >>> 0;
      expect(needed % 1).toBe(0);
      // Scratch as large as is needed, where the region has it; otherwise too little, misaligned, or outside.
      const lies = [1, region + 8, memory.buffer.byteLength, 2 ** 31, -16];
      const scratch = next() < 0.8 ? region + 16 * Math.floor(next() * 64) : lies[Math.floor(next() * lies.length)]!;
      const scratchBytes = next() < 0.7 ? Math.min(needed, room - 1024) : wild();
      // Rows go to the second half of the region at most; a result that would reach out of it is asked for out of memory.
      const batch = count();
      const points = count();
      const size = kernels.signature_size(channels, depth) + 1;
      const fits = (batch >>> 0) * (points >>> 0) * size * 8 < room / 2;
      const out = fits && next() < 0.9 ? region + room / 2 : memory.buffer.byteLength;
      if (scratchBytes > room / 2 && scratch >= region && scratch < region + room) continue;
      const args = [
        dtype,
        address(),
        batch,
        points,
        channels,
        depth,
        next() < 0.5 ? 0 : address(),
        next() < 0.5 ? 0 : address(),
        count(),
        next() < 0.5 ? 0 : address(),
        count(),
        bits,
        out,
        scratch,
        scratchBytes,
      ] as Parameters<Kernels["signature"]>;
      const done = untrapped(args, () => kernels.signature(...args));
      codes.set(done, (codes.get(done) ?? 0) + 1);
    }
    // Every code comes back, and nothing else does.
    expect([...codes.keys()].sort((a, b) => a - b)).toEqual(Object.values(code).sort((a, b) => a - b));

    // Allocation refuses what cannot be had, and what was given back can be had again.
    const held = memory.buffer.byteLength;
    for (const bytes of [0, -1, 2 ** 32 - 1, 2 ** 31, Number.NaN]) expect(kernels.allocate(bytes)).toBe(0);
    for (let i = 0; i < 100; i++) kernels.release(kernels.allocate(room), room);
    kernels.release(0, 16);
    kernels.release(memory.buffer.byteLength, 16);
    kernels.release(16, -1);
    expect(memory.buffer.byteLength).toBeLessThanOrEqual(held + 2 * room);

    // And it still computes.
    const numbers = new Float64Array(memory.buffer, region, 6);
    numbers.set([0, 0, 1, 0, 1, 1]);
    const scratchBytes = kernels.signature_scratch_bytes(1, 2, 2, 0);
    const out = region + 1024;
    expect(kernels.signature(1, region, 1, 3, 2, 2, 0, 0, 0, 0, 0, 0, out, region + 2048, scratchBytes)).toBe(0);
    expect([...new Float64Array(memory.buffer, out, 6)]).toEqual([1, 1, 0.5, 1, 0, 0.5]);
  });
});
