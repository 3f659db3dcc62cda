// Messages that used to mislead: each names what was given and the likely fix. The table of all
// errors, with codes and arguments, is errors.test.ts.

import { describe, expect, test } from "vitest";
import * as algebra from "../ts/algebra.ts";
import {
  createEngine,
  init,
  logSignature,
  signature,
  signatureAsync,
  signatureVjp,
  signatureWithVjp,
} from "../ts/index.ts";
import { signatureKernel } from "../ts/kernels.ts";

/** Untyped, as a caller in JavaScript sees them. */
type Loose = (...given: unknown[]) => { at(word: unknown): unknown };
const sig = signature as unknown as Loose;
const vjp = signatureVjp as unknown as Loose;
const withVjp = signatureWithVjp as unknown as (...given: unknown[]) => [unknown, (...given: unknown[]) => unknown];
const { exp, expVjp, multiply, multiplyVjp } = algebra as unknown as Record<string, Loose>;
const engineOf = createEngine as unknown as (options: unknown) => Promise<unknown>;
const initOf = init as unknown as (options: unknown) => Promise<unknown>;
const later = signatureAsync as unknown as (...given: unknown[]) => Promise<unknown>;

const path = [
  [0, 0],
  [1, 2],
  [3, 1],
];
const batch = [path, path];
const depth = 2;

async function said(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing";
}

describe("a mistyped option is named, with the one that was meant", () => {
  test.each([
    ["streams", "stream"],
    ["deph", "depth"],
    ["Depth", "depth"],
    ["scalar_term", "scalarTerm"],
    ["chekFinite", "checkFinite"],
    ["basePoint", "basepoint"],
    ["length", "lengths"],
    ["level", "depth"],
    ["degree", "depth"],
    ["order", "depth"],
    ["N", "depth"],
  ])("%s", async (name, meant) => {
    expect(await said(() => sig(path, { depth, [name]: true }))).toContain(
      `unknown option "${name}", did you mean "${meant}"?`,
    );
  });

  test("nothing is suggested where nothing is near", async () => {
    expect(await said(() => sig(path, { depth, qwerty: true }))).toMatch(/unknown option "qwerty"\. Accepted: one of/);
  });

  test("on engines, in createEngine, in init, in the algebra", async () => {
    expect(await said(() => later(path, { depth, signals: 1 }))).toContain('did you mean "signal"?');
    expect(await said(() => engineOf({ thread: 2 }))).toContain('unknown option "thread", did you mean "threads"?');
    expect(await said(() => initOf({ variants: 2 }))).toContain('unknown option "variants", did you mean "variant"?');
    expect(await said(() => exp!([1, 2], { channel: 2, depth: 1 }))).toContain('did you mean "channels"?');
  });
});

describe("an option of another function says where it belongs", () => {
  test.each(["signal", "onProgress", "device", "output"])("%s", async (name) => {
    const message = await said(() => sig(path, { depth, [name]: undefined }));
    expect(message).toContain(`"${name}" is an option of signatureAsync and of an engine's functions`);
  });

  test("channels, threads, stream, out, depth", async () => {
    expect(await said(() => sig(path, { depth, channels: 2 }))).toContain("the last dimension of paths");
    expect(await said(() => sig(path, { depth, threads: 2 }))).toContain("an option of createEngine");
    expect(await said(() => later(path, { depth, threads: 2 }))).toContain("an option of createEngine");
    expect(await said(() => sig(path, { depth, variant: "simd" }))).toContain("an option of init");
    expect(await said(() => sig(path, { depth, basis: "hall" }))).toContain("an option of logSignature");
    expect(await said(() => sig(path, { depth, addTime: true }))).toContain('augment: ["time"]');
    expect(await said(() => sig(path, { depth, leadLag: true }))).toContain('augment: ["leadLag"]');
    expect(await said(() => exp!([1, 2], { channels: 2, depth: 1, stream: true }))).toContain("an option of signature");
    expect(await said(() => vjp(path, [1], { depth, out: path }))).toContain("gradients are new arrays");
  });
});

describe("a missing cotangent is not blamed on the options", () => {
  const refused = /^cotangent must be .*; got the options: the cotangent comes before them/;
  test("signatureVjp", async () => {
    expect(await said(() => vjp(path, { depth }))).toMatch(refused);
    expect(await said(() => vjp(path, { depth }, [1, 1, 1, 1, 1, 1]))).toMatch(refused);
  });
  test("on an engine", async () => {
    const engine = await createEngine({ threads: 1 });
    const { signatureVjp } = engine as unknown as Record<string, Loose>;
    expect(await said(() => signatureVjp!(path, { depth }))).toMatch(refused);
    await engine.close();
  });
  test("in the algebra", async () => {
    expect(await said(() => expVjp!([1, 2], { channels: 2, depth: 1 }))).toMatch(refused);
    expect(await said(() => multiplyVjp!([1, 2], [1, 2], { channels: 2, depth: 1 }))).toMatch(refused);
  });
  test("nested arrays are called that", async () => {
    expect(await said(() => vjp(batch, [[1], [2]], { depth }))).toMatch(
      /nested arrays.*flat array or \{ data, shape \}/,
    );
    expect(await said(() => withVjp(path, { depth })[1]())).toMatch(/^cotangent must be .*; got undefined/);
  });
});

describe("initial signatures of another depth", () => {
  test("are recognised", async () => {
    const initial = signature(path, { depth: 2 });
    const message = await said(() => sig(path, { depth: 3, initial }));
    expect(message).toContain("(6 numbers are a signature of depth 2, and options.depth is 3)");
  });
  test("for a batch, and with a scalar term too many", async () => {
    const initial = signature(batch, { depth: 3 });
    expect(await said(() => sig(batch, { depth, initial }))).toContain("(14 numbers are a signature of depth 3");
    const long = signature(path, { depth, scalarTerm: true });
    expect(await said(() => sig(path, { depth, initial: long }))).toContain("say scalarTerm: true");
  });
  test("no message says the same shape twice", async () => {
    const { readRowsShapes } = await import("../ts/input/rows.ts");
    expect(readRowsShapes([], [14])).toBe("of shape (14)");
    expect(readRowsShapes([2], [14, 15])).toBe("of shape (14 or 15) or (2, 14 or 15)");
  });
});

describe("initial signatures that are none of this call", () => {
  test("of other channels, though of as many numbers", async () => {
    const initial = signature([[0], [1]], { depth: 6 });
    expect(await said(() => sig(path, { depth, initial }))).toContain("a signature of 1 channel where there are 2");
  });
  test("log-signatures", async () => {
    const initial = logSignature(path, { depth, basis: "expanded" });
    expect(await said(() => sig(path, { depth, initial }))).toMatch(/got a log-signature$/);
  });
  test("streams are not said to have the wrong depth", async () => {
    const initial = signature(path, { depth, stream: true });
    expect(await said(() => sig(path, { depth, initial }))).toMatch(/of shape \(6\); got a tensor of shape \(2, 6\)$/);
  });
  test("with windows", async () => {
    const windows = { type: "expanding" };
    const message = await said(() => sig(path, { depth, initial: signature(path, { depth }), windows }));
    expect(message).toBe("options.initial must be absent: each window starts anew; got initial and windows");
  });
});

describe("containers that are nearly right", () => {
  test.each<[string, unknown, string]>([
    ["points as objects", [{ x: 0, y: 1 }], "paths[0] must be an array of numbers, if it is a point: [x, y]"],
    [
      "a column that is none",
      { name: "a", x: [1, 2] },
      'paths.name must be a column of numbers, one for each point; got "a"',
    ],
    ["nested data with a shape", { data: path, shape: [3, 2] }, "paths.data must be flat, as there is a shape"],
    [
      "too large a stride",
      { data: [1, 2, 3, 4], shape: [2, 2], strides: [4, 1] },
      "paths.data must be 6 numbers or more, as shape",
    ],
    [
      "a negative offset",
      { data: [1, 2, 3, 4], shape: [2, 2], offset: -1 },
      "such that it begins 1 earlier, as shape, strides",
    ],
    ["offsets past the end", { data: [1, 2], channels: 1, offsets: [0, 3] }, "3 numbers or more, as offsets say"],
  ])("%s", async (_, given, message) => {
    expect(await said(() => sig(given, { depth }))).toContain(message);
  });
});

test("windows say what is wrong with them", async () => {
  const message = (windows: unknown) => said(() => sig(path, { depth, windows }));
  expect(await message({ type: "slide" })).toBe(
    'options.windows.type must be "sliding", "expanding", "dyadic" or "times"; got "slide"',
  );
  expect(await message({ type: "sliding", size: 2 })).toBe(
    "options.windows.size must be absent: there are type, length, step; got 2",
  );
  const times = { type: "times", times: [0, 1], length: 1, step: 1 };
  expect(await message(times)).toBe("options.windows.times must be 3, one for each point; got 2 numbers");
});

test("options of engines are not offered where there is none", async () => {
  const log = logSignature as unknown as Loose;
  const kernel = signatureKernel as unknown as Loose;
  for (const call of [
    (option: object) => log(path, { depth, ...option }),
    (option: object) => kernel(path, path, option),
  ]) {
    expect(await said(() => call({ signal: 1 }))).toContain('"signal" is an option of signatureAsync and of an engine');
    expect(await said(() => call({ qwerty: 1 }))).not.toContain("onProgress");
  }
  expect(await said(() => later(path, { depth, qwerty: 1 }))).toContain("onProgress");
});

test("log-signatures say what a label is", async () => {
  const p = logSignature(path, { depth, basis: "lyndon" }) as unknown as ReturnType<Loose>;
  expect(await said(() => p.at([1, 0]))).toBe('label must be a label of the basis "lyndon", such as [0,1]; got [1,0]');
  expect(await said(() => p.at("[2,1]"))).toMatch(/such as "\[1,2\]"; got "\[2,1\]"$/);
  expect(await said(() => (logSignature as unknown as Loose)(path, { depth, basis: "Lyndon" }))).toContain(
    '"words" or "lyndon" or "hall" or "expanded"',
  );
});

test("an operand that is missing is not blamed on the options", async () => {
  const options = { channels: 2, depth: 1 };
  expect(await said(() => multiply!([1, 2], options))).toMatch(/^b must be .*; got the options: b comes before them$/);
  expect(await said(() => exp!(options))).toMatch(/^a must be .*; got the options: a comes before them$/);
});

test("names of channels are an array", async () => {
  const s = sig(path, { depth }) as unknown as { labels(names: unknown): unknown };
  expect(await said(() => s.labels(5))).toBe("names must be an array of 2 names, one for each channel; got 5");
  expect(await said(() => s.labels(["x"]))).toContain("got an array of length 1");
});

test("a word is a list of letters", async () => {
  const message = await said(() => sig(path, { depth }).at(0));
  expect(message).toContain("an array of 1 to 2 letters, whole numbers from 0 to 1, such as [0, 1]; got 0");
});

test("a result that is too large says so, and what to change", async () => {
  const wide = { data: new Float32Array(2000), shape: [2, 1000] };
  expect(await said(() => sig(wide, { depth: 4 }))).toMatch(
    /\(the last dimension of paths is their channels; a smaller depth needs less\); got depth 4 of 1000 channels/,
  );
  // More numbers than an array of any engine holds.
  const many = { data: new Float32Array(2 * 8 * 4000), shape: [4000, 2, 8] };
  const message = await said(() => sig(many, { depth: 8 }));
  expect(message).toMatch(/got 76\d+ numbers to allocate/);
  expect(message).toMatch(/fewer paths at once, or a smaller depth/);
});
