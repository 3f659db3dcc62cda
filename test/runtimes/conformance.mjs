// What the installed package must do on every host: one plain file, given the imported library,
// without APIs of Node or browsers. It reports its findings; the tests beside it judge them.
// Capabilities that the library does not export (yet) are reported as "absent".

import { bitsOf, raggedPaths, walk } from "./bits.mjs";
import oracles from "./oracles.mjs";

const roundoff = { float32: 2 ** -24, float64: 2 ** -53 };

/**
 * Oracles have few steps with small integers: a few roundings of the largest coefficient of the
 * level.
 */
const roundings = 16;

/**
 * Central differences with step h have errors of h² and of rounding / h; at 1e-5 both are below
 * this, relative to the values compared.
 */
const differenceStep = 1e-5;
const differenceTolerance = 1e-6;

const fraction = (text) => {
  const [over, under = "1"] = String(text).split("/");
  return Number(over) / Number(under);
};

function assert(condition, message) {
  if (!condition) throw new Error(message);
}

const same = (a, b) => a.length === b.length && a.every((x, i) => Object.is(x, b[i]));

function checkOracles({ signature, signatureSize, words }) {
  for (const { name, path, depth, signature: texts } of oracles.paths) {
    const points = path.map((point) => point.map(fraction));
    const expected = texts.map(fraction);
    const labels = words(points[0].length, depth);
    assert(labels.length === signatureSize(points[0].length, depth), `${name}: words and signatureSize disagree`);
    const largest = labels.reduce((most, word, i) => {
      most[word.length] = Math.max(most[word.length] ?? 1, Math.abs(expected[i]));
      return most;
    }, []);
    for (const dtype of ["float32", "float64"]) {
      const { data } = signature(points, { depth, dtype });
      assert(data.length === expected.length, `${name}: ${data.length} numbers for ${expected.length}`);
      labels.forEach((word, i) => {
        const allowed = roundings * roundoff[dtype] * largest[word.length];
        const error = Math.abs(data[i] - expected[i]);
        assert(error <= allowed, `${name}, ${dtype}, word ${word}: ${data[i]} for ${expected[i]}`);
      });
    }
  }
}

function checkRagged({ signature }) {
  const paths = raggedPaths();
  const longest = Math.max(...paths.map((path) => path.length));
  for (const dtype of ["float32", "float64"]) {
    const batch = signature(paths, { depth: 4, dtype });
    assert(String(batch.shape) === "5,120", `shape ${batch.shape}`);
    paths.forEach((path, i) => {
      const alone = signature(path, { depth: 4, dtype }).data;
      assert(
        same([...alone], [...batch.data.subarray(120 * i, 120 * (i + 1))]),
        `path ${i} differs in a batch, ${dtype}`,
      );
    });
    const padded = paths.map((path) => [...path, ...Array(longest - path.length).fill([9, 9, 9])]);
    const lengths = paths.map((path) => path.length);
    const { data } = signature(padded, { depth: 4, dtype, lengths });
    assert(same([...data], [...batch.data]), `lengths and nested arrays differ, ${dtype}`);
  }
}

function checkBadInput({ signature, PathSignatureError, isPathSignatureError }) {
  const path = [
    [0, 0],
    [1, 2],
    [3, 1],
  ];
  const before = signature(path, { depth: 2 }).data;
  const wrong = [
    [() => signature([[0, 0], [1]], { depth: 2 }), "RAGGED_ROW", RangeError, "paths[1]"],
    [() => signature(path, { depth: 0 }), "DEPTH_INVALID", RangeError, "options.depth"],
    [() => signature([[0, Number.NaN]], { depth: 2 }), "NOT_FINITE", RangeError, "paths"],
    [() => signature("path", { depth: 2 }), "PATHS_TYPE", TypeError, "paths"],
  ];
  for (const [call, code, kind, argument] of wrong) {
    let caught;
    try {
      call();
    } catch (error) {
      caught = error;
    }
    assert(caught instanceof PathSignatureError && isPathSignatureError(caught), `${code}: ${caught}`);
    assert(caught.code === code && caught instanceof kind, `${code}: ${caught.code} ${caught}`);
    assert(caught.argument.startsWith(argument), `${code}: argument ${caught.argument}`);
  }
  assert(same([...signature(path, { depth: 2 }).data], [...before]), "the call after a bad one differs");
}

function checkGradients({ signature, signatureVjp, signatureWithVjp }) {
  if (!signatureVjp) return "absent";
  const path = walk(6, 12, 3);
  const direction = walk(7, 12, 3);
  const depth = 3;
  const cotangent = signature(walk(8, 5, 3), { depth }).data;
  const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
  const at = (h) =>
    signature(
      path.map((point, t) => point.map((x, c) => x + h * direction[t][c])),
      { depth },
    ).data;
  const ahead = dot(at(differenceStep), cotangent);
  const behind = dot(at(-differenceStep), cotangent);
  const expected = (ahead - behind) / (2 * differenceStep);
  const found = dot(signatureVjp(path, cotangent, { depth }).paths.data, direction.flat());
  const off = Math.abs(found - expected) / Math.max(1, Math.abs(expected));
  assert(off <= differenceTolerance, `the derivative along a direction is ${found}, by differences ${expected}`);
  const [kept, pullback] = signatureWithVjp(path, { depth });
  assert(same([...kept.data], [...at(0)]), "signatureWithVjp gives another signature");
  const again = dot(pullback(cotangent).paths.data, direction.flat());
  assert(Math.abs(again - found) <= 1e-12 * Math.max(1, Math.abs(found)), `the pullback gives ${again} for ${found}`);
  return "passed";
}

/** Results of the algebra may be apart by the roundings of a few products of a few terms each. */
const algebraTolerance = 1e-12;

async function checkAlgebra({ signature }, { algebra, workers }) {
  if (!algebra) return "absent";
  const { createEngine, exp, expVjp, inverse, log, multiply } = algebra;
  const options = { channels: 3, depth: 4 };
  const path = walk(20, 30, 3);
  const of = (points) => signature(points, { depth: 4, dtype: "float64" });
  const near = (found, expected, what) => {
    assert(found.data.length === expected.length, `${what}: ${found.data.length} numbers for ${expected.length}`);
    found.data.forEach((x, i) => {
      const error = Math.abs(x - expected[i]);
      assert(error <= algebraTolerance * Math.max(1, Math.abs(expected[i])), `${what}: ${x} for ${expected[i]}`);
    });
  };
  const whole = of(path);
  near(multiply(of(path.slice(0, 12)), of(path.slice(11)), options), whole.data, "Chen's product");
  near(inverse(whole, options), of([...path].reverse()).data, "the inverse of a signature");
  near(exp(log(whole, options), options), whole.data, "exp of log");
  // d exp(a)/da at a = 0 is the identity.
  const zero = new Float64Array(120);
  assert(same([...expVjp(zero, whole.data, options).a.data], [...whole.data]), "the gradient of exp at 0");
  let caught;
  try {
    log([0, 1, 2], { channels: 2, depth: 1, scalarTerm: true });
  } catch (error) {
    caught = error;
  }
  assert(algebra.isPathSignatureError(caught) && caught.code === "SCALAR_TERM_INVALID", `log of 0: ${caught}`);
  if (!workers || !createEngine) return "passed";
  const rows = Array.from({ length: 3000 }, (_, i) => whole.data.map((x) => x / (1 + (i % 7))));
  const engine = await createEngine({ threads: 2, ...(typeof workers === "object" ? workers : {}) });
  try {
    const { data } = await engine.multiply(rows, whole, options);
    assert(same([...data], [...multiply(rows, whole, options).data]), "the algebra's pool gives other bits");
    const told = engine.info();
    assert(told.workers > 0 && told.warnings.length === 0, `the algebra's pool: ${JSON.stringify(told)}`);
  } finally {
    await engine.close();
  }
  return "passed";
}

/** Kernels are sums of a few thousand terms. */
const kernelTolerance = 1e-11;

async function checkKernels({ signature }, { kernels, workers }) {
  if (!kernels) return "absent";
  const { createEngine, signatureKernel, signatureKernelGram, signatureKernelVjp, truncatedSignatureKernel } = kernels;
  const near = (a, b, tolerance, what) =>
    assert(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b)), `${what}: ${a} for ${b}`);
  // One segment: the sum of v^k / (k!)^2.
  let [sum, term] = [1, 1];
  for (let k = 1; k < 20; k++) {
    term *= 2 / (k * k);
    sum += term;
  }
  const line = [
    [0, 0],
    [1, 1],
  ];
  near(signatureKernel(line, line, { degree: 3, dyadicOrder: 6 }).data[0], sum, kernelTolerance, "one segment");
  const [x, y] = [walk(30, 25, 2), walk(31, 20, 2)].map((path) => path.map((point) => point.map((c) => c / 8)));
  const [s, t] = [x, y].map((path) => signature(path, { depth: 5, dtype: "float64" }).data);
  const inner = s.reduce((all, c, i) => all + c * t[i], 1);
  near(truncatedSignatureKernel(x, y, { depth: 5 }).data[0], inner, kernelTolerance, "a truncated kernel");
  const moved = (h) => x.map((point, i) => (i === 7 ? [point[0] + h, point[1]] : point));
  const options = { degree: 2, dyadicOrder: 1 };
  const at = (h) => signatureKernel(moved(h), y, options).data[0];
  const slope = (at(differenceStep) - at(-differenceStep)) / (2 * differenceStep);
  const found = signatureKernelVjp(x, y, [1], options).x.data[14];
  near(found, slope, differenceTolerance, "a gradient of a kernel");
  const paths = Array.from({ length: 40 }, (_, i) => walk(40 + i, 30, 3).map((point) => point.map((c) => c / 8)));
  const gram = signatureKernelGram(paths, { dyadicOrder: 0 }).data;
  for (const i of [0, 17, 39])
    assert(
      Object.is(gram[40 * i + 39], signatureKernel(paths[i], paths[39], { dyadicOrder: 0 }).data[0]),
      `kernel ${i} differs in a batch`,
    );
  let caught;
  try {
    signatureKernel(x, [[0, 0, 0]]);
  } catch (error) {
    caught = error;
  }
  assert(kernels.isPathSignatureError(caught) && caught.code === "KERNEL_SHAPE", `channels that differ: ${caught}`);
  if (!workers || !createEngine) return "passed";
  const engine = await createEngine({ threads: 2, ...(typeof workers === "object" ? workers : {}) });
  try {
    const { data } = await engine.signatureKernelGram(paths, { dyadicOrder: 0 });
    assert(same([...data], [...gram]), "the kernels' pool gives other bits");
    const told = engine.info();
    assert(told.workers > 0 && told.warnings.length === 0, `the kernels' pool: ${JSON.stringify(told)}`);
  } finally {
    await engine.close();
  }
  return "passed";
}

async function checkPool({ createEngine, signature, signatureVjp }, { workers }) {
  if (!workers || !createEngine) return "absent";
  const paths = Array.from({ length: 64 }, (_, i) => walk(100 + i, 50 + i, 3));
  const alone = signature(paths, { depth: 4 });
  const engine = await createEngine({ threads: 2, ...(typeof workers === "object" ? workers : {}) });
  try {
    const [a, b] = await Promise.all([engine.signature(paths, { depth: 4 }), engine.signature(paths, { depth: 4 })]);
    assert(same([...a.data], [...alone.data]), "the pool gives other bits than the calling thread");
    assert(same([...b.data], [...alone.data]), "the pool gives other bits in a second call");
    const cotangent = alone.data.map((_, i) => Math.sin(i));
    const gradients = (await engine.signatureVjp(paths, cotangent, { depth: 4 })).paths.data;
    const expected = signatureVjp(paths, cotangent, { depth: 4 }).paths.data;
    assert(same([...gradients], [...expected]), "the pool gives other bits of gradients than the calling thread");
    const told = engine.info();
    // A fallback to the calling thread would prove nothing.
    assert(told.workers > 0 && told.mode !== "calling thread", `the pool has no workers: ${JSON.stringify(told)}`);
    assert(!told.warning && !(told.warnings?.length > 0), `the pool warns: ${JSON.stringify(told)}`);
  } finally {
    await engine.close();
  }
  return "passed";
}

/**
 * Runs everything.
 *
 * @param library - the namespace of `import * as library from "path-signature"`.
 * @param options.workers - whether this host can start workers; an object is passed to
 *   `createEngine` as further options.
 * @param options.initWith - makes `init` load the binary of a name; by default by name alone.
 * @returns The findings, as JSON: `checks` by name ("passed", "absent" or the error), `info`, and
 *   the digest of the bits that `simd` computes.
 */
export async function conformance(library, options = {}) {
  const checks = {};
  const check = async (name, work) => {
    try {
      checks[name] = (await work()) ?? "passed";
    } catch (error) {
      checks[name] = `${error}${error?.stack ? `\n${error.stack}` : ""}`;
    }
  };
  await check("oracles", () => checkOracles(library));
  const info = library.info();
  await check("ragged batch", () => checkRagged(library));
  await check("bad input", () => checkBadInput(library));
  await check("gradients", () => checkGradients(library));
  await check("pool", () => checkPool(library, options));
  await check("algebra", () => checkAlgebra(library, options));
  await check("kernels", () => checkKernels(library, options));
  let bits = null;
  await check("same bits", async () => {
    const { initWith = (variant) => library.init({ variant }) } = options;
    await initWith("simd");
    bits = bitsOf(library.signature);
    await initWith(info.variant);
  });
  return { info, checks, bits };
}
