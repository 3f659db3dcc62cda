// What can be timed in our processes: each function prepares one kind of call and returns { call,
// result?, release? }.

import { signatureSize } from "../lib/counts.mjs";
import { gradientKernelCall, instantiate, kernelCall } from "./abi.mjs";

/** The instance on which kernels are timed; not the facade's. */
const instances = new Map();
function instanceOf(variant) {
  if (!instances.has(variant)) instances.set(variant, instantiate(variant));
  return instances.get(variant);
}

const arrays = { float32: Float32Array, float64: Float64Array };

/**
 * The public call with everything that a caller pays for, from a typed array to a typed array;
 * copies and the finite check included. With `out` it writes into one array, else it creates a new
 * one per call.
 */
function api({
  signature,
  data,
  lengths,
  batch,
  points,
  channels,
  depth,
  dtype = "float32",
  stream = false,
  algorithm,
  out = false,
}) {
  const shape = batch > 1 ? [batch, points, channels] : [points, channels];
  const paths = { data: dtype === "float64" ? Float64Array.from(data) : data, shape };
  const options = { depth };
  if (stream) options.stream = true;
  if (lengths) options.lengths = lengths;
  if (algorithm) options.algorithm = algorithm;
  if (out) options.out = new arrays[dtype](batch * (stream ? points - 1 : 1) * signatureSize(channels, depth));
  const call = () => signature(paths, options);
  return { call, result: () => call().data };
}

/** Interval i of many, of all scales of time. */
const spreadOver = (points) => (i) => {
  const span = 2 + ((i * 7919) % (points >> (i % 12)));
  const from = (i * 104_729) % (points - span + 1);
  return [from, from + span];
};

/** Queries of the same intervals to a path that is prepared for them; `build`: preparing it. */
function queries({ createSignatureIntervals, data, points, channels, depth, intervals, build }) {
  const paths = { data, shape: [points, channels] };
  if (build) return { call: () => createSignatureIntervals(paths, { depth })[Symbol.dispose]() };
  const of = createSignatureIntervals(paths, { depth });
  const given = Array.from({ length: intervals }, (_, i) => spreadOver(points)(i));
  return { call: () => of.query(given), release: () => of[Symbol.dispose]() };
}

/**
 * The windows of a path, as `api`: sliding, or so many intervals, spread over the path and its
 * scales of time. `each`: only the first ones, each by itself.
 */
function windows({ signature, data, points, channels, depth, length, step, intervals, each }) {
  const paths = { data, shape: [points, channels] };
  const spread = spreadOver(points);
  const given = intervals
    ? Array.from({ length: intervals }, (_, i) => spread(i))
    : each
      ? Array.from({ length: each }, (_, k) => [k * step, k * step + length])
      : { type: "sliding", length, step };
  const call = () => signature(paths, { depth, windows: given });
  return { call, result: () => call().data };
}

/** A thousand pushes of a point to a stream, with its value, or to each of many. */
function streams({ createSignatureStream, createSignatureStreams, streams, channels, depth }) {
  const points = Float64Array.from({ length: 1000 * channels }, (_, i) => Math.sin(i * i) / 10);
  if (streams === 1) {
    const stream = createSignatureStream({ channels, depth });
    const views = Array.from({ length: 1000 }, (_, i) => points.subarray(i * channels, (i + 1) * channels));
    return {
      call: () => {
        for (const view of views) stream.push(view).value();
      },
      release: () => stream[Symbol.dispose](),
    };
  }
  const many = createSignatureStreams(streams, { channels, depth });
  const all = Float64Array.from({ length: streams * channels }, (_, i) => Math.sin(i * i) / 10);
  return {
    call: () => {
      for (let i = 0; i < 1000; i++) many.push(all);
    },
    release: () => many[Symbol.dispose](),
  };
}

/** The public call of log-signatures, as `api`. */
function logSignatures({ logSignature, data, batch, points, channels, depth, precision = "auto", dtype, stream }) {
  const numbers = dtype === "float64" ? Float64Array.from(data) : data;
  const paths = { data: numbers, shape: batch > 1 ? [batch, points, channels] : [points, channels] };
  const call = () => logSignature(paths, { depth, precision, stream });
  return { call, result: () => call().data };
}

/** The kernel alone, on numbers already in WebAssembly memory. */
const kernel = ({ variant, data, ...shape }) => kernelCall(instanceOf(variant), data, shape);

/** The kernel of gradients alone, with given signatures. */
const gradientKernel = ({ variant, data, cotangents, ...shape }) =>
  gradientKernelCall(instanceOf(variant), data, cotangents, shape);

/** Gradients of log-signatures, or of signatures where `of` says so, by the public call. */
function vjp({ logSignatureVjp, signatureVjp, data, cotangents, batch, points, channels, depth, precision, of }) {
  const paths = { data, shape: batch > 1 ? [batch, points, channels] : [points, channels] };
  const call =
    of === "signature"
      ? () => signatureVjp(paths, cotangents, { depth })
      : () => logSignatureVjp(paths, cotangents, { depth, precision });
  return { call, result: () => call().paths.data };
}

/**
 * Signatures and their pullback, by the public functions; with `given` the pullback alone, its
 * signatures computed before.
 */
function gradient({
  signatureWithVjp,
  data,
  cotangents,
  batch,
  points,
  channels,
  depth,
  dtype = "float32",
  given = false,
}) {
  const as = (numbers) => (dtype === "float64" ? Float64Array.from(numbers) : numbers);
  const paths = { data: as(data), shape: batch > 1 ? [batch, points, channels] : [points, channels] };
  const cotangent = as(cotangents);
  const pullback = () => signatureWithVjp(paths, { depth })[1];
  const kept = given ? pullback() : undefined;
  const call = () => (kept ?? pullback())(cotangent);
  return { call, result: () => call().paths.data };
}

/** Bytes of scratch for a whole float32 signature, for any batch and length. */
export function scratchBytes(variant, channels, depth) {
  const shape = { batch: 1, points: 2, channels, depth };
  const { scratchBytes, release } = kernelCall(instanceOf(variant), new Float32Array(2 * channels), shape);
  release();
  return scratchBytes;
}

/**
 * Allocates bytes in a WebAssembly memory of its own, whose views no other call's allocation can
 * detach.
 */
function inWasm(Numbers, length) {
  const pages = Math.ceil((length * Numbers.BYTES_PER_ELEMENT) / 65536);
  return new Numbers(new WebAssembly.Memory({ initial: pages }).buffer, 0, length);
}

/**
 * Copies a row's input into WebAssembly memory and its output out of it, once: the minimum for any
 * call through WebAssembly.
 */
function copy({ data, batch, channels, depth }) {
  const input = inWasm(Float32Array, data.length);
  const output = inWasm(Float32Array, batch * signatureSize(channels, depth));
  const out = new Float32Array(output.length);
  return {
    call: () => {
      input.set(data);
      out.set(output);
    },
  };
}

/**
 * Writes an output of some numbers once, from a staging block of 1 MiB in WebAssembly memory, as a
 * call has to.
 */
function write({ numbers, dtype = "float32" }) {
  const Numbers = arrays[dtype];
  const out = new Numbers(numbers);
  const block = Math.min(numbers, 2 ** 20 / Numbers.BYTES_PER_ELEMENT);
  const staging = inWasm(Numbers, block);
  const pieces = [];
  for (let at = 0; at < numbers; at += block) pieces.push([at, staging.subarray(0, Math.min(block, numbers - at))]);
  return {
    call: () => {
      for (const [at, piece] of pieces) out.set(piece, at);
    },
  };
}

/**
 * The binary's own multiply-add peak: `rounds` rounds of 48 independent vector multiply-adds in
 * registers.
 */
function peak({ variant, dtype = "float32", rounds }) {
  const exports = instanceOf(variant);
  const run = dtype === "float64" ? exports.peak_f64 : exports.peak_f32;
  if (!run) throw new Error(`${variant}.wasm has no export for its multiply-add peak in ${dtype}`);
  return { call: () => run(rounds) };
}

/** Copies `bytes` into WebAssembly memory ("in") or out of it ("out"). */
function bandwidth({ direction, bytes }) {
  const outside = new Float32Array(bytes / 4);
  const inside = inWasm(Float32Array, outside.length);
  const [to, from] = direction === "in" ? [inside, outside] : [outside, inside];
  return { call: () => to.set(from) };
}

/**
 * Signature kernels by the public functions: the Gram matrix of two batches ("gram") or of one
 * ("symmetric"), kernels of pairs ("pairs"), or the gradient of a sum over the matrix by the first
 * batch ("gradient").
 */
function signatureKernel({ kernels, data, other, batch, points, channels, what, dtype, degree, order, sigma }) {
  const of = (numbers) => ({
    data: dtype === "float64" ? Float64Array.from(numbers) : numbers,
    shape: batch === 1 ? [points, channels] : [batch, points, channels],
  });
  const [x, y] = [of(data), of(other)];
  const options = { degree, dyadicOrder: order, gradients: "x" };
  if (sigma !== undefined) options.staticKernel = kernels.staticKernels.rbf({ sigma });
  if (what === "gradient") {
    const ones = new arrays[dtype](batch * batch).fill(1);
    const call = () => kernels.signatureKernelGramVjp(x, y, ones, options);
    return { call, result: () => call().x.data };
  }
  delete options.gradients;
  const call = {
    gram: () => kernels.signatureKernelGram(x, y, options),
    symmetric: () => kernels.signatureKernelGram(x, options),
    pairs: () => kernels.signatureKernel(x, y, options),
  }[what];
  return { call, result: () => call().data };
}

/** The subjects by the names that the parts of the benchmark use. */
export const subjects = {
  ...{ api, windows, queries, streams, signatureKernel, kernel, logSignatures, gradient, vjp, gradientKernel },
  ...{ copy, write, peak, bandwidth },
};
