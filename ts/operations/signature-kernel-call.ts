// The calls of signature kernels: two sets of paths, and the options of the scheme.

import { type DType, type DTypeIndex, FLOAT32, FLOAT64, firstNonFinite } from "../input/arrays.ts";
import { Call } from "../input/call.ts";
import { countOf, describe, failure, rangeError, typeError } from "../input/errors.ts";
import { notFinite } from "../input/finite.ts";
import { readLengths } from "../input/lengths.ts";
import { type Layout, type OptionName, type ReadOptions, type ReadOther, readOptions } from "../input/options.ts";
import { imaginePaths, readPaths } from "../input/paths.ts";
import type { ReadPaths } from "../input/read-paths.ts";
import { describeShape } from "../input/shape.ts";
import { linearKernel, type ReadStaticKernel, readStaticKernel, type StaticKernel } from "./signature-kernel-static.ts";

/**
 * Options of the schemes of signature kernels. Unknown options are rejected.
 *
 * @typeParam T - number type of the result.
 */
export interface KernelSchemeOptions<T extends DType = DType> {
  /**
   * Of the scheme: how many moments of the kernel each edge of the grid carries. 1 is the stencil
   * of sigkernel, pySigLib and KSig; 2, the default, is as accurate at dyadic order 0 as that is at
   * order 5 and more; 3 is for float64 and rough paths.
   *
   * @example degree: 1
   */
  readonly degree?: 1 | 2 | 3 | undefined;
  /**
   * Each step of x is cut into 2^a equal ones and each step of y into 2^b: `[a, b]`, or one number
   * for both. Default "auto": for each pair the least order by which no cell is so large that the
   * scheme loses its accuracy there.
   *
   * @example dyadicOrder: [2, 1]
   */
  readonly dyadicOrder?: number | readonly [number, number] | "auto" | undefined;
  /**
   * The kernel of points, one of `staticKernels`. Default the inner product.
   *
   * @example staticKernel: staticKernels.rbf({ sigma: 1 })
   */
  readonly staticKernel?: StaticKernel | undefined;
  /**
   * Number of points of each path of x, and of y, in the flattened batch. Default all.
   *
   * @example xLengths: [100, 42] // for x of shape (2, 100, channels)
   */
  readonly xLengths?: number | ArrayLike<number> | undefined;
  /**
   * Number of points of each path of y. Default all.
   *
   * @example yLengths: [100, 42]
   */
  readonly yLengths?: number | ArrayLike<number> | undefined;
  /**
   * Whether channels precede points in x and y: "channels-first". Default "channels-last".
   *
   * @example layout: "channels-first" // for (batch, channels, length)
   */
  readonly layout?: Layout | undefined;
  /**
   * Number type of computation and result. Default: float32 if all input is, else float64.
   *
   * @example dtype: "float64"
   */
  readonly dtype?: T | undefined;
  /**
   * Throw for input that is not finite, and for kernels beyond the number type. Default true.
   *
   * @example checkFinite: false
   */
  readonly checkFinite?: boolean | undefined;
}

/**
 * Options of signature kernels.
 *
 * @typeParam T - number type of the result.
 */
export interface KernelOptions<T extends DType = DType> extends KernelSchemeOptions<T> {
  /**
   * k(x, y) / √(k(x, x) k(y, y)). Default false.
   *
   * @example normalize: true // k(x, x) is 1
   */
  readonly normalize?: boolean | undefined;
  /**
   * Compute each kernel at one dyadic order more, too, and estimate its error from the two. Default
   * false.
   *
   * @example estimateError: true
   */
  readonly estimateError?: boolean | undefined;
  /**
   * Array for the result, of its number type and exact length; `data` of the result is then this
   * array.
   *
   * @example out: new Float64Array(64 * 64) // for a Gram matrix of 64 paths
   */
  readonly out?: Float32Array | Float64Array | undefined;
}

/** The highest dyadic order that can be given, and that "auto" takes. */
const mostOrder = 12;
const mostAuto = 7;

/** One of the two sets of paths. */
export class Side {
  readonly name: "x" | "y";
  readonly paths: ReadPaths;
  readonly lengths: Uint32Array | undefined;
  #order: Uint32Array | undefined;
  #bounds: { readonly of: ReadStaticKernel; readonly each: Float64Array; readonly most: number } | undefined;

  constructor(name: "x" | "y", paths: ReadPaths, lengths: Uint32Array | undefined) {
    this.name = name;
    this.paths = paths;
    this.lengths = lengths;
  }

  get count(): number {
    return this.paths.batch;
  }

  /** Points of a path, and the index of its first number. */
  lengthOf(i: number): number {
    return this.lengths === undefined ? this.paths.points : (this.lengths[i] as number);
  }
  startOf(i: number): number {
    const { starts, points, channels } = this.paths;
    return (starts === undefined ? i * points : (starts[i] as number)) * channels;
  }

  /** Points that are there on average. */
  get meanLength(): number {
    const { lengths } = this;
    if (lengths === undefined || lengths.length === 0) return this.paths.points;
    return lengths.reduce((sum, n) => sum + n, 0) / lengths.length;
  }

  /** The paths in the order of their lengths, so that those in lanes are alike. */
  get order(): Uint32Array | undefined {
    const { lengths } = this;
    if (lengths === undefined) return undefined;
    this.#order ??= Uint32Array.from(lengths.keys()).sort(
      (a, b) => (lengths[a] as number) - (lengths[b] as number) || a - b,
    );
    return this.#order;
  }

  /**
   * The largest step of each path in the space of a static kernel; |v| of a cell is at most the
   * product of two. And the largest of all.
   */
  bounds(kernel: ReadStaticKernel): { readonly each: Float64Array; readonly most: number } {
    if (this.#bounds?.of === kernel) return this.#bounds;
    const each = new Float64Array(this.count);
    let most = 0;
    const isThere = this.paths.view.length > 0;
    for (let i = 0; isThere && i < each.length; i++) {
      const bound = Math.sqrt(this.#largestStep(i, kernel));
      // Other numbers are an error, which is found by their kernel.
      if (Number.isFinite(bound)) each[i] = bound;
      if ((each[i] as number) > most) most = each[i] as number;
    }
    this.#bounds = { of: kernel, each, most };
    return this.#bounds;
  }

  /** The largest k(p, p) − 2 k(p, q) + k(q, q) of consecutive points p and q of a path. */
  #largestStep(i: number, kernel: ReadStaticKernel): number {
    const { channels } = this.paths;
    const view = this.paths.view as ArrayLike<number>;
    const [first, end] = [this.startOf(i), this.startOf(i) + (this.lengthOf(i) - 1) * channels];
    const { isLinear, isRadial, value } = kernel;
    let largest = 0;
    for (let at = first; at < end; at += channels) {
      let [pp, pq, qq, rr] = [0, 0, 0, 0];
      for (let c = at; c < at + channels; c++) {
        const [p, q] = [Number(view[c]), Number(view[c + channels])];
        rr += (q - p) * (q - p);
        if (isLinear || isRadial) continue;
        pp += p * p;
        pq += p * q;
        qq += q * q;
      }
      const step = isLinear ? rr : isRadial ? 2 * (value(0) - value(rr)) : value(pp) - 2 * value(pq) + value(qq);
      // NaN, too.
      if (!(step <= largest)) largest = step;
    }
    return isLinear ? value(largest) : largest;
  }

  /** Checks whether all numbers are finite, in parts of `numbers`. */
  *checks(dtype: DTypeIndex, numbers: number): Generator<void> {
    const { paths } = this;
    for (let i = 0, left = numbers; i < this.count; i++) {
      const [start, end] = [this.startOf(i), this.startOf(i) + this.lengthOf(i) * paths.channels];
      for (let at = start; at < end; ) {
        const part = Math.min(end - at, left);
        const found = firstNonFinite(paths.view, paths.kind, dtype, at, part);
        if (found >= 0) {
          const point = Math.floor((found - start) / paths.channels);
          const channel = (found - start) % paths.channels;
          throw notFinite(this.name, Number(paths.view[found]), { path: i, point, channel });
        }
        at += part;
        left -= part;
        if (left > 0) continue;
        yield;
        left = numbers;
      }
    }
  }
}

/** Dyadic orders of x and y; "auto": of each pair. */
export type ReadOrders = readonly [number, number] | "auto";

/** Options of kernels as read, besides those of every call. */
export class ReadKernelOptions {
  /** 0: of truncated signatures, whose depth is then the order of x. */
  degree: 0 | 1 | 2 | 3 = 2;
  orders: ReadOrders = "auto";
  kernel: ReadStaticKernel = linearKernel;
  normalize = false;
  estimateError = false;
  xLengths: unknown = undefined;
  yLengths: unknown = undefined;
}

/** Names of the options of every kernel. */
const commonNames = ["staticKernel", "xLengths", "yLengths", "layout", "dtype", "checkFinite"] as const;
const schemeNames = [...commonNames, "degree", "dyadicOrder"] as const;
export type KernelOptionName = (typeof schemeNames)[number] | "normalize" | "estimateError" | "out";

/** The highest depth of truncated kernels. */
const mostDepth = 20;

function readOrders(value: unknown): ReadOrders {
  if (value === undefined || value === "auto") return "auto";
  const isOrder = (n: unknown): n is number => Number.isInteger(n) && (n as number) >= 0 && (n as number) <= mostOrder;
  if (isOrder(value)) return [value, value];
  if (Array.isArray(value) && value.length === 2 && isOrder(value[0]) && isOrder(value[1])) return [value[0], value[1]];
  const accepted = `a whole number from 0 to ${mostOrder}, two of them for x and y, or "auto"`;
  throw rangeError("KERNEL_OPTION", "options.dyadicOrder", describe(value), accepted);
}

const flag = (value: unknown, name: string): boolean => {
  if (value !== undefined && typeof value !== "boolean")
    throw typeError("OPTION_TYPE", `options.${name}`, describe(value), "true or false");
  return value ?? false;
};

/** Reads options. @param names - those besides the options of every kernel */
export function readKernelOptions(
  options: unknown,
  names: readonly KernelOptionName[],
  other: ReadOther | undefined,
  common: readonly KernelOptionName[] = schemeNames,
): readonly [ReadOptions, ReadKernelOptions] {
  const read = new ReadKernelOptions();
  const known: readonly string[] = [...common, ...names];
  const own: ReadOther = (name, value) => {
    if (!known.includes(name)) return other?.(name, value) ?? false;
    switch (name) {
      case "degree":
        if (value !== undefined && value !== 1 && value !== 2 && value !== 3)
          throw rangeError("KERNEL_OPTION", "options.degree", describe(value), "1, 2 or 3");
        read.degree = value ?? 2;
        return true;
      case "dyadicOrder":
        read.orders = readOrders(value);
        return true;
      case "staticKernel":
        read.kernel = readStaticKernel(value);
        return true;
      case "normalize":
      case "estimateError":
        read[name] = flag(value, name);
        return true;
      default:
        read[name as "xLengths"] = value;
        return true;
    }
  };
  return [readOptions(options ?? {}, own, known as readonly OptionName[]), read];
}

/** Options of truncated kernels: a depth, and no scheme. */
export function readTruncatedOptions(
  options: unknown,
  other: ReadOther | undefined,
): readonly [ReadOptions, ReadKernelOptions] {
  let depth: unknown;
  const own: ReadOther = (name, value) => {
    if (name !== "depth") return other?.(name, value) ?? false;
    depth = value;
    return true;
  };
  const read = readKernelOptions(options, ["normalize", "out"], own, commonNames);
  if (!Number.isInteger(depth) || (depth as number) < 1 || (depth as number) > mostDepth)
    throw rangeError("DEPTH_INVALID", "options.depth", describe(depth), `a whole number from 1 to ${mostDepth}`);
  read[1].degree = 0;
  read[1].orders = [depth as number, 0];
  return read;
}

/** A validated call of kernels. Its batch is the paths of x, or the pairs. */
export class KernelCall extends Call {
  readonly x: Side;
  readonly y: Side;
  readonly scheme: ReadKernelOptions;
  /** Pairs (x_i, y_i), instead of all of x with all of y. */
  readonly pairs: boolean;

  constructor(x: Side, y: Side, options: ReadOptions, scheme: ReadKernelOptions, pairs: boolean, dtype: DTypeIndex) {
    super(x.paths, options, dtype, 1, undefined, undefined, undefined, [], pairs ? 1 : y.count);
    this.x = x;
    this.y = y;
    this.scheme = scheme;
    this.pairs = pairs;
  }

  /** Whether y is x, so that half of the kernels are enough. */
  get isSymmetric(): boolean {
    return this.x === this.y;
  }

  /** Cells of a pair of steps at dyadic orders, or as many as take the time of a truncated one. */
  cells(orders: ReadOrders): number {
    const [a, b] = orders === "auto" ? this.orders : orders;
    return this.scheme.degree === 0 ? a ** 3 : 2 ** (a + b);
  }

  /** The shape of the result. */
  get shape(): number[] {
    return this.pairs ? [...this.x.paths.lead] : [this.x.count, this.y.count];
  }

  /** The highest dyadic orders. */
  get orders(): readonly [number, number] {
    const { orders, kernel } = this.scheme;
    if (orders !== "auto") return orders;
    const largest = this.x.bounds(kernel).most * this.y.bounds(kernel).most;
    let order = 0;
    while (order < mostAuto && largest > 4 ** order / 4) order++;
    return [order, order];
  }

  /** Checks of all input. */
  *checks(numbers: number): Generator<void> {
    yield* this.x.checks(this.dtype, numbers);
    if (this.y !== this.x) yield* this.y.checks(this.dtype, numbers);
  }
}

/** Whether an argument is paths, and not options. */
const isPaths = (value: unknown): boolean =>
  Array.isArray(value) ||
  (typeof value === "object" && value !== null && ("data" in value || "shape" in value || "dims" in value));

/** Whether a second argument of a Gram matrix is options, so that y is x. */
export const isSecond = (value: unknown): boolean =>
  value !== undefined && (typeof value !== "object" || isPaths(value));

/** @param y - absent: x */
export function makeCall(
  x: ReadPaths,
  y: ReadPaths | undefined,
  options: readonly [ReadOptions, ReadKernelOptions],
  pairs: boolean,
): KernelCall {
  const [given, scheme] = options;
  const first = new Side("x", x, readLengths(scheme.xLengths, x, "options.xLengths"));
  if (y === undefined && scheme.yLengths !== undefined)
    throw typeError("OPTION_UNKNOWN", "options.yLengths", describe(scheme.yLengths), "absent where there is no y");
  const second = y === undefined ? first : new Side("y", y, readLengths(scheme.yLengths, y, "options.yLengths"));
  if (y !== undefined && y.channels !== x.channels)
    throw rangeError(
      "KERNEL_SHAPE",
      "y",
      `paths of ${countOf(y.channels, "channel")}`,
      `of ${countOf(x.channels, "channel")}, as x is`,
    );
  if (y !== undefined && pairs && (y.lead.length !== x.lead.length || y.lead.some((n, i) => n !== x.lead[i]))) {
    const accepted = x.lead.length === 0 ? "one path, as x is" : `a batch of shape ${describeShape(x.lead)}, as x is`;
    const what = y.lead.length === 0 ? "one path" : `a batch of shape ${describeShape(y.lead)}`;
    throw rangeError("KERNEL_SHAPE", "y", what, accepted);
  }
  const suggested = x.dtype === FLOAT32 && (y?.dtype ?? FLOAT32) === FLOAT32 ? FLOAT32 : FLOAT64;
  const dtype = given.dtype === -1 ? suggested : given.dtype;
  const call = new KernelCall(first, second, given, scheme, pairs, dtype);
  // Such input may not show in a kernel.
  const isHidden = (side: Side) => side.paths.points === 1 || side.lengths?.includes(1) === true;
  if (given.checkFinite && (!scheme.kernel.isLinear || isHidden(first) || isHidden(second)))
    for (const _ of call.checks(Number.POSITIVE_INFINITY));
  return call;
}

/** Reads the arguments of a function of x and y. */
export const readKernelCall = (
  x: unknown,
  y: unknown,
  options: readonly [ReadOptions, ReadKernelOptions],
  pairs: boolean,
): KernelCall => {
  const [{ layout }] = options;
  return makeCall(readPaths(x, layout, "x"), y === undefined ? undefined : readPaths(y, layout, "y"), options, pairs);
};

/** Shapes of x and y, for `explain`. */
export interface KernelSizes extends Omit<KernelSchemeOptions, "xLengths" | "yLengths"> {
  /**
   * (…batch, length, channels) of x.
   *
   * @example shape: [64, 100, 3]
   */
  readonly shape: ArrayLike<number>;
  /**
   * Of y. Default that of x.
   *
   * @example yShape: [32, 80, 3]
   */
  readonly yShape?: ArrayLike<number> | undefined;
}

/** Reads the options of a function. */
export type OptionsReader = (
  options: unknown,
  other: ReadOther | undefined,
) => readonly [ReadOptions, ReadKernelOptions];

/** Options of kernels without what only a matrix of them has. */
export const readSchemeOptions: OptionsReader = (options, other) => readKernelOptions(options, [], other);

/** A call of shapes, without numbers. */
export function imagineKernelCall(
  sizes: unknown,
  pairs: boolean,
  other: ReadOther | undefined,
  read: OptionsReader,
): KernelCall {
  if (typeof sizes !== "object" || sizes === null)
    throw typeError("OPTION_TYPE", "sizes", describe(sizes), "an object with shape");
  const { shape, yShape, ...rest } = sizes as Partial<KernelSizes>;
  const options = read(rest, other);
  const dtype = options[0].dtype === FLOAT64 ? FLOAT64 : FLOAT32;
  const y = yShape === undefined ? (pairs ? shape : undefined) : yShape;
  return makeCall(imaginePaths(shape, dtype), y === undefined ? undefined : imaginePaths(y, dtype), options, pairs);
}

/** The error for a call that does not fit the memory of a thread. */
export function beyondThread(call: Call): Error {
  const { x, y, orders } = call as KernelCall;
  const given = `paths of ${x.paths.points} and ${y.paths.points} points at dyadic orders ${orders.join(" and ")}`;
  return failure("OUT_OF_MEMORY", "x", given, "such that a tile of four paths fits into the memory of a thread");
}

/** Checks after a kernel that is not finite: of the input, and if that is finite, of the range. */
export function* inspectKernels(call: Call, numbers: number): Generator<void> {
  const kernels = call as KernelCall;
  yield* kernels.checks(numbers);
  const isSingle = call.dtype === FLOAT32;
  throw rangeError(
    "KERNEL_OVERFLOW",
    "x",
    `paths with kernels beyond ${isSingle ? "float32" : "float64"}`,
    `such that their kernels fit: scale the paths down, standardise them${isSingle ? ', or say dtype: "float64"' : ""}`,
  );
}
