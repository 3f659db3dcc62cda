// `signatureKernelVjp` and `signatureKernelGramVjp`: gradients of signature kernels.

import { type DType, firstNonFinite, type Kind } from "../input/arrays.ts";
import { readCotangent } from "../input/cotangent.ts";
import { describe, typeError } from "../input/errors.ts";
import { notFinite } from "../input/finite.ts";
import type { ReadOther } from "../input/options.ts";
import type { Paths } from "../input/paths.ts";
import { ReadRows } from "../input/rows.ts";
import type { GradientTensor } from "../input/tensor.ts";
import type { Runtime } from "../wasm/runtime.ts";
import { bind } from "./bind.ts";
import type { Descriptor, Prepared } from "./descriptor.ts";
import { tensorOf } from "./rows-gradient.ts";
import { type KernelDType, kernelOperation } from "./signature-kernel.ts";
import { imagineKernelCall, type KernelCall, readKernelCall } from "./signature-kernel-call.ts";
import { type KernelSchemeOptions, readSchemeOptions } from "./signature-kernel-options.ts";
import type { Side } from "./signature-kernel-side.ts";
import { KernelGradients } from "./signature-kernel-sinks.ts";
import type { Part } from "./signature-kernel-tiles.ts";
import type { Cotangent } from "./signature-vjp.ts";

/**
 * Options of gradients of kernels.
 *
 * @typeParam T - number type of the result.
 */
export interface KernelVjpOptions<T extends DType = DType> extends KernelSchemeOptions<T> {
  /**
   * Which gradients to compute. Default "both"; without y there is only that of x.
   *
   * @example gradients: "x"
   */
  readonly gradients?: "x" | "y" | "both" | undefined;
}

/** Gradients by the points of x and y, of their shapes; those of paths past their end are 0. */
export interface KernelGradientsOf<T extends DType = DType> {
  /** `undefined` where it is not wanted. */
  readonly x: GradientTensor<T> | undefined;
  /** Likewise, and without y. */
  readonly y: GradientTensor<T> | undefined;
}

/** The type of `signatureKernelVjp`. */
export interface SignatureKernelVjpFunction {
  /**
   * Gradients of a function of `signatureKernel(x, y)`: from ∂f/∂kernel, the cotangent, to ∂f/∂x
   * and ∂f/∂y. The exact derivative of the scheme. Memory grows with the root of the length of x,
   * not with it.
   *
   * @param x - (…batch, length, channels), as for `signatureKernel`.
   * @param y - likewise.
   * @param cotangent - numbers of the result's shape, (…batch).
   * @param options - {@link KernelVjpOptions}.
   * @returns `{ x, y }`, tensors with the shapes of those arguments.
   * @throws PathSignatureError as for `signatureKernel`, and COTANGENT_TYPE, COTANGENT_SHAPE.
   *
   * @example
   * const { x: dx, y: dy } = signatureKernelVjp(x, y, [1]);
   */
  <X extends Paths, Y extends Paths, T extends DType = KernelDType<X, Y>>(
    x: X,
    y: Y,
    cotangent: Cotangent,
    options?: KernelVjpOptions<T>,
  ): KernelGradientsOf<T>;
}

/** The type of `signatureKernelGramVjp`. */
export interface SignatureKernelGramVjpFunction {
  /**
   * Gradients of a function of `signatureKernelGram(x, y)`; with `undefined` for y of
   * `signatureKernelGram(x)`, of which that of x is then the whole gradient.
   *
   * @param x - (…batch, length, channels), as for `signatureKernel`.
   * @param y - likewise, or `undefined`.
   * @param cotangent - a matrix of the result's shape, (paths of x, paths of y).
   * @param options - {@link KernelVjpOptions}.
   * @returns `{ x, y }`, tensors with the shapes of those arguments.
   * @throws PathSignatureError as for `signatureKernelVjp`.
   *
   * @example
   * const { x: dx } = signatureKernelGramVjp(paths, undefined, gradientOfLoss(gram));
   */
  <X extends Paths, Y extends Paths | undefined, T extends DType = KernelDType<X, Y extends Paths ? Y : X>>(
    x: X,
    y: Y,
    cotangent: Cotangent,
    options?: KernelVjpOptions<T>,
  ): KernelGradientsOf<T>;
}

/** A call of gradients, and which of them it wants. */
interface VjpCall extends KernelCall {
  wanted: readonly [x: boolean, y: boolean];
}

/** Reads the option `gradients` besides others. */
export const readWanted = (other: ReadOther | undefined) => {
  const read = { wanted: [true, true] as readonly [boolean, boolean] };
  const own: ReadOther = (name, value) => {
    if (name !== "gradients") return other?.(name, value) ?? false;
    if (value !== undefined && value !== "x" && value !== "y" && value !== "both")
      throw typeError("OPTION_TYPE", "options.gradients", describe(value), '"x", "y" or "both"');
    read.wanted = [value !== "y", value !== "x"];
    return true;
  };
  return [read, own] as const;
};

/** The gradients of parts that are made for a sink. */
export class PreparedGradients implements Prepared<KernelGradientsOf> {
  readonly checksFirst = false;
  /** The parts, in place of sinks. */
  readonly sinks: never;
  readonly #call: KernelCall;
  readonly #sides: readonly Side[];
  readonly #gradients: KernelGradients;

  constructor(call: KernelCall, wanted: readonly [boolean, boolean], parts: readonly Omit<Part, "sink">[]) {
    const sides = call.isSymmetric ? [call.x] : [call.x, call.y].filter((_, i) => wanted[i]);
    const gradients = new KernelGradients(call, sides);
    this.#call = call;
    this.#sides = sides;
    this.#gradients = gradients;
    this.sinks = parts.map((part) => ({ ...part, sink: gradients })) as never;
  }

  result(): KernelGradientsOf {
    const tensor = (side: Side | undefined) => {
      if (side === undefined || !this.#sides.includes(side)) return undefined;
      const { lead, points, channels } = side.paths;
      return tensorOf(this.#gradients.of(side), [...lead, points, channels]);
    };
    const { x, y, isSymmetric } = this.#call;
    return { x: tensor(x), y: isSymmetric ? undefined : tensor(y) };
  }
}

/** A gradient costs about three times as much as the kernel. */
export const vjpCost = 3;

const backward = (name: string, pairs: boolean, yOf: (y: unknown) => unknown): Descriptor<KernelGradientsOf> => ({
  ...kernelOperation(name, "gradients of "),
  read([x, y, cotangent, options], _readers, other) {
    const [read, own] = readWanted(other);
    const call = readKernelCall(x, yOf(y), readSchemeOptions(options, own), pairs) as VjpCall;
    call.wanted = read.wanted;
    const rows = readCotangent(cotangent, call, call.shape);
    const found = call.checkFinite ? firstNonFinite(rows.view, rows.kind, call.dtype, 0, rows.view.length) : -1;
    if (found >= 0) throw notFinite("cotangent", Number(rows.view[found]), { index: found });
    return Object.assign(call, { operands: [rows] });
  },
  imagine(sizes, other) {
    const [read, own] = readWanted(other);
    const call = imagineKernelCall(sizes, pairs, own, readSchemeOptions) as VjpCall;
    call.wanted = read.wanted;
    return Object.assign(call, { operands: [new ReadRows(new Float32Array(0), 0 as Kind, call.row, call.row)] });
  },
  prepare(given) {
    const call = given as VjpCall;
    const { x, y, isSymmetric, row } = call;
    const { view } = call.operands[0] as ReadRows;
    const at = (i: number, j: number) => Number(view[i * row + j]);
    const cotangent = pairs
      ? (i: number) => Number(view[i])
      : isSymmetric
        ? (i: number, j: number) => (i === j ? at(i, i) : at(i, j) + at(j, i))
        : at;
    const wanted: readonly [boolean, boolean] = isSymmetric ? [true, true] : call.wanted;
    const { orders } = call.scheme;
    return new PreparedGradients(call, wanted, [
      { x, y, pairs, triangle: isSymmetric && !pairs, orders, cotangent, wanted },
    ]);
  },
  cost: (call) => vjpCost * (call as KernelCall).nanoseconds,
});

export const signatureKernelVjpOperation = /* @__PURE__ */ backward("signatureKernelVjp", true, (y) => y ?? null);
export const signatureKernelGramVjpOperation = /* @__PURE__ */ backward("signatureKernelGramVjp", false, (y) => y);

/** Makes `signatureKernelVjp` for a runtime. Pure: nothing is loaded before the first call. */
export const bindSignatureKernelVjp = (runtime: Runtime): SignatureKernelVjpFunction =>
  bind(runtime, signatureKernelVjpOperation) as unknown as SignatureKernelVjpFunction;

/** Makes `signatureKernelGramVjp` for a runtime. */
export const bindSignatureKernelGramVjp = (runtime: Runtime): SignatureKernelGramVjpFunction =>
  bind(runtime, signatureKernelGramVjpOperation) as unknown as SignatureKernelGramVjpFunction;
