// Every error that a caller can cause: its class, code, argument, the value given and the values
// accepted; that `out` is untouched; and that the next call works. One table.

import { afterAll, describe, expect, test } from "vitest";
import {
  info,
  init,
  isPathSignatureError,
  PathSignatureError,
  type PathSignatureErrorCode,
  PathSignatureRangeError,
  PathSignatureTypeError,
  signature,
  signatureSize,
  signatureVjp,
  signatureWithVjp,
  words,
} from "../ts/index.ts";
import { bindSignature } from "../ts/operations/signature.ts";
import { onlyModules, Runtime } from "../ts/wasm/runtime.ts";
import { fakeModule } from "./fake.ts";

/** Untyped, as a caller in JavaScript sees it. */
const call = signature as unknown as (paths?: unknown, options?: unknown) => { data: Float64Array };
const vjp = signatureVjp as unknown as (paths?: unknown, cotangent?: unknown, options?: unknown) => unknown;
const withVjp = signatureWithVjp as unknown as (
  paths?: unknown,
  options?: unknown,
) => [unknown, (cotangent?: unknown) => unknown];
const sizeOf = signatureSize as unknown as (...args: unknown[]) => number;
const wordsOf = words as unknown as (...args: unknown[]) => number[][];

const path = [
  [0, 0],
  [1, 0],
  [1, 1],
];
const tensor = { data: new Float64Array(12), shape: [2, 3, 2] };
const batch = [path, path];

function detached(): Float64Array {
  const array = new Float64Array(12);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

const withNaN = (at: number, value = Number.NaN, Kind: typeof Float32Array | typeof Float64Array = Float64Array) => {
  const data = new Kind(12);
  data[at] = value;
  return { data, shape: [2, 3, 2] };
};

const T = PathSignatureTypeError;
const R = PathSignatureRangeError;

interface Row {
  name: string;
  call: () => unknown;
  kind: typeof T | typeof R | typeof PathSignatureError;
  code: PathSignatureErrorCode;
  argument: string;
  given: string | RegExp;
  accepted: string | RegExp;
}

const row = (
  name: string,
  made: () => unknown,
  kind: Row["kind"],
  code: PathSignatureErrorCode,
  argument: string,
  given: string | RegExp,
  accepted: string | RegExp,
): Row => ({ name, call: made, kind, code, argument, given, accepted });

const forms = /\{ data, shape \} of shape \(…batch, length, channels\), or nested arrays/;
const depth = 2;

const table: Row[] = [
  // type of paths
  row("no paths", () => call(undefined, { depth }), T, "PATHS_TYPE", "paths", "undefined", forms),
  row("null", () => call(null, { depth }), T, "PATHS_TYPE", "paths", "null", forms),
  row("a number", () => call(3, { depth }), T, "PATHS_TYPE", "paths", "3", forms),
  row("a string", () => call("path", { depth }), T, "PATHS_TYPE", "paths", '"path"', forms),
  row("a long string", () => call("p".repeat(1e6), { depth }), T, "PATHS_TYPE", "paths", /^"p{56}…$/, forms),
  row(
    "a typed array without shape",
    () => call(new Float32Array(6), { depth }),
    T,
    "PATHS_TYPE",
    "paths",
    "a Float32Array of length 6",
    forms,
  ),
  row(
    "an object without shape",
    () => call({ data: [1, 2] }, { depth }),
    T,
    "PATHS_TYPE",
    "paths",
    "an object with data",
    forms,
  ),
  row("a promise", () => call(Promise.resolve(), { depth }), T, "PATHS_TYPE", "paths", "a Promise", forms),
  row("a Map", () => call(new Map(), { depth }), T, "PATHS_TYPE", "paths", "a Map", forms),
  row(
    "data that is a function",
    () => call({ data: () => [1], shape: [1, 1] }, { depth }),
    T,
    "PATHS_TYPE",
    "paths.data",
    "a function",
    "a typed array or an array of numbers",
  ),
  row(
    "data that is a DataView",
    () => call({ data: new DataView(new ArrayBuffer(8)), shape: [1, 1] }, { depth }),
    T,
    "PATHS_TYPE",
    "paths.data",
    "a DataView",
    "a typed array or an array of numbers",
  ),
  row(
    "data that is a buffer",
    () => call({ data: new ArrayBuffer(8), shape: [1, 1] }, { depth }),
    T,
    "PATHS_TYPE",
    "paths.data",
    "an ArrayBuffer",
    "a typed array or an array of numbers",
  ),
  row(
    "a shape that is a number",
    () => call({ data: [1], shape: 1 }, { depth }),
    T,
    "PATHS_TYPE",
    "paths.shape",
    "1",
    /an array of at most 64 whole numbers/,
  ),
  row(
    "dims that are a string",
    () => call({ data: [1], dims: "1,1" }, { depth }),
    T,
    "PATHS_TYPE",
    "paths.dims",
    '"1,1"',
    /an array of at most 64/,
  ),
  row(
    "a shape with too many dimensions",
    () => call({ data: [1], shape: new Array(65).fill(1) }, { depth }),
    T,
    "PATHS_TYPE",
    "paths.shape",
    "an array of length 65",
    /at most 64/,
  ),
  row(
    "a row that is a string",
    () => call(["ab"], { depth }),
    T,
    "PATHS_TYPE",
    "paths[0]",
    '"ab"',
    /a point or a path/,
  ),
  row(
    "a path that is no array",
    () => call([path, 5], { depth }),
    T,
    "PATHS_TYPE",
    "paths[1]",
    "5",
    "a path: an array of points",
  ),
  row("a point that is null", () => call([[0, 0], null], { depth }), T, "PATHS_TYPE", "paths[1]", "null", /a point/),
  row(
    "a hole among the points",
    () => call(Object.assign(new Array(3), { 0: [0, 0], 2: [1, 1] }), { depth }),
    T,
    "PATHS_TYPE",
    "paths[1]",
    "undefined",
    /a point/,
  ),
  // rank
  row("a flat array", () => call([1, 2, 3], { depth }), T, "PATHS_RANK", "paths", "a flat array of numbers", forms),
  row(
    "shape of one dimension",
    () => call({ data: [1, 2], shape: [2] }, { depth }),
    T,
    "PATHS_RANK",
    "paths.shape",
    "(2)",
    /two dimensions or more/,
  ),
  row(
    "shape of no dimension",
    () => call({ data: [1], shape: [] }, { depth }),
    T,
    "PATHS_RANK",
    "paths.shape",
    "()",
    /two dimensions or more/,
  ),
  row(
    "nested arrays of four dimensions",
    () => call([batch], { depth }),
    T,
    "PATHS_RANK",
    "paths[0][0][0]",
    "an array",
    /a number: nested arrays have two or three dimensions/,
  ),
  // shape
  row(
    "a fraction in shape",
    () => call({ data: [1], shape: [1.5, 2] }, { depth }),
    R,
    "SHAPE_INVALID",
    "paths.shape[0]",
    "1.5",
    "a whole number from 0 on",
  ),
  row(
    "a negative in shape",
    () => call({ data: [1], shape: [1, -2] }, { depth }),
    R,
    "SHAPE_INVALID",
    "paths.shape[1]",
    "-2",
    "a whole number from 0 on",
  ),
  row(
    "NaN in shape",
    () => call({ data: [1], dims: [Number.NaN, 1] }, { depth }),
    R,
    "SHAPE_INVALID",
    "paths.dims[0]",
    "NaN",
    "a whole number from 0 on",
  ),
  row(
    "a string in shape",
    () => call({ data: [1], shape: ["1", 1] }, { depth }),
    R,
    "SHAPE_INVALID",
    "paths.shape[0]",
    '"1"',
    "a whole number from 0 on",
  ),
  row(
    "no points",
    () => call({ data: [], shape: [2, 0, 2] }, { depth }),
    R,
    "SHAPE_INVALID",
    "paths.shape",
    "(2, 0, 2)",
    /length and channels from 1 on/,
  ),
  row(
    "no channels",
    () => call({ data: [], shape: [2, 3, 0] }, { depth }),
    R,
    "SHAPE_INVALID",
    "paths.shape",
    "(2, 3, 0)",
    /length and channels from 1 on/,
  ),
  row(
    "points without channels",
    () => call([[], []], { depth }),
    R,
    "SHAPE_INVALID",
    "paths[0]",
    "a point without channels",
    /at least one channel/,
  ),
  row(
    "too few numbers",
    () => call({ data: new Float32Array(11), shape: [2, 3, 2] }, { depth }),
    R,
    "SHAPE_MISMATCH",
    "paths.data",
    "11 numbers",
    "12 numbers, as shape (2, 3, 2) says",
  ),
  row(
    "too many numbers",
    () => call({ data: new Array(13).fill(0), shape: [2, 3, 2] }, { depth }),
    R,
    "SHAPE_MISMATCH",
    "paths.data",
    "13 numbers",
    "12 numbers, as shape (2, 3, 2) says",
  ),
  row(
    "numbers for a batch of none",
    () => call({ data: [1, 2], shape: [0, 1, 2] }, { depth }),
    R,
    "SHAPE_MISMATCH",
    "paths.data",
    "2 numbers",
    "0 numbers, as shape (0, 1, 2) says",
  ),
  row(
    "a shape beyond 2^53",
    () => call({ data: [], shape: [2 ** 53, 1] }, { depth }),
    R,
    "SHAPE_INVALID",
    "paths.shape[0]",
    "9007199254740992",
    "a whole number from 0 on",
  ),
  row(
    "strides of the wrong count",
    () => call({ ...tensor, strides: [1, 2] }, { depth }),
    T,
    "STRIDED",
    "paths.strides",
    "an array of length 2",
    "whole numbers, one for each dimension",
  ),
  row(
    "an offset that is no whole number",
    () => call({ ...tensor, offset: 0.5 }, { depth }),
    T,
    "STRIDED",
    "paths.offset",
    "0.5",
    "a whole number from 0 on",
  ),
  row(
    "an offset beyond the numbers",
    () => call({ ...tensor, offset: 2 }, { depth }),
    R,
    "SHAPE_MISMATCH",
    "paths.data",
    "12 numbers",
    "14 numbers or more, as shape, strides and offset say",
  ),
  row(
    "a layout of another name",
    () => call(tensor, { depth, layout: "rows" }),
    T,
    "LAYOUT_INVALID",
    "options.layout",
    '"rows"',
    '"channels-last" or "channels-first"',
  ),
  // nested
  row(
    "ragged rows",
    () => call([[0, 0], [1], [1, 1]], { depth }),
    R,
    "RAGGED_ROW",
    "paths[1]",
    "1 number",
    "2 numbers, as the first point",
  ),
  row(
    "ragged rows in a batch",
    () =>
      call(
        [
          path,
          [
            [0, 0],
            [1, 2, 3],
          ],
        ],
        { depth },
      ),
    R,
    "RAGGED_ROW",
    "paths[1][1]",
    "3 numbers",
    "2 numbers, as the first point",
  ),
  row(
    "an empty array",
    () => call([], { depth }),
    R,
    "EMPTY_PATH",
    "paths",
    "an empty array",
    /can say a batch of no paths/,
  ),
  row(
    "an empty path in a batch",
    () => call([path, []], { depth }),
    R,
    "EMPTY_PATH",
    "paths[1]",
    "an empty array",
    "a path of at least one point",
  ),
  row("a string among numbers", () => call([[0, "1"]], { depth }), T, "ELEMENT_TYPE", "paths[0][1]", '"1"', "a number"),
  row(
    "null among numbers",
    () => call([path, [[null, 0]]], { depth }),
    T,
    "ELEMENT_TYPE",
    "paths[1][0][0]",
    "null",
    "a number",
  ),
  row(
    "true in data",
    () => call({ data: [0, true], shape: [1, 2] }, { depth }),
    T,
    "ELEMENT_TYPE",
    "paths.data[1]",
    "true",
    "a number",
  ),
  row(
    "a hole in data",
    () => call({ data: new Array(2), shape: [1, 2] }, { depth }),
    T,
    "ELEMENT_TYPE",
    "paths.data[0]",
    "undefined",
    "a number",
  ),
  row("a bigint in an array", () => call([[1n, 2n]], { depth }), T, "ELEMENT_TYPE", "paths[0][0]", "1n", "a number"),
  // buffers
  row(
    "a detached buffer",
    () => call({ data: detached(), shape: [2, 3, 2] }, { depth }),
    T,
    "DETACHED_BUFFER",
    "paths.data",
    "a typed array whose buffer is detached",
    /one that is attached/,
  ),
  row(
    "a buffer that is detached while the call is read",
    () => {
      const data = new Float64Array(12);
      const lengths = Object.defineProperty([3, 3], 1, {
        get: () => {
          structuredClone(data.buffer, { transfer: [data.buffer] });
          return 2;
        },
      });
      return call({ data, shape: [2, 3, 2] }, { depth, lengths });
    },
    T,
    "INPUT_DETACHED",
    "paths",
    "a typed array whose buffer was detached in the meantime",
    /left as it is until the call has ended/,
  ),
  row(
    "a detached buffer for no paths",
    () => call({ data: detached(), shape: [0, 3, 2] }, { depth }),
    T,
    "DETACHED_BUFFER",
    "paths.data",
    "a typed array whose buffer is detached",
    /one that is attached/,
  ),
  row(
    "a detached point",
    () => call([[0, 0], detached()], { depth }),
    T,
    "DETACHED_BUFFER",
    "paths[1]",
    "a typed array whose buffer is detached",
    /one that is attached/,
  ),
  row(
    "a detached basepoint",
    () => call(path, { depth, basepoint: detached() }),
    T,
    "DETACHED_BUFFER",
    "options.basepoint",
    "a typed array whose buffer is detached",
    /one that is attached/,
  ),
  row(
    "a detached initial",
    () => call(path, { depth, initial: { data: detached(), shape: [6] } }),
    T,
    "DETACHED_BUFFER",
    "options.initial.data",
    "a typed array whose buffer is detached",
    /one that is attached/,
  ),
  row(
    "detached lengths",
    () => call(tensor, { depth, lengths: detached() }),
    T,
    "DETACHED_BUFFER",
    "options.lengths",
    "a typed array whose buffer is detached",
    /one that is attached/,
  ),
  row(
    "a detached out",
    () => call(path, { depth, out: detached() }),
    T,
    "DETACHED_BUFFER",
    "options.out",
    "a typed array whose buffer is detached",
    /one that is attached/,
  ),
  // options
  row("no options", () => call(path), T, "OPTION_TYPE", "options", "undefined", "an object such as { depth: 3 }"),
  row("a number for options", () => call(path, 3), T, "OPTION_TYPE", "options", "3", "an object such as { depth: 3 }"),
  row("stream: 1", () => call(path, { depth, stream: 1 }), T, "OPTION_TYPE", "options.stream", "1", "true or false"),
  row(
    "inverse: null",
    () => call(path, { depth, inverse: null }),
    T,
    "OPTION_TYPE",
    "options.inverse",
    "null",
    "true or false",
  ),
  row(
    'scalarTerm: "yes"',
    () => call(path, { depth, scalarTerm: "yes" }),
    T,
    "OPTION_TYPE",
    "options.scalarTerm",
    '"yes"',
    "true or false",
  ),
  row(
    "checkFinite: 0",
    () => call(path, { depth, checkFinite: 0 }),
    T,
    "OPTION_TYPE",
    "options.checkFinite",
    "0",
    "true or false",
  ),
  row(
    "an unknown option",
    () => call(path, { depth, deph: 3 }),
    T,
    "OPTION_UNKNOWN",
    "options.deph",
    '"deph"',
    /^one of depth, stream, basepoint, .*checkFinite, algorithm$/,
  ),
  row("no depth", () => call(path, {}), R, "DEPTH_INVALID", "options.depth", "undefined", "a whole number from 1 on"),
  row("depth 0", () => call(path, { depth: 0 }), R, "DEPTH_INVALID", "options.depth", "0", "a whole number from 1 on"),
  row(
    "depth 2.5",
    () => call(path, { depth: 2.5 }),
    R,
    "DEPTH_INVALID",
    "options.depth",
    "2.5",
    "a whole number from 1 on",
  ),
  row(
    "depth -0",
    () => call(path, { depth: -0 }),
    R,
    "DEPTH_INVALID",
    "options.depth",
    "-0",
    "a whole number from 1 on",
  ),
  row(
    "depth Infinity",
    () => call(path, { depth: Number.POSITIVE_INFINITY }),
    R,
    "DEPTH_INVALID",
    "options.depth",
    "Infinity",
    "a whole number from 1 on",
  ),
  row(
    'depth "2"',
    () => call(path, { depth: "2" }),
    R,
    "DEPTH_INVALID",
    "options.depth",
    '"2"',
    "a whole number from 1 on",
  ),
  row(
    "a size of 2^31",
    () => call(path, { depth: 31 }),
    R,
    "SIZE_TOO_LARGE",
    "options.depth",
    "depth 31 of 2 channels, a signature of 4294967294 numbers",
    /fewer than 2\^31 numbers/,
  ),
  row(
    "a size far beyond",
    () => call(path, { depth: 100 }),
    R,
    "SIZE_TOO_LARGE",
    "options.depth",
    "depth 100 of 2 channels, a signature of more than 2^53 numbers",
    /fewer than 2\^31/,
  ),
  row(
    "a size without end",
    () => call(path, { depth: 1e9 }),
    R,
    "SIZE_TOO_LARGE",
    "options.depth",
    "depth 1000000000 of 2 channels, a signature of more than 2^53 numbers",
    /fewer than 2\^31/,
  ),
  row(
    "a dtype",
    () => call(path, { depth, dtype: "float16" }),
    T,
    "DTYPE_INVALID",
    "options.dtype",
    '"float16"',
    '"float32" or "float64"',
  ),
  row(
    "an algorithm",
    () => call(path, { depth, algorithm: "fast" }),
    T,
    "ALGORITHM_INVALID",
    "options.algorithm",
    '"fast"',
    '"auto", "horner" or "pruned"',
  ),
  // lengths
  row(
    "lengths as an object",
    () => call(tensor, { depth, lengths: {} }),
    T,
    "LENGTHS_TYPE",
    "options.lengths",
    "an object without keys",
    /whole numbers/,
  ),
  row(
    "too few lengths",
    () => call(tensor, { depth, lengths: [3] }),
    R,
    "LENGTHS_COUNT",
    "options.lengths",
    "1 length",
    "one for each path, 2",
  ),
  row(
    "a length for a batch",
    () => call(tensor, { depth, lengths: 3 }),
    R,
    "LENGTHS_COUNT",
    "options.lengths",
    "1 length",
    "one for each path, 2",
  ),
  row(
    "length 0",
    () => call(tensor, { depth, lengths: [3, 0] }),
    R,
    "LENGTHS_RANGE",
    "options.lengths[1]",
    "0",
    "a whole number from 1 to 3",
  ),
  row(
    "a length over the points",
    () => call(tensor, { depth, lengths: new Int32Array([4, 1]) }),
    R,
    "LENGTHS_RANGE",
    "options.lengths[0]",
    "4",
    "a whole number from 1 to 3",
  ),
  row(
    "a negative length",
    () => call(tensor, { depth, lengths: new Int32Array([1, -1]) }),
    R,
    "LENGTHS_RANGE",
    "options.lengths[1]",
    "-1",
    "a whole number from 1 to 3",
  ),
  row(
    "a fraction of a length",
    () => call(path, { depth, lengths: 1.5 }),
    R,
    "LENGTHS_RANGE",
    "options.lengths[0]",
    "1.5",
    "a whole number from 1 to 3",
  ),
  row(
    "a length over a nested path's own",
    () => call([path, [[0, 0]]], { depth, lengths: [3, 2] }),
    R,
    "LENGTHS_RANGE",
    "options.lengths[1]",
    "2",
    "a whole number from 1 to 1",
  ),
  row(
    "a length that is no number",
    () => call(tensor, { depth, lengths: ["1", 2] }),
    R,
    "LENGTHS_RANGE",
    "options.lengths[0]",
    '"1"',
    "a whole number from 1 to 3",
  ),
  // basepoint and initial
  row(
    "basepoint 0",
    () => call(path, { depth, basepoint: 0 }),
    T,
    "BASEPOINT_TYPE",
    "options.basepoint",
    "0",
    /an array of channels numbers/,
  ),
  row(
    "basepoint without a shape",
    () => call(path, { depth, basepoint: { data: [0, 0] } }),
    T,
    "BASEPOINT_TYPE",
    "options.basepoint",
    "an object with data",
    /an array of channels numbers/,
  ),
  row(
    "basepoint of other channels",
    () => call(path, { depth, basepoint: [0, 0, 0] }),
    R,
    "BASEPOINT_SHAPE",
    "options.basepoint",
    "3 numbers without a shape",
    "of shape (2)",
  ),
  row(
    "basepoint of another batch",
    () => call(batch, { depth, basepoint: { data: new Float32Array(6), shape: [3, 2] } }),
    R,
    "BASEPOINT_SHAPE",
    "options.basepoint",
    "a tensor of shape (3, 2)",
    "of shape (2) or (2, 2)",
  ),
  row(
    "nested basepoints of another batch",
    () => call(batch, { depth, basepoint: [[0, 0]] }),
    R,
    "BASEPOINT_SHAPE",
    "options.basepoint",
    "nested arrays of shape (1, 2)",
    "of shape (2) or (2, 2)",
  ),
  row(
    "ragged basepoints",
    () => call(batch, { depth, basepoint: [[0, 0], [0]] }),
    R,
    "BASEPOINT_SHAPE",
    "options.basepoint",
    "an array of length 1 at 1 after rows of length 2",
    "of shape (2) or (2, 2)",
  ),
  row(
    "basepoint with a string",
    () => call(path, { depth, basepoint: [0, "0"] }),
    T,
    "ELEMENT_TYPE",
    "options.basepoint[1]",
    '"0"',
    "a number",
  ),
  row(
    "nested basepoint with a string",
    () =>
      call(batch, {
        depth,
        basepoint: [
          [0, 0],
          [0, "0"],
        ],
      }),
    T,
    "ELEMENT_TYPE",
    "options.basepoint[1][1]",
    '"0"',
    "a number",
  ),
  row(
    "basepoint that does not fill its shape",
    () => call(path, { depth, basepoint: { data: [0], shape: [2] } }),
    R,
    "SHAPE_MISMATCH",
    "options.basepoint.data",
    "1 number",
    "2 numbers, as shape (2) says",
  ),
  row(
    "initial: true",
    () => call(path, { depth, initial: true }),
    T,
    "INITIAL_TYPE",
    "options.initial",
    "true",
    /as many numbers as a signature/,
  ),
  row(
    "initial without its data",
    () => call(path, { depth, initial: { data: 1, shape: [6] } }),
    T,
    "INITIAL_TYPE",
    "options.initial.data",
    "1",
    /a typed array/,
  ),
  row(
    "initial of another depth",
    () => call(path, { depth, initial: signature(path, { depth: 3 }) }),
    R,
    "INITIAL_SHAPE",
    "options.initial",
    "a tensor of shape (14) (14 numbers are a signature of depth 3, and options.depth is 2)",
    "of shape (6)",
  ),
  row(
    "initial with a scalar term not asked for",
    () => call(path, { depth, initial: new Float64Array(7) }),
    R,
    "INITIAL_SHAPE",
    "options.initial",
    "7 numbers without a shape (with a scalar term: say scalarTerm: true)",
    "of shape (6)",
  ),
  row(
    "initial whose scalar term is not 1",
    () => call(path, { depth, scalarTerm: true, initial: new Float64Array(7) }),
    R,
    "INITIAL_SCALAR",
    "options.initial",
    "0 as the scalar term of row 0",
    "signatures, whose scalar term is 1",
  ),
  row(
    "a later initial whose scalar term is not 1",
    () =>
      call(batch, { depth, scalarTerm: true, initial: { data: new Float64Array(14).fill(1, 0, 1), shape: [2, 7] } }),
    R,
    "INITIAL_SCALAR",
    "options.initial",
    "0 as the scalar term of row 1",
    "signatures, whose scalar term is 1",
  ),
  // out
  row(
    "out that is an array",
    () => call(path, { depth, out: [0, 0, 0, 0, 0, 0] }),
    T,
    "OUT_TYPE",
    "options.out",
    "an array of length 6",
    /a Float64Array, as the dtype says/,
  ),
  row("out: null", () => call(path, { depth, out: null }), T, "OUT_TYPE", "options.out", "null", /a Float64Array/),
  row(
    "out of the other dtype",
    () => call(path, { depth, out: new Float32Array(6) }),
    T,
    "OUT_TYPE",
    "options.out",
    "a Float32Array of length 6",
    /or say dtype: "float32"/,
  ),
  row(
    "out too short",
    () => call(batch, { depth, out: new Float64Array(11) }),
    R,
    "OUT_LENGTH",
    "options.out",
    "11 numbers",
    "of 12 numbers, for a result of shape (2, 6)",
  ),
  row(
    "out too long",
    () => call(path, { depth, stream: true, out: new Float64Array(13) }),
    R,
    "OUT_LENGTH",
    "options.out",
    "13 numbers",
    "of 12 numbers, for a result of shape (2, 6)",
  ),
  row(
    "out for no paths",
    () => call({ data: [], shape: [0, 3, 2] }, { depth, out: new Float64Array(1) }),
    R,
    "OUT_LENGTH",
    "options.out",
    "1 number",
    "of 0 numbers, for a result of shape (0, 6)",
  ),
  // numbers
  row(
    "NaN",
    () => call(withNaN(7), { depth }),
    R,
    "NOT_FINITE",
    "paths",
    "NaN at path 1, point 0, channel 1",
    /finite numbers/,
  ),
  row(
    "Infinity",
    () => call(withNaN(0, Number.POSITIVE_INFINITY, Float32Array), { depth }),
    R,
    "NOT_FINITE",
    "paths",
    "Infinity at path 0, point 0, channel 0",
    /finite numbers/,
  ),
  row(
    "-Infinity in nested arrays",
    () =>
      call(
        [
          path,
          [
            [0, 0],
            [0, Number.NEGATIVE_INFINITY],
          ],
        ],
        { depth },
      ),
    R,
    "NOT_FINITE",
    "paths",
    "-Infinity at path 1, point 1, channel 1",
    /finite numbers/,
  ),
  row(
    "NaN in the middle of a long path",
    () => call({ data: new Float64Array(4000).fill(Number.NaN, 2001, 2002), shape: [2000, 2] }, { depth: 4 }),
    R,
    "NOT_FINITE",
    "paths",
    "NaN at path 0, point 1000, channel 1",
    /finite numbers/,
  ),
  row(
    "NaN in a path of one point",
    () => call([[0, Number.NaN]], { depth }),
    R,
    "NOT_FINITE",
    "paths",
    "NaN at path 0, point 0, channel 1",
    /finite numbers/,
  ),
  row(
    "NaN in a path of one point that has no prefix",
    () => call([[0, Number.NaN]], { depth, stream: true }),
    R,
    "NOT_FINITE",
    "paths",
    "NaN at path 0, point 0, channel 1",
    /finite numbers/,
  ),
  row(
    "NaN in the one point that counts",
    () => call(withNaN(6), { depth, lengths: [3, 1] }),
    R,
    "NOT_FINITE",
    "paths",
    "NaN at path 1, point 0, channel 0",
    /finite numbers/,
  ),
  row(
    "NaN in a basepoint",
    () => call(path, { depth, basepoint: [0, Number.NaN] }),
    R,
    "NOT_FINITE",
    "options.basepoint",
    "NaN at channel 1",
    /finite numbers/,
  ),
  row(
    "NaN in one of the basepoints",
    () =>
      call(batch, {
        depth,
        basepoint: [
          [0, 0],
          [Number.NaN, 0],
        ],
      }),
    R,
    "NOT_FINITE",
    "options.basepoint",
    "NaN at path 1, channel 0",
    /finite numbers/,
  ),
  row(
    "NaN in initial",
    () => call(path, { depth, initial: [0, 0, 0, 0, 0, Number.NaN] }),
    R,
    "NOT_FINITE",
    "options.initial",
    "NaN at index 5",
    /finite numbers/,
  ),
  row(
    "Infinity in one of initial",
    () =>
      call(batch, {
        depth,
        initial: { data: new Float64Array(12).fill(Number.POSITIVE_INFINITY, 8, 9), shape: [2, 6] },
      }),
    R,
    "NOT_FINITE",
    "options.initial",
    "Infinity at path 1, index 2",
    /finite numbers/,
  ),
  row(
    "a number beyond float32",
    () => call(withNaN(3, 1e39), { depth, dtype: "float32" }),
    R,
    "NOT_REPRESENTABLE",
    "paths",
    "1e+39 at path 0, point 1, channel 1",
    /within the range of float32.*dtype: "float64"/,
  ),
  row(
    "a basepoint beyond float32",
    () => call(path, { depth, dtype: "float32", basepoint: [1e300, 0] }),
    R,
    "NOT_REPRESENTABLE",
    "options.basepoint",
    "1e+300 at channel 0",
    /within the range of float32/,
  ),
  // methods of the result
  row(
    "level 0",
    () => signature(path, { depth }).level(0),
    R,
    "LEVEL_INVALID",
    "level",
    "0",
    "a whole number from 1 to 2",
  ),
  row(
    "level over the depth",
    () => signature(path, { depth, scalarTerm: true }).level(3),
    R,
    "LEVEL_INVALID",
    "level",
    "3",
    "a whole number from 0 to 2",
  ),
  row(
    "an index too few",
    () => signature(path, { depth }).level(2).get(1),
    R,
    "LEVEL_INVALID",
    "index",
    "1 number",
    /2 numbers/,
  ),
  row(
    "an index out of bounds",
    () => signature(path, { depth }).level(2).get(1, 2),
    R,
    "LEVEL_INVALID",
    "index[1]",
    "2",
    "a whole number from 0 to 1",
  ),
  row(
    "a letter out of range",
    () => signature(path, { depth }).at([0, 2]),
    R,
    "WORD_INVALID",
    "word",
    "the letter 2 at 1",
    /whole numbers from 0 to 1/,
  ),
  row(
    "a word over the depth",
    () => signature(path, { depth }).at([0, 1, 0]),
    R,
    "WORD_INVALID",
    "word",
    "3 letters",
    /1 to 2 letters/,
  ),
  row(
    "the empty word",
    () => signature(path, { depth }).at([]),
    R,
    "WORD_INVALID",
    "word",
    "0 letters",
    /1 to 2 letters/,
  ),
  row(
    "a word that is a string",
    () => signature(path, { depth }).at("01" as unknown as number[]),
    R,
    "WORD_INVALID",
    "word",
    '"01"',
    /letters/,
  ),
  // sizes and words
  row("channels 0", () => sizeOf(0, 2), R, "CHANNELS_INVALID", "channels", "0", "a whole number from 1 on"),
  row("channels missing", () => sizeOf(), R, "CHANNELS_INVALID", "channels", "undefined", "a whole number from 1 on"),
  row("a depth of half", () => sizeOf(2, 0.5), R, "DEPTH_INVALID", "depth", "0.5", "a whole number from 1 on"),
  row(
    "an unknown option of signatureSize",
    () => sizeOf(2, 2, { stream: true }),
    T,
    "OPTION_UNKNOWN",
    "options.stream",
    '"stream"',
    "one of scalarTerm",
  ),
  row("options of signatureSize that are none", () => sizeOf(2, 2, 1), T, "OPTION_TYPE", "options", "1", "an object"),
  row(
    "scalarTerm that is no boolean",
    () => sizeOf(2, 2, { scalarTerm: 1 }),
    T,
    "OPTION_TYPE",
    "options.scalarTerm",
    "1",
    "true or false",
  ),
  row(
    "a size for no memory",
    () => sizeOf(1000, 4),
    R,
    "SIZE_TOO_LARGE",
    "depth",
    "depth 4 of 1000 channels, a signature of 1001001001000 numbers",
    /fewer than 2\^31/,
  ),
  row(
    "more words than are listed",
    () => wordsOf(2, 22),
    R,
    "SIZE_TOO_LARGE",
    "depth",
    "depth 22 of 2 channels, 8388606 words",
    /at most 4194304 words/,
  ),
  row(
    "one letter, too long words",
    () => wordsOf(1, 1e6),
    R,
    "SIZE_TOO_LARGE",
    "depth",
    "depth 1000000 of 1 channels, 1000000 words",
    /at most/,
  ),
];

const asSignatures = /of shape \(2, 6\), as the signatures are/;
const cotangentForms = /a tensor \{ data, shape \} of the signatures' shape/;
const cotangents = { data: new Float64Array(12), shape: [2, 6] };

/** What is specific to gradients. Everything else is read as for signatures. */
const gradientRows: Row[] = [
  row(
    "no cotangent",
    () => vjp(tensor, undefined, { depth }),
    T,
    "COTANGENT_TYPE",
    "cotangent",
    "undefined",
    cotangentForms,
  ),
  row(
    "a cotangent that is a number",
    () => vjp(tensor, 3, { depth }),
    T,
    "COTANGENT_TYPE",
    "cotangent",
    "3",
    cotangentForms,
  ),
  row(
    "a cotangent without shape",
    () => vjp(tensor, { data: [1] }, { depth }),
    T,
    "COTANGENT_TYPE",
    "cotangent",
    "an object with data",
    cotangentForms,
  ),
  row(
    "a cotangent whose data is a string",
    () => vjp(tensor, { data: "x", shape: [2, 6] }, { depth }),
    T,
    "COTANGENT_TYPE",
    "cotangent.data",
    '"x"',
    "a typed array or an array of numbers",
  ),
  row(
    "a cotangent whose shape is a number",
    () => vjp(tensor, { data: [1], shape: 1 }, { depth }),
    T,
    "COTANGENT_TYPE",
    "cotangent.shape",
    "1",
    /whole numbers/,
  ),
  row(
    "a cotangent of another shape",
    () => vjp(tensor, { data: new Float64Array(12), shape: [12] }, { depth }),
    R,
    "COTANGENT_SHAPE",
    "cotangent",
    "a tensor of shape (12)",
    asSignatures,
  ),
  row(
    "a cotangent of the whole for a stream",
    () => vjp(tensor, cotangents, { depth, stream: true }),
    R,
    "COTANGENT_SHAPE",
    "cotangent",
    "a tensor of shape (2, 6)",
    /of shape \(2, 2, 6\)/,
  ),
  row(
    "too few cotangents",
    () => vjp(tensor, new Float64Array(11), { depth }),
    R,
    "COTANGENT_SHAPE",
    "cotangent",
    "11 numbers",
    asSignatures,
  ),
  row(
    "too many cotangents",
    () => vjp(path, [1, 2, 3, 4, 5, 6, 7], { depth }),
    R,
    "COTANGENT_SHAPE",
    "cotangent",
    "7 numbers",
    /of shape \(6\)/,
  ),
  row(
    "cotangents that lack the scalar term",
    () => vjp(path, new Float64Array(6), { depth, scalarTerm: true }),
    R,
    "COTANGENT_SHAPE",
    "cotangent",
    "6 numbers",
    /of shape \(7\)/,
  ),
  row(
    "null among cotangents",
    () => vjp(path, [0, 0, null, 0, 0, 0], { depth }),
    T,
    "ELEMENT_TYPE",
    "cotangent[2]",
    "null",
    "a number",
  ),
  row(
    "a detached cotangent",
    () => vjp(tensor, detached(), { depth }),
    T,
    "DETACHED_BUFFER",
    "cotangent",
    /detached/,
    /one that is attached/,
  ),
  row(
    "a cotangent with strides of text",
    () => vjp(tensor, { ...cotangents, strides: ["1", "2"] }, { depth }),
    T,
    "STRIDED",
    "cotangent.strides",
    "an array of length 2",
    "whole numbers, one for each dimension",
  ),
  row(
    "NaN among cotangents",
    () => vjp(tensor, [0, 0, 0, 0, 0, 0, 0, 0, Number.NaN, 0, 0, 0], { depth }),
    R,
    "NOT_FINITE",
    "cotangent",
    "NaN at path 1, index 2",
    /finite numbers/,
  ),
  row(
    "NaN among cotangents of depth 1",
    () =>
      vjp(
        [
          [1, 2],
          [2, 3],
        ],
        [0, Number.NaN],
        { depth: 1 },
      ),
    R,
    "NOT_FINITE",
    "cotangent",
    "NaN at path 0, index 1",
    /finite numbers/,
  ),
  row(
    "infinity among cotangents of a stream",
    () => vjp(path, [0, 0, 0, 0, 0, 0, 0, Number.POSITIVE_INFINITY, 0, 0, 0, 0], { depth, stream: true }),
    R,
    "NOT_FINITE",
    "cotangent",
    "Infinity at path 0, index 7",
    /finite numbers/,
  ),
  row(
    "a cotangent beyond float32",
    () => vjp(path, [0, 0, 0, 0, 0, 1e39], { depth, dtype: "float32" }),
    R,
    "NOT_REPRESENTABLE",
    "cotangent",
    "1e+39 at path 0, index 5",
    /float32/,
  ),
  row(
    "NaN in a path",
    () => vjp(withNaN(7), cotangents, { depth }),
    R,
    "NOT_FINITE",
    "paths",
    "NaN at path 1, point 0, channel 1",
    /finite numbers/,
  ),
  row(
    "out",
    () => vjp(path, new Float64Array(6), { depth, out: new Float64Array(6) }),
    T,
    "OPTION_UNKNOWN",
    "options.out",
    '"out"',
    /gradients are new arrays/,
  ),
  row(
    "out with both",
    () => withVjp(path, { depth, out: new Float64Array(6) }),
    T,
    "OPTION_UNKNOWN",
    "options.out",
    '"out"',
    /gradients are new arrays/,
  ),
  row("no options", () => withVjp(path), T, "OPTION_TYPE", "options", "undefined", /an object/),
  row(
    "a pullback without a cotangent",
    () => withVjp(path, { depth })[1](),
    T,
    "COTANGENT_TYPE",
    "cotangent",
    "undefined",
    cotangentForms,
  ),
  row(
    "a pullback of NaN",
    () => withVjp(path, { depth })[1]([Number.NaN, 0, 0, 0, 0, 0]),
    R,
    "NOT_FINITE",
    "cotangent",
    "NaN at path 0, index 0",
    /finite numbers/,
  ),
];

const codesSeen = new Set<PathSignatureErrorCode>();

function check(error: unknown, one: Row) {
  expect(error).toBeInstanceOf(PathSignatureError);
  expect(isPathSignatureError(error)).toBe(true);
  expect(error).toBeInstanceOf(Error);
  expect(error).toBeInstanceOf(one.kind);
  if (one.kind === T) expect(error).toBeInstanceOf(TypeError);
  if (one.kind === R) expect(error).toBeInstanceOf(RangeError);
  const found = error as PathSignatureError;
  expect(found.name).toBe(one.kind.name);
  expect(found.code).toBe(one.code);
  expect(found.argument).toBe(one.argument);
  if (typeof one.given === "string") expect(found.given).toBe(one.given);
  else expect(found.given).toMatch(one.given);
  if (typeof one.accepted === "string") expect(found.accepted).toBe(one.accepted);
  else expect(found.accepted).toMatch(one.accepted);
  for (const part of [found.argument, found.given, found.accepted]) expect(found.message).toContain(part);
  codesSeen.add(found.code);
}

const expectWorks = () => expect([...call(path, { depth }).data]).toEqual([1, 1, 0.5, 1, 0, 0.5]);

function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

async function rejected(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("calls", () => {
  test("the table has no name twice", () => {
    expect(new Set(table.map((one) => one.name)).size).toBe(table.length);
  });

  test.each([...table, ...gradientRows])("$name: $code", (one) => {
    check(thrown(one.call), one);
    expectWorks();
  });
});

describe("init", () => {
  const initAny = init as unknown as (given?: unknown) => Promise<unknown>;
  const sources = "a WebAssembly.Module, bytes, a Response, a URL or a string with one";
  const rows: Row[] = [
    row(
      "an unknown variant",
      () => initAny({ variant: "avx" }),
      T,
      "VARIANT_INVALID",
      "options.variant",
      '"avx"',
      '"simd" or "relaxed"',
    ),
    row(
      "an unknown option",
      () => initAny({ variants: "simd" }),
      T,
      "OPTION_UNKNOWN",
      "options.variants",
      '"variants"',
      "one of variant, source",
    ),
    row("a number", () => initAny(3), T, "SOURCE_TYPE", "source", "3", sources),
    row("a Map", () => initAny(new Map()), T, "SOURCE_TYPE", "source", "a Map", sources),
    row(
      "bytes of something else",
      () => initAny(new Uint8Array(8)),
      PathSignatureError,
      "INIT_FAILED",
      "source",
      "a Uint8Array of length 8",
      sources,
    ),
    row(
      "another module",
      () => initAny(new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))),
      PathSignatureError,
      "INIT_FAILED",
      "source",
      "a module (custom)",
      "a binary of this library",
    ),
    row(
      "a Response that says no",
      () => initAny(new Response("gone", { status: 404, statusText: "Not Found" })),
      PathSignatureError,
      "INIT_FAILED",
      "source",
      "a Response",
      sources,
    ),
    row(
      "a file that is not there",
      () => initAny(new URL("file:///no/such/file.wasm")),
      PathSignatureError,
      "INIT_FAILED",
      "source",
      '"file:///no/such/file.wasm"',
      sources,
    ),
    row(
      "a string that is no URL",
      () => initAny("no url"),
      PathSignatureError,
      "INIT_FAILED",
      "source",
      '"no url"',
      sources,
    ),
    row(
      "a promise that fails",
      () => initAny(Promise.reject(new Error("offline"))),
      PathSignatureError,
      "INIT_FAILED",
      "source",
      "a Promise",
      sources,
    ),
  ];

  test.each(rows)("$name: $code", async (one) => {
    const before = info();
    const error = await rejected(one.call() as Promise<unknown>);
    const { message } = error as Error;
    // Loading errors have messages of their own form; the rest is as for calls.
    if (one.code === "INIT_FAILED") {
      expect(error).toBeInstanceOf(PathSignatureError);
      expect(error).not.toBeInstanceOf(TypeError);
      expect(error).toMatchObject({ code: one.code, argument: one.argument, given: one.given, accepted: one.accepted });
      expect(message).toMatch(/^The WebAssembly binary .*could not be (loaded|instantiated)/);
      expect((error as Error).cause).toBeInstanceOf(Error);
      codesSeen.add(one.code);
    } else check(error, one);
    expectWorks();
    expect(info().variant).toBe(before.variant);
  });
});

describe("faults of the engine", () => {
  test("an engine without relaxed SIMD refuses that binary", async () => {
    const { validate } = WebAssembly;
    WebAssembly.validate = (bytes) => (bytes as Uint8Array).length < 35 && validate(bytes);
    try {
      const error = await rejected(init({ variant: "relaxed" }));
      expect(error).toMatchObject({ code: "VARIANT_UNSUPPORTED", argument: "options.variant", given: '"relaxed"' });
      codesSeen.add("VARIANT_UNSUPPORTED");
    } finally {
      WebAssembly.validate = validate;
    }
    expectWorks();
  });

  test("an engine without SIMD is told so", () => {
    const { validate } = WebAssembly;
    WebAssembly.validate = () => false;
    try {
      const lonely = bindSignature(new Runtime({ compile: onlyModules }));
      const error = thrown(() => lonely(path, { depth }));
      expect(error).toMatchObject({ code: "SIMD_UNSUPPORTED", name: "PathSignatureError" });
      expect((error as Error).message).toMatch(/128-bit SIMD/);
      codesSeen.add("SIMD_UNSUPPORTED");
    } finally {
      WebAssembly.validate = validate;
    }
  });

  test("an entry without bytes asks for a source", async () => {
    const runtime = new Runtime({ compile: onlyModules });
    expect(thrown(() => bindSignature(runtime)(path, { depth }))).toMatchObject({ code: "SOURCE_MISSING" });
    expect(await rejected(runtime.init("simd", undefined))).toMatchObject({ code: "SOURCE_MISSING" });
    expect(await rejected(runtime.init(undefined, "x.wasm"))).toMatchObject({ code: "SOURCE_TYPE" });
    codesSeen.add("SOURCE_MISSING");
  });

  test("a binary that cannot have memory says so, and works once it can", async () => {
    const runtime = new Runtime({ compile: onlyModules });
    await runtime.init(
      undefined,
      await fakeModule({
        allocate: "(select (i32.const 1024) (i32.const 0) (i32.lt_u (local.get 0) (i32.const 70000)))",
      }),
    );
    const fake = bindSignature(runtime);
    const large = { data: new Float64Array(20_000), shape: [10_000, 2] };
    const error = thrown(() => fake(large, { depth }));
    expect(error).toMatchObject({ code: "OUT_OF_MEMORY", name: "PathSignatureError", argument: "paths" });
    expect((error as Error).message).toMatch(/gave no \d MiB of WebAssembly memory/);
    expect([...fake(path, { depth }).data]).toEqual([0, 0, 0, 0, 0, 0]);
    codesSeen.add("OUT_OF_MEMORY");
  });

  test("a kernel that fails or traps is told apart from bad input, and a trapped instance is replaced", async () => {
    const failing = new Runtime({ compile: onlyModules });
    await failing.init(undefined, await fakeModule({ run: "(i32.const -5)" }));
    const error = thrown(() => bindSignature(failing)(path, { depth }));
    expect(error).toMatchObject({ code: "INTERNAL", given: "paths (1, 3, 2), depth 2" });
    expect((error as Error).message).toMatch(/code -5.*please report/);

    const trapping = new Runtime({ compile: onlyModules });
    await trapping.init(undefined, await fakeModule({ run: "(unreachable)" }));
    const broken = trapping.loaded;
    const trapped = thrown(() => bindSignature(trapping)(path, { depth }));
    expect(trapped).toMatchObject({ code: "INTERNAL" });
    expect((trapped as Error).cause).toBeInstanceOf(WebAssembly.RuntimeError);
    expect(trapping.loaded).toBeUndefined();
    expect(trapping.instance()).not.toBe(broken);
    expect(trapping.latest?.variant).toBe("custom");
    codesSeen.add("INTERNAL");
  });
});

describe("what an error leaves behind", () => {
  test("`out` is not touched, also where the fault is in the last of many blocks", () => {
    const shape = [4000, 20, 3];
    const data = new Float32Array(4000 * 60);
    data[data.length - 1] = Number.NaN;
    for (const deep of [2, 5]) {
      for (const stream of [false, true]) {
        const count = 4000 * signatureSize(3, deep) * (stream ? 19 : 1);
        if (count > 2e7) continue;
        const out = new Float32Array(count).fill(7);
        expect(thrown(() => call({ data, shape }, { depth: deep, stream, out }))).toMatchObject({
          code: "NOT_FINITE",
          given: "NaN at path 3999, point 19, channel 2",
          position: { path: 3999, point: 19, channel: 2 },
        });
        expect(out.every((x) => x === 7)).toBe(true);
      }
    }
  });

  test("a fault in a path that is cut in time is found where it is", () => {
    const data = new Float64Array(100_000 * 2);
    data[150_001] = Number.NaN;
    for (const inverse of [false, true]) {
      expect(thrown(() => call({ data, shape: [100_000, 2] }, { depth, inverse }))).toMatchObject({
        code: "NOT_FINITE",
        position: { path: 0, point: 75_000, channel: 1 },
      });
    }
    expectWorks();
  });

  test("the first of several is named", () => {
    const data = new Float32Array(12).fill(Number.NaN, 5);
    expect(thrown(() => call({ data, shape: [2, 3, 2] }, { depth }))).toMatchObject({
      position: { path: 0, point: 2, channel: 1 },
    });
  });

  test("what overflows is no error, with or without the check", () => {
    const large = [[-1e308], [1e308], [-1e308]];
    expect(call(large, { depth: 1 }).data[0]).not.toBeNaN();
    expect(call([[0], [1e200]], { depth }).data[1]).toBe(Number.POSITIVE_INFINITY);
    expect(call([[-1.7e308], [1.7e308]], { depth: 1 }).data[0]).toBe(Number.POSITIVE_INFINITY);
    expectWorks();
  });

  test("checkFinite: false lets everything through", () => {
    expect(call(withNaN(3), { depth, checkFinite: false }).data[1]).toBeNaN();
    expect([...call(withNaN(3), { depth, checkFinite: false }).data.slice(6)]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(call([[0], [1e39]], { depth: 1, dtype: "float32", checkFinite: false }).data[0]).toBe(
      Number.POSITIVE_INFINITY,
    );
    expectWorks();
  });

  test("points that do not count may hold anything", () => {
    const { data, shape } = withNaN(11);
    expect([...call({ data, shape }, { depth, lengths: [3, 2] }).data]).toEqual(new Array(12).fill(0));
  });

  test("a getter that throws is the caller's error, and the next call works", () => {
    const mine = new Error("mine");
    const bad = {
      get data(): number[] {
        throw mine;
      },
      shape: [1, 1],
    };
    expect(thrown(() => call(bad, { depth }))).toBe(mine);
    expectWorks();
  });

  test("a call from inside a getter does not disturb the outer one", () => {
    const sly = new Proxy([1, 0], {
      get: (target, key) => {
        if (key === "0") call({ data: new Float64Array(20_000).fill(3), shape: [100, 100, 2] }, { depth: 6 });
        return Reflect.get(target, key) as unknown;
      },
    });
    expect([...call([[0, 0], sly, [1, 1]], { depth }).data]).toEqual([1, 1, 0.5, 1, 0, 0.5]);
  });
});

/** Codes of engines, which test/engine covers. */
type EngineCode =
  | "ENGINE_OPTION"
  | "ENGINE_OPTION_TYPE"
  | "OPERATION_UNKNOWN"
  | "QUEUE_FULL"
  | "ENGINE_CLOSED"
  | "BLOCK_FAILED";

/** Codes of augmentations and masks, which test/augmentations.test.ts covers. */
type AugmentCode = "AUGMENT_TYPE" | "AUGMENT_RANGE";

/** Codes of streams and windows, which test/streams.test.ts and test/windows.test.ts cover. */
type StreamCode =
  | `WINDOWS_${string}`
  | "WINDOW_INVALID"
  | "POP_RANGE"
  | "COUNT_INVALID"
  | "STREAM_CLOSED"
  | `SNAPSHOT_${string}`;

/** Codes of the family `algebra`, which test/algebra-errors.test.ts covers. */
type AlgebraCode = "ROWS_TYPE" | "ROWS_SHAPE" | "SCALAR_TERM_INVALID";

/** Codes of the family `kernels`, which test/signature-kernel-errors.test.ts covers. */
type KernelCode = "KERNEL_OPTION" | "KERNEL_OPTION_TYPE" | "KERNEL_SHAPE" | "KERNEL_OVERFLOW";

/** Codes of log-signatures, which test/log-signature.test.ts covers. */
type LogCode = "BASIS_INVALID" | "PRECISION_INVALID";

/** Codes of readers of tables and files, which test/arrow.test.ts and test/io.test.ts cover. */
type TableCode = "TABLE_TYPE" | "MISSING_VALUE" | "MISSING_INVALID" | "FILE_FORMAT" | "PEER_MISSING";

/** Codes of pipelines, which test/features.test.ts covers. */
type FeatureCode = "FEATURES_OPTION" | "NOT_FITTED";

afterAll(() => {
  // Compiles only if it names every code; test/gpu and test/dispatch cover those of GPUs and of
  // dispatch.
  type Other = EngineCode | AlgebraCode | KernelCode | StreamCode | TableCode | LogCode | AugmentCode | FeatureCode;
  type Elsewhere = Other | `GPU_${string}` | "TENSOR_ON_GPU" | "COSTS_INVALID" | "CLOCK_FROZEN";
  const every: Record<Exclude<PathSignatureErrorCode, Elsewhere>, true> = {
    PATHS_TYPE: true,
    PATHS_RANK: true,
    SHAPE_INVALID: true,
    SHAPE_MISMATCH: true,
    STRIDED: true,
    RAGGED_ROW: true,
    EMPTY_PATH: true,
    ELEMENT_TYPE: true,
    DETACHED_BUFFER: true,
    INPUT_DETACHED: true,
    OPTION_TYPE: true,
    OPTION_UNKNOWN: true,
    DEPTH_INVALID: true,
    CHANNELS_INVALID: true,
    SIZE_TOO_LARGE: true,
    DTYPE_INVALID: true,
    LAYOUT_INVALID: true,
    ALGORITHM_INVALID: true,
    LENGTHS_TYPE: true,
    LENGTHS_COUNT: true,
    LENGTHS_RANGE: true,
    BASEPOINT_TYPE: true,
    BASEPOINT_SHAPE: true,
    INITIAL_TYPE: true,
    INITIAL_SHAPE: true,
    INITIAL_SCALAR: true,
    COTANGENT_TYPE: true,
    COTANGENT_SHAPE: true,
    OUT_TYPE: true,
    OUT_LENGTH: true,
    NOT_FINITE: true,
    NOT_REPRESENTABLE: true,
    LEVEL_INVALID: true,
    WORD_INVALID: true,
    VARIANT_INVALID: true,
    VARIANT_UNSUPPORTED: true,
    SIMD_UNSUPPORTED: true,
    SOURCE_TYPE: true,
    SOURCE_MISSING: true,
    INIT_FAILED: true,
    OUT_OF_MEMORY: true,
    INTERNAL: true,
  };
  const missing = Object.keys(every).filter((code) => !codesSeen.has(code as PathSignatureErrorCode));
  expect(missing, "codes that no test causes").toEqual([]);
});
