// SigLayer and LogSigLayer: signatures and log-signatures in TensorFlow.js models. SigLayer has the
// names of the layer in Keras Sig, so that models can be converted from Python
// (scripts/keras_to_tfjs.py). The ops in tfjs.ts compute.

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
import { imagineLayers, numbersAsNames } from "../input/augment/channels.ts";
import { plain } from "../input/augment/plain.ts";
import { refuseBasepoint } from "../input/call.ts";
import { brief, rangeError, typeError } from "../input/errors.ts";
import { type OptionName, type ReadOther, readOptions, type VjpOptions } from "../input/options.ts";
import { selectionSize } from "../input/select.ts";
import { checkedSize } from "../input/size.ts";
import { unknownOption } from "../input/unknown-option.ts";
import type { LogSignatureVjpOptions } from "../operations/log-signature.ts";
import type { LogSignatureBasis } from "../operations/log-signature-labels.ts";
import type { TensorLogSignature, TensorSignature } from "./tfjs.ts";
import { detached, isWebGpu } from "./tfjs-backend.ts";

/** Arguments that both layers' constructors take. Unknown arguments are rejected. */
export interface LayerArguments extends Pick<VjpOptions, "depth" | "inverse" | "checkFinite" | "augment" | "mask"> {
  /**
   * Return a row for every prefix instead of the whole path: (batch, length − 1, row), or (batch,
   * length, row) with a basepoint. Default false.
   */
  readonly stream?: boolean;
  /**
   * A point that precedes the first point of each path, so that results depend on their position:
   * `true` for the origin, or (channels) numbers, the time among them. Default false.
   */
  readonly basepoint?: boolean | readonly number[];
  /**
   * Append a time channel, from 0 at the first point of a path to 1 at its last, ahead of
   * `augment`. Default false.
   */
  readonly time?: boolean;
  readonly name?: string;
  readonly trainable?: boolean;
  readonly inputShape?: Shape;
  readonly batchInputShape?: Shape;
  readonly batchSize?: number;
  readonly dtype?: "float32";
}

/** Arguments of SigLayer. Unknown arguments are rejected. */
export interface SigLayerArguments extends LayerArguments, Pick<VjpOptions, "algorithm" | "select"> {
  /** Keras Sig's option; ignored. */
  readonly unroll?: boolean | number | null;
  /** Keras Sig's option, also as `gpu_optimized`; ignored. */
  readonly gpuOptimized?: boolean | null;
  /** Include the leading 1 in each signature. Default false. */
  readonly scalarTerm?: boolean;
}

/** Arguments of LogSigLayer. Unknown arguments are rejected. */
export interface LogSigLayerArguments extends LayerArguments, Pick<LogSignatureVjpOptions, "basis" | "precision"> {}

/** Arguments that are options of every op, and those of each. */
const commonOptions = ["depth", "stream", "basepoint", "inverse", "checkFinite", "augment", "mask"] as const;
const signatureOptions = [...commonOptions, "scalarTerm", "algorithm", "select"] as const;
const logSignatureOptions = [...commonOptions, "basis", "precision"] as const;

/** `customObjects` is added when a model is loaded. */
const ownNames = ["time", "customObjects"];
const kerasNames = ["unroll", "gpuOptimized", "gpu_optimized"];
/** Those of the base class, which ignores unknown ones. */
const baseNames = ["name", "trainable", "inputShape", "batchInputShape", "batchSize", "dtype", "weights", "inputDType"];

/** Which arguments a layer takes. */
interface Known {
  /** Options of the op. */
  readonly options: readonly string[];
  /** Further arguments. */
  readonly others: readonly string[];
  /** Reads options that only this op has. */
  readonly readOther?: ReadOther;
}

/**
 * The options of the op among the arguments. `null`, in models from Python, is as good as nothing.
 */
function readArguments(args: LayerArguments, { options: names, others, readOther }: Known): LayerArguments {
  if (typeof args !== "object" || args === null)
    throw typeError("OPTION_TYPE", "options", brief(args), "an object such as { depth: 3 }");
  const allNames = [...names, ...others, ...ownNames, ...baseNames];
  for (const name in args) {
    if (name === "lengths")
      throw typeError("OPTION_UNKNOWN", "options.lengths", "it", "left out: a mask gives the lengths");
    if (!allNames.includes(name)) throw unknownOption(name, allNames);
  }
  const given = names.map((name) => [name, args[name as keyof LayerArguments] ?? undefined]);
  const options = Object.fromEntries(given.filter(([, value]) => value !== undefined)) as unknown as LayerArguments;
  readOptions(options, readOther, names as readonly OptionName[]);
  const { basepoint = false } = options;
  if (typeof basepoint !== "boolean" && !(Array.isArray(basepoint) && basepoint.every(Number.isFinite)))
    throw typeError(
      "BASEPOINT_TYPE",
      "options.basepoint",
      brief(basepoint),
      "true, false or an array of channels numbers",
    );
  if (options.augment === undefined && options.mask === undefined) return options;
  refuseBasepoint({ basepoint });
  return { ...options, ...plain({ augment: options.augment, mask: options.mask }) };
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

/** A layer's constructor, which `serialization.registerClass` of TensorFlow.js also accepts. */
export interface LayerClass<Arguments, Name extends string> {
  new (args: Arguments): layers.Layer;
  readonly className: Name;
  fromConfig<T extends serialization.Serializable>(
    cls: serialization.SerializableConstructor<T>,
    config: serialization.ConfigDict,
  ): T;
}
export interface SigLayerClass extends LayerClass<SigLayerArguments, "SigLayer"> {}
export interface LogSigLayerClass extends LayerClass<LogSigLayerArguments, "LogSigLayer"> {}

/** What both layers are: an op on paths, with a time channel, masks as lengths, and a config. */
abstract class PathLayer extends layers.Layer {
  readonly options: LayerArguments;
  readonly time: boolean;

  constructor(args: LayerArguments, known: Known) {
    const options = readArguments(args, known);
    super(Object.fromEntries(Object.entries(args).filter(([name]) => baseNames.includes(name))));
    this.options = options;
    this.time = readTime(args.time);
    this.supportsMasking = true;
  }

  /** Numbers of a row of the result. */
  abstract size(channels: number): number;
  /** The op. */
  abstract compute(paths: Tensor, options: object): Tensor;

  override build(inputShape: Shape | Shape[]): void {
    this.#augmentedShape(pathsShape(inputShape));
    super.build(inputShape);
  }

  /** All augmentations, the time among them where there are others. */
  #augment(): LayerArguments["augment"] {
    const { augment } = this.options;
    return augment && this.time ? [{ time: { normalized: true } }, ...augment] : augment;
  }

  /** Points and channels of augmented paths, and points where n were given. */
  #augmentedShape(shape: Shape): { length: number | null; channels: number; points: (n: number) => number } {
    const [length, own] = shape.slice(-2) as [number | null, number];
    const { basepoint } = this.options;
    const augment = this.#augment();
    const layers = augment === undefined ? [] : imagineLayers(numbersAsNames(own), augment, "options.augment").layers;
    const points = (n: number) => layers.reduce((count, layer) => layer.points(count), n + (basepoint ? 1 : 0));
    return {
      length: typeof length === "number" ? points(length) : null,
      channels: layers.at(-1)?.to ?? own + (this.time ? 1 : 0),
      points,
    };
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shape = pathsShape(inputShape);
    const { length, channels } = this.#augmentedShape(shape);
    const size = this.size(channels);
    const lead = shape.slice(0, -2);
    if (!this.options.stream) return [...lead, size];
    return [...lead, length === null ? null : length - 1, size];
  }

  override call(inputs: Tensor | Tensor[], kwargs: { mask?: Tensor | Tensor[] | null } = {}): Tensor {
    return tidy(() => {
      const x = Array.isArray(inputs) ? (inputs[0] as Tensor) : inputs;
      const mask = Array.isArray(kwargs.mask) ? kwargs.mask[0] : kwargs.mask;
      const lengths = mask ? lengthsOf(mask) : undefined;
      const augment = this.#augment();
      const paths = this.time && !augment ? concat([x, timesOf(x, lengths)], -1) : x;
      return this.compute(paths, { ...this.options, ...(augment && { augment }), ...(lengths && { lengths }) });
    });
  }

  /** Rows of whole paths have no time axis to mask. */
  override computeMask(inputs: Tensor | Tensor[], mask?: Tensor | Tensor[]): Tensor {
    const own = Array.isArray(mask) ? mask[0] : mask;
    if (!own || !this.options.stream) return null as unknown as Tensor;
    const lengths = this.options.augment === undefined ? undefined : lengthsOf(own);
    if (lengths instanceof Uint32Array) {
      const { shape } = Array.isArray(inputs) ? (inputs[0] as Tensor) : inputs;
      const { points } = this.#augmentedShape(shape);
      const rows = points(shape.at(-2) as number) - 1;
      const kept = new Uint8Array(lengths.length * rows);
      for (const [i, n] of lengths.entries()) kept.fill(1, i * rows, i * rows + points(n) - 1);
      return tensor(kept, [lengths.length, rows], "bool");
    }
    return this.options.basepoint ? own : slice(own, [0, 1], [-1, -1]);
  }

  override getConfig(): serialization.ConfigDict {
    const options = { stream: false, basepoint: false, ...this.options } as unknown as serialization.ConfigDict;
    return { ...super.getConfig(), ...options, time: this.time };
  }
}

/** Makes the layer of signatures for an op and registers it for saved models. */
export function bindSigLayer(signature: TensorSignature): SigLayerClass {
  class SigLayer extends PathLayer {
    static readonly className = "SigLayer";
    declare readonly options: SigLayerArguments;
    readonly #unroll: unknown;
    readonly #gpuOptimized: unknown;

    constructor(args: SigLayerArguments) {
      super(args, { options: signatureOptions, others: kerasNames });
      this.#unroll = args.unroll ?? null;
      this.#gpuOptimized = args.gpuOptimized ?? (args as { gpu_optimized?: unknown }).gpu_optimized ?? null;
      note(this.#unroll ?? this.#gpuOptimized);
    }

    override size(channels: number): number {
      const { depth, scalarTerm, select } = this.options;
      if (select !== undefined) return selectionSize(channels, depth, select, { scalarTerm });
      return checkedSize(channels, depth) + (scalarTerm ? 1 : 0);
    }

    override compute(paths: Tensor, options: object): Tensor {
      return signature(paths, options as SigLayerArguments);
    }

    override getConfig(): serialization.ConfigDict {
      const unroll = this.#unroll as boolean | null;
      const gpuOptimized = this.#gpuOptimized as boolean | null;
      return { scalarTerm: false, ...super.getConfig(), unroll, gpuOptimized };
    }
  }
  serialization.registerClass(SigLayer);
  return SigLayer as unknown as SigLayerClass;
}

/**
 * Makes the layer of log-signatures for an op and registers it for saved models.
 *
 * @param readOther - checks `basis` and `precision`
 * @param logSignatureSize - the library's function
 */
export function bindLogSigLayer(
  logSignature: TensorLogSignature,
  readOther: ReadOther,
  logSignatureSize: (channels: number, depth: number, basis?: LogSignatureBasis) => number,
): LogSigLayerClass {
  class LogSigLayer extends PathLayer {
    static readonly className = "LogSigLayer";
    declare readonly options: LogSigLayerArguments;

    constructor(args: LogSigLayerArguments) {
      super(args, { options: logSignatureOptions, others: [], readOther });
    }

    override size(channels: number): number {
      return logSignatureSize(channels, this.options.depth, this.options.basis);
    }

    override compute(paths: Tensor, options: object): Tensor {
      return logSignature(paths, options as LogSigLayerArguments);
    }
  }
  serialization.registerClass(LogSigLayer);
  return LogSigLayer as unknown as LogSigLayerClass;
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
