// SigLayer: signatures in TensorFlow.js models. It has the names of the layer in Keras Sig, so that
// models can be converted from Python (scripts/keras_to_tfjs.py). The op in tfjs.ts computes.

import {
  cast,
  concat,
  div,
  engine,
  linspace,
  max,
  maximum,
  mul,
  range,
  reshape,
  serialization,
  slice,
  sub,
  type Tensor,
  tensor,
  tidy,
  tile,
} from "@tensorflow/tfjs-core";
import { layers, type Shape } from "@tensorflow/tfjs-layers";
import { brief, rangeError, typeError } from "../input/errors.ts";
import { checkDepth, checkedSize } from "../input/size.ts";
import type { TensorSignature } from "./tfjs.ts";
import { detached, isWebGpu } from "./tfjs-backend.ts";

/** Arguments of the layer's constructor. */
export interface SigLayerArguments {
  /** N, the level at which signatures are truncated: a whole number, at least 1. */
  readonly depth: number;
  /** Return the signature of every prefix instead of the whole path. Default false. */
  readonly stream?: boolean;
  /** Keras Sig's option; ignored. */
  readonly unroll?: boolean | number | null;
  /** Keras Sig's option, also as `gpu_optimized`; ignored. */
  readonly gpuOptimized?: boolean | null;
  /** Paths start at the origin, so that signatures depend on their position. Default false. */
  readonly basepoint?: boolean;
  /** Include the leading 1 in each signature. Default false. */
  readonly scalarTerm?: boolean;
  /** Append a time channel, from 0 at the first point of a path to 1 at its last. Default false. */
  readonly time?: boolean;
  readonly name?: string;
  readonly trainable?: boolean;
  readonly inputShape?: Shape;
  readonly batchInputShape?: Shape;
  readonly dtype?: "float32";
}

const names = [
  "depth",
  "stream",
  "unroll",
  "gpuOptimized",
  "gpu_optimized",
  "basepoint",
  "scalarTerm",
  "time",
] as const;

const flag = (value: unknown, name: string): boolean => {
  if (value === undefined || value === null) return false;
  if (typeof value !== "boolean") throw typeError("OPTION_TYPE", `options.${name}`, brief(value), "true or false");
  return value;
};

let noted = false;

/** Warns once about options that are ignored. */
function note(value: unknown): void {
  if (noted || value === undefined || value === null) return;
  noted = true;
  console.warn(
    "path-signature: SigLayer accepts `unroll` and `gpu_optimized` of Keras Sig's models, and ignores them.",
  );
}

/** The layer's constructor, which `serialization.registerClass` of TensorFlow.js also accepts. */
export interface SigLayerClass {
  new (args: SigLayerArguments): layers.Layer;
  readonly className: "SigLayer";
  fromConfig<T extends serialization.Serializable>(
    cls: serialization.SerializableConstructor<T>,
    config: serialization.ConfigDict,
  ): T;
}

/** Makes the layer for an op and registers it for saved models. */
export function bindSigLayer(signature: TensorSignature): SigLayerClass {
  class SigLayer extends layers.Layer {
    static readonly className = "SigLayer";
    readonly depth: number;
    readonly stream: boolean;
    readonly basepoint: boolean;
    readonly scalarTerm: boolean;
    readonly time: boolean;
    readonly #unroll: unknown;
    readonly #gpuOptimized: unknown;

    constructor(args: SigLayerArguments) {
      // The base class rejects unknown arguments.
      super(Object.fromEntries(Object.entries(args).filter(([name]) => !(names as readonly string[]).includes(name))));
      const { depth, stream, unroll, gpuOptimized, basepoint, scalarTerm, time } = args;
      checkDepth(depth, "depth");
      this.depth = depth;
      this.stream = flag(stream, "stream");
      this.basepoint = flag(basepoint, "basepoint");
      this.scalarTerm = flag(scalarTerm, "scalarTerm");
      this.time = flag(time, "time");
      this.#unroll = unroll ?? null;
      this.#gpuOptimized = gpuOptimized ?? (args as { gpu_optimized?: unknown }).gpu_optimized ?? null;
      note(this.#unroll ?? this.#gpuOptimized);
      this.supportsMasking = true;
    }

    override computeOutputShape(inputShape: Shape | Shape[]): Shape {
      const shape = (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as Shape;
      const [length, channels] = shape.slice(-2);
      if (shape.length < 2 || typeof channels !== "number") {
        throw rangeError(
          "SHAPE_INVALID",
          "inputShape",
          `(${shape.join(", ")})`,
          "(…batch, length, channels) with known channels",
        );
      }
      const size = checkedSize(channels + (this.time ? 1 : 0), this.depth) + (this.scalarTerm ? 1 : 0);
      const lead = shape.slice(0, -2);
      if (!this.stream) return [...lead, size];
      return [...lead, typeof length === "number" ? length - (this.basepoint ? 0 : 1) : null, size];
    }

    override call(inputs: Tensor | Tensor[], kwargs: { mask?: Tensor | Tensor[] | null } = {}): Tensor {
      return tidy(() => {
        const x = Array.isArray(inputs) ? (inputs[0] as Tensor) : inputs;
        const mask = Array.isArray(kwargs.mask) ? kwargs.mask[0] : kwargs.mask;
        const lengths = mask ? lengthsOf(mask) : undefined;
        const paths = this.time ? concat([x, timesOf(x, lengths)], -1) : x;
        return signature(paths, {
          depth: this.depth,
          stream: this.stream,
          scalarTerm: this.scalarTerm,
          ...(this.basepoint && { basepoint: true }),
          ...(lengths && { lengths }),
        });
      });
    }

    /** Whole signatures have no time axis to mask. */
    override computeMask(_inputs: Tensor | Tensor[], mask?: Tensor | Tensor[]): Tensor {
      const own = Array.isArray(mask) ? mask[0] : mask;
      if (!own || !this.stream) return null as unknown as Tensor;
      return this.basepoint ? own : slice(own, [0, 1], [-1, -1]);
    }

    override getConfig(): serialization.ConfigDict {
      const { depth, stream, basepoint, scalarTerm, time } = this;
      const unroll = this.#unroll as boolean | null;
      const gpuOptimized = this.#gpuOptimized as boolean | null;
      return { ...super.getConfig(), depth, stream, unroll, gpuOptimized, basepoint, scalarTerm, time };
    }
  }
  serialization.registerClass(SigLayer);
  return SigLayer as unknown as SigLayerClass;
}

/**
 * Lengths of paths: up to the last point that the mask (batch, length) keeps. A path without points
 * counts as one point, whose signature is the identity. Masks on a GPU stay there, so holes in them
 * are not detected.
 */
function lengthsOf(mask: Tensor): Uint32Array | Tensor {
  const [batch, length] = mask.shape as [number, number];
  if (isWebGpu(engine().backend)) {
    const ends = mul(cast(detached(mask), "int32"), range(1, length + 1, 1, "int32"));
    return maximum(max(ends, 1), tensor(1, [], "int32"));
  }
  const kept = mask.dataSync();
  return Uint32Array.from({ length: batch }, (_, i) => {
    let end = 0;
    for (let t = 0; t < length; t++) {
      if (!kept[i * length + t]) continue;
      if (t !== end) {
        const given = `path ${i}, whose point ${t} counts after one that does not`;
        throw rangeError("LENGTHS_RANGE", "mask", given, "such that what does not count stands at the end of a path");
      }
      end = t + 1;
    }
    return Math.max(1, end);
  });
}

/**
 * A time channel for paths, which reaches 1 at the last valid point. Later values do not matter.
 */
function timesOf({ shape }: Tensor, lengths: Uint32Array | Tensor | undefined): Tensor {
  const length = shape.at(-2) as number;
  const paths = shape.slice(0, -2).reduce((product, n) => product * n, 1);
  const column = [...shape.slice(0, -1), 1];
  if (lengths === undefined) {
    const once = length === 1 ? tensor([0]) : linspace(0, 1, length);
    return reshape(tile(once, [paths]), column);
  }
  if (!(lengths instanceof Uint32Array)) {
    const steps = maximum(sub(cast(lengths, "float32"), 1), 1);
    return reshape(div(range(0, length), reshape(steps, [paths, 1])), column);
  }
  const times = new Float32Array(paths * length);
  for (const [i, count] of lengths.entries()) {
    for (let t = 1; t < count; t++) times[i * length + t] = t / (count - 1);
  }
  return tensor(times, column);
}
