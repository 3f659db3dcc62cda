// Signatures and log-signatures as TensorFlow.js ops with registered gradients. A thin layer:
// shapes, options and errors are those of the library. Once `prepare` has loaded tfjs-webgpu.ts,
// signatures of tensors of a WebGPU backend are computed in place. Other tensors are read, passed
// to the library, and its results returned as tensors. Layers for models are in tfjs-layer.ts.

import {
  engine,
  getBackend,
  getGradient,
  getKernel,
  type KernelBackend,
  maximum,
  minimum,
  type NamedAttrMap,
  type NamedTensorMap,
  pad,
  ready,
  registerGradient,
  registerKernel,
  reshape,
  scalar,
  sum,
  type Tensor,
  type TensorInfo,
  tensor,
} from "@tensorflow/tfjs-core";
import { reasonOf, typeError } from "../input/errors.ts";
import type { VjpOptions } from "../input/options.ts";
import type { LogSignatureVjpOptions } from "../operations/log-signature.ts";
import type { LogSignatureWithVjpFunction } from "../operations/log-signature-vjp.ts";
import type { SignatureGradients, SignatureWithVjpFunction } from "../operations/signature-vjp.ts";
import { detached, isWebGpu, numbersOf, type WebGpuBackend } from "./tfjs-backend.ts";
import type * as webgpu from "./tfjs-webgpu.ts";

/** Options of ops that may also be tensors. */
export interface TensorArguments {
  /** As for `signature`; a tensor (channels) or (…batch, channels) has a gradient. */
  readonly basepoint?: VjpOptions["basepoint"] | Tensor;
  /** As for `signature`; a tensor (size) or (…batch, size) has a gradient. */
  readonly initial?: VjpOptions["initial"] | Tensor;
  /**
   * As for `signature`; or a tensor of as many whole numbers. On a WebGPU backend, values out of
   * range are clamped.
   */
  readonly lengths?: VjpOptions["lengths"] | Tensor;
}

/** Options of the op: those of `signature`, some of them also as tensors. Everything is float32. */
export interface TensorSignatureOptions extends Omit<VjpOptions, keyof TensorArguments | "dtype">, TensorArguments {}

/**
 * Options of the op: those of `logSignature`, some of them also as tensors. Results are float32.
 */
export interface TensorLogSignatureOptions
  extends Omit<LogSignatureVjpOptions, keyof TensorArguments | "dtype">,
    TensorArguments {}

/** The type of the op. */
export interface TensorSignature {
  /**
   * Signatures of paths as a TensorFlow.js op, differentiable with respect to paths, basepoints and
   * initial signatures.
   *
   * On a WebGPU backend, after {@link Prepare | prepare}, nothing leaves the GPU: tensors are read
   * in place, and results and gradients are written to buffers of the backend. Nothing is read
   * back, so non-finite input gives non-finite results without an error. Calls without a GPU kernel
   * (docs/gradients.md), and calls before `prepare`, are computed on the CPU if the numbers of the
   * tensors are in memory. Numbers on a GPU can only be read asynchronously, which an op cannot
   * wait for.
   *
   * @param paths - (…batch, length, channels); other number types are converted to float32.
   * @param options - `depth`, and the optional {@link TensorSignatureOptions}.
   * @returns float32 (…batch, size); with `stream` (…batch, length − 1, size), or (…batch, length,
   *   size) with a basepoint.
   * @throws PathSignatureError as for `signature`; TENSOR_ON_GPU if the CPU needs numbers that are
   *   only on the GPU.
   *
   * @example
   * signature(tf.randomNormal([32, 100, 3]), { depth: 3 }).shape; // [32, 39]
   */
  (paths: Tensor, options: TensorSignatureOptions): Tensor;
}

/** The type of the op. */
export interface TensorLogSignature {
  /**
   * Log-signatures of paths as a TensorFlow.js op, differentiable with respect to paths, basepoints
   * and initial signatures. Computed on the CPU, on every backend: on a WebGPU backend the numbers
   * of the tensors, and of cotangents, have to be in memory.
   *
   * @param paths - (…batch, length, channels); other number types are converted to float32.
   * @param options - `depth`, and the optional {@link TensorLogSignatureOptions}.
   * @returns float32 (…batch, row), row = `logSignatureSize(channels, depth, basis)`; with `stream`
   *   (…batch, length − 1, row), or (…batch, length, row) with a basepoint.
   * @throws PathSignatureError as for `logSignature`; TENSOR_ON_GPU for numbers that are only on
   *   the GPU.
   *
   * @example
   * logSignature(tf.randomNormal([32, 100, 3]), { depth: 3 }).shape; // [32, 14]
   */
  (paths: Tensor, options: TensorLogSignatureOptions): Tensor;
}

/** The type of `prepare`. */
export interface Prepare {
  /**
   * Waits until TensorFlow.js is ready and, for a WebGPU backend, loads the code with which
   * signatures stay on the GPU. Await it once, after the backend is selected; earlier calls are
   * computed on the CPU. Does nothing for other backends.
   *
   * @example
   * await tf.setBackend("webgpu");
   * await prepare();
   */
  (): Promise<void>;
}

/** The module that is loaded for WebGPU backends. */
export type WebGpuParts = typeof webgpu;

const unprepared = "`await prepare()` of path-signature/tfjs comes before the first call";

type Inputs = webgpu.TensorInputs;
type Pullback = (cotangent: { data: Float32Array; shape: readonly number[] }) => SignatureGradients<"float32">;

/** Specification of an op. */
interface Op {
  readonly name: string;
  readonly kernelName: string;
  /** The function that computes it on the CPU. */
  readonly withVjp: SignatureWithVjpFunction | LogSignatureWithVjpFunction;
  /** The code that computes it on a GPU, if there is any and it is loaded; why there is none. */
  readonly parts: () => WebGpuParts | undefined;
  readonly why: string;
}

/** Options without a GPU kernel. */
const onlyOnCpu = [
  ["select", "words are chosen on the CPU"],
  ["augment", "paths are augmented on the CPU"],
  ["mask", "masks are applied on the CPU"],
] as const;

/** Parameters of kernels. Not tensors: they are not part of a graph. */
interface Attributes {
  readonly options: object;
  /** For a call that the CPU has computed. */
  pullback?: Pullback;
}

/** Whether a value is a tensor of TensorFlow.js. */
export const isTensor = (value: unknown): value is Tensor =>
  typeof value === "object" && value !== null && "dataId" in value && "dtype" in value;

/** The ops for an instance of the library, and their `prepare`. */
export function bindTensorOps(
  signatureWithVjp: SignatureWithVjpFunction,
  logSignatureWithVjp: LogSignatureWithVjpFunction,
  load: () => Promise<WebGpuParts>,
): { readonly signature: TensorSignature; readonly logSignature: TensorLogSignature; readonly prepare: Prepare } {
  let loaded: WebGpuParts | undefined;
  return {
    async prepare() {
      await ready();
      if (isWebGpu(engine().backend)) loaded = await load();
    },
    signature: bindOp({
      name: "signature",
      kernelName: "PathSignature",
      withVjp: signatureWithVjp,
      parts: () => loaded,
      why: unprepared,
    }),
    logSignature: bindOp({
      name: "logSignature",
      kernelName: "PathLogSignature",
      withVjp: logSignatureWithVjp,
      parts: () => undefined,
      why: "log-signatures are computed on the CPU",
    }),
  };
}

function bindOp({ name: opName, kernelName, withVjp, parts: partsNow, why: reason }: Op) {
  const gradientName = `${kernelName}Gradient`;

  /** A call on the CPU: its result, and the function that maps cotangents to gradients. */
  function onCpu(backend: KernelBackend, inputs: Inputs, options: object, why: string) {
    const given: Record<string, unknown> = { ...options, dtype: "float32" };
    const { paths, lengths, ...rows } = inputs;
    for (const [name, info] of Object.entries(rows)) {
      if (info) given[name] = numbersOf(backend, info, `options.${name}`, why);
    }
    if (lengths) given.lengths = numbersOf(backend, lengths, "options.lengths", why).data;
    return withVjp(numbersOf(backend, paths, "paths", why), given as never) as unknown as [
      { data: Float32Array; shape: readonly number[] },
      Pullback,
    ];
  }

  /** Runs a call on the device if it can run there; else calls `elsewhere` with the reason. */
  function onDevice<R>(
    backend: KernelBackend,
    options: object,
    work: (parts: WebGpuParts, backend: WebGpuBackend) => R,
    elsewhere: (why: string) => R,
  ): R {
    const parts = partsNow();
    if (!parts || !isWebGpu(backend)) return elsewhere(reason);
    for (const [name, why] of onlyOnCpu)
      if ((options as Record<string, unknown>)[name] !== undefined) return elsewhere(why);
    try {
      return work(parts, backend);
    } catch (error) {
      if (!parts.isBeyondLimits(error)) throw error;
      return elsewhere(reasonOf(error));
    }
  }

  function forward(backend: KernelBackend, inputs: Inputs, attributes: Attributes): TensorInfo {
    const { options } = attributes;
    return onDevice(
      backend,
      options,
      (parts, there) => parts.signatureOn(there, inputs, options),
      (why) => {
        const [{ data, shape }, pullback] = onCpu(backend, inputs, options, why);
        attributes.pullback = pullback;
        const sizes = [...shape];
        return { dataId: backend.write(data, sizes, "float32"), shape: sizes, dtype: "float32" };
      },
    );
  }

  /**
   * Gradients by the names of inputs, one tensor each, all computed at once: a tidy around one of
   * them would dispose of the others.
   */
  function backward(dy: Tensor, inputs: Inputs, attributes: Attributes): Record<string, Tensor> {
    const { backend } = engine();
    const { options, pullback } = attributes;
    const cpu = (why: string): Record<string, Tensor> => {
      const pull = pullback ?? onCpu(backend, inputs, options, why)[1];
      const all = pull(numbersOf(backend, dy, "cotangent", why));
      const made = Object.entries(all).filter(([, gradient]) => gradient !== undefined);
      return Object.fromEntries(made.map(([name, { data, shape }]) => [name, tensor(data, [...shape], "float32")]));
    };
    if (pullback) return cpu(reason);
    return onDevice(
      backend,
      options,
      () => {
        const all = engine().runKernel(gradientName, { dy, ...inputs } as never, { options } as never) as Tensor[];
        const names = ["paths", "basepoint", "initial"].filter((name) => name in inputs);
        return Object.fromEntries(names.map((name, i) => [name, all[i] as Tensor]));
      },
      cpu,
    );
  }

  /**
   * Registers the kernels for the current backend, and the gradient of the kernel for these inputs,
   * unless they are registered.
   */
  function provide(name: string, names: readonly string[]): void {
    const backendName = getBackend();
    if (!getKernel(name, backendName)) {
      registerKernel({
        kernelName: name,
        backendName,
        kernelFunc: ({ inputs, backend, attrs }) =>
          forward(backend as KernelBackend, inputs as unknown as Inputs, attrs as unknown as Attributes),
      });
    }
    if (!getKernel(gradientName, backendName)) {
      registerKernel({
        kernelName: gradientName,
        backendName,
        kernelFunc: ({ inputs, backend, attrs }) => {
          const { dy, ...own } = inputs as Record<string, TensorInfo>;
          const { options } = attrs as unknown as Attributes;
          return (partsNow() as WebGpuParts).gradientsOn(backend as never, dy as TensorInfo, own as never, options);
        },
      });
    }
    if (getGradient(name)) return;
    registerGradient({
      kernelName: name,
      // The buffers of a WebGPU backend must exist until then.
      inputsToSave: [...names],
      gradFunc: (dy, saved, attrs) => {
        const inputs = Object.fromEntries(names.map((input, i) => [input, saved[i]])) as unknown as Inputs;
        const all = backward(dy as Tensor, inputs, attrs as unknown as Attributes);
        return Object.fromEntries(
          Object.entries(all).map(([input, x]) => [input, () => inTheShapeOf(inputs[input as keyof Inputs]!, x)]),
        );
      },
    });
  }

  return (paths: Tensor, options: object): Tensor => {
    if (!isTensor(paths)) throw typeError("PATHS_TYPE", "paths", String(paths), "a tensor of TensorFlow.js");
    return engine().tidy(opName, () => {
      const plain: Record<string, unknown> = { ...options };
      const inputs: NamedTensorMap = { paths: as("float32", paths) };
      for (const name of ["basepoint", "initial", "lengths"] as const) {
        const given = plain[name];
        if (!isTensor(given)) continue;
        delete plain[name];
        inputs[name] = name === "lengths" ? lengthsOf(given, paths) : as("float32", given);
      }
      // Saved inputs of a gradient must all be present, so there is one kernel per combination of
      // inputs.
      const names = Object.keys(inputs);
      const name = [kernelName, ...names.slice(1)].join("+");
      provide(name, names);
      return engine().runKernel(name, inputs, { options: plain } as unknown as NamedAttrMap) as Tensor;
    });
  };
}

/** A tensor as one of a number type. */
export const as = (dtype: "float32" | "int32", x: Tensor): Tensor =>
  x.dtype === dtype ? x : engine().runKernel("Cast", { x }, { dtype });

/**
 * Lengths, without gradients. Kernels that read them from a tensor cannot check them, so they are
 * clamped.
 */
function lengthsOf(given: Tensor, { shape }: Tensor): Tensor {
  const lengths = detached(as("int32", given));
  if (!isWebGpu(engine().backend)) return lengths;
  const most = scalar(shape.at(-2) ?? 1, "int32");
  return detached(minimum(maximum(lengths, scalar(1, "int32")), most));
}

/**
 * A gradient in the shape of its input: summed over the paths that share it, with 0 for a scalar
 * term, which is constant.
 */
function inTheShapeOf({ shape }: TensorInfo, gradient: Tensor): Tensor {
  let own = gradient;
  if (shape.length === 1 && own.shape.length > 1) own = sum(own, 0);
  const width = shape.at(-1) as number;
  const has = own.shape.at(-1) as number;
  if (has < width) own = pad(own, [...own.shape.slice(1).map((): [number, number] => [0, 0]), [width - has, 0]]);
  return own.shape.join() === shape.join() ? own : reshape(own, [...shape]);
}
