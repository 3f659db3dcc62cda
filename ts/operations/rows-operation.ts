// Operations on rows of the truncated tensor algebra, shape (…batch, size): reading their
// arguments, and their common descriptor. One row may be shared by the whole batch.

import { type DType, FLOAT32, FLOAT64, KIND_FLOAT32, kindOf, type Numbers, type NumericView } from "../input/arrays.ts";
import { Call, shapeOf } from "../input/call.ts";
import { checkIsCotangent, isOptions } from "../input/cotangent.ts";
import { describe, rangeError, typeError } from "../input/errors.ts";
import { namesOfRows, type ReadOptions, readOptions } from "../input/options.ts";
import { ReadPaths, type TensorInput } from "../input/paths.ts";
import { ReadRows, type RowsArgument, readRows } from "../input/rows.ts";
import { describeShape, isRow, readShape, readTensorShape } from "../input/shape.ts";
import { sizeInRange } from "../input/size.ts";
import { type GradientTensor, type SignatureOf, SignatureTensor } from "../input/tensor.ts";
import type { DTypeOf } from "../input/types.ts";
import type { Input, Output } from "../run/operation.ts";
import { region } from "../wasm/abi.ts";
import { rowsCost } from "./cost.ts";
import type { Descriptor } from "./descriptor.ts";
import { PreparedRows } from "./prepared-rows.ts";
import { RowsGradient } from "./rows-gradient.ts";

/**
 * Options of the gradients of operations on rows. Unknown options are rejected.
 *
 * @typeParam T - number type of the result.
 */
export interface RowsVjpOptions<T extends DType = DType> {
  /**
   * d, the number of letters of the algebra: a whole number, at least 1.
   *
   * @example channels: 2
   */
  readonly channels: number;
  /**
   * N, the level at which it is truncated: a whole number, at least 1. Rows have d + d² + … + d^N
   * numbers.
   *
   * @example depth: 3 // for 2 channels 2 + 4 + 8 = 14 numbers
   */
  readonly depth: number;
  /**
   * Whether rows include their scalar term. Default false: the term is 1 (for `exp` 0), and results
   * omit theirs.
   *
   * @example scalarTerm: true // for 2 channels at depth 3, rows of 15 numbers
   */
  readonly scalarTerm?: boolean | undefined;
  /**
   * Number type of computation and result. Default: float32 if all rows are Float32Arrays, else
   * float64.
   *
   * @example dtype: "float32"
   */
  readonly dtype?: T | undefined;
  /**
   * Throw for input that is NaN, infinite, or out of the range of float32 if that is the number
   * type. Default true.
   *
   * @example checkFinite: false
   */
  readonly checkFinite?: boolean | undefined;
}

/**
 * Options of operations on rows. Unknown options are rejected.
 *
 * @typeParam T - number type of the result.
 */
export interface RowsOptions<T extends DType = DType> extends RowsVjpOptions<T> {
  /**
   * Array for the result, of its number type and exact length, (…batch, size) row by row; `data` of
   * the result is then this array.
   *
   * @example out: new Float64Array(32 * signatureSize(2, 3)) // for 32 rows
   */
  readonly out?: Float32Array | Float64Array | undefined;
}

/**
 * Rows: a tensor `{ data, shape }` (or `dims`) of shape (…batch, size), such as results of this
 * library; nested arrays (batch, size); or the numbers of one row. `size` is
 * `signatureSize(channels, depth, { scalarTerm })`.
 */
export type Rows = TensorInput | NumericView | readonly number[] | readonly (readonly number[] | NumericView)[];

/** The number type that an argument suggests. */
type Suggested<A> = A extends Float32Array
  ? "float32"
  : A extends Float64Array | readonly number[]
    ? "float64"
    : DTypeOf<A>;

/**
 * The number type of a result, if the option `dtype` does not say it: float32 if both operands
 * suggest it.
 */
export type RowsDType<A, B = A> = [Suggested<A>] extends ["float64"]
  ? "float64"
  : [Suggested<B>] extends ["float64"]
    ? "float64"
    : Suggested<A> | Suggested<B>;

/** The result: (…batch, size) numbers, with views by level and word as signatures have them. */
export type RowsOf<T extends DType> = SignatureOf<T, false>;

/** The regions of the cotangents and of the gradients of the operands. */
const COTANGENTS = 4;
const GRADIENTS = 6;

const letters = ["a", "b"] as const;

/** Gradients have nowhere to go but new arrays. */
const namesOfVjp = /* @__PURE__ */ namesOfRows.filter((option) => option !== "out");

const operandInput = (i: number): Input => ({
  region: i,
  per: "item",
  of: ({ operands }) => operands[i],
  width: ({ row }) => row,
  name: letters[i] as string,
  noun: "index",
  checked: "before",
});

const argumentOf = (name: string): RowsArgument => ({
  name,
  type: "ROWS_TYPE",
  shape: "ROWS_SHAPE",
  forms: "a tensor { data, shape } of shape (…batch, size), nested arrays (batch, size), or the numbers of one row",
});

/** Leading dimensions of rows; none for a single one. */
function leadOf(value: unknown, { name, type, forms }: RowsArgument): readonly number[] {
  if (kindOf(value) !== -1) return [];
  if (Array.isArray(value)) return value.length > 0 && isRow(value[0]) ? [value.length] : [];
  if (typeof value !== "object" || value === null) throw typeError(type, name, describe(value), forms);
  return readTensorShape(value, name, type, forms).slice(0, -1);
}

/** The dimensions of a batch of which each argument has all or none. */
function leadOfAll(values: readonly unknown[], names: readonly string[], row: number): readonly number[] {
  let lead: readonly number[] = [];
  for (const [i, value] of values.entries()) {
    const argument = argumentOf(names[i] as string);
    const own = leadOf(value, argument);
    if (own.length === 0) continue;
    if (lead.length > 0 && (own.length !== lead.length || own.some((n, k) => n !== lead[k]))) {
      const accepted = `of shape (${row}) or ${describeShape([...lead, row])}, as ${names[0]} is`;
      throw rangeError("ROWS_SHAPE", argument.name, `a batch of shape ${describeShape(own)}`, accepted);
    }
    lead = own;
  }
  return lead;
}

const isFloat32 = (value: unknown): boolean => kindOf(value) === KIND_FLOAT32;

const suggestsFloat32 = (value: unknown): boolean =>
  isFloat32(value) ||
  (Array.isArray(value) && value.length > 0 && value.every(isFloat32)) ||
  (typeof value === "object" && value !== null && isFloat32((value as { data?: unknown }).data));

const noNumbers = new Float32Array(0);

const sizeOf = ({ channels, depth }: ReadOptions): number => sizeInRange(channels, depth, "options.depth");

/** A call without operands. */
export function callOf(options: ReadOptions, lead: readonly number[], single: boolean): Call {
  const { channels } = options;
  const size = sizeOf(options);
  const dtype = options.dtype === -1 ? (single ? FLOAT32 : FLOAT64) : options.dtype;
  const batch = lead.reduce((product, n) => product * n, 1);
  const items = new ReadPaths(noNumbers, KIND_FLOAT32, lead, batch, 0, channels, dtype, undefined);
  return new Call(items, options, dtype, size, undefined, undefined, undefined);
}

/**
 * A call whose operands are rows of equal width. @param width - default: that of the result, which
 * is a row of the algebra
 */
export function readRowsCall(
  values: readonly unknown[],
  names: readonly string[],
  options: ReadOptions,
  width = sizeOf(options) + (options.scalarTerm ? 1 : 0),
): Call {
  const lead = leadOfAll(values, names, width);
  const call = callOf(options, lead, values.every(suggestsFloat32));
  const operands = values.map((value, i) => readRows(value, call.paths, width, width, argumentOf(names[i] as string)));
  return call.with({ operands });
}

/**
 * A call whose arguments, so many, all have the same shape, without numbers. @param widthOf -
 * numbers of a row; default: those of the result, as for `readRowsCall`
 */
export function imagineRowsCall(
  sizes: unknown,
  count: number,
  read: (options: unknown) => ReadOptions,
  widthOf?: (options: ReadOptions) => number | undefined,
): Call {
  if (typeof sizes !== "object" || sizes === null)
    throw typeError("OPTION_TYPE", "sizes", describe(sizes), "an object with shape, channels and depth");
  const { shape, ...rest } = sizes as { shape?: unknown };
  const options = read(rest);
  const lengths = readShape(shape, "shape", "ROWS_TYPE");
  const call = callOf(options, lengths.slice(0, -1), true);
  const row = widthOf?.(options) ?? call.row;
  if (lengths.at(-1) !== row)
    throw rangeError("ROWS_SHAPE", "shape", describeShape(lengths), `(…batch, ${row}), as channels and depth say`);
  return call.with({ operands: new Array(count).fill(new ReadRows(noNumbers, KIND_FLOAT32, row, row)) });
}

/** Specification of an operation on rows. */
interface RowsOperation {
  readonly name: string;
  /** Operation code in the head of a task; `vjp` is that of the gradients. */
  readonly code: number;
  readonly vjp: number;
  /** Number of operands: a, or a and b. */
  readonly operands: 1 | 2;
  /** Cost, in products of levels. */
  readonly products: number;
  /** Scalar terms for which the operation is defined: a predicate and its description. */
  readonly scalars?: readonly [isValid: (scalar: number) => boolean, accepted: string];
}

/** Throws for the first scalar term for which an operation is not defined. */
function checkScalars({ scalars }: RowsOperation, call: Call): void {
  const [a] = call.operands;
  if (scalars === undefined || !call.options.scalarTerm || a === undefined) return;
  const [isValid, accepted] = scalars;
  const end = a.stride === 0 ? a.width : call.batch * a.width;
  for (let at = 0; at < end; at += a.width) {
    const scalar = call.dtype === FLOAT32 ? Math.fround(Number(a.view[at])) : Number(a.view[at]);
    if (Number.isFinite(scalar) && !isValid(scalar))
      throw rangeError("SCALAR_TERM_INVALID", "a", `the scalar term ${scalar} of row ${at / a.width}`, accepted);
  }
}

const wrap = (call: Call, data: Numbers) =>
  new SignatureTensor(
    data,
    shapeOf(call),
    call.dtype,
    call.channels,
    call.depth,
    call.options.scalarTerm,
    false,
    undefined,
  );

/** The descriptor of an operation on rows. */
export function rowsOperation(given: RowsOperation): Descriptor {
  const { name, code, operands, products } = given;
  const names = letters.slice(0, operands);
  const rows: Output = { region: region.OUT, per: "step", width: ({ row }) => row };
  return {
    name,
    label: "",
    kernel: { code, options: ({ bits }) => bits, inputs: names.map((_, i) => operandInput(i)), outputs: [rows] },
    read(args, _readers, other) {
      const last = letters[operands - 1] as string;
      if (args[operands] === undefined && isOptions(args[operands - 1]))
        throw typeError("ROWS_TYPE", last, `the options: ${last} comes before them`, argumentOf(last).forms);
      const call = readRowsCall(args.slice(0, operands), names, readOptions(args[operands], other, namesOfRows));
      checkScalars(given, call);
      return call;
    },
    imagine: (sizes, other) => imagineRowsCall(sizes, operands, (given) => readOptions(given, other, namesOfRows)),
    prepare: (call) => new PreparedRows(call, wrap),
    cost: (call) => rowsCost(call, products),
    explain: () => [],
    coalesces: true,
  };
}

/** The descriptor of the gradients of an operation on rows. */
export function rowsVjpOperation(given: RowsOperation): Descriptor {
  const { name, vjp, operands, products } = given;
  const names = letters.slice(0, operands);
  const inputs = names.map((_, i) => operandInput(i));
  const cotangents: Input = {
    region: COTANGENTS,
    per: "step",
    of: (call) => call.operands[operands],
    width: ({ row }) => row,
    name: "cotangent",
    noun: "index",
    checked: "before",
  };
  return {
    name: `${name}Vjp`,
    label: "gradients of ",
    kernel: {
      code: vjp,
      options: ({ bits }) => bits,
      inputs: [...inputs, cotangents],
      outputs: inputs.map((of, i) => ({ region: GRADIENTS + i, per: "item", width: ({ row }) => row, of })),
    },
    read(args, readers, other) {
      checkIsCotangent(args[operands]);
      const options = readOptions(args[operands + 1], other, namesOfVjp);
      const call = readRowsCall(args.slice(0, operands), names, options);
      checkScalars(given, call);
      return call.with({ operands: [...call.operands, readers.cotangent(args[operands], call)] });
    },
    imagine: (sizes, other) => imagineRowsCall(sizes, operands + 1, (given) => readOptions(given, other, namesOfVjp)),
    prepare(call) {
      const gradients = names.map((_, i) => new RowsGradient(call, call.operands[i] as ReadRows, call.row));
      return {
        sinks: gradients.map(({ sink }) => sink),
        checksFirst: false,
        result: () => Object.fromEntries(gradients.map((gradient, i) => [names[i], gradient.tensor()])),
      };
    },
    cost: (call) => rowsCost(call, 3 * products),
    explain: () => [],
    coalesces: false,
  };
}

/**
 * Gradients of an operation with one operand, and with two. That of a shared row is the sum over
 * all.
 */
export interface RowsGradients<T extends DType> {
  readonly a: GradientTensor<T>;
}
export interface TwoRowsGradients<T extends DType> extends RowsGradients<T> {
  readonly b: GradientTensor<T>;
}
