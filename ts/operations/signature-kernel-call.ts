// The calls of signature kernels: two sets of paths, and the options of the scheme.

import { type DTypeIndex, FLOAT32, FLOAT64 } from "../input/arrays.ts";
import { readAugmented } from "../input/augment/paths.ts";
import { Call, type Changes } from "../input/call.ts";
import { countOf, describe, failure, rangeError, typeError } from "../input/errors.ts";
import { readLengths } from "../input/lengths.ts";
import { ReadOptions, type ReadOther } from "../input/options.ts";
import { imaginePaths, readPaths } from "../input/paths.ts";
import type { ReadPaths } from "../input/read-paths.ts";
import { describeShape } from "../input/shape.ts";
import type { KernelSchemeOptions, OptionsReader, ReadKernelOptions, ReadOrders } from "./signature-kernel-options.ts";
import { Side } from "./signature-kernel-side.ts";

/** The highest dyadic order that "auto" takes. */
const mostAuto = 7;

/**
 * Nanoseconds of a cell of truncated kernels and of degree 1, 2 and 3, of a channel of it, and of a
 * kernel of points.
 */
const cellCost = [0.5, 0.2, 0.8, 3];
const channelCost = 0.05;
const staticCost = 8;
/** The time of kernels with an exponent for each tile, over that of others. */
const logCost = 1.5;

/** The least dyadic order for |v| up to a bound. */
export function leastOrder(largest: number): number {
  let order = 0;
  while (order < mostAuto && largest > 4 ** order / 4) order++;
  return order;
}

/** A validated call of kernels. Its batch is the paths of x, or the pairs. */
export class KernelCall extends Call {
  readonly x: Side;
  readonly y: Side;
  readonly scheme: ReadKernelOptions;
  /** Pairs (x_i, y_i), instead of all of x with all of y. */
  readonly pairs: boolean;
  /** The number type of the result: with `log` that of the computation, `dtype`, is float64. */
  readonly resultType: DTypeIndex;
  /** Whether kernels of x with x and of y with y are needed, too. */
  needsOwn: boolean;
  /** Kernels that the function needs, over those of x with y. */
  times: number;

  constructor(
    x: Side,
    y: Side,
    options: ReadOptions,
    scheme: ReadKernelOptions,
    pairs: boolean,
    [dtype, resultType]: readonly [DTypeIndex, DTypeIndex],
  ) {
    super(x.paths, options, dtype, 1, undefined, undefined, undefined, [], pairs ? 1 : y.count);
    this.resultType = resultType;
    this.x = x;
    this.y = y;
    this.scheme = scheme;
    this.pairs = pairs;
    this.needsOwn = scheme.normalize;
    // A second matrix, of dyadic orders one higher.
    this.times = scheme.estimateError ? 5 : 1;
  }

  override with({ options }: Changes): KernelCall {
    const changed = Object.assign(new ReadOptions(), this.options, options);
    const { checkFinite } = changed;
    return Object.assign(Object.create(KernelCall.prototype) as KernelCall, this, { options: changed, checkFinite });
  }

  /** Whether y is x, so that half of the kernels are enough. */
  get isSymmetric(): boolean {
    return this.x === this.y;
  }

  /** How many kernels there are, about. */
  get kernels(): number {
    const { x, y, pairs, isSymmetric, times } = this;
    return times * (pairs ? x.count : (x.count * y.count) / (isSymmetric ? 2 : 1));
  }

  /** Nanoseconds on one thread. */
  get nanoseconds(): number {
    const { x, y, scheme, dtype, channels } = this;
    const refined = this.cells(scheme.orders) * (cellCost[scheme.degree] as number);
    const plain = channels * channelCost + (scheme.kernel.isLinear ? 0 : staticCost);
    const cells = this.kernels * x.meanLength * y.meanLength;
    return cells * (plain + refined) * (dtype === FLOAT32 ? 1 : 2) * (scheme.log ? logCost : 1);
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
    const [x, y] = [this.x.bounds(kernel).most, this.y.bounds(kernel).most];
    const order = leastOrder(this.needsOwn ? Math.max(x, y) ** 2 : x * y);
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

/** Names of the arguments of a side, in errors. */
interface SideNames {
  readonly name: "x" | "y";
  readonly lengths: string;
  readonly augment: string;
  readonly mask: string;
}

/** One side, with its augmentations. */
function readSide(
  names: SideNames,
  paths: ReadPaths,
  options: ReadOptions,
  dtype: DTypeIndex,
  given: { readonly lengths: unknown; readonly augment: unknown; readonly mask: unknown },
): Side {
  const { augment, mask } = given;
  const lengths = readLengths(given.lengths, paths, `options.${names.lengths}`);
  if (augment === undefined && mask === undefined) return new Side(names.name, paths, lengths, dtype);
  const raw = new Call(paths, options, dtype, 1, lengths, undefined, undefined);
  const own = { augment: `options.${names.augment}`, mask: `options.${names.mask}` };
  const augmented = readAugmented(raw, augment, mask, own);
  return new Side(names.name, augmented.paths, augmented.lengths, dtype);
}

/** @param y - absent: x */
export function makeCall(
  x: ReadPaths,
  y: ReadPaths | undefined,
  options: readonly [ReadOptions, ReadKernelOptions],
  pairs: boolean,
): KernelCall {
  const [given, scheme] = options;
  const suggested = x.dtype === FLOAT32 && (y?.dtype ?? FLOAT32) === FLOAT32 ? FLOAT32 : FLOAT64;
  const resultType = given.dtype === -1 ? suggested : given.dtype;
  const dtype = scheme.log ? FLOAT64 : resultType;
  const { augment, mask } = given;
  const { xLengths, yLengths, yAugment, yMask } = scheme;
  const names: SideNames = { name: "x", lengths: "xLengths", augment: "augment", mask: "mask" };
  const first = readSide(names, x, given, dtype, { lengths: xLengths, augment, mask });
  if (y === undefined)
    for (const name of ["yLengths", "yAugment", "yMask"] as const)
      if (scheme[name] !== undefined)
        throw typeError("OPTION_UNKNOWN", `options.${name}`, describe(scheme[name]), "absent where there is no y");
  const own: SideNames = {
    name: "y",
    lengths: "yLengths",
    augment: yAugment === undefined ? "augment" : "yAugment",
    mask: yMask === undefined ? "mask" : "yMask",
  };
  const second =
    y === undefined
      ? first
      : readSide(own, y, given, dtype, { lengths: yLengths, augment: yAugment ?? augment, mask: yMask ?? mask });
  const { channels } = first.paths;
  if (second.paths.channels !== channels) {
    const isAugmented = augment !== undefined || yAugment !== undefined;
    const what = isAugmented ? "augmented paths" : "paths";
    throw rangeError(
      "KERNEL_SHAPE",
      "y",
      `${what} of ${countOf(second.paths.channels, "channel")}`,
      `of ${countOf(channels, "channel")}, as x is`,
    );
  }
  if (y !== undefined && pairs && (y.lead.length !== x.lead.length || y.lead.some((n, i) => n !== x.lead[i]))) {
    const accepted = x.lead.length === 0 ? "one path, as x is" : `a batch of shape ${describeShape(x.lead)}, as x is`;
    const what = y.lead.length === 0 ? "one path" : `a batch of shape ${describeShape(y.lead)}`;
    throw rangeError("KERNEL_SHAPE", "y", what, accepted);
  }
  const call = new KernelCall(first, second, given, scheme, pairs, [dtype, resultType]);
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
  const { log } = kernels.scheme;
  const isSingle = call.dtype === FLOAT32;
  const ways = log ? "raise dyadicOrder" : `standardise them${isSingle ? ', say dtype: "float64"' : ""}`;
  throw rangeError(
    "KERNEL_OVERFLOW",
    "x",
    `paths with ${log ? "cells" : "kernels"} beyond ${isSingle ? "float32" : "float64"}`,
    `such that they fit: scale the paths down, ${ways}${log === false ? ", or say log: true" : ""}`,
  );
}

/** The error for a kernel that has no logarithm. @param index - of the kernel in the result */
export function notPositive({ pairs, y }: KernelCall, index: number): Error {
  const [i, j] = pairs ? [index, index] : [Math.floor(index / y.count), index % y.count];
  return rangeError(
    "KERNEL_NOT_POSITIVE",
    "x",
    `path ${i} of x and path ${j} of ${y.name}, whose kernel is not`,
    "such that all kernels are positive, or say checkFinite: false for NaN",
    { index },
  );
}
