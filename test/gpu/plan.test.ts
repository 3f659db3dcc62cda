// Decisions of the GPU code, without a GPU: layouts within their limits, cuts that cover every path
// and step once, recovery programs that recover.

import { describe, expect, test } from "vitest";
import { blockBytes, blocksOf, cutFor } from "../../ts/gpu/blocks.ts";
import { planKernels } from "../../ts/gpu/kernel-plan.ts";
import { wholeKernel } from "../../ts/gpu/kernels/index.ts";
import { layoutOf, stageVectors } from "../../ts/gpu/layout.ts";
import { isObstacle, refusalOf } from "../../ts/gpu/obstacle.ts";
import { signatureVjp } from "../../ts/gpu/operations/signature-vjp.ts";
import { followedShares, isPrunable, recoveryOf } from "../../ts/gpu/recovery.ts";
import {
  columnGroups,
  prefixLength,
  rowGroups,
  type Share,
  shareCount,
  shareOf,
  streamShareOf,
} from "../../ts/gpu/share.ts";
import { sizeOf } from "../cases.ts";
import { makePath, random } from "../paths.ts";
import { referenceSignature } from "../reference.ts";
import { defaultLimits as limits } from "./default-limits.ts";

const shapes: [number, number][] = [];
for (let d = 2; d <= 40; d++) for (let n = 2; n <= 12 && sizeOf(d, n) < 2 ** 20; n++) shapes.push([d, n]);

describe("layouts", () => {
  test.each(shapes)("d=%i N=%i keep to the limits of every device, and have a place for every word", (d, n) => {
    for (const share of [shareOf(d, n), streamShareOf(d, n)]) {
      expect(share.rows * rowGroups(share)).toBeGreaterThanOrEqual(share.levels === 1 ? 1 : d);
      expect(share.columns * columnGroups(share)).toBeGreaterThanOrEqual(d);
      for (const inPieces of [false, true]) {
        const layout = layoutOf(share, limits, inPieces)!;
        const { invocations, tracks, workgroups, vector, shares } = layout;
        expect(invocations).toBeLessThanOrEqual(256);
        const bytes = 4 * vector * stageVectors(layout) + 16 * tracks + 16;
        expect(bytes).toBeLessThanOrEqual(16384);
        expect(shares).toBe(shareCount(share));
        if (workgroups > 1) expect(workgroups * invocations).toBeGreaterThanOrEqual(shares);
        else expect(tracks * shares).toBeLessThanOrEqual(invocations);
        if (layout.gathers) expect(Math.log2(tracks) % 1).toBe(0);
        // Neighbouring tracks never read the same bank.
        if (tracks > 1) expect(layout.trackVectors % 2).toBe(1);
      }
    }
  });

  test("kernels of whole paths and of pieces share a name, and so a pipeline, only if they are equal", () => {
    for (const [d, n] of shapes) {
      const [whole, piece] = [false, true].map((inPieces) => wholeKernel(layoutOf(shareOf(d, n), limits, inPieces)!));
      if (whole!.name === piece!.name) expect(whole!.source() === piece!.source(), whole!.name).toBe(true);
    }
  });

  test("more workgroup memory is used only if a step needs it, and without enough there is no plan", () => {
    const more = { ...limits, maxComputeWorkgroupStorageSize: 32768 };
    const sizes = { channels: 5000, depth: 2, batch: 1, points: 11 };
    expect(planKernels(sizes, limits)).toBeUndefined();
    expect(planKernels(sizes, more)?.layout?.tile).toBe(1);
    expect(planKernels({ ...sizes, channels: 4 }, more)).toEqual(planKernels({ ...sizes, channels: 4 }, limits));
  });
});

describe("pieces of time of gradients", () => {
  const piecesOf = (channels: number, depth: number, batch: number, points: number, more = {}) => {
    const shape = { channels, depth, batch, points, ...more };
    const plan = signatureVjp.plan(shape, { input: "cpu", output: "cpu" }, limits);
    if (isObstacle(plan)) throw refusalOf(plan);
    return { pieces: plan.pieces, paths: plan.cut.paths, flow: plan.flow };
  };

  test.each([
    [4, 4],
    [2, 3],
    [3, 7],
    [10, 4],
    [24, 3],
  ])(
    "d=%i N=%i: many of a lone long path, in whole tiles; one of short paths, and where paths fill a device",
    (d, n) => {
      const { pieces, flow } = piecesOf(d, n, 1, 10_000);
      expect(pieces).toBeGreaterThanOrEqual(40);
      const each = Math.ceil(9999 / pieces);
      expect(each).toBeGreaterThanOrEqual(127);
      // The steps of the segment and the one after it: no more tiles than they need.
      expect(Math.ceil((each + 1) / flow!.tile) * flow!.tile - (each + 1)).toBeLessThan(flow!.tile / 2);
      expect(piecesOf(d, n, 1, 200).pieces).toBe(1);
      expect(piecesOf(d, n, 2 ** 17, 200).pieces).toBe(1);
      expect(piecesOf(d, n, 2 ** 17, 100).pieces).toBe(1);
    },
  );

  test("fewer of more paths, never none, and none where the functional does not move or streams are asked for", () => {
    let last = Number.POSITIVE_INFINITY;
    for (const batch of [1, 16, 64, 256, 1024, 4096]) {
      const { pieces } = piecesOf(4, 4, batch, 1000);
      expect(pieces).toBeLessThanOrEqual(last);
      expect(pieces).toBeGreaterThanOrEqual(1);
      last = pieces;
    }
    for (const [d, n] of [
      [4, 2],
      [1, 7],
    ] as const)
      expect(piecesOf(d, n, 1, 10_000).pieces).toBe(1);
    expect(piecesOf(4, 4, 1, 10_000, { stream: true }).pieces).toBe(1);
    expect(piecesOf(4, 4, 1, 1).pieces).toBe(1);
    expect(piecesOf(4, 4, 0, 10_000).pieces).toBeGreaterThanOrEqual(1);
  });

  test("keep to a block's memory, and are there for long paths nevertheless", () => {
    for (const [d, n, points] of [
      [10, 5, 10_000],
      [6, 6, 10_000],
      [2, 3, 1_000_000],
      [10, 5, 100_000],
    ] as const) {
      const { pieces } = piecesOf(d, n, 1, points);
      // A functional, and twice a lower signature.
      expect(4 * pieces * (sizeOf(d, n) + d + 2 * sizeOf(d, n - 1))).toBeLessThanOrEqual(blockBytes);
      expect(pieces).toBeGreaterThan(20);
      expect((points - 1) / pieces).toBeLessThanOrEqual(4096);
    }
    expect(piecesOf(6, 6, 100, 10_000).pieces).toBeGreaterThan(10);
    // A path whose segments would be too long is one segment.
    expect(piecesOf(14, 5, 1, 100_000).pieces).toBe(1);
  });
});

describe("cuts", () => {
  const shape = { batch: 100_000, points: 100, channels: 3, depth: 3 };

  test("blocks are as large as they should be, and cover every path once", () => {
    const cut = cutFor(shape, { input: "cpu", output: "cpu" }, 0, limits);
    expect(cut.steps).toBeUndefined();
    expect(cut.paths * 100 * 3 * 4).toBeLessThanOrEqual(blockBytes);
    const call = {
      batch: 100_000,
      points: 100,
      lengths: undefined,
      basepoint: false,
      inverse: false,
      stream: false,
      rows: 1,
    };
    let next = 0;
    for (const block of blocksOf(call, cut)) {
      expect(block.first).toBe(next);
      expect(block.paths).toBeLessThanOrEqual(cut.paths);
      next += block.paths;
    }
    expect(next).toBe(100_000);
  });

  test("what is on the device already, and stays there, is not cut for transfers", () => {
    const cut = cutFor(shape, { input: "gpu", output: "gpu" }, 0, limits);
    expect(cut.paths).toBe(100_000);
  });

  test.each([
    ["forwards", false, false],
    ["backwards", true, false],
    ["a stream", false, true],
    ["a stream backwards", true, true],
  ])("segments of a path that is too long cover every step once, %s", (_, inverse, stream) => {
    for (const basepoint of [false, true])
      for (const length of [1, 2, 7, 8, 9, 15, 22, 30]) {
        const rows = stream ? 30 - (basepoint ? 0 : 1) : 1;
        const call = { batch: 2, points: 30, lengths: Uint32Array.of(30, length), basepoint, inverse, stream, rows };
        const blocks = [...blocksOf(call, { paths: 1, steps: 7 })].filter(({ first }) => first === 1);
        const steps = blocks.map(({ points, basepoint: own }) => points - 1 + (own ? 1 : 0));
        expect(steps.reduce((a, b) => a + b, 0)).toBe(length - 1 + (basepoint ? 1 : 0));
        expect(blocks.filter((block) => block.basepoint).length).toBe(basepoint ? 1 : 0);
        expect(blocks[0]?.continues ?? "initial").toBe("initial");
        for (const block of blocks) {
          expect(block.from).toBeGreaterThanOrEqual(0);
          expect(block.from + block.points).toBeLessThanOrEqual(length);
        }
        if (stream) {
          let row = 0;
          for (const block of blocks) {
            expect(block.firstRow).toBe(row);
            row += block.rows;
          }
          expect(row).toBe(rows);
        } else expect(blocks.filter(({ isResult }) => isResult).length).toBe(1);
      }
  });
});

describe("recovery", () => {
  const prunable = (
    [
      [2, 6],
      [3, 4],
      [3, 5],
      [4, 4],
      [5, 3],
      [6, 4],
      [9, 3],
      [17, 3],
    ] as const
  ).map(([channels, depth]) => shareOf(channels, depth));

  test("exists where shares can be left out", () => {
    for (const share of prunable) expect(isPrunable(share)).toBe(true);
    for (const [d, n] of [
      [2, 4],
      [3, 3],
      [16, 2],
      [2, 8],
      [30, 4],
    ] as const)
      expect(isPrunable(shareOf(d, n))).toBe(false);
  });

  /** Whether the first letter of a word is its smallest, and not its only one. */
  const isFollowed = (word: readonly number[]) => word.every((c) => c >= word[0]!) && word.some((c) => c > word[0]!);

  test.each(prunable)("every word that is needed is in a share that is followed: %o", (share: Share) => {
    const { channels: d, depth, levels, rows, columns } = share;
    const followed = new Set(followedShares(share));
    expect(followed.size).toBeLessThan(shareCount(share));
    const P = prefixLength(share);
    for (let number = 0; number < d ** depth; number++) {
      const word = number
        .toString(d)
        .padStart(depth, "0")
        .split("")
        .map((digit) => Number.parseInt(digit, d));
      if (!isFollowed(word)) continue;
      const prefix = word.slice(0, P).reduce((n, c) => n * d + c, 0);
      const row = levels === 2 ? Math.floor(word[P]! / rows) : 0;
      const column = Math.floor(word.at(-1)! / columns);
      const index = (prefix * rowGroups(share) + row) * columnGroups(share) + (levels <= 2 ? column : 0);
      expect(followed.has(index), word.join()).toBe(true);
    }
  });

  test.each(prunable)("the others follow from those: %o", ({ channels, depth }) => {
    const path = makePath("walk", 12, channels, random(channels * depth));
    const truth = referenceSignature(path, { depth }).rows[0]!;
    const { values: count, additions, sums } = recoveryOf(channels, depth);
    const values = new Float64Array(count).fill(Number.NaN);
    let at = 0;
    for (let level = 1; level <= depth; level++)
      for (let number = 0; number < channels ** level; number++, at++) {
        const word: number[] = [];
        for (let i = level, rest = number; i > 0; i--, rest = Math.floor(rest / channels))
          word.unshift(rest % channels);
        if (word.every((c) => c >= word[0]!)) values[at] = truth[at]!;
      }
    values[at] = 1;
    for (const layer of additions) for (const [to, a, b] of layer) values[to] = values[a]! + values[b]!;
    const total = (pairs: readonly (readonly [number, number])[]) =>
      pairs.reduce((sum, [a, b]) => sum + values[a]! * values[b]!, 0);
    for (const level of sums) for (const { target, plus, minus } of level) values[target] = total(plus) - total(minus);
    for (let i = 0; i < truth.length; i++) expect(Math.abs(values[i]! - truth[i]!)).toBeLessThan(1e-12);
    for (const value of values) expect(value).not.toBeNaN();
  });
});
