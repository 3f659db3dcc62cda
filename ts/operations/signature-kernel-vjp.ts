// `signatureKernelVjp` and `signatureKernelGramVjp`: gradients of signature kernels.

import { type DType, firstNonFinite, type Kind, type Numbers } from "../input/arrays.ts";
import { readCotangent } from "../input/cotangent.ts";
import { describe, typeError } from "../input/errors.ts";
import { notFinite } from "../input/finite.ts";
import type { ReadOther } from "../input/options.ts";
import type { Paths } from "../input/paths.ts";
import { ReadRows } from "../input/rows.ts";
import type { GradientTensor } from "../input/tensor.ts";
import type { Runtime } from "../wasm/runtime.ts";
import { bindSteps } from "./bind.ts";
import { type Descriptor, type Prepared, step } from "./descriptor.ts";
import { tensorOf } from "./rows-gradient.ts";
import {
  type KernelDType,
  type Kernels,
  kernelOperation,
  PreparedKernels,
  signatureKernelGramOperation,
  signatureKernelOperation,
  type TruncatedKernelOptions,
} from "./signature-kernel.ts";
import { imagineKernelCall, type KernelCall, readKernelCall } from "./signature-kernel-call.ts";
import {
  type KernelSchemeOptions,
  type OptionsReader,
  readKernelOptions,
  readTruncatedOptions,
} from "./signature-kernel-options.ts";
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
   * Of k(x, y) / √(k(x, x) k(y, y)), as for the kernels. Default false.
   *
   * @example normalize: true
   */
  readonly normalize?: boolean | undefined;
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

/**
 * Options of gradients of kernels of truncated signatures.
 *
 * @typeParam T - number type of the result.
 */
export interface TruncatedKernelVjpOptions<T extends DType = DType>
  extends Omit<KernelVjpOptions<T>, "degree" | "dyadicOrder">,
    Pick<TruncatedKernelOptions<T>, "depth"> {}

/** The type of `truncatedSignatureKernelVjp`. */
export interface TruncatedSignatureKernelVjpFunction {
  /**
   * Gradients of a function of `truncatedSignatureKernel(x, y)`, exactly, as `signatureKernelVjp`.
   *
   * @param x - (…batch, length, channels), as for `signatureKernel`.
   * @param y - likewise.
   * @param cotangent - numbers of the result's shape, (…batch).
   * @param options - `depth`, and the optional {@link TruncatedKernelVjpOptions}.
   * @returns `{ x, y }`, tensors with the shapes of those arguments.
   * @throws PathSignatureError as for `truncatedSignatureKernel`, and COTANGENT_TYPE,
   *   COTANGENT_SHAPE.
   *
   * @example
   * const { x: dx } = truncatedSignatureKernelVjp(x, y, [1], { depth: 4 });
   */
  <X extends Paths, Y extends Paths, T extends DType = KernelDType<X, Y>>(
    x: X,
    y: Y,
    cotangent: Cotangent,
    options: TruncatedKernelVjpOptions<T>,
  ): KernelGradientsOf<T>;
}

/** The type of `truncatedSignatureKernelGramVjp`. */
export interface TruncatedSignatureKernelGramVjpFunction {
  /**
   * Gradients of a function of `truncatedSignatureKernelGram(x, y)`, as `signatureKernelGramVjp`.
   *
   * @param x - (…batch, length, channels), as for `signatureKernel`.
   * @param y - likewise, or `undefined`.
   * @param cotangent - a matrix of the result's shape, (paths of x, paths of y).
   * @param options - `depth`, and the optional {@link TruncatedKernelVjpOptions}.
   * @returns `{ x, y }`, tensors with the shapes of those arguments.
   * @throws PathSignatureError as for `truncatedSignatureKernelVjp`.
   *
   * @example
   * const { x: dx } = truncatedSignatureKernelGramVjp(paths, undefined, bars, { depth: 4 });
   */
  <X extends Paths, Y extends Paths | undefined, T extends DType = KernelDType<X, Y extends Paths ? Y : X>>(
    x: X,
    y: Y,
    cotangent: Cotangent,
    options: TruncatedKernelVjpOptions<T>,
  ): KernelGradientsOf<T>;
}

/** A call of gradients, and which of them it wants. */
interface VjpCall extends KernelCall {
  wanted: readonly [x: boolean, y: boolean];
  normalised?: Normalised;
}

/** Normalised kernels, and the k(x, x) and k(y, y) that they were divided by the roots of. */
interface Normalised {
  readonly values: Numbers;
  readonly norms: readonly Numbers[];
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
      const { lead } = side.paths;
      const { points, channels } = side.paths.augmented?.source.raw ?? side.paths;
      return tensorOf(this.#gradients.of(side), [...lead, points, channels]);
    };
    const { x, y, isSymmetric } = this.#call;
    return { x: tensor(x), y: isSymmetric ? undefined : tensor(y) };
  }
}

type Weight = NonNullable<Part["cotangent"]>;

const readVjpOptions: OptionsReader = (options, other) => readKernelOptions(options, ["normalize"], other);
const readTruncatedVjpOptions: OptionsReader = (options, other) => readTruncatedOptions(options, ["normalize"], other);

/** A gradient costs about three times as much as the kernel. */
export const vjpCost = 3;

/** An operation of kernels that gives those numbers. */
const normalisedBy = (operation: Descriptor<Kernels>): Descriptor<Normalised> => ({
  ...(operation as Descriptor as Descriptor<Normalised>),
  prepare(call) {
    const prepared = new PreparedKernels(call as KernelCall);
    const { sinks, norms } = prepared;
    return { checksFirst: false, sinks, result: () => ({ values: prepared.result().data, norms }) };
  },
});

/**
 * The parts of gradients of normalised kernels. With κ = k / √(a b), where a = k(x, x) and
 * b = k(y, y), a cotangent c of κ is c / √(a b) of k, −c κ / (2 a) of a and −c κ / (2 b) of b.
 */
function normalisedParts(main: Omit<Part, "sink"> & { cotangent: Weight }, { values, norms }: Normalised) {
  const { x, y, pairs, orders, triangle, wanted, cotangent } = main;
  const [a, b = a] = norms as [Numbers, Numbers?];
  const columns = pairs ? 1 : y.count;
  const sums = norms.map(({ length }) => new Float64Array(length));
  for (let i = 0; i < x.count; i++)
    for (let j = triangle || pairs ? i : 0; j < (pairs ? i + 1 : y.count); j++) {
      const half = -0.5 * cotangent(i, j) * (values[pairs ? i : i * columns + j] as number);
      (sums[0]![i] as number) += half;
      ((sums[1] ?? sums[0])![j] as number) += half;
    }
  const scaled: Weight = (i, j) => cotangent(i, j) / Math.sqrt((a[i] as number) * (b[j] as number));
  const own = [x, y].slice(0, norms.length).flatMap((side, s) => {
    const weight: Weight = (i) => (sums[s]![i] as number) / (norms[s]![i] as number);
    const part = { x: side, y: side, pairs: true, triangle: false, orders, cotangent: weight };
    return wanted?.[s] ? [{ ...part, wanted: [true, true] as const }] : [];
  });
  return [{ ...main, cotangent: scaled }, ...own];
}

const backward = (name: string, pairs: boolean, options: OptionsReader): Descriptor<KernelGradientsOf> => {
  const operation = gradientsOf(name, pairs, options);
  return {
    ...operation,
    *steps(given) {
      const call = given as VjpCall;
      if (!call.scheme.normalize) return yield* step(operation, call, true);
      const normalised = yield* step(
        normalisedBy(pairs ? signatureKernelOperation : signatureKernelGramOperation),
        call,
      );
      return yield* step(operation, Object.assign(call.with({}), { normalised }), true);
    },
  };
};

const gradientsOf = (name: string, pairs: boolean, reader: OptionsReader): Descriptor<KernelGradientsOf> => ({
  ...kernelOperation(name, "gradients of "),
  read([x, y, cotangent, options], _readers, other) {
    const [read, own] = readWanted(other);
    const call = readKernelCall(x, pairs ? (y ?? null) : y, reader(options, own), pairs) as VjpCall;
    call.wanted = read.wanted;
    const rows = readCotangent(cotangent, call, call.shape);
    const found = call.checkFinite ? firstNonFinite(rows.view, rows.kind, call.dtype, 0, rows.view.length) : -1;
    if (found >= 0) throw notFinite("cotangent", Number(rows.view[found]), { index: found });
    return Object.assign(call, { operands: [rows] });
  },
  imagine(sizes, other) {
    const [read, own] = readWanted(other);
    const call = imagineKernelCall(sizes, pairs, own, reader) as VjpCall;
    call.wanted = read.wanted;
    return Object.assign(call, { operands: [new ReadRows(new Float32Array(0), 0 as Kind, call.row, call.row)] });
  },
  prepare(given) {
    const call = given as VjpCall;
    const { x, y, isSymmetric, row } = call;
    const { view } = call.operands[0] as ReadRows;
    const at: Weight = (i, j) => Number(view[i * row + j]);
    const cotangent: Weight = pairs
      ? (i) => Number(view[i])
      : isSymmetric
        ? (i, j) => (i === j ? at(i, i) : at(i, j) + at(j, i))
        : at;
    const wanted: readonly [boolean, boolean] = isSymmetric ? [true, true] : call.wanted;
    const { orders } = call.scheme;
    const main = { x, y, pairs, triangle: isSymmetric && !pairs, orders, cotangent, wanted };
    const { normalised } = call;
    return new PreparedGradients(call, wanted, normalised ? normalisedParts(main, normalised) : [main]);
  },
  cost: (call) => ((call as KernelCall).scheme.normalize ? vjpCost + 1 : vjpCost) * (call as KernelCall).nanoseconds,
});

export const signatureKernelVjpOperation = /* @__PURE__ */ backward("signatureKernelVjp", true, readVjpOptions);
export const signatureKernelGramVjpOperation = /* @__PURE__ */ backward(
  "signatureKernelGramVjp",
  false,
  readVjpOptions,
);
export const truncatedSignatureKernelVjpOperation = /* @__PURE__ */ backward(
  "truncatedSignatureKernelVjp",
  true,
  readTruncatedVjpOptions,
);
export const truncatedSignatureKernelGramVjpOperation = /* @__PURE__ */ backward(
  "truncatedSignatureKernelGramVjp",
  false,
  readTruncatedVjpOptions,
);

/** Makes `signatureKernelVjp` for a runtime. Pure: nothing is loaded before the first call. */
export const bindSignatureKernelVjp = (runtime: Runtime): SignatureKernelVjpFunction =>
  bindSteps(runtime, signatureKernelVjpOperation) as unknown as SignatureKernelVjpFunction;

/** Makes `signatureKernelGramVjp` for a runtime. */
export const bindSignatureKernelGramVjp = (runtime: Runtime): SignatureKernelGramVjpFunction =>
  bindSteps(runtime, signatureKernelGramVjpOperation) as unknown as SignatureKernelGramVjpFunction;

/** Makes `truncatedSignatureKernelVjp` for a runtime. */
export const bindTruncatedSignatureKernelVjp = (runtime: Runtime): TruncatedSignatureKernelVjpFunction =>
  bindSteps(runtime, truncatedSignatureKernelVjpOperation) as unknown as TruncatedSignatureKernelVjpFunction;

/** Makes `truncatedSignatureKernelGramVjp` for a runtime. */
export const bindTruncatedSignatureKernelGramVjp = (runtime: Runtime): TruncatedSignatureKernelGramVjpFunction =>
  bindSteps(runtime, truncatedSignatureKernelGramVjpOperation) as unknown as TruncatedSignatureKernelGramVjpFunction;
