// `randomSignatureFeatures`: random Fourier signature features, whose inner products estimate
// kernels of truncated signatures with a Gaussian static kernel, linear in the batch.

import { type DType, KIND_FLOAT64, type Numbers } from "../input/arrays.ts";
import type { Augmentation, Mask } from "../input/augment/types.ts";
import type { Call } from "../input/call.ts";
import { describe, rangeError, typeError } from "../input/errors.ts";
import type { Layout, OptionName, ReadOther } from "../input/options.ts";
import type { Paths } from "../input/paths.ts";
import { ReadRows } from "../input/rows.ts";
import type { GradientTensor } from "../input/tensor.ts";
import type { DTypeOf } from "../input/types.ts";
import type { Input } from "../run/operation.ts";
import { region } from "../wasm/abi.ts";
import type { Runtime } from "../wasm/runtime.ts";
import { bind } from "./bind.ts";
import type { Descriptor } from "./descriptor.ts";
import { imagineCall, pathsOperation } from "./paths-operation.ts";
import { tensorOf } from "./rows-gradient.ts";

/**
 * Options of random signature features. Unknown options are rejected.
 *
 * @typeParam T - number type of the result.
 */
export interface RandomFeaturesOptions<T extends DType = DType> {
  /**
   * Random features of each level, from 1 to 65 536: errors fall like the root of their number.
   *
   * @example features: 100
   */
  readonly features: number;
  /**
   * The level at which signatures are truncated, from 1 to 8.
   *
   * @example depth: 4
   */
  readonly depth: number;
  /**
   * "dp": diagonal projections, 2^n numbers a feature at level n. "trp": tensorised random
   * projections, one number a feature, and time that grows with the square of `features`.
   *
   * @example variant: "dp"
   */
  readonly variant: "dp" | "trp";
  /**
   * A whole number from 0 to 2^32 − 1, which all random numbers follow from: features of equal
   * seeds and options can be compared.
   *
   * @example seed: 1
   */
  readonly seed: number;
  /**
   * The width of the kernel exp(−|p − q|² / (2 sigma²)). Default 1.
   *
   * @example sigma: 2
   */
  readonly sigma?: number | undefined;
  /**
   * Points of each path that count. Default all.
   *
   * @example lengths: [10, 7]
   */
  readonly lengths?: number | ArrayLike<number> | undefined;
  /**
   * What is done to each path first, as for `signature` (docs/augmentations.md).
   *
   * @example augment: ["time"]
   */
  readonly augment?: readonly Augmentation[] | undefined;
  /**
   * What of the paths is not there, as for `signature`.
   *
   * @example mask: { missing: "nan" }
   */
  readonly mask?: Mask | undefined;
  /**
   * Whether channels precede points: "channels-first". Default "channels-last".
   *
   * @example layout: "channels-first"
   */
  readonly layout?: Layout | undefined;
  /**
   * Number type of the result. Default that of paths.
   *
   * @example dtype: "float32"
   */
  readonly dtype?: T | undefined;
  /**
   * Array for the result, of its number type and exact length.
   *
   * @example out: new Float32Array(rows)
   */
  readonly out?: Float32Array | Float64Array | undefined;
  /**
   * Throw for input that is not finite. Default true.
   *
   * @example checkFinite: false
   */
  readonly checkFinite?: boolean | undefined;
}

/** The shape of paths, for `explain`. */
export interface RandomFeaturesSizes extends Omit<RandomFeaturesOptions, "lengths" | "out"> {
  /** (…batch, length, channels). */
  readonly shape: ArrayLike<number>;
}

/** The type of `randomSignatureFeatures`. */
export interface RandomSignatureFeaturesFunction {
  /**
   * Random Fourier signature features of paths (Tóth, Oberhauser & Szabó 2023): rows whose inner
   * products estimate `truncatedSignatureKernel(x, y, { depth, staticKernel: rbf({ sigma }) })`
   * without bias. Time grows linearly with the number of paths and their length.
   *
   * @param paths - (…batch, length, channels), as for `signature`.
   * @param options - {@link RandomFeaturesOptions}.
   * @returns A tensor (…batch, row): 1, then level by level, feature by feature its numbers; row is
   *   1 + features · depth for "trp", 1 + features · (2^(depth + 1) − 2) for "dp".
   * @throws PathSignatureError as for `signature`, and KERNEL_OPTION, KERNEL_OPTION_TYPE.
   *
   * @example
   * const options = { features: 100, depth: 4, variant: "dp", seed: 1 } as const;
   * const rows = randomSignatureFeatures(paths, options);
   */
  <P extends Paths, T extends DType = DTypeOf<P>>(paths: P, options: RandomFeaturesOptions<T>): GradientTensor<T>;
}

/** Operation code in the head of a task, and its option bits (crates/wasm/src/ops). */
const RANDOM_FEATURES = 34;
const TENSORISED = 1;
const DEPTH = 2;
const FEATURES = 256;

const names: readonly OptionName[] = ["lengths", "augment", "mask", "layout", "dtype", "out", "checkFinite"];
const own = ["features", "depth", "variant", "seed", "sigma"] as const;

/** Options as read. */
type Own = { features: number; depth: number; variant: "dp" | "trp"; seed: number; sigma: number };

/** Random 32-bit words: the finaliser of MurmurHash3 (A. Appleby, public domain) of a counter. */
class Random {
  readonly #seed: number;
  #counter = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Between 0 and 1, neither of them. */
  #uniform(): number {
    this.#counter += 1;
    let bits = this.#seed ^ Math.imul(this.#counter, 0x9e3779b9);
    for (const factor of [0x85ebca6b, 0xc2b2ae35]) {
      bits = Math.imul(bits ^ (bits >>> 16), factor);
      bits ^= bits >>> 13;
    }
    return (((bits ^ (bits >>> 16)) >>> 0) + 0.5) / 2 ** 32;
  }

  /**
   * From the normal distribution, by the ratio of uniforms (Kinderman & Monahan 1977): quotients
   * are the same numbers on every engine.
   */
  normal(): number {
    for (;;) {
      const u = this.#uniform();
      // ±√(2/e)
      const x = ((this.#uniform() - 0.5) * 1.715527769921413) / u;
      if (x * x <= -4 * Math.log(u)) return x;
    }
  }
}

function check(read: Partial<Record<(typeof own)[number], unknown>>): Own {
  const whole = (name: "features" | "depth" | "seed", least: number, most: number): number => {
    const value = read[name];
    if (!Number.isInteger(value) || (value as number) < least || (value as number) > most)
      throw rangeError("KERNEL_OPTION", `options.${name}`, describe(value), `a whole number from ${least} to ${most}`);
    return value as number;
  };
  const { variant, sigma = 1 } = read;
  if (variant !== "dp" && variant !== "trp")
    throw typeError("KERNEL_OPTION_TYPE", "options.variant", describe(variant), '"dp" or "trp"');
  if (typeof sigma !== "number" || !(sigma > 0 && Number.isFinite(sigma)))
    throw rangeError("KERNEL_OPTION", "options.sigma", describe(sigma), "a finite number above 0");
  const features = whole("features", 1, 65536);
  return { features, depth: whole("depth", 1, 8), variant, seed: whole("seed", 0, 2 ** 32 - 1), sigma };
}

/** Reads a call by a function that is given how to read these options. */
function readFeatures(read: (other: ReadOther) => Call, other: ReadOther | undefined, isReal: boolean): Call {
  const given: Partial<Record<(typeof own)[number], unknown>> = {};
  const call = read((name, value) => {
    if (!own.includes(name as "seed")) return other?.(name, value) ?? false;
    given[name as "seed"] = value;
    return true;
  });
  const { features, depth, variant, seed, sigma } = check(given);
  // The bits of expansions are this operation's own.
  call.paths.augmented?.stageAll();
  // The halves of the seed, and the frequencies: level, channel, feature.
  const numbers = new Float64Array(isReal ? 2 + depth * call.channels * features : 0);
  const random = new Random(seed);
  for (let i = 2; i < numbers.length; i++) numbers[i] = random.normal() / sigma;
  numbers.set(isReal ? [seed >>> 16, seed & 0xffff] : []);
  const width = 2 + depth * call.channels * features;
  const rows = new ReadRows(numbers, KIND_FLOAT64, 0, width);
  const row = 1 + features * (variant === "trp" ? depth : 2 ** (depth + 1) - 2);
  // The operation has no algorithms, so these are its option bits.
  const algorithm = (variant === "trp" ? TENSORISED : 0) + depth * DEPTH + features * FEATURES;
  return call.with({ options: { algorithm }, operands: [rows], row });
}

const randomInput: Input = {
  region: region.INITIAL,
  per: "item",
  of: ({ operands }) => operands[0],
  width: ({ operands }) => (operands[0] as ReadRows).width,
  name: "options",
  noun: "index",
  checked: "before",
};

const wrap = (call: Call, data: Numbers): GradientTensor => tensorOf(data, [...call.paths.lead, call.row]);

/** Nanoseconds of a wave, and of a multiply-add. */
const waveCost = 8;
const addCost = 0.3;

function cost({ bits, batch, points, channels }: Call): number {
  const [features, depth] = [Math.floor(bits / FEATURES), Math.floor((bits % FEATURES) / DEPTH)];
  const step = bits & TENSORISED ? 2 * features * depth : 4 * 2 ** depth;
  return batch * points * features * (depth * (waveCost + channels * addCost) + step * addCost);
}

export const randomSignatureFeaturesOperation: Descriptor<GradientTensor> = /* @__PURE__ */ (() => {
  const base = pathsOperation<GradientTensor>({ name: "randomSignatureFeatures", code: RANDOM_FEATURES, wrap });
  return {
    ...base,
    kernel: {
      ...base.kernel,
      inputs: [randomInput],
    },
    coalesces: false,
    read: ([paths, given]: readonly unknown[], readers, other) =>
      readFeatures((own) => readers.call(paths, given, own, names), other, true),
    imagine: (sizes, other) => readFeatures((own) => imagineCall(sizes, own, names), other, false),
    cost,
  } satisfies Descriptor<GradientTensor>;
})();

/** Makes `randomSignatureFeatures` for a runtime. Pure: nothing is loaded before the first call. */
export const bindRandomSignatureFeatures = (runtime: Runtime): RandomSignatureFeaturesFunction =>
  bind(runtime, randomSignatureFeaturesOperation) as unknown as RandomSignatureFeaturesFunction;
