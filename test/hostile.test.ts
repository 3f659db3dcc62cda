// Ten thousand invalid calls, to the facade and directly to the exported functions of the binaries.
// Each returns a typed error or a code, never a trap and never a wrong result. Afterwards results
// are correct to the bit, and memory has not grown.

import { beforeAll, describe, expect, test } from "vitest";
import { info, init, isPathSignatureError, signature } from "../ts/index.ts";
import { countCoefficients } from "../ts/input/size.ts";
import {
  code,
  EXPAND_LAG_FIRST,
  EXPAND_LEAD_LAG,
  EXPAND_NORMALIZED,
  EXPAND_TIME,
  headBytes,
  type Kernels,
  region,
  word,
} from "../ts/wasm/abi.ts";
import { compileNow } from "../ts/wasm/compile.ts";
import { onlyModules, Runtime } from "../ts/wasm/runtime.ts";
import { bytesOf } from "./inlined.ts";
import { random } from "./paths.ts";
import { referenceSignature } from "./reference.ts";

const calls = 10_000;
/** The region of cotangents in a task of the gradient of signatures. */
const cotangentRegion = 4;

const call = signature as unknown as (paths: unknown, options: unknown) => { data: Float64Array; shape: number[] };

/** Values that are invalid for most arguments, and some valid ones. */
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
    () => ({ data: new Float32Array(6), shape: [3, 2], strides: [Math.floor(next() * 9) - 4, next() < 0.5 ? 1 : 2] }),
    () => ({ data: new Float32Array(6), shape: [3, 2], offset: next() < 0.5 ? 2 ** 53 : -1 }),
    () => ({ data: new Float32Array(6), offsets: [0, Math.floor(next() * 5), 3], channels: 2 }),
    () => ({ data: [new Float32Array(Math.floor(next() * 7))], channels: 2 }),
    () => [
      { data: [1, 2], shape: [1, 2] },
      { x: [1, 2], y: [3, next() < 0.5 ? 4 : "4"] },
    ],
    () => ({ x: new Float64Array(3), y: new Float32Array(Math.floor(next() * 5)) }),
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
      // Half of them detached.
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
  "layout",
  "deph",
];

/** Calls an exported function; on a trap, reports the arguments. */
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
    // Warm-up: the valid calls may need a larger arena than the first.
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
        // A call that was accepted must have a complete result.
        expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
      } catch (error) {
        if (isPathSignatureError(error)) {
          expect(error.code).not.toBe("INTERNAL");
          refused++;
        } else {
          // A revoked proxy throws by itself on every access.
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

  test(`${calls} random heads of tasks`, () => {
    const next = random(variant === "simd" ? 3 : 4);
    const kernels: Kernels = new Runtime({
      compile: onlyModules,
      moduleNow: () => compileNow(bytesOf(variant)),
    }).instance().kernels;
    const { memory } = kernels;
    const taskBytes = 1 << 16;
    const head = kernels.allocate(taskBytes) >>> 0;
    expect(head % 64).toBe(0);
    expect(head).toBeGreaterThan(0);

    // The outputs of a kernel are in the second half of the task's memory or out of bounds. The
    // caller is responsible for its memory: a kernel cannot distinguish its own stack and tables
    // from the rest.
    const beyond = () => memory.buffer.byteLength - head;
    const pick = <T>(all: readonly T[]): T => all[Math.floor(next() * all.length)]!;
    const wild = () =>
      pick([0, 1, -1, -4, beyond(), beyond() - 1, beyond() - 4, beyond() - 64, 2 ** 31, 2 ** 31 - 1, 2 ** 32 - 1]);
    const inside = () => headBytes + 16 * Math.floor((next() * (taskBytes - headBytes)) / 16);
    const offset = () =>
      next() < 0.4 ? 0 : next() < 0.7 ? inside() + (next() < 0.2 ? Math.floor(next() * 16) : 0) : wild();
    const count = () => (next() < 0.7 ? Math.floor(next() * 12) : wild());
    const anything = () => (next() < 0.5 ? Math.floor((next() - 0.5) * 2 ** 33) : wild());
    const options = () => (next() < 0.8 ? Math.floor(next() * 64) : anything());

    // Recreated when memory may have grown.
    const words = () => new Uint32Array(memory.buffer, head, taskBytes / 4);
    // Any bits: numbers that are small, huge or NaN; lengths that are mostly too large.
    words().forEach((_, i, all) => {
      all[i] = next() < 0.5 ? Math.floor(next() * 4) : Math.floor(next() * 2 ** 32);
    });

    // Two paths of four points and two channels to depth 2, for a signature or its gradient. The
    // lengths may be too large; a number of the paths or of the cotangents may be NaN.
    const writeWellFormed = (u32: Uint32Array) => {
      const isGradient = next() < 0.5;
      const write = (which: number, offset: number) => {
        u32[word.REGIONS + 2 * which] = offset;
        const numbers = new Float64Array(memory.buffer, head + offset, 16);
        for (let i = 0; i < 16; i++) numbers[i] = next();
        if (next() < 0.3) numbers[Math.floor(next() * 12)] = Number.NaN;
      };
      u32.fill(0, 0, headBytes / 4);
      u32[word.OPERATION] = isGradient ? 3 : 1;
      u32[word.DTYPE] = 1;
      u32[word.CHANNELS] = 2;
      u32[word.DEPTH] = 2;
      u32[word.BATCH] = 2;
      u32[word.POINTS] = 4;
      if (next() < 0.3) {
        u32[word.LENGTHS] = 512;
        u32.fill(next() < 0.5 ? 3 : 5, 128, 130);
      }
      write(region.PATHS, 1024);
      if (isGradient) write(cotangentRegion, 2048);
      u32[word.REGIONS + 2 * region.OUT] = 4096;
    };

    const codes = new Map<number, number>();
    for (let i = 0; i < calls; i++) {
      const u32 = words().fill(0, 0, headBytes / 4);
      const given = () => [...words().subarray(0, headBytes / 4)];
      const [batch, points, channels, depth] = [count(), count(), count(), count()];
      u32[word.OPERATION] = next() < 0.95 ? 1 + Math.floor(next() * 3) : anything();
      u32[word.DTYPE] = next() < 0.9 ? Math.floor(next() * 2) : anything();
      u32[word.CHANNELS] = channels;
      u32[word.DEPTH] = depth;
      u32[word.OPTIONS] = options();
      u32[word.BATCH] = batch;
      u32[word.POINTS] = points;
      u32[word.LENGTHS] = next() < 0.5 ? 0 : offset();
      u32[word.ROW] = next() < 0.5 ? 0 : count();
      const size = depth >>> 0 < 100 ? countCoefficients(channels >>> 0, depth >>> 0) : Number.POSITIVE_INFINITY;
      const rows = (batch >>> 0) * ((points >>> 0) + 1);
      const fits = rows * Math.max(2 * (size + 1), channels >>> 0) * 8 < taskBytes / 16;
      // Points that are expanded in place are written, too.
      const expansions = EXPAND_TIME | EXPAND_NORMALIZED | EXPAND_LEAD_LAG | EXPAND_LAG_FIRST;
      const expands = (u32[word.OPTIONS]! & expansions) !== 0;
      for (let region = 0; region < 12; region++) {
        // Output regions, all those of a product included, are distinct parts of the second half,
        // if results fit there.
        const written = region >= 3 || u32[word.OPERATION] === 2 || (region === 0 && expands);
        const own = fits && next() < 0.9 ? taskBytes / 2 + (region * taskBytes) / 32 : beyond();
        const isRead = region === 4 || region === 5;
        u32[word.REGIONS + 2 * region] =
          written && !isRead ? (next() < 0.2 ? 0 : own) : isRead && fits && next() < 0.7 ? own : offset();
        u32[word.REGIONS + 2 * region + 1] = count();
      }
      // One in eight is well-formed.
      const wellFormed = next() < 0.125;
      if (wellFormed) writeWellFormed(u32);
      const needed = untrapped(given(), () => kernels.scratch(head)) >>> 0;
      untrapped(given(), () => kernels.state_numbers(head));
      // Scratch of the right size, where there is room; otherwise too small, misaligned, or
      // outside.
      // A memory of gigabytes would have room for calls of minutes.
      const scratch = needed < 2 ** 20 ? kernels.allocate(needed + 64) >>> 0 : 0;
      const lies = [1, scratch + 8, memory.buffer.byteLength, 2 ** 31, -16];
      const now = words();
      now[word.SCRATCH] = scratch !== 0 && (wellFormed || next() < 0.9) ? scratch : pick(lies);
      now[word.SCRATCH_BYTES] = scratch !== 0 && (wellFormed || next() < 0.8) ? needed : Math.floor(next() * needed);
      const at =
        wellFormed || next() < 0.97 ? head : pick([0, 1, head + 2, memory.buffer.byteLength - 8, 2 ** 31, -64]);
      const done = at === 0 ? code.RANGE : untrapped(given(), () => kernels.run(at));
      if (scratch !== 0) kernels.release(scratch, needed + 64);
      codes.set(done, (codes.get(done) ?? 0) + 1);
    }
    // Every code of a kernel occurs, and no other: paths of four points are not examined for steps
    // that cancel.
    const known = Object.values(code).filter((value) => value > code.OUT_OF_MEMORY);
    expect([...codes.keys()].sort((a, b) => a - b)).toEqual(
      known.filter((value) => value > -100 && value !== code.MAY_CANCEL).sort((a, b) => a - b),
    );

    // Allocation refuses impossible sizes, and memory that was released can be allocated again.
    const held = memory.buffer.byteLength;
    for (const bytes of [0, -1, 2 ** 32 - 1, 2 ** 31, Number.NaN]) expect(kernels.allocate(bytes)).toBe(0);
    for (let i = 0; i < 100; i++) kernels.release(kernels.allocate(taskBytes), taskBytes);
    kernels.release(0, 16);
    kernels.release(memory.buffer.byteLength, 16);
    kernels.release(16, -1);
    expect(memory.buffer.byteLength).toBeLessThanOrEqual(held + 2 * taskBytes);

    // And it still computes.
    const task = new Uint32Array(memory.buffer, head, headBytes / 4).fill(0);
    task[word.OPERATION] = 1;
    task[word.DTYPE] = 1;
    task[word.CHANNELS] = 2;
    task[word.DEPTH] = 2;
    task[word.BATCH] = 1;
    task[word.POINTS] = 3;
    task[word.REGIONS + 2 * region.PATHS] = 1024;
    task[word.REGIONS + 2 * region.OUT] = 2048;
    new Float64Array(memory.buffer, head + 1024, 6).set([0, 0, 1, 0, 1, 1]);
    task[word.SCRATCH] = head + 4096;
    task[word.SCRATCH_BYTES] = kernels.scratch(head);
    expect(kernels.run(head)).toBe(code.FINE);
    expect([...new Float64Array(memory.buffer, head + 2048, 6)]).toEqual([1, 1, 0.5, 1, 0, 0.5]);
  });
});
