// `signatureKernel` and `signatureKernelGram`: the public functions and their descriptors.

import { allocateNumbers, type DType, FLOAT32, type Numbers } from "../input/arrays.ts";
import { type Call, checkOut } from "../input/call.ts";
import type { Paths } from "../input/paths.ts";
import type { GradientTensor } from "../input/tensor.ts";
import type { DTypeOf } from "../input/types.ts";
import type { Operation } from "../run/operation.ts";
import { region } from "../wasm/abi.ts";
import type { Runtime } from "../wasm/runtime.ts";
import { bind } from "./bind.ts";
import type { Descriptor, Prepared } from "./descriptor.ts";
import { tensorOf } from "./rows-gradient.ts";
import { imagineKernelCall, isSecond, type KernelCall, notPositive, readKernelCall } from "./signature-kernel-call.ts";
import {
  type KernelOptions,
  type OptionsReader,
  type ReadOrders,
  readKernelOptions,
  readTruncatedOptions,
} from "./signature-kernel-options.ts";
import { KernelSink, LogSink } from "./signature-kernel-sinks.ts";
import { KernelJob, type Part } from "./signature-kernel-tiles.ts";

/** Kernels: numbers with a shape. */
export interface Kernels<T extends DType = DType> extends GradientTensor<T> {
  /** With `estimateError`: about how far each number is from the kernel of the paths. */
  readonly errors?: GradientTensor<T>["data"] | undefined;
}

/** The number type of kernels of x and y: float32 if both suggest it. */
export type KernelDType<X, Y = X> = [DTypeOf<X>] extends ["float64"]
  ? "float64"
  : [DTypeOf<Y>] extends ["float64"]
    ? "float64"
    : DTypeOf<X> | DTypeOf<Y>;

/** The type of `signatureKernel`. */
export interface SignatureKernelFunction {
  /**
   * Signature kernels k(x, y) = ⟨S(x), S(y)⟩ of the whole, untruncated signatures of two piecewise
   * linear paths, or of the pairs of two batches: the solution of k_st = ⟨x'(s), y'(t)⟩ k with
   * k = 1 on the axes (Salvi, Cass, Foster, Lyons & Yang 2021, "The signature kernel is the
   * solution of a Goursat PDE"), by the schemes of docs/signature-kernels.md.
   *
   * The bits of a pair's kernel depend on the pair alone, not on the batch. Synchronous, on the
   * calling thread.
   *
   * @param x - (…batch, length, channels): a path or a batch of paths, as for `signature`.
   * @param y - likewise, with as many channels and the same batch dimensions. The paths of a pair
   *   may differ in length.
   * @param options - {@link KernelOptions}.
   * @returns A tensor (…batch) of kernels; of one pair `data[0]` is the kernel.
   * @throws PathSignatureError, a `TypeError` or a `RangeError` by kind: those of paths and
   *   lengths, KERNEL_SHAPE, KERNEL_OPTION, KERNEL_OPTION_TYPE, and KERNEL_OVERFLOW for kernels
   *   beyond the number type, which have logarithms: `log`. KERNEL_NOT_POSITIVE for those that have
   *   none. After an error `out` is unchanged, and the next call works.
   *
   * @example
   * const k = signatureKernel([[0, 0], [1, 0], [1, 1]], [[0, 0], [1, 1]]);
   * k.data[0]; // 4.1…
   */
  <X extends Paths, Y extends Paths, T extends DType = KernelDType<X, Y>>(
    x: X,
    y: Y,
    options?: KernelOptions<T>,
  ): Kernels<T>;
}

/** The type of `signatureKernelGram`. */
export interface SignatureKernelGramFunction {
  /**
   * The Gram matrix of signature kernels of all paths of x with all of y, or without y of x with
   * itself: half the work, and symmetric to the bit.
   *
   * @param x - (…batch, length, channels), as for `signatureKernel`.
   * @param y - likewise; or `options`, {@link KernelOptions}, where x is compared with itself.
   * @returns A tensor (paths of x, paths of y); batch dimensions are flattened.
   * @throws PathSignatureError as for `signatureKernel`.
   *
   * @example
   * const { data, shape } = signatureKernelGram(paths, { normalize: true });
   */
  <X extends Paths, T extends DType = KernelDType<X>>(x: X, options?: KernelOptions<T>): Kernels<T>;
  /** The same of all paths of x with all of y. */
  <X extends Paths, Y extends Paths, T extends DType = KernelDType<X, Y>>(
    x: X,
    y: Y,
    options?: KernelOptions<T>,
  ): Kernels<T>;
}

/**
 * Options of kernels of truncated signatures.
 *
 * @typeParam T - number type of the result.
 */
export interface TruncatedKernelOptions<T extends DType = DType>
  extends Omit<KernelOptions<T>, "degree" | "dyadicOrder" | "log" | "estimateError"> {
  /**
   * The level at which signatures are truncated, from 1 to 20.
   *
   * @example depth: 5
   */
  readonly depth: number;
}

/** The type of `truncatedSignatureKernel`. */
export interface TruncatedSignatureKernelFunction {
  /**
   * Kernels of truncated signatures, Σ ⟨S_n(x), S_n(y)⟩ over the levels n = 0 … depth, exactly: the
   * inner products of the signatures that `signature` computes, with their scalar terms; or, with a
   * static kernel, of signatures in its feature space. Time grows with depth³, not with channels.
   *
   * @param x - (…batch, length, channels), as for `signatureKernel`.
   * @param y - likewise.
   * @param options - `depth`, and the optional {@link TruncatedKernelOptions}.
   * @returns A tensor (…batch) of kernels.
   * @throws PathSignatureError as for `signatureKernel`, and DEPTH_INVALID.
   *
   * @example
   * const k = truncatedSignatureKernel(x, y, { depth: 4 });
   */
  <X extends Paths, Y extends Paths, T extends DType = KernelDType<X, Y>>(
    x: X,
    y: Y,
    options: TruncatedKernelOptions<T>,
  ): Kernels<T>;
}

/** The type of `truncatedSignatureKernelGram`. */
export interface TruncatedSignatureKernelGramFunction {
  /**
   * Gram matrices of kernels of truncated signatures, as `signatureKernelGram`.
   *
   * @param x - (…batch, length, channels), as for `signatureKernel`.
   * @param y - likewise; or `options`, {@link TruncatedKernelOptions}, where x is compared with
   *   itself.
   * @returns A tensor (paths of x, paths of y).
   * @throws PathSignatureError as for `truncatedSignatureKernel`.
   *
   * @example
   * const { data } = truncatedSignatureKernelGram(paths, { depth: 4 });
   */
  <X extends Paths, T extends DType = KernelDType<X>>(x: X, options: TruncatedKernelOptions<T>): Kernels<T>;
  /** The same of all paths of x with all of y. */
  <X extends Paths, Y extends Paths, T extends DType = KernelDType<X, Y>>(
    x: X,
    y: Y,
    options: TruncatedKernelOptions<T>,
  ): Kernels<T>;
}

/** What descriptors of kernels have in common: `parts(call)` are made when a call is prepared. */
export const kernelOperation = (name: string, label: string) => ({
  name,
  label,
  kernel: {
    code: 32,
    options: () => 0,
    inputs: [],
    outputs: [{ region: region.OUT, per: "item", width: ({ row }: Call) => row }],
  } satisfies Operation["kernel"],
  coalesces: false,
  job: KernelJob,
  explain: (call: Call) => {
    const { scheme, orders } = call as KernelCall;
    if (scheme.degree === 0) return [`tiles of the matrix, of signatures truncated at depth ${orders[0]}`];
    const order = scheme.orders === "auto" ? `at most ${orders[0]}, of each pair the least` : orders.join(" and ");
    return [`tiles of the matrix, by the scheme of degree ${scheme.degree} at dyadic order ${order}`];
  },
});

/** Dyadic orders one higher. */
const finer = (call: KernelCall): readonly [number, number] => {
  const [a, b] = call.orders;
  return [a + 1, b + 1];
};

/** The factor by which a refinement reduces the error of a degree. */
const errorRatio = [4, 16, 64];

export class PreparedKernels implements Prepared<Kernels> {
  readonly checksFirst = false;
  /** The parts, in place of sinks: each has its own. */
  readonly sinks: never;
  readonly #call: KernelCall;
  readonly #values: Numbers;
  readonly #coarse: Numbers | undefined;
  /** With `normalize`: k(x, x) of the paths of x, and k(y, y) where y is not x. */
  readonly norms: readonly Numbers[];

  constructor(call: KernelCall) {
    this.#call = call;
    const { x, y, pairs, isSymmetric, dtype, resultType, scheme, options } = call;
    const columns = pairs ? 1 : y.count;
    const count = x.count * columns;
    if (options.out !== undefined)
      checkOut(options.out, count, { ...call, dtype: resultType } as KernelCall, call.shape);
    const numbers = (n: number) => allocateNumbers(dtype, n, "x");
    const parts: Part[] = [];
    const add = (part: Omit<Part, "sink">, n: number): Numbers => {
      const data = numbers(n);
      parts.push({ ...part, sink: new (scheme.log ? LogSink : KernelSink)(data, columns) });
      return data;
    };
    const all = { x, y, pairs, triangle: isSymmetric && !pairs };
    const orders: ReadOrders = scheme.estimateError ? finer(call) : scheme.orders;
    this.#values = add({ ...all, orders }, count);
    if (scheme.estimateError) this.#coarse = add({ ...all, orders: call.orders }, count);
    const sides = isSymmetric ? [x] : [x, y];
    this.norms = scheme.normalize
      ? sides.map((side) => add({ x: side, y: side, pairs: true, triangle: false, orders }, side.count))
      : [];
    this.sinks = parts as never;
  }

  result(): Kernels {
    const { shape, pairs, scheme, options, resultType, checkFinite } = this.#call;
    const values = this.#values;
    if (scheme.log && checkFinite) {
      const found = values.findIndex((value) => !Number.isFinite(value));
      if (found >= 0) throw notPositive(this.#call, found);
    }
    const errors = this.#coarse;
    const ratio = (errorRatio[scheme.degree - 1] as number) - 1;
    if (errors)
      for (let i = 0; i < errors.length; i++)
        errors[i] = Math.abs((values[i] as number) - (errors[i] as number)) / ratio;
    const [x, y = x] = this.norms;
    if (x && y) {
      const columns = pairs ? 1 : y.length;
      for (let i = 0; i < values.length; i++) {
        const row = Math.floor(i / columns);
        const [a, b] = [x[row] as number, y[pairs ? row : i % columns] as number];
        if (scheme.log) {
          (values[i] as number) -= (a + b) / 2;
          continue;
        }
        const norm = Math.sqrt(a * b);
        (values[i] as number) /= norm;
        if (errors) (errors[i] as number) /= norm;
      }
    }
    const { out } = options;
    out?.set(values);
    const given = (numbers: Numbers) =>
      resultType === FLOAT32 && numbers instanceof Float64Array ? Float32Array.from(numbers) : numbers;
    const tensor = tensorOf(out ?? given(values), shape);
    return errors ? { ...tensor, errors: given(errors) as Float32Array } : tensor;
  }
}

const readMatrixOptions: OptionsReader = (options, other) =>
  readKernelOptions(options, ["normalize", "log", "estimateError", "out"], other);

const readTruncatedMatrixOptions: OptionsReader = (options, other) =>
  readTruncatedOptions(options, ["normalize", "out"], other);

const forward = (name: string, pairs: boolean, options: OptionsReader): Descriptor<Kernels> => ({
  ...kernelOperation(name, ""),
  read(given, _readers, other) {
    if (pairs) return readKernelCall(given[0], given[1] ?? null, options(given[2], other), true);
    const [y, own] = secondAndOptions(given);
    return readKernelCall(given[0], y, options(own, other), false);
  },
  imagine: (sizes, other) => imagineKernelCall(sizes, pairs, other, options),
  prepare: (call) => new PreparedKernels(call as KernelCall),
  cost: (call) => (call as KernelCall).nanoseconds,
});

/** The arguments (X, options) or (X, Y, options). */
const secondAndOptions = ([, y, options]: readonly unknown[]): readonly [y: unknown, options: unknown] =>
  isSecond(y) ? [y, options] : [undefined, y ?? options];

export const signatureKernelOperation = /* @__PURE__ */ forward("signatureKernel", true, readMatrixOptions);
export const signatureKernelGramOperation = /* @__PURE__ */ forward("signatureKernelGram", false, readMatrixOptions);
export const truncatedSignatureKernelOperation = /* @__PURE__ */ forward(
  "truncatedSignatureKernel",
  true,
  readTruncatedMatrixOptions,
);
export const truncatedSignatureKernelGramOperation = /* @__PURE__ */ forward(
  "truncatedSignatureKernelGram",
  false,
  readTruncatedMatrixOptions,
);

/** Makes `signatureKernel` for a runtime. Pure: nothing is loaded before the first call. */
export const bindSignatureKernel = (runtime: Runtime): SignatureKernelFunction =>
  bind(runtime, signatureKernelOperation) as unknown as SignatureKernelFunction;

/** Makes `signatureKernelGram` for a runtime. */
export const bindSignatureKernelGram = (runtime: Runtime): SignatureKernelGramFunction =>
  bind(runtime, signatureKernelGramOperation) as unknown as SignatureKernelGramFunction;

/** Makes `truncatedSignatureKernel` for a runtime. */
export const bindTruncatedSignatureKernel = (runtime: Runtime): TruncatedSignatureKernelFunction =>
  bind(runtime, truncatedSignatureKernelOperation) as unknown as TruncatedSignatureKernelFunction;

/** Makes `truncatedSignatureKernelGram` for a runtime. */
export const bindTruncatedSignatureKernelGram = (runtime: Runtime): TruncatedSignatureKernelGramFunction =>
  bind(runtime, truncatedSignatureKernelGramOperation) as unknown as TruncatedSignatureKernelGramFunction;
