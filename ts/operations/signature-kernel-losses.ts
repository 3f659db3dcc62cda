// Distances and scores of samples of paths by signature kernels, and their gradients. Kernels are
// added up tile by tile; no matrix of them is stored.

import type { DType } from "../input/arrays.ts";
import { countOf, describe, rangeError } from "../input/errors.ts";
import type { ReadOther } from "../input/options.ts";
import type { Paths } from "../input/paths.ts";
import type { Runtime } from "../wasm/runtime.ts";
import { bind } from "./bind.ts";
import type { Descriptor } from "./descriptor.ts";
import { type KernelDType, kernelOperation } from "./signature-kernel.ts";
import { imagineKernelCall, type KernelCall, readKernelCall } from "./signature-kernel-call.ts";
import { type KernelSchemeOptions, readSchemeOptions } from "./signature-kernel-options.ts";
import { WeightedSink } from "./signature-kernel-sinks.ts";
import type { Part } from "./signature-kernel-tiles.ts";
import { type KernelGradientsOf, PreparedGradients, readWanted, vjpCost } from "./signature-kernel-vjp.ts";

/** Options of losses: those of kernels. */
export type KernelLossOptions = KernelSchemeOptions;

/** Options of scores. */
export interface ScoreOptions extends KernelLossOptions {
  /**
   * The weight of the kernels among the sample. Default 1.
   *
   * @example lambda: 0.5
   */
  readonly lambda?: number | undefined;
}

/**
 * Options of the gradients of losses.
 *
 * @typeParam T - number type of the result.
 */
export interface LossVjpOptions<T extends DType = DType> extends KernelSchemeOptions<T> {
  /**
   * ∂f/∂loss. Default 1.
   *
   * @example cotangent: -1
   */
  readonly cotangent?: number | undefined;
  /**
   * Which gradients to compute. Default "both".
   *
   * @example gradients: "x"
   */
  readonly gradients?: "x" | "y" | "both" | undefined;
}

/**
 * Options of the gradients of scores.
 *
 * @typeParam T - number type of the result.
 */
export interface ScoreVjpOptions<T extends DType = DType> extends LossVjpOptions<T> {
  /**
   * As for the score.
   *
   * @example lambda: 0.5
   */
  readonly lambda?: number | undefined;
}

/** The type of `signatureMmd`. */
export interface SignatureMmdFunction {
  /**
   * The squared maximum mean discrepancy of two samples of paths (Gretton et al. 2012), unbiased:
   * the mean of k(x_i, x_j) over i ≠ j, less twice that of k(x_i, y_j), plus that of k(y_i, y_j)
   * over i ≠ j. About 0 for samples of one distribution; it may be negative.
   *
   * @param x - (…batch, length, channels): at least two paths.
   * @param y - likewise.
   * @param options - {@link KernelLossOptions}.
   * @throws PathSignatureError as for `signatureKernelGram`.
   *
   * @example
   * const distance = signatureMmd(before, after);
   */
  (x: Paths, y: Paths, options?: KernelLossOptions): number;
}

/** The type of `signatureMmdVjp`. */
export interface SignatureMmdVjpFunction {
  /**
   * The gradients of `signatureMmd` by the points of both samples, tile by tile.
   *
   * @param x - (…batch, length, channels): at least two paths.
   * @param y - likewise.
   * @param options - {@link LossVjpOptions}.
   * @returns `{ x, y }`, tensors with the shapes of those arguments.
   * @throws PathSignatureError as for `signatureMmd`.
   *
   * @example
   * const { x: dx } = signatureMmdVjp(generated, real, { gradients: "x" });
   */
  <X extends Paths, Y extends Paths, T extends DType = KernelDType<X, Y>>(
    x: X,
    y: Y,
    options?: LossVjpOptions<T>,
  ): KernelGradientsOf<T>;
}

/** The type of `signatureScore`. */
export interface SignatureScoreFunction {
  /**
   * The signature kernel score of a sample of paths for one path y (Issa, Horvath, Lemercier &
   * Salvi 2023, "Non-adversarial training of neural SDEs with signature kernel scores"): lambda
   * times the mean of k(x_i, x_j) over i ≠ j, less twice the mean of k(x_i, y). The lower, the
   * better the sample's distribution predicts y. For a batch y it is the mean over its paths: the
   * expected score.
   *
   * @param x - (…batch, length, channels): at least two paths.
   * @param y - (length, channels), or a batch.
   * @param options - {@link ScoreOptions}.
   * @throws PathSignatureError as for `signatureKernelGram`.
   *
   * @example
   * const score = signatureScore(sample, observed);
   */
  (x: Paths, y: Paths, options?: ScoreOptions): number;
}

/** The type of `signatureScoreVjp`. */
export interface SignatureScoreVjpFunction {
  /**
   * The gradients of `signatureScore` by the points of the sample and of y, tile by tile.
   *
   * @param x - (…batch, length, channels): at least two paths.
   * @param y - (length, channels), or a batch.
   * @param options - {@link ScoreVjpOptions}.
   * @returns `{ x, y }`, tensors with the shapes of those arguments.
   * @throws PathSignatureError as for `signatureScore`.
   *
   * @example
   * const { x: dx } = signatureScoreVjp(sample, observed, { gradients: "x" });
   */
  <X extends Paths, Y extends Paths, T extends DType = KernelDType<X, Y>>(
    x: X,
    y: Y,
    options?: ScoreVjpOptions<T>,
  ): KernelGradientsOf<T>;
}

/** What options of losses say. */
interface LossNumbers {
  lambda: number;
  cotangent: number;
}

/** A call of a loss. */
interface LossCall extends KernelCall {
  numbers: LossNumbers;
  wanted: readonly [x: boolean, y: boolean];
}

/** The matrices of a loss, and the weight of each kernel in it. */
type Weighted = Omit<Part, "sink"> & { readonly weight: (i: number, j: number) => number };

interface Loss {
  readonly name: string;
  readonly options: readonly ("lambda" | "cotangent")[];
  readonly leastY: 1 | 2;
  /** The weights of the means among x, between x and y, and among y. */
  readonly weights: (numbers: LossNumbers) => readonly [number, number, number];
}

function partsOf({ weights }: Loss, call: LossCall): Weighted[] {
  const { x, y, numbers, scheme } = call;
  const [xx, xy, yy] = weights(numbers);
  const { orders } = scheme;
  const among = (side: typeof x, weight: number): Weighted[] => {
    const each = (2 * weight) / (side.count * (side.count - 1));
    const parts = { x: side, y: side, pairs: false, triangle: true, orders };
    return weight === 0 ? [] : [{ ...parts, weight: (i, j) => (i === j ? 0 : each) }];
  };
  const between = xy / (x.count * y.count);
  return [...among(x, xx), { x, y, pairs: false, triangle: false, orders, weight: () => between }, ...among(y, yy)];
}

/** Reads arguments: x, y and options. */
function readLoss({ options, leastY }: Loss, more: Loss["options"]) {
  const reader = (other: ReadOther | undefined) => {
    const numbers: LossNumbers = { lambda: 1, cotangent: 1 };
    const [wanted, own] = readWanted(other);
    const read: ReadOther = (name, value) => {
      const number = [...options, ...more].find((known) => known === name);
      if (number === undefined) return (more.length > 0 ? own : other)?.(name, value) ?? false;
      if (value !== undefined && !Number.isFinite(value))
        throw rangeError("KERNEL_OPTION", `options.${name}`, describe(value), "a finite number");
      numbers[number] = (value as number | undefined) ?? 1;
      return true;
    };
    return [
      read,
      (call: KernelCall): LossCall => {
        for (const [side, least] of [
          [call.x, 2],
          [call.y, leastY],
        ] as const)
          if (side.count < least)
            throw rangeError(
              "KERNEL_SHAPE",
              side.name,
              countOf(side.count, "path"),
              `a batch of at least ${least} paths`,
            );
        // Besides those between x and y: those among x, and among y.
        const [a, b] = [call.x.count, call.y.count];
        return Object.assign(call, { numbers, wanted: wanted.wanted, needsOwn: true, times: 1 + (a / b + b / a) / 2 });
      },
    ] as const;
  };
  return {
    read([x, y, options]: readonly unknown[], other: ReadOther | undefined): LossCall {
      const [own, complete] = reader(other);
      return complete(readKernelCall(x, y ?? null, readSchemeOptions(options, own), false));
    },
    imagine(sizes: unknown, other: ReadOther | undefined): LossCall {
      const [own, complete] = reader(other);
      const given = sizes as { shape?: unknown } | null | undefined;
      const both = typeof given === "object" && given !== null ? { yShape: given.shape, ...given } : given;
      return complete(imagineKernelCall(both, false, own, readSchemeOptions));
    },
  };
}

function forward(loss: Loss): Descriptor<number> {
  const { read, imagine } = readLoss(loss, []);
  return {
    ...kernelOperation(loss.name, ""),
    read: (given, _readers, other) => read(given, other),
    imagine,
    prepare(call) {
      const parts = partsOf(loss, call as LossCall);
      const sink = new WeightedSink(({ part }, i, j) => (part as unknown as Weighted).weight(i, j));
      return {
        checksFirst: false,
        sinks: parts.map((part) => ({ ...part, sink })) as never,
        result: () => sink.sum,
      };
    },
    cost: (call) => (call as KernelCall).nanoseconds,
  };
}

function backward(loss: Loss): Descriptor<KernelGradientsOf> {
  const { read, imagine } = readLoss(loss, ["cotangent"]);
  return {
    ...kernelOperation(`${loss.name}Vjp`, "gradients of "),
    read: (given, _readers, other) => read(given, other),
    imagine,
    prepare(given) {
      const call = given as LossCall;
      const { wanted, numbers } = call;
      const parts = partsOf(loss, call).flatMap(({ weight, ...part }) => {
        const own: readonly [boolean, boolean] = part.triangle
          ? [wanted[part.x === call.x ? 0 : 1], wanted[part.x === call.x ? 0 : 1]]
          : wanted;
        const cotangent = (i: number, j: number) => numbers.cotangent * weight(i, j);
        return own.includes(true) ? [{ ...part, cotangent, wanted: own }] : [];
      });
      return new PreparedGradients(call, wanted, parts);
    },
    cost: (call) => vjpCost * (call as KernelCall).nanoseconds,
  };
}

const mmd: Loss = { name: "signatureMmd", options: [], leastY: 2, weights: () => [1, -2, 1] };
const score: Loss = {
  name: "signatureScore",
  options: ["lambda"],
  leastY: 1,
  weights: ({ lambda }) => [lambda, -2, 0],
};

export const signatureMmdOperation = /* @__PURE__ */ forward(mmd);
export const signatureMmdVjpOperation = /* @__PURE__ */ backward(mmd);
export const signatureScoreOperation = /* @__PURE__ */ forward(score);
export const signatureScoreVjpOperation = /* @__PURE__ */ backward(score);

/** Makes `signatureMmd` for a runtime. Pure: nothing is loaded before the first call. */
export const bindSignatureMmd = (runtime: Runtime): SignatureMmdFunction =>
  bind(runtime, signatureMmdOperation) as unknown as SignatureMmdFunction;

/** Makes `signatureMmdVjp` for a runtime. */
export const bindSignatureMmdVjp = (runtime: Runtime): SignatureMmdVjpFunction =>
  bind(runtime, signatureMmdVjpOperation) as unknown as SignatureMmdVjpFunction;

/** Makes `signatureScore` for a runtime. */
export const bindSignatureScore = (runtime: Runtime): SignatureScoreFunction =>
  bind(runtime, signatureScoreOperation) as unknown as SignatureScoreFunction;

/** Makes `signatureScoreVjp` for a runtime. */
export const bindSignatureScoreVjp = (runtime: Runtime): SignatureScoreVjpFunction =>
  bind(runtime, signatureScoreVjpOperation) as unknown as SignatureScoreVjpFunction;
