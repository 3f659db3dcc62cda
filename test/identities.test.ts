// Properties of every path: algebraic identities up to rounding, and that the result for a path
// depends on that path alone, to the bit. Paths by fast-check, on every binary.

import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { init, signature, words } from "../ts/index.ts";
import { shuffles } from "./rational.ts";
import { flatten, identity, maxAbs, product, referenceSignature, unflatten } from "./reference.ts";
import { type DType, identityTolerance } from "./tolerances.ts";

// The same examples on every run, so that a failure means a change in the code; FC_SEED selects
// others.
fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 20_240_229) });

const dtypes = ["float64", "float32"] as const;

/** A coordinate that float32 represents exactly: a multiple of 1/64 up to 4. */
const coordinate = fc.integer({ min: -256, max: 256 }).map((n) => n / 64);

const pathOf = (channels: number, minLength: number, maxLength: number) =>
  fc.array(fc.array(coordinate, { minLength: channels, maxLength: channels }), { minLength, maxLength });

/** Shapes with a signature of at most about 400 numbers. */
const shape = fc.constantFrom([1, 6], [2, 5], [2, 3], [3, 4], [4, 3], [5, 3], [6, 2], [9, 2], [17, 2], [4, 1], [2, 7]);

const pathWithShape = (minLength: number, maxLength: number) =>
  shape.chain(([channels, depth]) =>
    fc.record({
      path: pathOf(channels!, minLength, maxLength),
      channels: fc.constant(channels!),
      depth: fc.constant(depth!),
    }),
  );

/** Equal up to rounding, level by level, relative to the size of intermediate results. */
function expectClose(
  actual: ArrayLike<number>,
  wanted: ArrayLike<number>,
  path: number[][],
  depth: number,
  dtype: DType,
) {
  const channels = path[0]!.length;
  const { steps, natural, reached } = referenceSignature(path, { depth });
  expect(actual.length).toBe(wanted.length);
  words(channels, depth).forEach((word, i) => {
    const k = word.length;
    const allowed = identityTolerance(dtype, k, steps, natural[k]!, reached[k]!);
    expect(Math.abs(actual[i]! - wanted[i]!), `word ${word}: ${actual[i]} and ${wanted[i]}`).toBeLessThanOrEqual(
      allowed,
    );
  });
}

/** The bits as digits: texts are compared at once, arrays number by number. */
const bits = ({ buffer, byteOffset, byteLength }: Float32Array | Float64Array) =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString("hex");

describe.each(["simd", "relaxed"] as const)("%s", (variant) => {
  beforeAll(async () => {
    await init({ variant });
  });

  describe.each(dtypes)("%s", (dtype) => {
    const row = (path: number[][], depth: number) => signature(path, { depth, dtype }).data;

    test("Chen: the signature of two paths one after the other is the product of theirs", () => {
      fc.assert(
        fc.property(pathWithShape(2, 130), fc.nat(), ({ path, channels, depth }, n) => {
          const at = n % path.length;
          const left = unflatten(row(path.slice(0, at + 1), depth), channels, depth);
          const right = unflatten(row(path.slice(at), depth), channels, depth);
          const combined = flatten(product(left, right), false);
          expectClose(row(path, depth), combined, path, depth, dtype);
        }),
      );
    });

    test("initial continues: initial ⊗ S(path)", () => {
      fc.assert(
        fc.property(pathWithShape(2, 130), fc.nat(), ({ path, depth }, n) => {
          const at = n % path.length;
          const initial = row(path.slice(0, at + 1), depth);
          const continued = signature(path.slice(at), { depth, dtype, initial }).data;
          expectClose(row(path, depth), continued, path, depth, dtype);
        }),
      );
    });

    test("shuffle: the product of two coefficients is the sum over the shuffles of their words", () => {
      fc.assert(
        fc.property(pathOf(2, 2, 60), (path) => {
          const depth = 5;
          const s = signature(path, { depth, dtype });
          const { steps, natural, reached } = referenceSignature(path, { depth });
          for (const u of words(2, 3)) {
            for (const v of words(2, 2)) {
              const k = u.length + v.length;
              const shuffled = shuffles(u, v);
              const sum = shuffled.reduce((a, w) => a + s.at(w), 0);
              const allowed = shuffled.length * identityTolerance(dtype, k, steps, natural[k]!, reached[k]!);
              expect(Math.abs(s.at(u) * s.at(v) - sum), `${u} and ${v}`).toBeLessThanOrEqual(allowed);
            }
          }
        }),
        { numRuns: 40 },
      );
    });

    test("time reversal: the signature of the reversed path is the inverse, and `inverse` gives it to the bit", () => {
      fc.assert(
        fc.property(pathWithShape(1, 130), ({ path, channels, depth }) => {
          const inverse = signature(path, { depth, dtype, inverse: true }).data;
          expect(bits(inverse)).toEqual(bits(row([...path].reverse(), depth)));
          const one = product(unflatten(row(path, depth), channels, depth), unflatten(inverse, channels, depth));
          const back = [...path, ...[...path].reverse()];
          expectClose(flatten(one, false), flatten(identity(channels, depth), false), back, depth, dtype);
        }),
      );
    });

    test("scaling: a path times 2^j has level k times 2^(jk), to the bit", () => {
      fc.assert(
        fc.property(pathWithShape(1, 130), fc.integer({ min: -4, max: 4 }), ({ path, channels, depth }, j) => {
          const scaled = row(
            path.map((point) => point.map((x) => x * 2 ** j)),
            depth,
          );
          const plain = row(path, depth);
          words(channels, depth).forEach((word, i) => {
            expect(scaled[i]).toBe(plain[i]! * 2 ** (j * word.length));
          });
        }),
      );
    });

    test("translation: where a path lies does not matter, to the bit where differences are exact", () => {
      fc.assert(
        fc.property(pathWithShape(1, 130), coordinate, ({ path, depth }, shift) => {
          const moved = path.map((point) => point.map((x) => x + shift));
          expect(bits(row(moved, depth))).toEqual(bits(row(path, depth)));
        }),
      );
    });

    test("reparametrisation: points in the middle of segments change nothing", () => {
      fc.assert(
        fc.property(pathWithShape(2, 70), ({ path, depth }) => {
          const finer = path.flatMap((point, t) =>
            t === 0 ? [point] : [point.map((x, c) => (x + path[t - 1]![c]!) / 2), point],
          );
          expectClose(row(finer, depth), row(path, depth), finer, depth, dtype);
        }),
      );
    });

    test("repeated points change nothing", () => {
      fc.assert(
        fc.property(
          pathWithShape(1, 70),
          fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 70, maxLength: 70 }),
          ({ path, depth }, times) => {
            const lazy = path.flatMap((point, t) => new Array<number[]>(times[t]!).fill(point));
            expectClose(row(lazy, depth), row(path, depth), lazy, depth, dtype);
          },
        ),
      );
    });

    test("one channel: level k is (last − first)^k / k!", () => {
      fc.assert(
        fc.property(pathOf(1, 1, 100), (path) => {
          const depth = 8;
          const total = path.at(-1)![0]! - path[0]![0]!;
          let level = 1;
          const wanted = Array.from({ length: depth }, (_, i) => (level *= total / (i + 1)));
          expectClose(row(path, depth), wanted, path, depth, dtype);
        }),
      );
    });

    test("stream: row t is the signature of the prefix", () => {
      fc.assert(
        fc.property(pathWithShape(2, 30), ({ path, depth }) => {
          const s = signature(path, { depth, dtype, stream: true });
          const [rows, size] = s.shape as [number, number];
          for (let t = 0; t < rows; t++) {
            const prefix = path.slice(0, t + 2);
            expectClose(s.data.subarray(t * size, (t + 1) * size), row(prefix, depth), prefix, depth, dtype);
          }
        }),
        { numRuns: 30 },
      );
    });

    const batchWithShape = shape.chain(([channels, depth]) =>
      fc.record({
        batch: fc.array(pathOf(channels!, 1, 120), { minLength: 1, maxLength: 11 }),
        depth: fc.constant(depth!),
        stream: fc.boolean(),
        inverse: fc.boolean(),
        basepoint: fc.boolean(),
      }),
    );

    test("neighbours: alone, in a ragged batch, and anywhere in it, a path has the same result to the bit", () => {
      fc.assert(
        fc.property(batchWithShape, fc.nat(), ({ batch, depth, ...rest }, turn) => {
          const options = { depth, dtype, ...rest };
          const rowsOf = (s: { shape: readonly number[]; data: Float32Array | Float64Array }, i: number) => {
            const each = s.data.length / batch.length;
            return s.data.subarray(i * each, (i + 1) * each);
          };
          const together = signature(batch, options);
          const turned = batch.map((_, i) => batch[(i + turn) % batch.length]!);
          const moved = signature(turned, options);
          batch.forEach((path, i) => {
            const alone = signature(path, options).data;
            const inBatch = rowsOf(together, i);
            // With `stream` the batch repeats the last row, up to the rows of the longest path.
            expect(bits(inBatch.subarray(0, alone.length))).toEqual(bits(alone));
            const place = (i - (turn % batch.length) + batch.length) % batch.length;
            expect(bits(rowsOf(moved, place))).toEqual(bits(inBatch));
          });
        }),
        { numRuns: 60 },
      );
    });

    test("neighbours: padding and lengths give the same bits as nested arrays", () => {
      fc.assert(
        fc.property(batchWithShape, ({ batch, depth, ...rest }) => {
          const options = { depth, dtype, ...rest };
          const points = Math.max(...batch.map((path) => path.length));
          const channels = batch[0]![0]!.length;
          const data = batch.flatMap((path) => [
            ...path.flat(),
            ...new Array<number>((points - path.length) * channels).fill(1e30),
          ]);
          const padded = signature(
            { data, shape: [batch.length, points, channels] },
            { ...options, lengths: batch.map((p) => p.length) },
          );
          expect(bits(padded.data)).toEqual(bits(signature(batch, options).data));
        }),
        { numRuns: 60 },
      );
    });
  });

  // Too long for fast-check: paths that are cut in time, and batches of several blocks.
  test.each([
    { inverse: false, stream: false },
    { inverse: true, stream: false },
    { inverse: false, stream: true },
    { inverse: true, stream: true },
  ])("neighbours: paths cut in time and batches cut in blocks, %o", ({ inverse, stream }) => {
    const channels = stream ? 6 : 21;
    const lengths = stream ? [520, 17, 1, 519, 300] : [3122, 3121, 17, 1, 7000, 3123, 6243];
    let state = 1;
    const paths = lengths.map((length) =>
      Array.from({ length }, () =>
        Array.from({ length: channels }, () => {
          state = (Math.imul(state, 1103515245) + 12345) >>> 0;
          return (state >>> 16) / 65536 - 0.5;
        }),
      ),
    );
    for (const dtype of dtypes) {
      for (const basepoint of [false, true]) {
        const options = { depth: stream ? 3 : 2, dtype, inverse, stream, basepoint };
        const together = signature(paths, options);
        const each = together.data.length / paths.length;
        paths.forEach((path, i) => {
          const alone = signature(path, options).data;
          expect(
            maxAbs(difference(together.data.subarray(i * each, i * each + alone.length), alone)),
            `path ${i}`,
          ).toBe(0);
        });
      }
    }
  });
});

const difference = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from({ length: b.length }, (_, i) => a[i]! - b[i]!);
