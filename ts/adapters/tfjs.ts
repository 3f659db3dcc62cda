// Signatures as a TensorFlow.js op with a registered gradient. A thin layer: shapes, options and errors are the library's own. Tensors of a WebGPU backend are computed with where they
// lie (tfjs-webgpu.ts) once `prepare` has loaded the code for that; those of all others are read, handed to `signature`, and come back as tensors. The layer for models is
// tfjs-layer.ts.

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
import type { SignatureOptions } from "../input/options.ts";
import type { SignatureGradients, SignatureWithVjpFunction, VjpOptions } from "../operations/signature-vjp.ts";
import { detached, isWebGpu, numbersOf, type WebGpuBackend } from "./tfjs-backend.ts";
import type * as webgpu from "./tfjs-webgpu.ts";

/** Options of the op: those of `signature`, with tensors where gradients may be wanted. Everything is float32. */
export interface TensorSignatureOptions
  extends Omit<SignatureOptions, "basepoint" | "initial" | "lengths" | "dtype" | "out"> {
  /** As for `signature`; a tensor (channels) or (…batch, channels) gets its gradient. */
  readonly basepoint?: SignatureOptions["basepoint"] | Tensor;
  /** As for `signature`; a tensor (size) or (…batch, size) gets its gradient. */
  readonly initial?: SignatureOptions["initial"] | Tensor;
  /** As for `signature`; or a tensor of as many whole numbers. On a WebGPU backend those out of range are taken for the nearest in it. */
  readonly lengths?: SignatureOptions["lengths"] | Tensor;
}

/**
 * Signatures of paths as a TensorFlow.js op, differentiable with respect to paths, basepoints and initial signatures.
 *
 * On a WebGPU backend, once {@link Prepare | prepare} was awaited, nothing leaves the GPU: tensors are read where they lie, results and gradients are written to buffers of the backend's. Nothing is
 * read back either, so numbers that are not finite make results that are not, without an error. What has no kernel there (docs/gradients.md), and calls before `prepare`, are computed on the
 * CPU if the tensors' numbers are in memory; a GPU's can only be read asynchronously, which an op cannot wait for.
 *
 * @param paths - (…batch, length, channels); numbers of other types are converted to float32.
 * @returns (…batch, size), with `stream` (…batch, length − 1, size), or length of them with a basepoint. float32.
 * @throws PathSignatureError as `signature` does; TENSOR_ON_GPU where numbers that the CPU needs are on the GPU only.
 */
export type TensorSignature = (paths: Tensor, options: TensorSignatureOptions) => Tensor;

/**
 * Waits for TensorFlow.js to be ready and, where its backend is WebGPU's, loads the code with which signatures stay on the GPU. To be awaited once, after the backend is chosen;
 * calls before that are the CPU's. Does nothing on other backends.
 */
export type Prepare = () => Promise<void>;

/** What is loaded for WebGPU backends. */
export type WebGpuParts = typeof webgpu;

const kernelName = "PathSignature";
const gradientName = "PathSignatureGradient";
const unprepared = "`await prepare()` of path-signature/tfjs comes before the first call";

type Inputs = webgpu.TensorInputs;
type Pullback = (cotangent: { data: Float32Array; shape: readonly number[] }) => SignatureGradients<"float32">;

/** What kernels are told. Not in tensors: nothing of it is part of a graph. */
interface Attributes {
  readonly options: VjpOptions;
  /** Of a call that the CPU has computed. */
  pullback?: Pullback;
}

const isTensor = (value: unknown): value is Tensor =>
  typeof value === "object" && value !== null && "dataId" in value && "dtype" in value;

/** The op for a copy of the library, and what prepares it. */
export function bindTensorSignature(
  signatureWithVjp: SignatureWithVjpFunction,
  load: () => Promise<WebGpuParts>,
): { readonly signature: TensorSignature; readonly prepare: Prepare } {
  let parts: WebGpuParts | undefined;

  /** A call on the CPU: its signatures, and what makes gradients of cotangents. */
  function onCpu(backend: KernelBackend, inputs: Inputs, options: VjpOptions, why: string) {
    const given: Record<string, unknown> = { ...options, dtype: "float32" };
    const { paths, lengths, ...rows } = inputs;
    for (const [name, info] of Object.entries(rows)) {
      if (info) given[name] = numbersOf(backend, info, `options.${name}`, why);
    }
    if (lengths) given.lengths = numbersOf(backend, lengths, "options.lengths", why).data;
    return signatureWithVjp(numbersOf(backend, paths, "paths", why), given as never) as unknown as [
      { data: Float32Array; shape: readonly number[] },
      Pullback,
    ];
  }

  /** Does something on the device where it can be done there; else `elsewhere` is told why not. */
  function onDevice<R>(
    backend: KernelBackend,
    work: (parts: WebGpuParts, backend: WebGpuBackend) => R,
    elsewhere: (why: string) => R,
  ): R {
    if (!parts || !isWebGpu(backend)) return elsewhere(unprepared);
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
      (parts, there) => parts.signatureOn(there, inputs, options),
      (why) => {
        const [{ data, shape }, pullback] = onCpu(backend, inputs, options, why);
        attributes.pullback = pullback;
        const sizes = [...shape];
        return { dataId: backend.write(data, sizes, "float32"), shape: sizes, dtype: "float32" };
      },
    );
  }

  /** Gradients by the names of inputs, a tensor each, made at once: a tidy around one of them would take the others with it. */
  function backward(dy: Tensor, inputs: Inputs, attributes: Attributes): Record<string, Tensor> {
    const { backend } = engine();
    const { options, pullback } = attributes;
    const cpu = (why: string): Record<string, Tensor> => {
      const pull = pullback ?? onCpu(backend, inputs, options, why)[1];
      const all = pull(numbersOf(backend, dy, "cotangent", why));
      const made = Object.entries(all).filter(([, gradient]) => gradient !== undefined);
      return Object.fromEntries(made.map(([name, { data, shape }]) => [name, tensor(data, [...shape], "float32")]));
    };
    if (pullback) return cpu(unprepared);
    return onDevice(
      backend,
      () => {
        const all = engine().runKernel(gradientName, { dy, ...inputs } as never, { options } as never) as Tensor[];
        const names = ["paths", "basepoint", "initial"].filter((name) => name in inputs);
        return Object.fromEntries(names.map((name, i) => [name, all[i] as Tensor]));
      },
      cpu,
    );
  }

  /** Makes the kernels of the current backend, and the gradient of the one for such inputs, unless there are some. */
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
          return (parts as WebGpuParts).gradientsOn(backend as never, dy as TensorInfo, own as never, options);
        },
      });
    }
    if (getGradient(name)) return;
    registerGradient({
      kernelName: name,
      // The buffers of a WebGPU backend have to be there until then.
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

  return {
    async prepare() {
      await ready();
      if (isWebGpu(engine().backend)) parts = await load();
    },

    signature(paths, options) {
      if (!isTensor(paths)) throw typeError("PATHS_TYPE", "paths", String(paths), "a tensor of TensorFlow.js");
      return engine().tidy("signature", () => {
        const plain: Record<string, unknown> = { ...options };
        const inputs: NamedTensorMap = { paths: as("float32", paths) };
        for (const name of ["basepoint", "initial", "lengths"] as const) {
          const given = plain[name];
          if (!isTensor(given)) continue;
          delete plain[name];
          inputs[name] = name === "lengths" ? lengthsOf(given, paths) : as("float32", given);
        }
        // What is saved for the gradient is a list of inputs that are all there: a kernel for each such list.
        const names = Object.keys(inputs);
        const name = [kernelName, ...names.slice(1)].join("+");
        provide(name, names);
        return engine().runKernel(name, inputs, { options: plain } as unknown as NamedAttrMap) as Tensor;
      });
    },
  };
}

const as = (dtype: "float32" | "int32", x: Tensor): Tensor =>
  x.dtype === dtype ? x : engine().runKernel("Cast", { x }, { dtype });

/** Lengths that gradients do not flow through. Where kernels take them from a tensor nobody can look at them, so they are brought into range. */
function lengthsOf(given: Tensor, { shape }: Tensor): Tensor {
  const lengths = detached(as("int32", given));
  if (!isWebGpu(engine().backend)) return lengths;
  const most = scalar(shape.at(-2) ?? 1, "int32");
  return detached(minimum(maximum(lengths, scalar(1, "int32")), most));
}

/** A gradient as that of an input: summed over the paths that share it, with a zero for a scalar term, which is constant. */
function inTheShapeOf({ shape }: TensorInfo, gradient: Tensor): Tensor {
  let own = gradient;
  if (shape.length === 1 && own.shape.length > 1) own = sum(own, 0);
  const width = shape.at(-1) as number;
  const has = own.shape.at(-1) as number;
  if (has < width) own = pad(own, [...own.shape.slice(1).map((): [number, number] => [0, 0]), [width - has, 0]]);
  return own.shape.join() === shape.join() ? own : reshape(own, [...shape]);
}
