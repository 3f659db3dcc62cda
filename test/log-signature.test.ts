// Log-signatures on every binary: exact oracles, stored results of pySigLib and iisignature,
// identities, bases and their labels, options, gradients, errors, bits that do not depend on what
// else is computed.

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import { exp, log } from "../ts/algebra.ts";
import {
  createEngine,
  init,
  isPathSignatureError,
  type LogSignature,
  type LogSignatureBasis,
  type LogSignatureOptions,
  type LogSignatures,
  logSignature,
  logSignatureLabels,
  logSignatureSize,
  logSignatureToSignature,
  logSignatureToSignatureVjp,
  logSignatureVjp,
  logSignatureWithVjp,
  signature,
  signatureSize,
  signatureToLogSignature,
  signatureToLogSignatureVjp,
} from "../ts/index.ts";
import { makePath, random } from "./paths.ts";
import { Rational } from "./rational.ts";
import { maxAbs } from "./reference.ts";
import { logGradientTolerance } from "./tolerances.ts";

const read = (name: string) => JSON.parse(readFileSync(new URL(`oracles/${name}`, import.meta.url), "utf8"));

interface Oracle {
  name: string;
  channels: number;
  depth: number;
  path: (number | string)[][];
  log_expanded: string[];
  lyndon_words: string[];
  lyndon_brackets: string[];
  logsig_words: string[];
  logsig_lyndon_basis: string[];
}
const { paths: oracles } = read("logsig_vectors.json") as { paths: Oracle[] };

interface Peer {
  channels: number;
  depth: number;
  path: number[][];
  words: number[];
  lyndon: number[];
  expanded: number[];
  hall: number[];
  hall_labels: string[];
  cotangent: number[];
  gradient: number[];
}
const { paths: peers } = read("logsig_peers.json") as { paths: Peer[] };

const bases: readonly LogSignatureBasis[] = ["words", "lyndon", "hall", "expanded"];
const numbersOf = (texts: readonly string[]) => texts.map((text) => Rational.parse(text).toNumber());
const pointsOf = ({ path }: Oracle) => path.map((point) => point.map((x) => Rational.parse(x).toNumber()));

/** Throws unless numbers agree up to a part of the largest, or of `size`. */
function expectClose(
  actual: ArrayLike<number>,
  wanted: ArrayLike<number>,
  part: number,
  name = "",
  size = Math.max(maxAbs(wanted), 1e-3),
): void {
  expect(actual.length, name).toBe(wanted.length);
  const allowed = part * size;
  for (let i = 0; i < wanted.length; i++) {
    if (!(Math.abs(actual[i]! - wanted[i]!) <= allowed))
      throw new Error(`${name}, number ${i}: ${actual[i]} for ${wanted[i]}, allowed ${allowed}`);
  }
}

const shapes = [
  [1, 1],
  [1, 6],
  [2, 1],
  [2, 2],
  [2, 3],
  [2, 4],
  [2, 7],
  [2, 10],
  [3, 2],
  [3, 3],
  [3, 5],
  [4, 4],
  [6, 3],
  [9, 2],
  [24, 2],
  [24, 3],
] as const;

describe("labels", () => {
  test.each(oracles)("$name: words and brackets in the order of the oracle", (oracle) => {
    const { channels, depth } = oracle;
    const texts = (basis: LogSignatureBasis) => logSignatureLabels(channels, depth, basis).map(({ text }) => text);
    expect(texts("words").map((text) => text.replaceAll(",", ""))).toEqual(oracle.lyndon_words);
    expect(texts("lyndon")).toEqual(oracle.lyndon_brackets);
  });

  test("sizes are Witt's numbers, and those of the labels", () => {
    // Lyndon words of two letters by length (OEIS A001037), and of three (A027376).
    const two = [2, 1, 2, 3, 6, 9, 18, 30, 56, 99];
    const three = [3, 3, 8, 18, 48, 116];
    for (const [channels, counts] of [[2, two] as const, [3, three] as const]) {
      let sum = 0;
      for (const [i, count] of counts.entries()) {
        sum += count;
        expect(logSignatureSize(channels, i + 1)).toBe(sum);
      }
    }
    for (const [channels, depth] of shapes) {
      for (const basis of bases)
        expect(logSignatureLabels(channels, depth, basis).length).toBe(logSignatureSize(channels, depth, basis));
      expect(logSignatureSize(channels, depth, "expanded")).toBe(signatureSize(channels, depth));
    }
  });

  test("of the Hall basis", () => {
    expect(logSignatureLabels(2, 4, "hall").map(({ text }) => text)).toEqual([
      "1",
      "2",
      "[1,2]",
      "[1,[1,2]]",
      "[2,[1,2]]",
      "[1,[1,[1,2]]]",
      "[2,[1,[1,2]]]",
      "[2,[2,[1,2]]]",
    ]);
  });
});

describe.each(["simd", "relaxed"] as const)("%s", (variant) => {
  beforeAll(async () => {
    await init({ variant });
  });

  test.each(oracles)("$name: exact", (oracle) => {
    const { depth } = oracle;
    const points = pointsOf(oracle);
    const wanted = { words: oracle.logsig_words, lyndon: oracle.logsig_lyndon_basis, expanded: oracle.log_expanded };
    // A logarithm is what is left where terms of the size of the signature cancel.
    const size = Math.max(1, maxAbs(signature(points, { depth }).data));
    for (const [basis, texts] of Object.entries(wanted) as [keyof typeof wanted, string[]][]) {
      const numbers = numbersOf(texts);
      expectClose(logSignature(points, { depth, basis }).data, numbers, 1e-13, basis, size);
      // Float32 points, the same arithmetic or less.
      const rounded = points.map((point) => point.map(Math.fround));
      const exact = logSignature(rounded, { depth, basis }).data;
      for (const precision of ["auto", "float64", "float32"] as const) {
        const { data } = logSignature(rounded, { depth, basis, dtype: "float32", precision });
        const [part, largest] =
          precision === "float32" ? [4e-6, size] : [2 ** -23, Math.max(maxAbs(exact), 1e-9 * size)];
        expectClose(data, exact, part, `${basis} ${precision}`, largest);
      }
    }
  });

  test("results of pySigLib 4.0.0 and iisignature 0.24", () => {
    for (const { channels, depth, path, ...wanted } of peers) {
      expect(logSignatureLabels(channels, depth, "hall").map(({ text }) => text)).toEqual(wanted.hall_labels);
      for (const basis of bases) {
        const found = logSignature(path, { depth, basis });
        expectClose(found.data, wanted[basis], 1e-13, `d=${channels} N=${depth} ${basis}`);
      }
    }
  });

  test("the tensor logarithm of the signature, and back, for all shapes", () => {
    const next = random(3);
    for (const [channels, depth] of shapes) {
      if (signatureSize(channels, depth) > 5000) continue;
      const paths = Array.from({ length: 3 }, () => makePath("walk", 9, channels, next));
      const options = { channels, depth };
      const s = signature(paths, { depth });
      const tensor = log(s, options);
      const expanded = logSignature(paths, { depth, basis: "expanded" });
      expectClose(expanded.data, tensor.data, 1e-12, `d=${channels} N=${depth}`);
      expectClose(exp({ data: expanded.data, shape: expanded.shape }, options).data, s.data, 1e-12);
      const words = logSignature(paths, { depth });
      for (const { word } of words.labels)
        expectClose(words.at(word) as Float64Array, tensor.at(word) as Float64Array, 1e-12, `word ${word}`);
    }
  });

  test("two segments: the formula of Baker, Campbell and Hausdorff", () => {
    // log(e^X e^Y) = X + Y + [X,Y]/2 + [X,[X,Y]]/12 - [Y,[X,Y]]/12 - [Y,[X,[X,Y]]]/24 …
    const p = logSignature(
      [
        [0, 0],
        [1, 0],
        [1, 1],
      ],
      { depth: 4, basis: "hall" },
    );
    expectClose(p.data, [1, 1, 1 / 2, 1 / 12, -1 / 12, 0, -1 / 24, 0], 1e-15);
    expect(p.at([1, [0, [0, 1]]])).toBe(p.data[6]);
    expect(p.at("[2,[1,[1,2]]]")).toBe(p.data[6]);
  });

  test("reversal, scaling, reparametrisation, one segment", () => {
    const next = random(5);
    for (const [channels, depth] of [
      [2, 6],
      [3, 4],
      [4, 3],
      [5, 2],
    ] as const) {
      const path = makePath("walk", 12, channels, next);
      const { data } = logSignature(path, { depth });
      const negative = data.map((x) => -x);
      expectClose(logSignature([...path].reverse(), { depth }).data, negative, 1e-13, "reversed");
      expectClose(logSignature(path, { depth, inverse: true }).data, negative, 1e-13, "inverse");
      const halved = path.flatMap((point, t) =>
        t === 0 ? [point] : [point.map((x, c) => (x + path[t - 1]![c]!) / 2), point],
      );
      expectClose(logSignature(halved, { depth }).data, data, 1e-13, "halved steps");
      const scaled = logSignature(
        path.map((point) => point.map((x) => 2 * x)),
        { depth },
      );
      for (let k = 1; k <= depth; k++) {
        const level = logSignature(path, { depth }).level(k).toArray();
        expectClose(
          scaled.level(k).toArray(),
          level.map((x) => x * 2 ** k),
          1e-13,
          `level ${k}`,
        );
      }
      const segment = logSignature(path.slice(0, 2), { depth }).data;
      const z = path[1]!.map((x, c) => x - path[0]![c]!);
      expectClose(segment, [...z, ...new Array(segment.length - channels).fill(0)], 1e-15, "segment");
      expect([...logSignature(path.slice(0, 1), { depth }).data]).toEqual(new Array(data.length).fill(0));
    }
  });

  test("one channel and one level: the increment alone", () => {
    const path = [[1], [4], [-2], [3.5]];
    expect([...logSignature(path, { depth: 5 }).data]).toEqual([2.5]);
    expect([...logSignature(path, { depth: 3, basis: "expanded" }).data]).toEqual([2.5, 0, 0]);
    expect([
      ...logSignature(
        [
          [1, 2],
          [4, -1],
          [2, 2.5],
        ],
        { depth: 1, basis: "hall" },
      ).data,
    ]).toEqual([1, 0.5]);
  });

  test("options", () => {
    const next = random(7);
    for (const [channels, depth] of [
      [1, 3],
      [2, 2],
      [2, 5],
      [3, 3],
      [4, 4],
    ] as const) {
      const lengths = [9, 1, 4, 70, 2, 70, 33];
      const paths = lengths.map((length) => makePath("walk", length, channels, next));
      const basepoint = paths[0]![0]!.map((x) => x + 1);
      const initial = signature(makePath("walk", 5, channels, next), { depth });
      for (const inverse of [false, true]) {
        for (const basis of bases) {
          const options = { depth, basis, basepoint, inverse, initial: initial.data };
          const all = logSignature(paths, options);
          const row = logSignatureSize(channels, depth, basis);
          expect(all.shape).toEqual([lengths.length, row]);
          const out = new Float64Array(all.data.length);
          expect(logSignature(paths, { ...options, out }).data).toBe(out);
          expect(out).toEqual(all.data);
          for (const [i, path] of paths.entries()) {
            const own = all.data.subarray(i * row, (i + 1) * row);
            expect(logSignature(path, options).data).toEqual(own);
            const s = signature(path, { depth, basepoint, inverse, initial: initial.data });
            if (basis === "expanded")
              expectClose(own, log(s.data, { channels, depth }).data, 1e-11, `d=${channels} N=${depth} path ${i}`);
          }
        }
      }
    }
  });

  test.each(["float32", "float64"] as const)("streams: each row is the log-signature of its prefix, %s", (dtype) => {
    const next = random(9);
    for (const [channels, depth] of [
      [1, 3],
      [2, 1],
      [2, 2],
      [2, 4],
      [3, 3],
      [4, 4],
      [5, 3],
    ] as const) {
      for (const basis of ["lyndon", "expanded"] as const) {
        const path = makePath("walk", 40, channels, next);
        const batch = [path, makePath("walk", 17, channels, next), path];
        const p = logSignature(batch, { depth, dtype, basis, stream: true });
        const row = logSignatureSize(channels, depth, basis);
        expect(p.shape).toEqual([3, 39, row]);
        const part = dtype === "float32" ? 3e-7 : 1e-13;
        for (const length of [2, 3, 17, 25, 40]) {
          const at = (length - 2) * row;
          const whole = logSignature(path.slice(0, length), { depth, dtype, basis });
          expectClose(p.data.subarray(at, at + row), whole.data, part, `d=${channels} N=${depth} ${length} points`);
        }
        // The last row of a shorter path repeats, and neighbours do not matter.
        const second = p.data.subarray(39 * row, 78 * row);
        expect(second.subarray(38 * row)).toEqual(second.subarray(15 * row, 16 * row));
        expect(p.data.subarray(0, 39 * row)).toEqual(p.data.subarray(78 * row));
      }
    }
  });

  test("long paths and streams are cut in time, alone as in a batch", () => {
    const next = random(11);
    const paths = [5000, 9000, 300].map((length) => makePath("walk", length, 3, next));
    for (const dtype of ["float32", "float64"] as const) {
      const all = logSignature(paths, { depth: 3, dtype });
      for (const [i, path] of paths.entries()) {
        expect(logSignature(path, { depth: 3, dtype }).data).toEqual(all.data.subarray(i * 14, (i + 1) * 14));
        const float64 = logSignature(
          path.map((point) => point.map(Math.fround)),
          { depth: 3 },
        );
        expectClose(all.data.subarray(i * 14, (i + 1) * 14), float64.data, dtype === "float32" ? 2e-7 : 1e-7);
      }
    }
    const path = makePath("walk", 40_000, 3, next);
    const stream = logSignature(path, { depth: 3, stream: true });
    for (const length of [39_999, 18_726]) {
      const row = stream.data.subarray((length - 2) * 14, (length - 1) * 14);
      expectClose(row, logSignature(path.slice(0, length), { depth: 3 }).data, 1e-11);
    }
  });

  test("float32: accurate to some units in the last place, whatever the drift", () => {
    const next = random(13);
    for (const [channels, depth] of [
      [2, 4],
      [3, 3],
      [3, 4],
      [4, 4],
    ] as const) {
      for (const drift of [0, 1, 10]) {
        for (const length of [10, 100, 1000, 3000]) {
          const path = makePath("walk", length, channels, next).map((point, t) =>
            point.map((x, c) => Math.fround(x / Math.sqrt(length) + (drift * (1 + c / 3) * t) / length)),
          );
          const wanted = logSignature(path, { depth });
          const found = logSignature(path, { depth, dtype: "float32" });
          for (let k = 2; k <= depth; k++)
            expectClose(found.level(k).toArray(), wanted.level(k).toArray(), 16 * 2 ** -24, `level ${k}, ${length}`);
        }
      }
    }
  });

  test("float32: points far off, of which ends of tiles do not tell", () => {
    const next = random(14);
    // One in a hundred, and one in eleven.
    const kinds = [() => next() < 0.01, (t: number) => t % 11 === 3];
    for (const [channels, depth] of [
      [3, 2],
      [3, 3],
      [3, 4],
      [8, 2],
    ] as const) {
      for (const isOff of kinds) {
        for (let i = 0; i < 16; i++) {
          const path = makePath("walk", 600, channels, next).map((point, t) => {
            const off = isOff(t) ? 1000 * next() : 0;
            return point.map((x, c) => Math.fround(x + off * (1 + c)));
          });
          const wanted = logSignature(path, { depth });
          const found = logSignature(path, { depth, dtype: "float32" });
          for (let k = 2; k <= depth; k++)
            expectClose(found.level(k).toArray(), wanted.level(k).toArray(), 16 * 2 ** -24, `level ${k}`);
        }
      }
    }
  });

  test("gradients: those of pySigLib 4.0.0", () => {
    for (const { depth, path, cotangent, gradient } of peers) {
      expectClose(logSignatureVjp(path, cotangent, { depth }).paths.data, gradient, 1e-12);
      const single = { data: Float32Array.from(path.flat()), shape: [path.length, path[0]!.length] };
      const found = logSignatureVjp(single, cotangent, { depth }).paths;
      expect(found.dtype).toBe("float32");
      expectClose(found.data, gradient, logGradientTolerance);
      const exact = logSignatureVjp(single, cotangent, { depth, precision: "float64" }).paths;
      expectClose(exact.data, gradient, 2 ** -23);
      expectClose(logSignatureVjp(single, cotangent, { depth, precision: "float32" }).paths.data, gradient, 1e-4);
    }
  });

  test("gradients: a path whose terms cancel is computed in float64, whatever is beside it", () => {
    const next = random(27);
    const points = 40;
    // By turns: random walks, walks with a drift, steps back and forth.
    const kinds = [
      (_: number, x: number) => x + next() - 0.5,
      (_: number, x: number) => x + 10 * next(),
      (t: number) => (t % 2) + 1e-5 * next(),
    ];
    for (const [channels, depth] of [
      [2, 2],
      [2, 4],
      [3, 3],
      [3, 5],
    ] as const) {
      const paths = Array.from({ length: 12 }, (_, i) => {
        let last = new Array<number>(channels).fill(0);
        return Array.from({ length: points }, (_, t) => {
          last = last.map((x) => kinds[i % 3]!(t, x));
          return last;
        });
      });
      const given = { data: Float32Array.from(paths.flat(2)), shape: [12, points, channels] as const };
      const logs = logSignature(given, { depth });
      // As large as the reciprocal of each level, so that every level counts.
      const ends = Array.from({ length: depth + 1 }, (_, k) => logSignatureSize(channels, k || 1) * Number(k > 0));
      const cotangents = Float64Array.from(logs.data);
      for (let row = 0; row < 12; row++) {
        for (let k = 1; k <= depth; k++) {
          const level = cotangents.subarray(row * ends[depth]! + ends[k - 1]!, row * ends[depth]! + ends[k]!);
          const most = maxAbs(level);
          for (let i = 0; i < level.length; i++) level[i] = (next() - 0.5) / most;
        }
      }
      const lengths = paths.map((_, i) => points - i);
      const options = { depth, lengths, basepoint: true } as const;
      const found = logSignatureVjp(given, cotangents, options);
      const [exact, single] = (["float64", "float32"] as const).map((precision) =>
        logSignatureVjp(given, cotangents, { ...options, precision }),
      );
      const chosen = paths.map((_, i) => {
        const part = (numbers: ArrayLike<number>) =>
          Array.from(numbers).slice(i * points * channels, (i + 1) * points * channels);
        expectClose(part(found.paths.data), part(exact!.paths.data), logGradientTolerance, `path ${i}`);
        const path = { data: Float32Array.from(paths[i]!.flat()), shape: [points, channels] as const };
        const own = cotangents.subarray(i * ends[depth]!, (i + 1) * ends[depth]!);
        const alone = logSignatureVjp(path, own, { ...options, lengths: [lengths[i]!] });
        expect(Array.from(alone.paths.data)).toEqual(part(found.paths.data));
        return JSON.stringify(part(found.paths.data)) === JSON.stringify(part(exact!.paths.data));
      });
      expect(single!.paths.data).not.toEqual(exact!.paths.data);
      // At depth 2 nothing cancels.
      expect(chosen.filter((_, i) => i % 3 === 0)).not.toContain(true);
      if (depth > 2) expect(chosen.filter((_, i) => i % 3 === 2)).toContain(true);
    }
  });

  test("gradients: central differences, with every option", () => {
    const next = random(21);
    const numbers = (count: number) => Float64Array.from({ length: count }, () => next() - 0.5);
    for (const [channels, depth] of [
      [1, 3],
      [2, 1],
      [2, 2],
      [2, 4],
      [3, 3],
      [4, 4],
    ] as const) {
      for (const basis of bases) {
        for (const stream of [false, true]) {
          const shape = [3, 6, channels] as const;
          const size = signatureSize(channels, depth);
          const before = makePath("walk", 4, channels, next);
          const given = {
            paths: numbers(3 * 6 * channels),
            basepoint: numbers(channels),
            initial: signature(before, { depth }).data,
          };
          const call = ({ paths, basepoint, initial }: typeof given) => {
            const options = { depth, basis, stream, lengths: [6, 2, 5], basepoint, initial, inverse: true } as const;
            return [{ data: paths, shape }, options] as const;
          };
          const [value, pullback] = logSignatureWithVjp(...call(given));
          expect(value.data).toEqual(logSignature(...call(given)).data);
          const cotangent = numbers(value.data.length);
          const [paths, options] = call(given);
          const found = logSignatureVjp(paths, cotangent, options);
          expect(pullback(cotangent).paths.data).toEqual(found.paths.data);
          // Only directions along signatures: elsewhere a logarithm of Lyndon words is another
          // function.
          const way = { paths: numbers(3 * 6 * channels), basepoint: numbers(channels) };
          const slopeOf = (h: number) => {
            const moved = {
              paths: given.paths.map((x, i) => x + h * way.paths[i]!),
              basepoint: given.basepoint.map((x, i) => x + h * way.basepoint[i]!),
              initial: given.initial,
            };
            return logSignature(...call(moved)).data.reduce((sum, x, i) => sum + x * cotangent[i]!, 0);
          };
          const h = 2 ** -9;
          const slope = (8 * (slopeOf(h) - slopeOf(-h)) - (slopeOf(2 * h) - slopeOf(-2 * h))) / (12 * h);
          const dot = (a: ArrayLike<number>, b: Float64Array) => b.reduce((sum, x, i) => sum + x * a[i]!, 0);
          const along = dot(found.paths.data, way.paths) + dot(found.basepoint!.data, way.basepoint);
          expect(Math.abs(along - slope), `d=${channels} N=${depth} ${basis} stream ${stream}`).toBeLessThan(
            1e-7 * Math.max(1, Math.abs(slope)),
          );
          expect(found.initial!.shape).toEqual([size]);
        }
      }
    }
  });

  test("gradients of long paths are cut in time", () => {
    const path = makePath("walk", 9000, 2, random(23));
    const cotangent = [1, -1, 0.5, 2, -0.5];
    const { data } = logSignatureVjp(path, cotangent, { depth: 3 }).paths;
    const at = 2 * 4321;
    const moved = (h: number) => {
      const points = path.map((point, t) => (t === 4321 ? [point[0]! + h, point[1]!] : point));
      return logSignature(points, { depth: 3 }).data.reduce((sum, x, i) => sum + x * cotangent[i]!, 0);
    };
    expectClose([data[at]!], [(moved(0.01) - moved(-0.01)) / 0.02], 1e-5);
  });

  test("from signatures and back", () => {
    const next = random(25);
    for (const [channels, depth] of [
      [1, 4],
      [2, 1],
      [2, 2],
      [2, 6],
      [3, 4],
      [5, 3],
    ] as const) {
      const paths = Array.from({ length: 5 }, () => makePath("walk", 8, channels, next));
      for (const basis of bases) {
        const s = signature(paths, { depth });
        const options = { channels, depth, basis };
        const p = signatureToLogSignature(s, options);
        const wanted = logSignature(paths, { depth, basis });
        expect([p.shape, p.basis]).toEqual([wanted.shape, basis]);
        expectClose(p.data, wanted.data, 1e-12, `d=${channels} N=${depth} ${basis}`, maxAbs(s.data));
        const back = logSignatureToSignature(p, options);
        expect(back.shape).toEqual(s.shape);
        expectClose(back.data, s.data, 1e-12, `back d=${channels} N=${depth} ${basis}`, maxAbs(s.data));
        const row = p.data.subarray(0, p.shape[1]);
        expect(logSignatureToSignature(row, options).data).toEqual(back.data.subarray(0, back.shape[1]));
        // Each gradient undoes the other along log-signatures.
        const cotangent = Float64Array.from(p.data, () => next() - 0.5);
        const { a: onSignatures } = signatureToLogSignatureVjp(s, { data: cotangent, shape: p.shape }, options);
        const { a: onLogs } = logSignatureToSignatureVjp(p, onSignatures, options);
        if (basis !== "expanded")
          expectClose(onLogs.data, cotangent, 1e-9, `gradient d=${channels} N=${depth} ${basis}`);
      }
    }
    const options = { channels: 2, depth: 3 };
    for (const [rows, other, code] of [
      [[1, 2, 3], {}, "ROWS_SHAPE"],
      ["x", {}, "ROWS_TYPE"],
      [[1, 1, 0.5, 0, 0], { basis: "x" }, "BASIS_INVALID"],
      [[1, 1, 0.5, 0, 0], { depth: 17 }, "SIZE_TOO_LARGE"],
      [[1, 1, 0.5, 0, 0], { scalarTerm: true }, "OPTION_UNKNOWN"],
      [[1, 1, Number.NaN, 0, 0], {}, "NOT_FINITE"],
    ] as const)
      expect(() => logSignatureToSignature(rows as unknown as number[], { ...options, ...other } as never)).toThrow(
        expect.objectContaining({ code }),
      );
  });

  test("numbers that are not finite", () => {
    const paths = [
      [
        [0, 0],
        [Number.NaN, 1],
        [1, 1],
      ],
      [
        [0, 0],
        [1, 0],
        [1, 1],
      ],
    ];
    expect(() => logSignature(paths, { depth: 3 })).toThrow(expect.objectContaining({ code: "NOT_FINITE" }));
    for (const basis of bases) {
      const { data } = logSignature(paths, { depth: 3, basis, checkFinite: false });
      const row = data.length / 2;
      expect(data[0]).toBeNaN();
      expect(data.subarray(row)).toEqual(logSignature(paths[1]!, { depth: 3, basis }).data);
    }
  });
});

test("an engine gives the same bits", async () => {
  await using engine = await createEngine({ threads: 2 });
  const next = random(15);
  for (const [channels, depth, length, batch] of [
    [2, 4, 60, 300],
    [3, 3, 9000, 3],
    [4, 4, 7, 1],
    [16, 2, 30, 64],
  ] as const) {
    const paths = Array.from({ length: batch }, () => makePath("walk", length, channels, next));
    for (const dtype of ["float32", "float64"] as const) {
      for (const stream of [false, length < 100]) {
        const options = { depth, dtype, stream, basis: "lyndon" } as const;
        const found = await engine.logSignature(paths, options);
        const wanted = logSignature(paths, options);
        expect(found.data).toEqual(wanted.data);
        expect([found.shape, found.basis]).toEqual([wanted.shape, "lyndon"]);
      }
    }
  }
  const plan = engine.explain("logSignature", { shape: [10, 100, 2], depth: 4, basis: "hall" });
  expect(plan.device).toBe("cpu");
});

describe("gradients and conversions on an engine", () => {
  const given = (channels: number, length: number, batch: number, seed: number) => {
    const next = random(seed);
    return Array.from({ length: batch }, () => makePath("walk", length, channels, next));
  };
  const uniform = (count: number, seed: number) => {
    const next = random(seed);
    return Float64Array.from({ length: count }, () => next() - 0.5);
  };

  test("gradients have the same bits, with progress of the paths", async () => {
    await using engine = await createEngine({ threads: 2 });
    for (const [channels, depth, length, batch, options] of [
      [2, 4, 60, 200, { basis: "lyndon" }],
      [3, 3, 9000, 3, { dtype: "float32" }],
      [4, 4, 7, 1, { dtype: "float32", precision: "float32" }],
      [3, 3, 40, 20, { dtype: "float32", stream: true, basepoint: [0.1, -0.2, 0.3], basis: "hall" }],
      [2, 3, 40, 20, { windows: { type: "sliding", length: 8, step: 4 } }],
    ] as const) {
      const paths = given(channels, length, batch, 21);
      const all = { depth, ...options } as const;
      const cotangent = uniform(logSignature(paths, all).data.length, 22);
      const seen: number[] = [];
      const onProgress = ({ done }: { done: number }) => void seen.push(done);
      const found = await engine.logSignatureVjp(paths, cotangent, { ...all, onProgress });
      expect(found).toEqual(logSignatureVjp(paths, cotangent, all));
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
      expect(seen.filter((done) => done === seen.at(-1))).toHaveLength(1);
    }
  });

  test("conversions and their gradients have the same bits", async () => {
    await using engine = await createEngine({ threads: 2 });
    for (const dtype of ["float32", "float64"] as const) {
      const options = { channels: 3, depth: 4, basis: "lyndon", dtype } as const;
      const s = signature(given(3, 12, 700, 23), { depth: 4 });
      const p = signatureToLogSignature(s, options);
      expect(await engine.signatureToLogSignature(s, options)).toEqual(p);
      expect(await engine.logSignatureToSignature(p, options)).toEqual(logSignatureToSignature(p, options));
      const [ofRows, ofSignatures] = [uniform(p.data.length, 24), uniform(s.data.length, 25)];
      expect(await engine.signatureToLogSignatureVjp(s, ofRows, options)).toEqual(
        signatureToLogSignatureVjp(s, ofRows, options),
      );
      expect(await engine.logSignatureToSignatureVjp(p, ofSignatures, options)).toEqual(
        logSignatureToSignatureVjp(p, ofSignatures, options),
      );
    }
  });

  test("explain, bad input, aborts, closing", async () => {
    const engine = await createEngine({ threads: 2 });
    const coded = (code: string) => expect.objectContaining({ code });
    const rows = { channels: 2, depth: 3, basis: "lyndon" } as const;
    expect(engine.explain("logSignatureVjp", { shape: [64, 100, 2], depth: 4, basis: "hall" }).device).toBe("cpu");
    expect(engine.explain("signatureToLogSignature", { shape: [64, 14], ...rows }).device).toBe("cpu");
    expect(engine.explain("logSignatureToSignatureVjp", { shape: [64, 5], ...rows }).device).toBe("cpu");
    expect(() => engine.explain("logSignatureToSignature", { shape: [64, 14], ...rows })).toThrow(coded("ROWS_SHAPE"));

    const paths = given(2, 50, 40, 26);
    const cotangent = uniform(40 * 8, 27);
    const wrong = paths.map((path, i) => (i === 3 ? [...path.slice(1), [0, Number.NaN]] : path));
    const call = (...[own, numbers, more]: [unknown, unknown, object?]) =>
      engine.logSignatureVjp(own as typeof paths, numbers as Float64Array, { depth: 4, ...more });
    await expect(call(paths, cotangent.subarray(1))).rejects.toThrow(coded("COTANGENT_SHAPE"));
    await expect(call(paths, undefined)).rejects.toThrow(coded("COTANGENT_TYPE"));
    await expect(call(paths, cotangent, { basis: "x" })).rejects.toThrow(coded("BASIS_INVALID"));
    await expect(call(paths, cotangent, { output: "gpu" })).rejects.toThrow(coded("ENGINE_OPTION_TYPE"));
    await expect(call(wrong, cotangent)).rejects.toThrow(coded("NOT_FINITE"));
    await expect(call(paths, cotangent.with(9, Number.NaN))).rejects.toThrow(
      expect.objectContaining({ code: "NOT_FINITE", argument: "cotangent" }),
    );
    const reason = new Error("enough");
    await expect(call(paths, cotangent, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);

    // A call that has begun is completed, one that is made later is refused.
    const begun = call(paths, cotangent);
    const closing = engine.close();
    await expect(call(paths, cotangent)).rejects.toThrow(coded("ENGINE_CLOSED"));
    await expect(engine.signature(paths, { depth: 2 })).rejects.toThrow(coded("ENGINE_CLOSED"));
    expect(await begun).toEqual(logSignatureVjp(paths, cotangent, { depth: 4 }));
    await closing;

    const other = await createEngine({ threads: 2 });
    const dropped = other.logSignatureVjp(paths, cotangent, { depth: 4 });
    await Promise.all([expect(dropped).rejects.toThrow(coded("ENGINE_CLOSED")), other.close({ abort: true })]);
  });
});

test("views by level and label", () => {
  const paths = [0, 1, 2].map((seed) => makePath("walk", 6, 3, random(seed)));
  const p = logSignature(paths, { depth: 3, basis: "lyndon" });
  expect(p.basis).toBe("lyndon");
  expect(p.level(2).shape).toEqual([3, 3]);
  expect(p.level(3).shape).toEqual([3, 8]);
  expect(p.level(3).get(1, 2)).toBe(p.data[14 + 6 + 2]);
  expect(p.at([[0, 1], 1])).toEqual(Float64Array.from([0, 1, 2], (i) => p.data[14 * i + 8]!));
  expect(p.labels[8]).toEqual({ word: [0, 1, 1], bracket: [[0, 1], 1], text: "[[1,2],2]" });
  expect(p.at(2)).toEqual(p.at("3"));
  const one = logSignature(paths[0]!, { depth: 3, basis: "expanded" });
  expect(one.level(2).shape).toEqual([3, 3]);
  expect(one.at([2, 0, 1])).toBe(one.level(3).get(2, 0, 1));
  for (const label of [[1, 0], "1,2,3,1", [], [5], {}, undefined])
    expect(() => logSignature(paths, { depth: 3 }).at(label as number[])).toThrow(
      expect.objectContaining({ code: "WORD_INVALID", argument: "label" }),
    );
  for (const level of [0, 4, 1.5])
    expect(() => p.level(level)).toThrow(expect.objectContaining({ code: "LEVEL_INVALID" }));
});

test("bad input is refused, and the next call works", () => {
  const path = [
    [0, 0],
    [1, 0],
    [1, 1],
  ];
  const out = new Float64Array(5).fill(7);
  const refused: [unknown, string, string][] = [
    [{ depth: 3, basis: "brackets" }, "BASIS_INVALID", "options.basis"],
    [{ depth: 3, basis: 1 }, "BASIS_INVALID", "options.basis"],
    [{ depth: 3, precision: "double" }, "PRECISION_INVALID", "options.precision"],
    [{ depth: 3, precision: "toString" }, "PRECISION_INVALID", "options.precision"],
    [{ depth: 3, precision: "float32" }, "PRECISION_INVALID", "options.precision"],
    [{ depth: 3, scalarTerm: true }, "OPTION_UNKNOWN", "options.scalarTerm"],
    [{ depth: 3, algorithm: "auto" }, "OPTION_UNKNOWN", "options.algorithm"],
    [{ depth: 17 }, "SIZE_TOO_LARGE", "options.depth"],
    [{ depth: 3, out: new Float64Array(4) }, "OUT_LENGTH", "options.out"],
    [{ depth: 3, out: new Float32Array(5) }, "OUT_TYPE", "options.out"],
    [{ depth: 3, initial: [1, 2] }, "INITIAL_SHAPE", "options.initial"],
    [{ depth: 0 }, "DEPTH_INVALID", "options.depth"],
  ];
  for (const [options, code, argument] of refused) {
    expect(() => logSignature(path, { out, ...(options as LogSignatureOptions) })).toThrow(
      expect.objectContaining({ code, argument }),
    );
    expect([...out]).toEqual([7, 7, 7, 7, 7]);
    expectClose(logSignature(path, { depth: 3 }).data, [1, 1, 0.5, 1 / 12, 1 / 12], 1e-15);
  }
  for (const call of [() => logSignatureSize(2, 3, "x" as "hall"), () => logSignatureLabels(2, 3, "x" as "hall")])
    expect(call).toThrow(expect.objectContaining({ code: "BASIS_INVALID", argument: "basis" }));
  expect(() => logSignatureSize(0, 3)).toThrow(expect.objectContaining({ code: "CHANNELS_INVALID" }));
  expect(() => logSignatureLabels(2, 40)).toThrow(expect.objectContaining({ code: "SIZE_TOO_LARGE" }));
  try {
    logSignature(path, { depth: 17 });
  } catch (error) {
    expect(isPathSignatureError(error) && error.message).toContain("262142");
  }
});

test("the types follow the call", () => {
  const path = { data: new Float32Array(6), shape: [3, 2] } as const;
  const p = logSignature(path, { depth: 2 });
  expectTypeOf(p).toEqualTypeOf<LogSignature<"float32">>();
  expectTypeOf(p.at([0, 1])).toEqualTypeOf<number>();
  expectTypeOf(logSignature(path, { depth: 2, stream: true, dtype: "float64" })).toEqualTypeOf<
    LogSignatures<"float64">
  >();
  expect(p.dtype).toBe("float32");
});
