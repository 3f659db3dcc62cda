// Augmentations and masks: to the bit what the materialised path gives (test/materialised.ts makes
// it), alone, in pairs and in random lists, for ragged batches, windows, streams and containers, on
// this thread and on an engine; gradients are the adjoint of that map.

import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Augmentation,
  augmentedChannels,
  augmentedNames,
  createEngine,
  type Engine,
  isPathSignatureError,
  logSignature,
  logSignatureVjp,
  logSignatureWithVjp,
  type Mask,
  signature,
  signatureSize,
  signatureVjp,
  signatureWithVjp,
} from "../ts/index.ts";
import {
  bad,
  badMasks,
  few,
  forms,
  indices,
  lists,
  matrixOf,
  pathsOf,
  plain,
  times,
  withoutPoints,
} from "./augmentation-cases.ts";
import { codeOf } from "./code-of.ts";
import { augmented, masked, type Path } from "./materialised.ts";
import { makePath, random } from "./paths.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 2 });
});
afterAll(() => engine.close());

type Options = { depth: number } & Parameters<typeof signature>[1];

/** The rows of materialised paths, one after the other; a stream's last row repeats. */
function wanted(paths: readonly Path[], augment: readonly Augmentation[], options: Options): number[][] {
  const round = options.dtype === "float32";
  const each = paths.map((path) => augmented(path, augment, indices(path[0]!.length), round).path);
  return [...signature(each, options).rows()].map((row) => [...row]);
}

const rowsOf = (result: { rows(): Iterable<ArrayLike<number>> }) =>
  [...result.rows()].map((row) => [...Array.from(row)]);

describe("to the bit as the materialised path", () => {
  test.each(lists(2).map((list) => [JSON.stringify(list), list] as const))("%s", (_, augment) => {
    const paths = pathsOf([12, 1, 7, 2, 12], 2);
    for (const options of [
      { depth: 3 },
      { depth: 2, dtype: "float32" },
      { depth: 2, inverse: true, scalarTerm: true },
    ] as const) {
      const rounded = options.dtype ? paths.map((path) => path.map((point) => point.map(Math.fround))) : paths;
      expect(rowsOf(signature(paths, { ...options, augment })), JSON.stringify(options)).toEqual(
        wanted(rounded, augment, options),
      );
    }
    const names = augmented(paths[0]!, augment, indices(2), false).names;
    expect(augmentedNames(2, augment)).toEqual(names);
    expect(signature(paths, { depth: 1, augment }).labels()).toEqual(names);
  });
});

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, x, i) => sum + x * b[i]!, 0);

describe.each(few.map((list) => [JSON.stringify(list), list] as const))("%s", (_, augment) => {
  const written = plain(augment, 2);

  test("streams, windows, containers and engines have the bits of the materialised path", async () => {
    const paths = pathsOf([12, 7, 9], 2);
    const each = paths.map((path) => augmented(path, written, indices(2), false).path);
    const stream = { depth: 2, stream: true } as const;
    expect([...signature(paths, { ...stream, augment }).data]).toEqual([...signature(each, stream).data]);
    const windows = { type: "sliding", length: 4, step: 3 } as const;
    const s = signature(paths, { depth: 3, augment: [...withoutPoints(augment), "time"], windows });
    const parts = paths.map((path) =>
      [0, 3, 6, 9].filter((a) => a + 4 <= path.length).map((a) => path.slice(a, a + 4)),
    );
    const rows = parts.map((own) => wanted(own, [...withoutPoints(written), "time"], { depth: 3 }));
    expect([...s.counts!]).toEqual(rows.map(({ length }) => length));
    const none = rows[0]![0]!.map(() => 0);
    expect(rowsOf(s)).toEqual(rows.flatMap((own) => [0, 1, 2].map((k) => own[k] ?? none)));

    const padded = new Float32Array(3 * 12 * 2).fill(Number.NaN);
    for (const [i, path] of paths.entries()) padded.set(path.flat(), i * 24);
    const options = { depth: 3, augment, lengths: [12, 7, 9] } as const;
    const tensor = { data: padded, shape: [3, 12, 2] };
    const single = signature(tensor, options);
    const rounded = paths.map((path) => path.map((point) => point.map(Math.fround)));
    expect(rowsOf(single)).toEqual(wanted(rounded, written, { depth: 3, dtype: "float32" }));
    for (const given of [options, { ...options, stream: true }, { ...options, windows }] as const) {
      const here = signature(tensor, given);
      expect([...(await engine.signature(tensor, given)).data]).toEqual([...here.data]);
      const cotangent = here.data.map((_, i) => Math.sin(i));
      const dx = signatureVjp(tensor, cotangent, given);
      expect([...(await engine.signatureVjp(tensor, cotangent, given)).paths.data]).toEqual([...dx.paths.data]);
    }
    const logs = logSignature(tensor, options);
    const exact = logSignature(
      rounded.map((path) => augmented(path, written, indices(2), true).path),
      { depth: 3, dtype: "float32" },
    );
    expect([...logs.data]).toEqual([...exact.data]);
    expect([...(await engine.logSignature(tensor, options)).data]).toEqual([...logs.data]);
  });

  test("gradients are the adjoint of the augmentation of those of augmented points", () => {
    const paths = pathsOf([12, 7, 1], 2);
    const along = pathsOf([12, 7, 1], 2, 77);
    const flat = (all: readonly Path[]) => all.flatMap((path) => [...path.flat(), ...zeros(24 - 2 * path.length)]);
    const moved = paths.map((path, i) => path.map((point, t) => point.map((x, c) => x + along[i]![t]![c]!)));
    const of = (all: readonly Path[]) => all.map((path) => augmented(path, written, indices(2), false).path);
    for (const stream of [false, true]) {
      const options = { depth: 3, stream } as const;
      const s = signature(paths, { ...options, augment });
      const next = random(3);
      const cotangent = s.data.map(() => next() - 0.5);
      const exact = signatureVjp(of(paths), cotangent, options).paths;
      const [length, channels] = exact.shape.slice(1) as [number, number];
      const step = new Float64Array(exact.data.length);
      for (const [i, path] of of(moved).entries()) step.set(path.flat(), i * length * channels);
      for (const [i, path] of of(paths).entries())
        for (const [k, x] of path.flat().entries()) step[i * length * channels + k]! -= x;
      const found = signatureVjp(paths, cotangent, { ...options, augment }).paths;
      expect(found.shape).toEqual([3, 12, 2]);
      const change = dot(exact.data, step);
      expect(Math.abs(dot(found.data, flat(along)) - change)).toBeLessThan(1e-12 * (1 + Math.abs(change)));
      const [, pullback] = signatureWithVjp(paths, { ...options, augment });
      const known = pullback(cotangent).paths.data;
      for (const [i, x] of known.entries()) expect(Math.abs(x - found.data[i]!)).toBeLessThan(1e-11);
    }
    const logs = logSignatureWithVjp(paths, { depth: 3, augment });
    const cotangent = logs[0].data.map((_, i) => Math.cos(i));
    const own = logSignatureVjp(of(paths), cotangent, { depth: 3 }).paths;
    const step = new Float64Array(own.data.length);
    const pitch = own.data.length / 3;
    for (const [i, path] of of(moved).entries()) step.set(path.flat(), i * pitch);
    for (const [i, path] of of(paths).entries()) for (const [k, x] of path.flat().entries()) step[i * pitch + k]! -= x;
    expect(Math.abs(dot(logs[1](cotangent).paths.data, flat(along)) - dot(own.data, step))).toBeLessThan(1e-11);
  });
});

const zeros = (count: number) => new Array<number>(count).fill(0);

test("finite differences", () => {
  const [path] = pathsOf([6], 2) as [Path];
  for (const augment of few.map((list) => withoutPoints(list))) {
    const options = { depth: 3, augment };
    const cotangent = signature(path, options).data.map((_, i) => Math.sin(i));
    const { data } = signatureVjp(path, cotangent, options).paths;
    const at = (k: number, h: number) => {
      const shifted = path.map((point, t) => point.map((x, c) => (2 * t + c === k ? x + h : x)));
      return dot(signature(shifted, options).data, cotangent);
    };
    const h = 1e-5;
    for (const [k, x] of data.entries()) expect(Math.abs(x - (at(k, h) - at(k, -h)) / (2 * h))).toBeLessThan(1e-7);
  }
});

test("long paths are cut in time, and gradients put together", async () => {
  const long = makePath("walk", 30_000, 2, random(1));
  const tensor = { data: Float64Array.from(long.flat()), shape: [30_000, 2] };
  for (const augment of [
    ["time", "leadLag"],
    ["cumulativeSum", { scale: 1e-4 }],
    ["basepoint", "time"],
  ] as const) {
    const { path } = augmented(long, augment, indices(2), false);
    for (const options of [{ depth: 2 }, { depth: 2, inverse: true }, { depth: 1, stream: true }] as const) {
      const s = signature(tensor, { ...options, augment });
      const exact = signature(path, options);
      expect(s.shape).toEqual(exact.shape);
      expect(Buffer.compare(Buffer.from(s.data.buffer), Buffer.from(exact.data.buffer))).toBe(0);
    }
    const options = { depth: 2, augment };
    const cotangent = signature(tensor, options).data.map((_, i) => Math.cos(i));
    const { data } = signatureVjp(tensor, cotangent, options).paths;
    const own = signatureVjp(path, cotangent, { depth: 2 }).paths;
    const step = augmented(
      long.map((point) => point.map((x) => 2 * x)),
      augment,
      indices(2),
      false,
    ).path.flat();
    const change = path.flat().reduce((sum, x, i) => sum + (step[i]! - x) * own.data[i]!, 0);
    expect(Math.abs(dot(data, tensor.data) / change - 1)).toBeLessThan(1e-9);
    expect([...(await engine.signature(tensor, options)).data]).toEqual([...signature(tensor, options).data]);
  }
});

test("small calls on an engine share tasks only where they are expanded in the same way", async () => {
  const own: readonly (readonly Augmentation[])[] = [
    ["leadLag"],
    [{ leadLag: { order: "lag-lead" } }],
    [{ leadLag: { lag: 2 } }],
    [{ select: [0, 1, 0, 1] }],
  ];
  const calls = Array.from({ length: 400 }, (_, i) => {
    const [path] = pathsOf([2 + (i % 30)], 2, i) as [Path];
    return { path, options: { depth: 2, augment: own[i % 4]! } };
  });
  const all = await Promise.all(calls.map(({ path, options }) => engine.signature(path, options)));
  for (const [i, { path, options }] of calls.entries())
    expect([...all[i]!.data]).toEqual([...signature(path, options).data]);
});

describe("masks", () => {
  const flags = [0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0];
  const missing = Array.from({ length: 12 }, (_, t) => [t % 3 === 0 ? 1 : 0, t > 4 && t < 8 ? 1 : 0]);
  const paths = pathsOf([12, 12], 2);
  const withNaN = (where: (t: number, c: number) => boolean) =>
    paths.map((path) => path.map((point, t) => point.map((x, c) => (where(t, c) ? Number.NaN : x))));
  const cases: [string, Mask, Path[], "skip" | "missing", "nan" | number[] | number[][]][] = [
    ["skip", { skip: flags }, paths, "skip", flags],
    ["skip NaN", { skip: "nan" }, withNaN((t, c) => c === 1 && flags[t] === 1), "skip", "nan"],
    ["missing", { missing }, withNaN((t, c) => missing[t]![c] === 1), "missing", missing],
    ["missing NaN", { missing: "nan" }, withNaN((t, c) => missing[t]![c] === 1 || c === 0), "missing", "nan"],
  ];
  test.each(cases)("%s", async (_, mask, given, form, own) => {
    const observed = given.map((path) => masked(path, form, own));
    for (const augment of [undefined, [], ["time", "leadLag"], ["cumulativeSum"]] as const) {
      for (const dtype of ["float64", "float32"] as const) {
        const options = { depth: 3, augment, mask, dtype };
        const s = signature(given, options);
        const round = (path: Path) => path.map((point) => point.map(Math.fround));
        const exact = dtype === "float32" ? observed.map(round) : observed;
        expect(rowsOf(s)).toEqual(wanted(exact, augment ?? [], { depth: 3, dtype }));
        expect([...(await engine.signature(given, options)).data]).toEqual([...s.data]);
      }
    }
    const cotangent = signature(given, { depth: 2, mask }).data.map((_, i) => Math.sin(i));
    const { data } = signatureVjp(given, cotangent, { depth: 2, mask }).paths;
    const all = signatureVjp(observed, cotangent, { depth: 2 }).paths;
    // What is not there has no gradient, and the sum over all points is the same.
    const sums = (numbers: ArrayLike<number>) =>
      [0, 1].map((c) =>
        dot(
          Array.from(numbers),
          Array.from(numbers, (_, i) => Number(i % 2 === c)),
        ),
      );
    for (const [c, x] of sums(all.data).entries()) expect(Math.abs(x - sums(data)[c]!)).toBeLessThan(1e-12);
    for (const [i, path] of given.entries())
      for (const [t, point] of path.entries())
        for (const [c, x] of point.entries()) if (Number.isNaN(x)) expect(data[24 * i + 2 * t + c]).toBe(0);
  });

  test("each path has its own, windows count points that were given, and a pen says what was there", () => {
    const skip = [flags, flags.toReversed()];
    const own = paths.map((path, i) => masked(path, "skip", skip[i]!));
    expect(rowsOf(signature(paths, { depth: 2, mask: { skip } }))).toEqual(wanted(own, [], { depth: 2 }));
    const windows = [[2, 8]] as const;
    const cut = paths.map((path, i) => masked(path.slice(2, 8), "skip", skip[i]!.slice(2, 8)));
    const time = skip.map((one) => times.slice(2, 8).filter((_, t) => one[t + 2] === 0));
    const augment = [{ time: { times } }];
    const s = signature(paths, { depth: 2, augment, mask: { skip }, windows });
    expect(rowsOf(s)).toEqual(cut.flatMap((path, i) => wanted([path], [{ time: { times: time[i]! } }], { depth: 2 })));
    const filled = paths.map((path) => masked(path, "missing", missing));
    const seen = missing.map(([a, b]) => (a || b ? 0 : 1));
    expect(rowsOf(signature(paths, { depth: 2, augment: ["penOnOff"], mask: { missing } }))).toEqual(
      wanted(filled, [{ penOnOff: seen }], { depth: 2 }),
    );
  });

  test("numbers that count have to be finite", () => {
    const bad = withNaN((t, c) => t === 6 && c === 1);
    for (const mask of [{ skip: flags }, { missing: missing.map(() => [1, 0]) }]) {
      let caught: unknown;
      try {
        signature(bad, { depth: 2, mask });
      } catch (error) {
        caught = error;
      }
      expect(isPathSignatureError(caught) && [caught.code, caught.position]).toEqual([
        "NOT_FINITE",
        { path: 0, point: 6, channel: 1 },
      ]);
    }
  });
});

test("random lists, paths and options, against the materialised path", () => {
  const one = (channels: number) => fc.constantFrom(...forms(channels));
  const list = fc.nat(4).chain((count) => {
    let all: fc.Arbitrary<Augmentation[]> = fc.constant([]);
    for (let i = 0; i < count; i++)
      all = all.chain((before) => one(augmentedChannels(2, before)).map((next) => [...before, next]));
    return all;
  });
  const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 });
  const dtype = fc.constantFrom("float32", "float64");
  fc.assert(
    fc.property(list, lengths, dtype, fc.boolean(), fc.boolean(), (augment, points, dtype, stream, inverse) => {
      fc.pre(augmentedChannels(2, augment) <= 12);
      const paths = pathsOf(points, 2).map((path) => path.map((point) => point.map(Math.fround)));
      const options = { depth: 2, dtype, stream, inverse } as const;
      const each = paths.map((path) => augmented(path, augment, indices(2), dtype === "float32").path);
      const s = signature(paths, { ...options, augment });
      expect([...s.data]).toEqual([...signature(each, options).data]);
    }),
    { numRuns: 200 },
  );
});

test("names: those of the paths, and select by them", () => {
  const columns = { x: [0, 1, 2], price: [1, 3, 2] };
  const s = signature(columns, { depth: 1, augment: ["time", "leadLag", { select: ["price·lag", "time·lead"] }] });
  expect(s.labels()).toEqual(["price·lag", "time·lead"]);
  expect([...s.data]).toEqual([1, 2]);
  expect(augmentedNames(["x", "y"], ["time"])).toEqual(["x", "y", "time"]);
  expect(signatureSize(augmentedChannels(3, ["time", "leadLag"]), 2)).toBe(72);
});

test("the area between lead and lag is the quadratic variation", () => {
  const path = makePath("walk", 50, 1, random(2));
  const s = signature(path, { depth: 2, augment: ["leadLag"] });
  const variation = path.slice(1).reduce((sum, [x], t) => sum + (x! - path[t]![0]!) ** 2, 0);
  expect(Math.abs(s.at([0, 1]) - s.at([1, 0]) - variation)).toBeLessThan(1e-14);
});

test("random projections are those of the documented generator", () => {
  const matrix = matrixOf(3, 4, 7);
  // SplitMix's counter with the finalizer of MurmurHash3, twelve numbers of 32 bits each.
  let state = 7n;
  const mask = 0xffffffffn;
  const next = () => {
    state = (state + 0x9e3779b9n) & mask;
    let z = ((state ^ (state >> 16n)) * 0x85ebca6bn) & mask;
    z = ((z ^ (z >> 13n)) * 0xc2b2ae35n) & mask;
    return Number(z ^ (z >> 16n));
  };
  for (const row of matrix)
    for (const x of row) {
      const sum = Array.from({ length: 12 }, next).reduce((a, b) => a + b, 0);
      expect(x).toBe((sum / 2 ** 32 - 6) * Math.sqrt(1 / 4));
    }
});

test("bad augmentations are typed errors with the fix, and nothing is written", () => {
  const [path] = pathsOf([12], 2) as [Path];
  const out = new Float64Array(6).fill(7);
  for (const [augment, kind, text] of bad) {
    let caught: unknown;
    try {
      signature(path, { depth: 2, out, augment: augment as Augmentation[] });
    } catch (error) {
      caught = error;
    }
    expect(isPathSignatureError(caught) && caught.code, JSON.stringify(augment)).toBe(`AUGMENT_${kind}`);
    expect((caught as Error).message, JSON.stringify(augment)).toContain(text);
  }
  for (const [mask, code] of badMasks)
    expect(
      codeOf(() => signature(path, { depth: 2, out, mask: mask as Mask })),
      JSON.stringify(mask),
    ).toBe(code);
  expect(codeOf(() => signature(path, { depth: 2, basepoint: true, augment: ["time"] }))).toBe("AUGMENT_TYPE");
  expect([...out]).toEqual([7, 7, 7, 7, 7, 7]);
  expect([...signature(path, { depth: 2, out, augment: [] }).data]).toEqual([...signature(path, { depth: 2 }).data]);
});
