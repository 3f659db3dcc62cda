// `signatureToLogSignature`, `logSignatureToSignature` and their gradients: the public functions
// and their descriptors.

import { type DType, type DTypeIndex, FLOAT32, type Kind, type Numbers } from "../input/arrays.ts";
import { type Call, shapeOf } from "../input/call.ts";
import { checkIsCotangent } from "../input/cotangent.ts";
import { type OptionName, ReadOptions, type ReadOther, readOptions } from "../input/options.ts";
import { ReadRows } from "../input/rows.ts";
import { type GradientTensor, type SignatureOf, SignatureTensor } from "../input/tensor.ts";
import type { Input } from "../run/operation.ts";
import { LOG_BASIS, region } from "../wasm/abi.ts";
import type { Runtime } from "../wasm/runtime.ts";
import { bind } from "./bind.ts";
import { rowsCost } from "./cost.ts";
import { type Descriptor, type Steps, step } from "./descriptor.ts";
import { basisOf } from "./log-signature.ts";
import { bases, checkTables, countCoordinates, type LogSignatureBasis, readBasis } from "./log-signature-labels.ts";
import { type LogSignatureOf, LogSignatureTensor } from "./log-signature-tensor.ts";
import { PreparedRows } from "./prepared-rows.ts";
import { RowsGradient } from "./rows-gradient.ts";
import {
  callOf,
  imagineRowsCall,
  type Rows,
  type RowsDType,
  type RowsGradients,
  type RowsOptions,
  type RowsVjpOptions,
  readRowsCall,
} from "./rows-operation.ts";
import type { Cotangent } from "./signature-vjp.ts";

/** Options of gradients of the conversions. Unknown options are rejected. */
export interface LogSignatureRowsVjpOptions<T extends DType = DType> extends Omit<RowsVjpOptions<T>, "scalarTerm"> {
  /**
   * The basis of the log-signatures. Default "words".
   *
   * @example basis: "lyndon"
   */
  readonly basis?: LogSignatureBasis | undefined;
}

/** Options of the conversions: those of their gradients, and `out`. */
export interface LogSignatureRowsOptions<T extends DType = DType>
  extends LogSignatureRowsVjpOptions<T>,
    Pick<RowsOptions, "out"> {}

/** The type of `signatureToLogSignature`. */
export interface SignatureToLogSignatureFunction {
  /**
   * Log-signatures of signatures. Reads their coefficients at words that the logarithm of a
   * signature depends on, so rows have to be signatures: of others, such as averages of signatures,
   * `log` of `path-signature/algebra` is the logarithm. Rows of shape (…batch, size) give (…batch,
   * row).
   *
   * @param a - signatures without scalar terms: a tensor (…batch, size), nested arrays (batch,
   *   size), or the numbers of one.
   * @returns log-signatures (…batch, row).
   * @throws PathSignatureError ROWS_TYPE, ROWS_SHAPE, SHAPE_INVALID, SHAPE_MISMATCH,
   *   CHANNELS_INVALID, DEPTH_INVALID, SIZE_TOO_LARGE, BASIS_INVALID, NOT_FINITE and others. After
   *   an error `out` is unchanged, and the next call works.
   *
   * @example
   * signatureToLogSignature([1, 1, 0.5, 1, 0, 0.5], { channels: 2, depth: 2 }).data; // [1, 1, 0.5]
   */
  <A extends Rows, T extends DType = RowsDType<A>>(a: A, options: LogSignatureRowsOptions<T>): LogSignatureOf<T, false>;
}

/** The type of `logSignatureToSignature`. */
export interface LogSignatureToSignatureFunction {
  /**
   * Signatures of log-signatures: the exponential of what the coordinates stand for. Rows of shape
   * (…batch, row) give (…batch, size).
   *
   * @param a - log-signatures in the basis of the options, as the rows of
   *   `signatureToLogSignature`.
   * @returns signatures (…batch, size), without scalar terms.
   * @throws PathSignatureError as `signatureToLogSignature`
   *
   * @example
   * logSignatureToSignature([1, 1, 0.5], { channels: 2, depth: 2 }).data; // [1, 1, 0.5, 1, 0, 0.5]
   */
  <A extends Rows, T extends DType = RowsDType<A>>(a: A, options: LogSignatureRowsOptions<T>): SignatureOf<T, false>;
}

/** The type of `signatureToLogSignatureVjp`. */
export interface SignatureToLogSignatureVjpFunction {
  /**
   * Gradients of a function of `signatureToLogSignature(a)`: from ∂f/∂result, the cotangent, to
   * ∂f/∂a, of shape (…batch, size).
   *
   * @param a - (…batch, size), as for `signatureToLogSignature`.
   * @param cotangent - numbers of the result's shape.
   * @param options - those of `signatureToLogSignature` without `out`.
   * @returns `{ a }`, a tensor with the shape of that argument.
   * @throws PathSignatureError as for `signatureToLogSignature`, and COTANGENT_TYPE,
   *   COTANGENT_SHAPE.
   *
   * @example
   * signatureToLogSignatureVjp([1, 1, 0.5, 1, 0, 0.5], [0, 0, 1], { channels: 2, depth: 2
   * }).a.data;
   */
  <A extends Rows, T extends DType = RowsDType<A>>(
    a: A,
    cotangent: Cotangent,
    options: LogSignatureRowsVjpOptions<T>,
  ): RowsGradients<T>;
}

/** The type of `logSignatureToSignatureVjp`. */
export interface LogSignatureToSignatureVjpFunction {
  /**
   * Gradients of a function of `logSignatureToSignature(a)`: from ∂f/∂result, the cotangent, to
   * ∂f/∂a, of shape (…batch, row).
   *
   * @param a - (…batch, row), as for `logSignatureToSignature`.
   * @param cotangent - numbers of the result's shape.
   * @param options - those of `logSignatureToSignature` without `out`.
   * @returns `{ a }`, a tensor with the shape of that argument.
   * @throws PathSignatureError as for `logSignatureToSignature`, and COTANGENT_TYPE,
   *   COTANGENT_SHAPE.
   *
   * @example
   * logSignatureToSignatureVjp([1, 1, 0.5], [0, 0, 0, 1, 0, 0], { channels: 2, depth: 2 }).a.data;
   */
  <A extends Rows, T extends DType = RowsDType<A>>(
    a: A,
    cotangent: Cotangent,
    options: LogSignatureRowsVjpOptions<T>,
  ): RowsGradients<T>;
}

const names: readonly OptionName[] = ["channels", "depth", "dtype", "out", "checkFinite"];
const namesOfVjp = /* @__PURE__ */ names.filter((name) => name !== "out");

const COTANGENTS = 4;
const GRADIENTS = 6;

/** Specification of a conversion: its name, codes, and widths of what is given and made. */
interface Conversion {
  readonly name: string;
  readonly code: number;
  readonly vjp: number;
  readonly toSignature: boolean;
}

const coordinates = (call: Call): number => countCoordinates(call.channels, call.depth, basisOf(call));

/** The call of a conversion, whose rows are of the result. */
const convertedCall = (call: Call, { toSignature }: Conversion): Call =>
  call.with({ row: toSignature ? call.size : coordinates(call) });

/** Reads options; the basis is among them. */
function readOwn(options: unknown, known: typeof names, other?: ReadOther): ReadOptions {
  let basis: LogSignatureBasis = "words";
  const given = readOptions(
    options,
    (name, value) => {
      if (name !== "basis") return other?.(name, value) ?? false;
      basis = readBasis(value, "options.basis");
      return true;
    },
    known,
  );
  const { channels, depth } = given;
  checkTables(channels, depth, "options.depth");
  given.algorithm = bases.indexOf(basis) * LOG_BASIS;
  return given;
}

/** Numbers of a given row. */
const widthOf = (given: ReadOptions, { toSignature }: Conversion): number | undefined =>
  toSignature ? countCoordinates(given.channels, given.depth, basisOf({ options: given })) : undefined;

function read(conversion: Conversion, a: unknown, options: unknown, known: typeof names, other?: ReadOther): Call {
  const given = readOwn(options, known, other);
  return convertedCall(readRowsCall([a], ["a"], given, widthOf(given, conversion)), conversion);
}

function imagine(conversion: Conversion, sizes: unknown, known: typeof names, other?: ReadOther): Call {
  const own = (options: unknown) => readOwn(options, known, other);
  return convertedCall(
    imagineRowsCall(sizes, 1, own, (given) => widthOf(given, conversion)),
    conversion,
  );
}

const rowsInput = ({ toSignature }: Conversion): Input => ({
  region: 0,
  per: "item",
  of: ({ operands }) => operands[0],
  width: (call) => (toSignature ? coordinates(call) : call.size),
  name: "a",
  noun: "index",
  checked: "before",
});

function operation<R>(conversion: Conversion, wrap: (call: Call, data: Numbers) => R): Descriptor<R> {
  const { name, code } = conversion;
  return {
    name,
    label: "",
    kernel: {
      code,
      options: ({ bits }) => bits,
      inputs: [rowsInput(conversion)],
      outputs: [{ region: region.OUT, per: "step", width: ({ row }) => row }],
    },
    read: ([a, options], _readers, other) => read(conversion, a, options, names, other),
    imagine: (sizes, other) => imagine(conversion, sizes, names, other),
    prepare: (call) => new PreparedRows(call, wrap),
    cost: (call) => rowsCost(call, 1),
    explain: () => [],
    coalesces: true,
  };
}

function vjpOperation(conversion: Conversion): Descriptor<{ readonly a: GradientTensor }> {
  const input = rowsInput(conversion);
  const cotangents: Input = {
    region: COTANGENTS,
    per: "step",
    of: ({ operands }) => operands[1],
    width: ({ row }) => row,
    name: "cotangent",
    noun: "index",
    checked: "before",
  };
  return {
    name: `${conversion.name}Vjp`,
    label: "gradients of ",
    kernel: {
      code: conversion.vjp,
      options: ({ bits }) => bits,
      inputs: [input, cotangents],
      outputs: [{ region: GRADIENTS, per: "item", width: input.width, of: input }],
    },
    read([a, cotangent, options], readers, other) {
      checkIsCotangent(cotangent);
      const call = read(conversion, a, options, namesOfVjp, other);
      return call.with({ operands: [...call.operands, readers.cotangent(cotangent, call)] });
    },
    imagine(sizes, other) {
      const call = imagine(conversion, sizes, namesOfVjp, other);
      return call.with({
        operands: [...call.operands, new ReadRows(new Float32Array(0), FLOAT32, call.row, call.row)],
      });
    },
    prepare(call) {
      const gradient = new RowsGradient(call, call.operands[0] as ReadRows, input.width(call));
      return { sinks: [gradient.sink], checksFirst: false, result: () => ({ a: gradient.tensor() }) };
    },
    cost: (call) => rowsCost(call, 3),
    explain: () => [],
    coalesces: false,
  };
}

const toLog: Conversion = { name: "signatureToLogSignature", code: 5, vjp: 7, toSignature: false };
const toSignature: Conversion = { name: "logSignatureToSignature", code: 6, vjp: 8, toSignature: true };

const wrapLog = (call: Call, data: Numbers): LogSignatureTensor<DType> =>
  new LogSignatureTensor(data, shapeOf(call), call.dtype, call.channels, call.depth, basisOf(call), false);
const wrapSignature = (call: Call, data: Numbers): SignatureTensor<DType> =>
  new SignatureTensor(data, shapeOf(call), call.dtype, call.channels, call.depth, false, false, undefined);

export const signatureToLogSignatureOperation = /* @__PURE__ */ operation(toLog, wrapLog);
export const signatureToLogSignatureVjpOperation = /* @__PURE__ */ vjpOperation(toLog);
export const logSignatureToSignatureOperation = /* @__PURE__ */ operation(toSignature, wrapSignature);
export const logSignatureToSignatureVjpOperation = /* @__PURE__ */ vjpOperation(toSignature);

/**
 * The gradients of signatures that follow from those of their log-signatures: rows of a call of
 * paths.
 */
export function* signatureCotangents(
  { channels, depth, options, batch, rows, size, checkFinite }: Call,
  dtype: DTypeIndex,
  signatures: Numbers,
  cotangents: ReadRows,
): Steps<Numbers> {
  const given = Object.assign(new ReadOptions(), {
    channels,
    depth,
    dtype,
    checkFinite,
    algorithm: options.algorithm & (3 * LOG_BASIS),
  });
  const operands = [new ReadRows(signatures, dtype as Kind, size, size), cotangents];
  const call = convertedCall(callOf(given, [batch * rows], false), toLog).with({ operands });
  return (yield* step(signatureToLogSignatureVjpOperation, call)).a.data as Numbers;
}

/** Log-signatures in the basis "words" of the results of a call for signatures. */
export function* logarithmsOf(
  { channels, depth, batch, dtype, size, checkFinite }: Call,
  signatures: Numbers,
): Steps<Numbers> {
  const given = Object.assign(new ReadOptions(), { channels, depth, dtype, checkFinite });
  const operands = [new ReadRows(signatures, dtype as Kind, size, size)];
  const call = convertedCall(callOf(given, [batch], false), toLog).with({ operands });
  return (yield* step(signatureToLogSignatureOperation, call)).data as Numbers;
}

/** Makes `signatureToLogSignature` for a runtime. */
export const bindSignatureToLogSignature = (runtime: Runtime): SignatureToLogSignatureFunction =>
  bind(runtime, signatureToLogSignatureOperation) as unknown as SignatureToLogSignatureFunction;

/** Makes `signatureToLogSignatureVjp` for a runtime. */
export const bindSignatureToLogSignatureVjp = (runtime: Runtime): SignatureToLogSignatureVjpFunction =>
  bind(runtime, signatureToLogSignatureVjpOperation) as unknown as SignatureToLogSignatureVjpFunction;

/** Makes `logSignatureToSignature` for a runtime. */
export const bindLogSignatureToSignature = (runtime: Runtime): LogSignatureToSignatureFunction =>
  bind(runtime, logSignatureToSignatureOperation) as unknown as LogSignatureToSignatureFunction;

/** Makes `logSignatureToSignatureVjp` for a runtime. */
export const bindLogSignatureToSignatureVjp = (runtime: Runtime): LogSignatureToSignatureVjpFunction =>
  bind(runtime, logSignatureToSignatureVjpOperation) as unknown as LogSignatureToSignatureVjpFunction;
