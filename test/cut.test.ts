// How calls are cut: into blocks of paths within a budget, and into segments of time by the length
// of each path alone. cases.test.ts checks the results of every cut.

import { describe, expect, test } from "vitest";
import { type Call, readCall } from "../ts/input/call.ts";
import { readOptions } from "../ts/input/options.ts";
import { readPaths } from "../ts/input/paths.ts";
import {
  type Budget,
  fitsOneBlock,
  lanes,
  longestStretch,
  streamSteps,
  stretchesOf,
  stretchStart,
  wholeBudget,
} from "../ts/run/blocks.ts";
import { Cut, stepsOf, stretchesIn } from "../ts/run/cut.ts";
import { orderByKey } from "../ts/run/order.ts";
import { random } from "./paths.ts";

const callOf = (shape: readonly number[], options: Record<string, unknown>): Call => {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  return readCall(readPaths({ data, shape }), readOptions({ depth: 2, ...options }));
};

/**
 * A block of a call: its first item, the number of items, whether they are whole paths, and their
 * capacity in points.
 */
interface Block {
  readonly items: number;
  readonly whole: boolean;
  readonly points: number;
}

/** Every item of a call with the block that contains it. */
function* itemsOf(call: Call, budget: Budget = wholeBudget): Generator<{ cut: Cut; item: number; block: Block }> {
  for (let section = 0; section < call.batch; ) {
    const cut = new Cut(call, section);
    for (let first = 0; first < cut.count; ) {
      const items = cut.blockAt(first, budget);
      const block = { items, whole: first < cut.wholes, points: cut.capacityOf(first + items - 1) };
      for (let item = first; item < first + items; item++) yield { cut, item, block };
      first += items;
    }
    section = cut.end;
  }
}

describe("order", () => {
  test("is that of the keys, and stable", () => {
    const next = random(1);
    for (const count of [0, 1, 2, 5, 47, 48, 49, 50, 300, 5000]) {
      for (const largest of [0, 1, 7, 1000]) {
        const keys = Uint32Array.from({ length: count }, () => Math.floor(next() * (largest + 1)));
        const expected = [...keys.keys()].sort((a, b) => keys[a]! - keys[b]! || a - b);
        expect([...orderByKey(keys)]).toEqual(expected);
      }
    }
  });
});

describe("stretches of time", () => {
  test("are cut by the path's own length and channels, equal to a step, none longer than the longest", () => {
    const next = random(2);
    for (let i = 0; i < 2000; i++) {
      const longest = longestStretch(1 + Math.floor(next() ** 4 * 1e5));
      const steps = Math.floor(next() ** 4 * 1e7);
      const n = stretchesOf(steps, longest);
      expect(stretchStart(0, n, steps)).toBe(0);
      expect(stretchStart(n, n, steps)).toBe(steps);
      const k = Math.floor(next() * n);
      const length = stretchStart(k + 1, n, steps) - stretchStart(k, n, steps);
      expect([Math.floor(steps / n), Math.ceil(steps / n)]).toContain(length);
      expect(length).toBeLessThanOrEqual(longest);
    }
    expect(longestStretch(4)).toBe(4096);
    expect(longestStretch(64)).toBe(1024);
    expect(longestStretch(10_000)).toBe(256);
  });

  test("of a path do not change with its neighbours", () => {
    const lengths = [5000, 1, 4097, 4098, 9000, 2, 300];
    const together = callOf([7, 9000, 2], { lengths });
    for (const [i, length] of lengths.entries()) {
      expect(stretchesIn(together, i)).toBe(stretchesIn(callOf([1, length, 2], {}), 0));
    }
    expect(lengths.map((_, i) => stretchesIn(together, i))).toEqual([2, 1, 1, 2, 3, 1, 1]);
    // A basepoint does not affect whether a path is cut.
    expect(stretchesIn(callOf([1, 4097, 2], { basepoint: true }), 0)).toBe(1);
  });

  test("run backwards they are those of the reversed path", () => {
    for (const basepoint of [false, true]) {
      const options = { lengths: [9001, 10_000], basepoint };
      const reversed = [...itemsOf(callOf([2, 10_000, 2], { ...options, inverse: true }))];
      for (const { cut, item } of reversed) {
        const path = cut.pathOf(item);
        const steps = stepsOf(cut.call, path);
        const n = stretchesIn(cut.call, path);
        const { index, from } = cut.stretchOf(item);
        const end = from + (basepoint ? 1 : 0) + cut.pointsOf(item) - 1;
        expect(steps - end).toBe(stretchStart(index, n, steps));
        expect(cut.pointsOf(item) - 1).toBe(stretchStart(index + 1, n, steps) - stretchStart(index, n, steps));
      }
    }
  });
});

describe("blocks", () => {
  test("a small call is one block", () => {
    const sizes = { channels: 2, row: 6, rows: 1, bytes: 4, stream: false };
    expect(fitsOneBlock({ ...sizes, batch: 100, points: 100 })).toBe(true);
    expect(fitsOneBlock({ ...sizes, batch: 1, points: 4097 })).toBe(true);
    expect(fitsOneBlock({ ...sizes, batch: 1, points: 4098 })).toBe(false);
  });

  test("hold every item once, in order, within their budget, and multiples of the lanes", () => {
    const next = random(3);
    const small: Budget = { input: 32 * 1024, output: 64 * 1024 };
    for (let i = 0; i < 300; i++) {
      const channels = 1 + Math.floor(next() ** 3 * 60);
      const points = 1 + Math.floor(next() ** 4 * 20_000);
      const batch = 1 + Math.floor(next() * Math.min(3000, 2e6 / (points * channels)));
      const ragged = next() < 0.6;
      const stream = next() < 0.3;
      const call = callOf([batch, points, channels], {
        stream,
        basepoint: next() < 0.4,
        ...(ragged && { lengths: Uint32Array.from({ length: batch }, () => 1 + Math.floor(next() ** 2 * points)) }),
      });
      const budget = next() < 0.5 ? wholeBudget : small;
      const seen = new Array<number>(batch).fill(0);
      const blocks = new Map<Block, number>();
      const faults: string[] = [];
      for (const { cut, item, block } of itemsOf(call, budget)) {
        const path = cut.pathOf(item);
        blocks.set(block, (blocks.get(block) ?? 0) + 1);
        if (block.whole !== item < cut.wholes) faults.push("whole paths and stretches in one block");
        if (cut.pointsOf(item) > block.points) faults.push("an item longer than its block");
        // The segments of a path come one after the other.
        if ((block.whole ? 0 : cut.stretchOf(item).index) !== seen[path]) faults.push("stretches out of order");
        seen[path]! += 1;
      }
      expect(faults).toEqual([]);
      expect(seen).toEqual(seen.map((_, path) => stretchesIn(call, path)));
      const steps = stream ? streamSteps(call, budget) : 1;
      for (const [block, items] of blocks) {
        expect(items).toBe(block.items);
        if (items <= lanes) continue;
        const input = items * (stream ? Math.min(block.points, steps + 1) : block.points) * channels * 4;
        expect(input).toBeLessThanOrEqual(budget.input);
        const rows = stream ? Math.min(call.rows, steps) : 1;
        expect(items * rows * call.row * 4).toBeLessThanOrEqual(budget.output);
      }
    }
  });

  test("lengths of a block lie close together", () => {
    const next = random(4);
    const lengths = Uint32Array.from({ length: 1000 }, () => 500 + Math.floor(next() * 500));
    const call = callOf([1000, 1000, 2], { lengths });
    let staged = 0;
    let needed = 0;
    for (const { cut, item, block } of itemsOf(call)) {
      staged += block.points;
      needed += cut.pointsOf(item);
    }
    expect(staged / needed).toBeLessThan(1.03);
  });
});
