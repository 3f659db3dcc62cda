// Arrow bodies with flipped bits in their metadata, in this process, where time and memory can be
// observed directly. hostile.test.ts does the same over HTTP.

import { signature } from "path-signature";
import { describe, expect, it } from "vitest";
import { random } from "../../../test/paths.ts";
import { decodeArrow } from "../src/formats/arrow.ts";
import { Problem } from "../src/problem.ts";
import type { Body } from "../src/ragged.ts";
import { arrowOf, columnsOf, somePaths } from "./bodies.ts";

const good = somePaths([12, 5, 8], 3);
const valid = [arrowOf(good), arrowOf(good, "float32"), columnsOf(good[0]!)];

const compute = ({ paths, lengths }: Body) => signature(paths, lengths ? { depth: 2, lengths } : { depth: 2 });

/** Counts and offsets as bit flips or an attacker could make them. */
const words = [0x7fffffff, 0x80000000, 0xffffffff, 0x10000000, 0x00100000, 65_536, 1000];

function mutate(body: Uint8Array, next: () => number): Uint8Array<ArrayBuffer> {
  let bytes = Uint8Array.from(body);
  for (let changes = 1 + 3 * next(); changes >= 1; changes--) {
    const at = Math.floor(next() * bytes.length);
    const kind = next();
    if (kind < 0.4) bytes[at] = Math.floor(256 * next());
    else if (kind > 0.8) bytes = bytes.slice(0, at + 1);
    else if ((at & ~3) + 4 <= bytes.length)
      new DataView(bytes.buffer).setUint32(at & ~3, words[Math.floor(next() * words.length)]!, true);
  }
  return bytes;
}

describe("Arrow", () => {
  it("is read as what was written", () => {
    const wanted = [...signature(good, { depth: 2 }).data];
    expect([...compute(decodeArrow(valid[0]!)).data]).toEqual(wanted);
    expect([...compute(decodeArrow(valid[2]!)).data]).toEqual([...signature(good[0]!, { depth: 2 }).data]);
  });

  it("ends where it says, not where apache-arrow would stop", () => {
    const followed = (more: number[]) => Uint8Array.from([...valid[2]!, ...more]);
    expect(decodeArrow(followed(Array(16).fill(0)))).toEqual(decodeArrow(valid[2]!));
    expect(() => decodeArrow(followed([0, 0, 0, 1]))).toThrow("something behind its end");
    expect(() => decodeArrow(followed([...valid[2]!]))).toThrow("something behind its end");
  });

  it("that lies is refused, or is another valid batch: ten thousand mutants", () => {
    const next = random(20);
    let [read, refused] = [0, 0];
    for (let i = 0; i < 10_000; i++) {
      const body = mutate(valid[i % valid.length]!, next);
      try {
        const { paths } = decodeArrow(body);
        const { data, shape } = paths as unknown as { data: ArrayLike<number>; shape: readonly number[] };
        expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
        read++;
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        expect([400, 413, 415, 422]).toContain(error.status);
        refused++;
      }
    }
    // Most changes hit metadata; some hit numbers, or padding.
    expect(refused).toBeGreaterThan(1000);
    expect(read).toBeGreaterThan(1000);
  });
});
