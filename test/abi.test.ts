// The TypeScript side's copies of facts about the kernels, checked against the binaries.

import { describe, expect, test } from "vitest";
import { readCall } from "../ts/input/call.ts";
import { readOptions } from "../ts/input/options.ts";
import { imaginePaths } from "../ts/input/paths.ts";
import { stateNumbers } from "../ts/operations/signature-vjp.ts";
import { code, headBytes, STREAM, word } from "../ts/wasm/abi.ts";
import { compileNow } from "../ts/wasm/compile.ts";
import { Instance } from "../ts/wasm/instance.ts";
import { bytesOf, families } from "./inlined.ts";

const instance = new Instance(compileNow(bytesOf("simd")), "simd");
const { kernels } = instance;

/** Writes a head with these words, and returns its address. */
function headOf(words: Partial<Record<keyof typeof word, number>>, of = instance): number {
  const at = of.headAddress;
  const head = of.u32.subarray(at / 4, (at + headBytes) / 4).fill(0);
  for (const [name, value] of Object.entries(words)) head[word[name as keyof typeof word]] = value;
  return at;
}

describe("the state of gradients", () => {
  test.each([1, 2, 3, 5, 8])("has as many numbers as the kernels say, of %i channels", (channels) => {
    for (let depth = 1; depth <= (channels > 4 ? 4 : 6); depth++) {
      for (const stream of [false, true]) {
        const call = readCall(imaginePaths([2, 10, channels], 0), readOptions({ depth, stream }));
        const OPTIONS = stream ? STREAM : 0;
        const at = headOf({ OPERATION: 3, CHANNELS: channels, DEPTH: depth, OPTIONS, BATCH: 2, POINTS: 10 });
        expect(kernels.state_numbers(at), `depth ${depth}, stream ${stream}`).toBe(stateNumbers(call));
      }
    }
  });
});

describe("an operation that a binary does not have", () => {
  test.each(families)("is refused by the family %s, which works afterwards", (family) => {
    const own = new Instance(compileNow(bytesOf("simd", family)), "simd");
    const shape = { CHANNELS: 2, DEPTH: 2, BATCH: 1, POINTS: 3, ROW: 1, OPTIONS: family === "kernels" ? 1 : 0 };
    for (const OPERATION of [0, 14, 15, 24, 99, family === "core" ? 16 : 1]) {
      const at = headOf({ OPERATION, ...shape }, own);
      expect(own.kernels.scratch(at)).toBe(0);
      expect(own.kernels.run(at)).toBe(code.OPERATION);
    }
    // A signature, a logarithm, a kernel of degree 1.
    const known = headOf({ OPERATION: { core: 1, algebra: 18, kernels: 32 }[family], ...shape }, own);
    expect(own.kernels.scratch(known)).toBeGreaterThan(0);
    // Rejected for its missing regions.
    expect(own.kernels.run(known)).toBeLessThan(0);
  });
});
