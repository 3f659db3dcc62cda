// The options of signature kernels.

import type { DType } from "../input/arrays.ts";
import type { Augmentation, Mask } from "../input/augment/types.ts";
import { describe, rangeError, typeError } from "../input/errors.ts";
import { type Layout, type OptionName, type ReadOptions, type ReadOther, readOptions } from "../input/options.ts";
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
   * What is done to each path of x and y first, as for `signature` (docs/augmentations.md).
   * Lengths, gradients and numbers for each point are those of the points that were given.
   *
   * @example augment: ["time", "leadLag"]
   */
  readonly augment?: readonly Augmentation[] | undefined;
  /**
   * Likewise for y, where it differs: other `times`, for example. Default that of x.
   *
   * @example yAugment: [{ time: { times: [0, 0.5, 2] } }]
   */
  readonly yAugment?: readonly Augmentation[] | undefined;
  /**
   * What of the paths is not there, as for `signature`.
   *
   * @example mask: { missing: "nan" }
   */
  readonly mask?: Mask | undefined;
  /**
   * Likewise for y, where it differs. Default that of x.
   *
   * @example yMask: { skip: [0, 1, 0] }
   */
  readonly yMask?: Mask | undefined;
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
   * The natural logarithm of each kernel, also of kernels beyond float64; with `normalize` that of
   * the normalised one. Computed in float64, whatever the number type. A kernel that is not
   * positive throws KERNEL_NOT_POSITIVE; with `checkFinite: false` its logarithm is NaN, or
   * -Infinity. Default false.
   *
   * @example log: true // for long paths
   */
  readonly log?: boolean | undefined;
  /**
   * Compute each kernel at one dyadic order more, too, and estimate its error from the two, with
   * `log` that of the logarithm. Default false.
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

/** The highest dyadic order that can be given. */
const mostOrder = 12;

/** Dyadic orders of x and y; "auto": of each pair. */
export type ReadOrders = readonly [number, number] | "auto";

/** Options of kernels as read, besides those of every call. */
export class ReadKernelOptions {
  /** 0: of truncated signatures, whose depth is then the order of x. */
  degree: 0 | 1 | 2 | 3 = 2;
  orders: ReadOrders = "auto";
  kernel: ReadStaticKernel = linearKernel;
  normalize = false;
  /** Absent: the function has no such option. */
  log: boolean | undefined;
  estimateError = false;
  xLengths: unknown = undefined;
  yLengths: unknown = undefined;
  yAugment: unknown = undefined;
  yMask: unknown = undefined;
}

/** Names of the options of every kernel. */
const commonNames = [
  ...(["staticKernel", "xLengths", "yLengths", "augment", "yAugment", "mask", "yMask"] as const),
  ...(["layout", "dtype", "checkFinite"] as const),
] as const;
const schemeNames = [...commonNames, "degree", "dyadicOrder"] as const;
export type KernelOptionName = (typeof schemeNames)[number] | "normalize" | "log" | "estimateError" | "out";

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
  if (names.includes("log")) read.log = false;
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
      case "log":
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

/** Options of truncated kernels: a depth, and no scheme. @param names - as for others */
export function readTruncatedOptions(
  options: unknown,
  names: readonly KernelOptionName[],
  other: ReadOther | undefined,
): readonly [ReadOptions, ReadKernelOptions] {
  let depth: unknown;
  const own: ReadOther = (name, value) => {
    if (name !== "depth") return other?.(name, value) ?? false;
    depth = value;
    return true;
  };
  const read = readKernelOptions(options, names, own, commonNames);
  if (!Number.isInteger(depth) || (depth as number) < 1 || (depth as number) > mostDepth)
    throw rangeError("DEPTH_INVALID", "options.depth", describe(depth), `a whole number from 1 to ${mostDepth}`);
  read[1].degree = 0;
  read[1].orders = [depth as number, 0];
  return read;
}

/** Reads the options of a function. */
export type OptionsReader = (
  options: unknown,
  other: ReadOther | undefined,
) => readonly [ReadOptions, ReadKernelOptions];

/** Options of kernels without what only a matrix of them has. */
export const readSchemeOptions: OptionsReader = (options, other) => readKernelOptions(options, [], other);
