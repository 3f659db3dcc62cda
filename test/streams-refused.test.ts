// Tasks of streams and of intervals that a kernel refuses, a fault that no input causes: a typed
// error, nothing half done, and the next call works.

import { beforeEach, expect, test } from "vitest";
import { bindCreateSignatureIntervals } from "../ts/streams/signature-intervals.ts";
import { bindCreateSignatureStreams } from "../ts/streams/signature-streams.ts";
import { compileNow } from "../ts/wasm/compile.ts";
import { Instance } from "../ts/wasm/instance.ts";
import type { Runtime } from "../ts/wasm/runtime.ts";
import { codeOf } from "./code-of.ts";
import { bytesOf } from "./inlined.ts";
import { makePath, random } from "./paths.ts";

/** How many tasks are run before the others are refused. */
let left = Number.POSITIVE_INFINITY;
const instance = new Instance(compileNow(bytesOf("simd")), "simd");
const { kernels } = instance;
Object.assign(instance, { kernels: { ...kernels, run: (head: number) => (left-- > 0 ? kernels.run(head) : -3) } });
const runtime = { instance: () => instance } as unknown as Runtime;
const createSignatureStreams = bindCreateSignatureStreams(runtime);
const createSignatureIntervals = bindCreateSignatureIntervals(runtime);

/** The code of a call of which so many tasks are run. */
function refusedAfter(tasks: number, call: () => unknown): string | undefined {
  left = tasks;
  try {
    return codeOf(call);
  } finally {
    left = Number.POSITIVE_INFINITY;
  }
}

beforeEach(() => {
  left = Number.POSITIVE_INFINITY;
});

test.each([
  ["in lanes", {}],
  ["path by path", { depth: 2 }],
  ["from a basepoint", { basepoint: true }],
  ["of which a point becomes several", { augment: ["leadLag"] }],
  ["that remember", { augment: ["time", "cumulativeSum"] }],
  ["of differences", { augment: ["differences"] }],
  ["with an end", { augment: [{ invisibilityReset: "terminal" }] }],
] as const)("streams %s", (_, more) => {
  const count = 5;
  const points = Array.from({ length: 8 }, (_, i) => makePath("walk", count, 2, random(i + 1)));
  const options = { channels: 2, depth: 3, ...more } as { channels: number; depth: number };
  using streams = createSignatureStreams(count, options);
  using others = createSignatureStreams(count, options);
  for (const [i, some] of points.entries()) {
    const refused = refusedAfter(0, () => streams.push(some));
    // The first point starts a path: no task.
    if (refused === undefined) expect(i).toBeLessThan(2);
    else {
      expect(refused).toBe("INTERNAL");
      expect(streams.length).toBe(i);
      expect([...streams.value().data]).toEqual([...others.value().data]);
      streams.push(some);
    }
    others.push(some);
    expect(streams.length).toBe(i + 1);
    refusedAfter(0, () => streams.value());
    expect([...streams.value().data]).toEqual([...others.value().data]);
  }
  expect(refusedAfter(0, () => streams.push(points[0]!))).toBe("INTERNAL");
});

test("intervals", () => {
  const path = makePath("walk", 5000, 3, random(3));
  const intervals = Array.from({ length: 900 }, (_, i): [number, number] => [i, i + 1 + ((i * 977) % (5000 - i))]);
  using of = createSignatureIntervals(path, { depth: 3 });
  const wanted = [...of.query(intervals).data];
  for (let tasks = 0; tasks < 50; tasks++) {
    const refused = refusedAfter(tasks, () => of.query(intervals));
    if (refused === undefined) {
      expect(tasks).toBeGreaterThan(1);
      break;
    }
    expect(refused).toBe("INTERNAL");
    expect([...of.query(intervals.slice(0, 10)).data]).toEqual(wanted.slice(0, (10 * wanted.length) / 900));
    expect([...of.query(intervals).data]).toEqual(wanted);
  }
});

test("a path that is refused takes no memory", () => {
  const path = makePath("walk", 50_000, 3, random(4));
  createSignatureIntervals(path, { depth: 4 })[Symbol.dispose]();
  const before = instance.u32.length;
  for (let tasks = 0; tasks < 20; tasks++)
    expect(refusedAfter(tasks, () => createSignatureIntervals(path, { depth: 4 }))).toBe("INTERNAL");
  for (let i = 0; i < 20; i++) {
    const bad = path.with(48_000 - 128 * i, [0, Number.NaN, 0]);
    expect(codeOf(() => createSignatureIntervals(bad, { depth: 4 }))).toBe("NOT_FINITE");
  }
  expect(instance.u32.length).toBe(before);
});
