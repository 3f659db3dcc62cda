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
import { readOptions, type VjpOptions } from "../input/options.ts";
import { checkedSize } from "../input/size.ts";
import { unknownOption } from "../input/unknown-option.ts";
import type { TensorSignature } from "./tfjs.ts";
import { detached, isWebGpu } from "./tfjs-backend.ts";

/** Arguments of the layer's constructor. Unknown arguments are rejected. */
export interface SigLayerArguments extends Pick<VjpOptions, "depth" | "inverse" | "algorithm" | "checkFinite"> {
  /**
   * Return the signature of every prefix instead of the whole path: (batch, length − 1, size), or
   * (batch, length, size) with a basepoint. Default false.
   */
  readonly stream?: boolean;
  /** Keras Sig's option; ignored. */
  readonly unroll?: boolean | number | null;
  /** Keras Sig's option, also as `gpu_optimized`; ignored. */
  readonly gpuOptimized?: boolean | null;
  /**
   * A point that precedes the first point of each path, so that signatures depend on their
   * position: `true` for the origin, or (channels) numbers, the time among them. Default false.
   */
  readonly basepoint?: boolean | readonly number[];
  /** Include the leading 1 in each signature. Default false. */
  readonly scalarTerm?: boolean;
  /** Append a time channel, from 0 at the first point of a path to 1 at its last. Default false. */
  readonly time?: boolean;
  readonly name?: string;
  readonly trainable?: boolean;
  readonly inputShape?: Shape;
  readonly batchInputShape?: Shape;
  readonly batchSize?: number;
  readonly dtype?: "float32";
}

/** The arguments that are options of the op. */
const optionNames = ["depth", "stream", "basepoint", "inverse", "scalarTerm", "checkFinite", "algorithm"] as const;
type LayerOptions = Pick<SigLayerArguments, (typeof optionNames)[number]>;

/** `customObjects` is added when a model is loaded. */
const ownNames = ["unroll", "gpuOptimized", "gpu_optimized", "time", "customObjects"];
/** Those of the base class, which ignores unknown ones. */
const baseNames = ["name", "trainable", "inputShape", "batchInputShape", "batchSize", "dtype", "weights", "inputDType"];
const allNames: readonly string[] = [...optionNames, ...ownNames, ...baseNames];

/**
 * The options of the op among the arguments. `null`, in models from Python, is as good as nothing.
 */
function readArguments(args: SigLayerArguments): LayerOptions {
  if (typeof args !== "object" || args === null)
    throw typeError("OPTION_TYPE", "options", brief(args), "an object such as { depth: 3 }");
  for (const name in args) {
    if (name === "lengths")
      throw typeError("OPTION_UNKNOWN", "options.lengths", "it", "left out: a mask gives the lengths");
    if (!allNames.includes(name)) throw unknownOption(name, allNames);
  }
  const given = optionNames.map((name) => [name, args[name] ?? undefined]);
  const options = Object.fromEntries(given.filter(([, value]) => value !== undefined)) as unknown as LayerOptions;
  readOptions(options, undefined, optionNames);
  const { basepoint = false } = options;
  if (typeof basepoint !== "boolean" && !(Array.isArray(basepoint) && basepoint.every(Number.isFinite)))
    throw typeError(
      "BASEPOINT_TYPE",
      "options.basepoint",
      brief(basepoint),
      "true, false or an array of channels numbers",
    );
  return options;
}

function readTime(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value !== "boolean") throw typeError("OPTION_TYPE", "options.time", brief(value), "true or false");
  return value;
}

/** The one shape (…batch, length, channels) of inputs. */
function pathsShape(inputShape: Shape | Shape[]): Shape {
  const shapes = (Array.isArray(inputShape[0]) ? inputShape : [inputShape]) as Shape[];
  const [shape] = shapes as [Shape];
  if (shapes.length > 1 || shape.length < 3) {
    const given = shapes.map((one) => `(${one.map(String).join(", ")})`).join(" and ");
    const hint = shape.length < 3 ? ": Flatten and pooling remove the axis of time" : "";
    throw typeError("PATHS_RANK", "inputs", given + hint, "one tensor of paths, (batch, length, channels)");
  }
  if (typeof shape.at(-1) !== "number") {
    const given = `(${shape.map(String).join(", ")})`;
    throw rangeError("SHAPE_INVALID", "inputShape", given, "(…batch, length, channels) with known channels");
  }
  return shape;
}

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
    readonly options: LayerOptions;
    readonly time: boolean;
    readonly #unroll: unknown;
    readonly #gpuOptimized: unknown;

    constructor(args: SigLayerArguments) {
      const options = readArguments(args);
      super(Object.fromEntries(Object.entries(args).filter(([name]) => baseNames.includes(name))));
      this.options = options;
      this.time = readTime(args.time);
      this.#unroll = args.unroll ?? null;
      this.#gpuOptimized = args.gpuOptimized ?? (args as { gpu_optimized?: unknown }).gpu_optimized ?? null;
      note(this.#unroll ?? this.#gpuOptimized);
      this.supportsMasking = true;
    }

    override build(inputShape: Shape | Shape[]): void {
      pathsShape(inputShape);
      super.build(inputShape);
    }

    override computeOutputShape(inputShape: Shape | Shape[]): Shape {
      const shape = pathsShape(inputShape);
      const [length, channels] = shape.slice(-2) as [number | null, number];
      const { depth, stream, basepoint, scalarTerm } = this.options;
      const size = checkedSize(channels + (this.time ? 1 : 0), depth) + (scalarTerm ? 1 : 0);
      const lead = shape.slice(0, -2);
      if (!stream) return [...lead, size];
      return [...lead, typeof length === "number" ? length - (basepoint ? 0 : 1) : null, size];
    }

    override call(inputs: Tensor | Tensor[], kwargs: { mask?: Tensor | Tensor[] | null } = {}): Tensor {
      return tidy(() => {
        const x = Array.isArray(inputs) ? (inputs[0] as Tensor) : inputs;
        const mask = Array.isArray(kwargs.mask) ? kwargs.mask[0] : kwargs.mask;
        const lengths = mask ? lengthsOf(mask) : undefined;
        const paths = this.time ? concat([x, timesOf(x, lengths)], -1) : x;
        return signature(paths, { ...this.options, ...(lengths && { lengths }) });
      });
    }

    /** Whole signatures have no time axis to mask. */
    override computeMask(_inputs: Tensor | Tensor[], mask?: Tensor | Tensor[]): Tensor {
      const own = Array.isArray(mask) ? mask[0] : mask;
      if (!own || !this.options.stream) return null as unknown as Tensor;
      return this.options.basepoint ? own : slice(own, [0, 1], [-1, -1]);
    }

    override getConfig(): serialization.ConfigDict {
      const unroll = this.#unroll as boolean | null;
      const gpuOptimized = this.#gpuOptimized as boolean | null;
      const { stream = false, basepoint = false, scalarTerm = false, ...others } = this.options;
      const options = { stream, basepoint, scalarTerm, ...others } as serialization.ConfigDict;
      return { ...super.getConfig(), ...options, unroll, gpuOptimized, time: this.time };
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
