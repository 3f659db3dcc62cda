// Signature kernels as TensorFlow.js ops with gradients. The functions come from the caller, who
// imports them from `path-signature/kernels`, so that an app without kernels does not load their
// binary. Computed on the CPU, on every backend.

import { customGrad, engine, type GradSaveFunc, type Tensor, tensor } from "@tensorflow/tfjs-core";
import { typeError } from "../input/errors.ts";
import type { GradientTensor } from "../input/tensor.ts";
import type { SignatureKernelGramFunction } from "../operations/signature-kernel.ts";
import type { SignatureMmdFunction, SignatureMmdVjpFunction } from "../operations/signature-kernel-losses.ts";
import type { KernelSchemeOptions } from "../operations/signature-kernel-options.ts";
import type { KernelGradientsOf, SignatureKernelGramVjpFunction } from "../operations/signature-kernel-vjp.ts";
import { as, isTensor } from "./tfjs.ts";
import { numbersOf } from "./tfjs-backend.ts";

/** The functions of `path-signature/kernels`, or of its entry `slim`, that ops call. */
export interface KernelFunctions {
  readonly signatureKernelGram: SignatureKernelGramFunction;
  readonly signatureKernelGramVjp: SignatureKernelGramVjpFunction;
  readonly signatureMmd: SignatureMmdFunction;
  readonly signatureMmdVjp: SignatureMmdVjpFunction;
}

/** Options of the ops: those of the functions. Everything is float32. */
export type TensorKernelOptions = Omit<KernelSchemeOptions, "dtype">;

/** Ops of signature kernels. */
export interface KernelOps {
  /**
   * The Gram matrix of signature kernels as an op, differentiable with respect to both batches. On
   * a WebGPU backend the numbers of the tensors, and of cotangents, have to be in memory.
   *
   * @param x - (…batch, length, channels); other number types are converted to float32.
   * @param y - likewise, or `undefined` for the symmetric matrix of x.
   * @param options - {@link TensorKernelOptions}.
   * @returns float32 (paths of x, paths of y).
   * @throws PathSignatureError as for `signatureKernelGram`; TENSOR_ON_GPU.
   *
   * @example
   * kernelGram(tf.randomNormal([8, 50, 3])).shape; // [8, 8]
   */
  kernelGram(x: Tensor, y?: Tensor, options?: TensorKernelOptions): Tensor;
  /**
   * The squared maximum mean discrepancy of two samples of paths as a loss, differentiable with
   * respect to both. No matrix is stored. Backends as for `kernelGram`.
   *
   * @param x - (…batch, length, channels): at least two paths.
   * @param y - likewise.
   * @param options - {@link TensorKernelOptions}.
   * @returns a float32 scalar.
   * @throws PathSignatureError as for `signatureMmd`; TENSOR_ON_GPU.
   *
   * @example
   * optimizer.minimize(() => mmd(generator.apply(noise), real));
   */
  mmd(x: Tensor, y: Tensor, options?: TensorKernelOptions): Tensor;
}

type Numbers = ReturnType<typeof numbersOf>;
type Given = readonly [x: Numbers, y: Numbers | undefined];

/**
 * Makes ops from the functions of `path-signature/kernels`.
 *
 * @param kernels - the functions, such as the module itself.
 *
 * @example
 * import * as kernels from "path-signature/kernels";
 * const { kernelGram, mmd } = kernelOps(kernels);
 */
export function kernelOps(kernels: KernelFunctions): KernelOps {
  const { signatureKernelGram, signatureKernelGramVjp, signatureMmd, signatureMmdVjp } = kernels;
  const single = (options: TensorKernelOptions | undefined) => ({ ...options, dtype: "float32" }) as const;
  return {
    kernelGram: (x, y, options) =>
      run(
        "kernelGram",
        [x, y],
        ([x, y]) => (y ? signatureKernelGram(x, y, single(options)) : signatureKernelGram(x, single(options))),
        ([x, y], cotangent) => signatureKernelGramVjp(x, y, cotangent, single(options)),
      ),
    mmd: (x, y, options) =>
      run(
        "mmd",
        // Absent is an error, which `signatureMmd` finds.
        [x, y],
        ([x, y]) => ({ data: Float32Array.of(signatureMmd(x, y as Numbers, single(options))), shape: [] }),
        ([x, y], { data }) => signatureMmdVjp(x, y as Numbers, { ...single(options), cotangent: data[0] }),
      ),
  };
}

/** Runs an op of one or two tensors. */
function run(
  name: string,
  given: readonly [x: Tensor, y: Tensor | undefined],
  forward: (numbers: Given) => Pick<GradientTensor<"float32">, "data" | "shape">,
  backward: (numbers: Given, cotangent: Numbers) => KernelGradientsOf<"float32">,
): Tensor {
  for (const [i, x] of given.entries())
    if (!isTensor(x) && !(i === 1 && x === undefined))
      throw typeError("PATHS_TYPE", i === 0 ? "x" : "y", String(x), "a tensor of TensorFlow.js");
  const numbers = (x: Tensor, argument: string) =>
    numbersOf(engine().backend, x, argument, "signature kernels are computed on the CPU");
  const read = ([x, y]: readonly Tensor[]): Given => [numbers(x as Tensor, "x"), y && numbers(y, "y")];
  const op = customGrad((...parts: (Tensor | GradSaveFunc)[]) => {
    const inputs = parts.slice(0, -1) as Tensor[];
    (parts.at(-1) as GradSaveFunc)(inputs);
    const { data, shape } = forward(read(inputs));
    return {
      value: tensor(data, [...shape], "float32"),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const { x, y } = backward(read(saved), numbers(dy, "cotangent"));
        return [x, y].slice(0, saved.length).map((bar) => {
          const { data, shape } = bar as GradientTensor<"float32">;
          return tensor(data, [...shape], "float32");
        });
      },
    };
  });
  return engine().tidy(name, () => op(...given.filter((x) => x !== undefined).map((x) => as("float32", x as Tensor))));
}
