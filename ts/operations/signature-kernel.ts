// `signatureKernel` and `signatureKernelGram`: the public functions and their descriptors.

import { allocateNumbers, type DType, FLOAT32, type Numbers } from "../input/arrays.ts";
import { type Call, checkOut } from "../input/call.ts";
import type { Paths } from "../input/paths.ts";
import type { GradientTensor } from "../input/tensor.ts";
import type { DTypeOf, Only } from "../input/types.ts";
import type { Operation } from "../run/operation.ts";
import { region } from "../wasm/abi.ts";
import type { Runtime } from "../wasm/runtime.ts";
import { bind } from "./bind.ts";
import type { Descriptor, Prepared } from "./descriptor.ts";
import { tensorOf } from "./rows-gradient.ts";
import {
  beyondThread,
  imagineKernelCall,
  inspectKernels,
  isSecond,
  type KernelCall,
  type KernelOptions,
  type OptionsReader,
  type ReadOrders,
  readKernelCall,
  readKernelOptions,
  readTruncatedOptions,
} from "./signature-kernel-call.ts";
import { KernelSink, KernelTasks, type Part } from "./signature-kernel-tiles.ts";

/** Kernels: numbers with a shape. */
export interface Kernels<T extends DType = DType> extends GradientTensor<T> {
  /** With `estimateError`: about how far each number is from the kernel of the paths. */
  readonly errors?: GradientTensor<T>["data"] | undefined;
}

/** The number type of kernels of x and y: the option where it is given. */
export type KernelDType<X, Y, O> = "dtype" extends keyof O
  ? DTypeOf<X, O>
  : [DTypeOf<X, O>] extends ["float64"]
    ? "float64"
    : [DTypeOf<Y, O>] extends ["float64"]
      ? "float64"
      : DTypeOf<X, O> | DTypeOf<Y, O>;

/**
 * Signature kernels k(x, y) = ⟨S(x), S(y)⟩ of the whole, untruncated signatures of two piecewise
 * linear paths, or of the pairs of two batches: the solution of k_st = ⟨x'(s), y'(t)⟩ k with k = 1
 * on the axes (Salvi, Cass, Foster, Lyons & Yang 2021, "The signature kernel is the solution of a
 * Goursat PDE"), by the schemes of docs/signature-kernels.md.
 *
 * The bits of a pair's kernel depend on the pair alone, not on the batch. Synchronous, on the
 * calling thread.
 *
 * @param x - a path or a batch of paths, as for `signature`; `y` likewise, with as many channels,
 *   and of pairs the same batch dimensions. The paths of a pair may differ in length.
 * @returns A tensor (…batch) of kernels; of one pair `data[0]` is the kernel.
 * @throws PathSignatureError, a `TypeError` or a `RangeError` by kind: those of paths and lengths,
 *   KERNEL_SHAPE, KERNEL_OPTION, KERNEL_OPTION_TYPE, and KERNEL_OVERFLOW for kernels beyond the
 *   number type. After an error `out` is unchanged, and the next call works.
 *
 * @example
 * const k = signatureKernel([[0, 0], [1, 0], [1, 1]], [[0, 0], [1, 1]]);
 * k.data[0]; // 3.4…
 */
export type SignatureKernelFunction = <
  const X extends Paths,
  const Y extends Paths,
  const O extends KernelOptions = Record<never, never>,
>(
  x: X,
  y: Y,
  options?: Only<O, KernelOptions>,
) => Kernels<KernelDType<X, Y, O>>;

/**
 * The Gram matrix of signature kernels of all paths of X with all of Y, or without Y of X with
 * itself: half the work, and symmetric to the bit.
 *
 * @returns A tensor (paths of X, paths of Y); batch dimensions are flattened.
 * @throws PathSignatureError as for `signatureKernel`.
 */
export interface SignatureKernelGramFunction {
  <const X extends Paths, const O extends KernelOptions = Record<never, never>>(
    x: X,
    options?: Only<O, KernelOptions>,
  ): Kernels<KernelDType<X, X, O>>;
  <const X extends Paths, const Y extends Paths, const O extends KernelOptions = Record<never, never>>(
    x: X,
    y: Y,
    options?: Only<O, KernelOptions>,
  ): Kernels<KernelDType<X, Y, O>>;
}

/** Options of kernels of truncated signatures. */
export interface TruncatedKernelOptions extends Omit<KernelOptions, "degree" | "dyadicOrder" | "estimateError"> {
  /** The level at which signatures are truncated, from 1 to 20. */
  readonly depth: number;
}

/**
 * Kernels of truncated signatures, Σ ⟨S_n(x), S_n(y)⟩ over the levels n = 0 … depth, exactly: the
 * inner products of the signatures that `signature` computes, with their scalar terms; or, with a
 * static kernel, of signatures in its feature space. Time grows with depth³, not with channels.
 *
 * @throws PathSignatureError as for `signatureKernel`, and DEPTH_INVALID.
 */
export type TruncatedSignatureKernelFunction = <
  const X extends Paths,
  const Y extends Paths,
  const O extends TruncatedKernelOptions,
>(
  x: X,
  y: Y,
  options: Only<O, TruncatedKernelOptions>,
) => Kernels<KernelDType<X, Y, O>>;

/**
 * Gram matrices of kernels of truncated signatures, as `signatureKernelGram`. @throws
 * PathSignatureError as for `truncatedSignatureKernel`.
 */
export interface TruncatedSignatureKernelGramFunction {
  <const X extends Paths, const O extends TruncatedKernelOptions>(
    x: X,
    options: Only<O, TruncatedKernelOptions>,
  ): Kernels<KernelDType<X, X, O>>;
  <const X extends Paths, const Y extends Paths, const O extends TruncatedKernelOptions>(
    x: X,
    y: Y,
    options: Only<O, TruncatedKernelOptions>,
  ): Kernels<KernelDType<X, Y, O>>;
}

/**
 * Nanoseconds of a cell of truncated kernels and of degree 1, 2 and 3, of a channel of it, and of a
 * kernel of points.
 */
const cellCost = [0.5, 0.2, 0.8, 3];
const channelCost = 0.05;
const staticCost = 8;

/** Nanoseconds of the kernels of a call. */
export function kernelCost(call: KernelCall): number {
  const { x, y, scheme, pairs, isSymmetric, dtype, channels } = call;
  const cells = x.meanLength * y.meanLength;
  const count = pairs ? x.count : (x.count * y.count) / (isSymmetric ? 2 : 1);
  const refined = call.cells(scheme.orders) * (cellCost[scheme.degree] as number);
  const plain = channels * channelCost + (scheme.kernel.isLinear ? 0 : staticCost);
  return count * cells * (plain + refined) * (dtype === FLOAT32 ? 1 : 2);
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
  inspect: inspectKernels,
  beyond: beyondThread,
  tasks: (job: Parameters<NonNullable<Operation["tasks"]>>[0]) => new KernelTasks(job, job.sinks as never),
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

class PreparedKernels implements Prepared<Kernels> {
  readonly checksFirst = false;
  /** The parts, in place of sinks: each has its own. */
  readonly sinks: never;
  readonly #call: KernelCall;
  readonly #values: Numbers;
  readonly #coarse: Numbers | undefined;
  readonly #norms: readonly Numbers[];

  constructor(call: KernelCall) {
    this.#call = call;
    const { x, y, pairs, isSymmetric, dtype, scheme, options } = call;
    const columns = pairs ? 1 : y.count;
    const count = x.count * columns;
    if (options.out !== undefined) checkOut(options.out, count, call, call.shape);
    const numbers = (n: number) => allocateNumbers(dtype, n, "x");
    const parts: Part[] = [];
    const add = (part: Omit<Part, "sink">, n: number): Numbers => {
      const data = numbers(n);
      parts.push({ ...part, sink: new KernelSink(data, columns) });
      return data;
    };
    const all = { x, y, pairs, triangle: isSymmetric && !pairs };
    const orders: ReadOrders = scheme.estimateError ? finer(call) : scheme.orders;
    this.#values = add({ ...all, orders }, count);
    if (scheme.estimateError) this.#coarse = add({ ...all, orders: call.orders }, count);
    const sides = isSymmetric ? [x] : [x, y];
    this.#norms = scheme.normalize
      ? sides.map((side) => add({ x: side, y: side, pairs: true, triangle: false, orders }, side.count))
      : [];
    this.sinks = parts as never;
  }

  result(): Kernels {
    const { shape, pairs, scheme, options } = this.#call;
    const values = this.#values;
    const errors = this.#coarse;
    const ratio = (errorRatio[scheme.degree - 1] as number) - 1;
    if (errors)
      for (let i = 0; i < errors.length; i++)
        errors[i] = Math.abs((values[i] as number) - (errors[i] as number)) / ratio;
    const [x, y = x] = this.#norms;
    if (x && y) {
      const columns = pairs ? 1 : y.length;
      for (let i = 0; i < values.length; i++) {
        const row = Math.floor(i / columns);
        const norm = Math.sqrt((x[row] as number) * (y[pairs ? row : i % columns] as number));
        (values[i] as number) /= norm;
        if (errors) (errors[i] as number) /= norm;
      }
    }
    const { out } = options;
    out?.set(values);
    const tensor = tensorOf(out ?? values, shape);
    return errors ? { ...tensor, errors: errors as Float32Array } : tensor;
  }
}

const readMatrixOptions: OptionsReader = (options, other) =>
  readKernelOptions(options, ["normalize", "estimateError", "out"], other);

const forward = (name: string, pairs: boolean, options: OptionsReader): Descriptor<Kernels> => ({
  ...kernelOperation(name, ""),
  read(given, _readers, other) {
    if (pairs) return readKernelCall(given[0], given[1] ?? null, options(given[2], other), true);
    const [y, own] = secondAndOptions(given);
    return readKernelCall(given[0], y, options(own, other), false);
  },
  imagine: (sizes, other) => imagineKernelCall(sizes, pairs, other, options),
  prepare: (call) => new PreparedKernels(call as KernelCall),
  cost: (call) => kernelCost(call as KernelCall) * ((call as KernelCall).scheme.estimateError ? 5 : 1),
});

/** The arguments (X, options) or (X, Y, options). */
const secondAndOptions = ([, y, options]: readonly unknown[]): readonly [y: unknown, options: unknown] =>
  isSecond(y) ? [y, options] : [undefined, y ?? options];

export const signatureKernelOperation = /* @__PURE__ */ forward("signatureKernel", true, readMatrixOptions);
export const signatureKernelGramOperation = /* @__PURE__ */ forward("signatureKernelGram", false, readMatrixOptions);
export const truncatedSignatureKernelOperation = /* @__PURE__ */ forward(
  "truncatedSignatureKernel",
  true,
  readTruncatedOptions,
);
export const truncatedSignatureKernelGramOperation = /* @__PURE__ */ forward(
  "truncatedSignatureKernelGram",
  false,
  readTruncatedOptions,
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
