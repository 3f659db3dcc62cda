// The public API of the built package (dist) on three WebGPU implementations: Dawn in Node,
// Chromium, and wgpu in Deno. public.mjs has the calls and expectations; the names of its parts are
// here.

import { beforeAll, expect, test } from "vitest";
import { hostTime, runOn } from "./hosts.ts";
import { describeOn } from "./implementations.ts";

const parts = [
  "a square's signed area",
  "whole, streams, ragged, and every other option",
  "results that stay there, and are paths of the next call",
  "a device of one's own, and buffers on it",
  "where calls go by themselves, and why",
  "prepared calls compile nothing",
  "numbers that are not finite, progress, an abort",
  "no adapter: the CPU, or the error",
  "a device that is destroyed in the middle: done again on a new one",
  "one's own device, destroyed in the middle: the CPU; and tensors on it are lost",
  "signature kernels",
  "measured costs, by way of JSON",
];

for (const name of ["dawn", "chromium", "deno"] as const) {
  describeOn(name, `the built package on ${name}`, () => {
    let failures: Record<string, string | null>;
    beforeAll(async () => {
      failures = (await runOn[name]("test/gpu/public.mjs")) as typeof failures;
    }, hostTime);

    test.each(parts)("%s", (part) => expect(failures[part]).toBeNull());
    test("nothing else was tried", () => expect(Object.keys(failures)).toEqual(parts));
  });
}
