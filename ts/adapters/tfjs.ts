// Signatures as a TensorFlow.js op with a registered gradient: reads tensors of whatever backend is current, hands their numbers to `signature`, brings the result back as a
// tensor. A thin layer: shapes, options and errors are the library's own. The layer for models is tfjs-layer.ts.

import {
  engine,
  type GradConfig,
  getBackend,
  getKernel,
  type KernelBackend,
  type NamedTensorMap,
  registerGradient,
  registerKernel,
  type Tensor,
  type TensorInfo,
  tensor,
} from "@tensorflow/tfjs-core";
import { typeError } from "../core/errors.ts";
import type { SignatureOptions } from "../core/options.ts";
import type { SignatureGradients, SignatureWithVjpFunction, VjpOptions } from "../core/vjp.ts";

/** Options of the op: those of `signature`, with tensors where gradients may be wanted. Everything is float32. */
export interface TensorSignatureOptions extends Omit<SignatureOptions, "basepoint" | "initial" | "dtype" | "out"> {
  /** As for `signature`; a tensor (channels) or (…batch, channels) gets its gradient. */
  readonly basepoint?: SignatureOptions["basepoint"] | Tensor;
  /** As for `signature`; a tensor (size) or (…batch, size) gets its gradient. */
  readonly initial?: SignatureOptions["initial"] | Tensor;
}

/**
 * Signatures of paths as a TensorFlow.js op, differentiable with respect to paths, basepoints and initial signatures.
 *
 * @param paths - (…batch, length, channels); numbers of other types are converted to float32.
 * @returns (…batch, size), with `stream` (…batch, length − 1, size), or length of them with a basepoint. float32.
 * @throws PathSignatureError as `signature` does.
 */
export type TensorSignature = (paths: Tensor, options: TensorSignatureOptions) => Tensor;

const kernelName = "PathSignature";

/** What the gradient needs of a forward call. Not in tensors: nothing of it is part of a graph. */
interface Attributes {
  readonly options: VjpOptions;
  pullback?: (cotangent: { data: Float32Array; shape: readonly number[] }) => SignatureGradients<"float32">;
}

const isTensor = (value: unknown): value is Tensor =>
  typeof value === "object" && value !== null && "dataId" in value && "dtype" in value;

/** A tensor's numbers, without a copy where the backend keeps them in JavaScript. */
const numbersOf = (backend: KernelBackend, { dataId, shape }: TensorInfo) => ({
  data: backend.readSync(dataId) as Float32Array,
  shape,
});

/** Makes the kernel of the current backend, unless there is one. */
function provide(signatureWithVjp: SignatureWithVjpFunction): void {
  const backendName = getBackend();
  if (getKernel(kernelName, backendName)) return;
  registerKernel({
    kernelName,
    backendName,
    kernelFunc: ({ inputs, backend, attrs }) => {
      const attributes = attrs as unknown as Attributes;
      const here = backend as KernelBackend;
      const { paths, basepoint, initial } = inputs as Record<string, TensorInfo | undefined>;
      const options = {
        ...attributes.options,
        dtype: "float32" as const,
        ...(basepoint && { basepoint: numbersOf(here, basepoint) }),
        ...(initial && { initial: numbersOf(here, initial) }),
      };
      const [{ data, shape }, pullback] = signatureWithVjp(numbersOf(here, paths as TensorInfo), options);
      attributes.pullback = pullback as NonNullable<Attributes["pullback"]>;
      const sizes = [...shape];
      return { dataId: here.write(data, sizes, "float32"), shape: sizes, dtype: "float32" };
    },
  });
}

const gradient: GradConfig = {
  kernelName,
  gradFunc: (dy, _saved, attrs) => {
    const { pullback } = attrs as unknown as Attributes;
    const cotangent = dy as Tensor;
    // All at once, for whichever of the inputs is asked first.
    let all: SignatureGradients<"float32"> | undefined;
    const of = (name: keyof SignatureGradients) => () => {
      all ??= (pullback as NonNullable<typeof pullback>)({
        data: cotangent.dataSync<"float32">(),
        shape: cotangent.shape,
      });
      const { data, shape } = all[name] as SignatureGradients<"float32">["paths"];
      return tensor(data, [...shape], "float32");
    };
    return { paths: of("paths"), basepoint: of("basepoint"), initial: of("initial") };
  },
};

/** Makes the op for a copy of the library. */
export function bindTensorSignature(signatureWithVjp: SignatureWithVjpFunction): TensorSignature {
  let registered = false;
  return function signature(paths, options) {
    if (!isTensor(paths)) throw typeError("PATHS_TYPE", "paths", String(paths), "a tensor of TensorFlow.js");
    if (!registered) registerGradient(gradient);
    registered = true;
    provide(signatureWithVjp);
    const float = (x: Tensor): Tensor =>
      x.dtype === "float32" ? x : engine().runKernel("Cast", { x }, { dtype: "float32" });
    const { basepoint, initial, ...rest } = options;
    const plain: Record<string, unknown> = { ...rest };
    const inputs: NamedTensorMap = { paths: float(paths) };
    if (isTensor(basepoint)) inputs.basepoint = float(basepoint);
    else if (basepoint !== undefined) plain.basepoint = basepoint;
    if (isTensor(initial)) inputs.initial = float(initial);
    else if (initial !== undefined) plain.initial = initial;
    return engine().runKernel(kernelName, inputs, { options: plain } as never);
  };
}
