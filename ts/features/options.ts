// The options of `signatureFeatures`: their types, defaults and reading.

import type { Engine } from "../engine/core-engine.ts";
import { type DType, kindOf } from "../input/arrays.ts";
import type { Augmentation } from "../input/augment/types.ts";
import { describe, typeError } from "../input/errors.ts";
import type { Signal } from "../input/host-types.ts";
import { type Layout, readDType } from "../input/options.ts";
import type { Select } from "../input/select.ts";
import { checkDepth } from "../input/size.ts";
import { unknownOption } from "../input/unknown-option.ts";
import type { Windows } from "../input/windows.ts";
import { bases, type LogSignatureBasis } from "../operations/log-signature-labels.ts";

/** Windows of a pipeline: those of `signature`. `times` come with the paths. */
export type FeatureWindows =
  | Exclude<Windows, { readonly type: "times" }>
  | { readonly type: "times"; readonly length: number; readonly step: number };

/** Options of `signatureFeatures`. Unknown options are rejected. */
export interface FeatureOptions {
  /**
   * What is done to scaled paths, as of `signature`; each window is augmented on its own. The times
   * of `time` come with the paths, and there is no pen. Default time from 0 to 1, and a basepoint.
   */
  readonly augment?: readonly Augmentation[] | undefined;
  /** N, the level at which signatures are truncated. Default 3. */
  readonly depth?: number | undefined;
  /**
   * Stretches of each path, of which each has features of its own; `null`: the whole path. Default
   * the path, its halves, quarters and eighths, `{ type: "dyadic", depth: 3 }`.
   */
  readonly windows?: FeatureWindows | null | undefined;
  /**
   * Whether features are coordinates of log-signatures; `true`: in the basis "words". Default
   * false.
   */
  readonly logSignature?: boolean | LogSignatureBasis | undefined;
  /** Words of the signatures that are kept, as of `signature`. Default all. */
  readonly select?: Select | null | undefined;
  /**
   * How the decay of high levels is compensated, whose numbers fall like 1/k!: "pre" as if paths
   * were multiplied by (N!)^(1/N), "post" by k! on level k. Default "pre".
   */
  readonly rescale?: Rescale | undefined;
  /**
   * How channels are scaled, as `fit` learns from all points: "standard" to mean 0 and variance 1,
   * "max" to absolute values of 1 at most. A channel that does not vary is not divided. Default
   * "standard".
   */
  readonly scale?: Scale | undefined;
  /** Number type. Default: float32 if all paths are Float32Array, else float64. */
  readonly dtype?: DType | undefined;
  /** The first part of the names of columns. Default "series". */
  readonly name?: string | undefined;
  /** Computes the features on its threads or device. Default: this thread. */
  readonly engine?: FeatureEngine | undefined;
}

/** What is used of an engine. */
export type FeatureEngine = Pick<Engine, "signature" | "logSignature">;

export type Rescale = "none" | "pre" | "post";
export type Scale = "standard" | "max" | "none";

/** Options of `fit`, `transform` and `fitTransform`. Unknown options are rejected. */
export interface FeatureRunOptions {
  /** Number of points of each path, for padded batches. */
  readonly lengths?: number | ArrayLike<number> | undefined;
  /** `"channels-first"` for paths (…batch, channels, length). */
  readonly layout?: Layout | undefined;
  /**
   * Increasing times of the points: an array for all paths, or one for each. The augmentation
   * `time` follows them, and windows of the type "times" require them. Default: points at equal
   * distances.
   */
  readonly times?: ArrayLike<number> | readonly ArrayLike<number>[] | undefined;
  /** Aborts the run between two batches of paths. It rejects with the signal's reason. */
  readonly signal?: Signal | undefined;
  /** Receives the number of paths that are done, after each batch. */
  readonly onProgress?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined;
}

/** The options that a pipeline keeps, and writes as JSON. */
export interface KeptOptions {
  readonly augment: readonly Augmentation[];
  readonly depth: number;
  readonly windows: FeatureWindows | null;
  /** The basis; `null`: signatures. */
  readonly logSignature: LogSignatureBasis | null;
  readonly select: Select | null;
  readonly rescale: Rescale;
  readonly scale: Scale;
  readonly dtype: DType | null;
  readonly name: string;
}

/**
 * The defaults: the method of Morrill, Fermanian, Kidger & Lyons (2020), "A Generalised Signature
 * Method for Multivariate Time Series Feature Extraction", section 5.
 */
export const generalised = {
  augment: [{ time: { normalized: true } }, "basepoint"],
  depth: 3,
  windows: { type: "dyadic", depth: 3 },
  logSignature: false,
  rescale: "pre",
  scale: "standard",
} as const satisfies FeatureOptions;

const names = ["augment", "depth", "windows", "logSignature", "select", "rescale", "scale", "dtype", "name", "engine"];
const runNames = ["lengths", "layout", "times", "signal", "onProgress"];

function oneOf<T extends string>(value: unknown, all: readonly T[], argument: string): T {
  if (!all.includes(value as T))
    throw typeError("FEATURES_OPTION", argument, describe(value), all.map((one) => `"${one}"`).join(", "));
  return value as T;
}

/** The own properties of an object that are not `undefined`. */
function given(options: unknown, known: readonly string[]): Record<string, unknown> {
  if (options === undefined) return {};
  if (typeof options !== "object" || options === null)
    throw typeError("OPTION_TYPE", "options", describe(options), "an object such as { depth: 3 }");
  const found: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (!known.includes(name)) throw unknownOption(name, known);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

function readWindowsOption(value: unknown): FeatureWindows | null {
  if (value === null) return null;
  if (typeof value !== "object")
    throw typeError("WINDOWS_TYPE", "options.windows", describe(value), "windows as of `signature`, or null");
  if ("times" in value)
    throw typeError("WINDOWS_TYPE", "options.windows.times", "given", "given to fit and transform, with the paths");
  // A copy that nobody changes later; `signature` checks what it holds.
  return structuredClone(value) as FeatureWindows;
}

/** Settings that depend on the points cannot be kept. `fit` checks the others. */
function readAugment(value: unknown): readonly Augmentation[] {
  if (!Array.isArray(value))
    throw typeError("AUGMENT_TYPE", "options.augment", describe(value), 'an array, such as ["time", "basepoint"]');
  value.forEach((one: unknown, i) => {
    const { time, penOnOff } = Object(one) as { time?: { times?: unknown }; penOnOff?: unknown };
    const argument = `options.augment[${i}]`;
    if (time?.times !== undefined)
      throw typeError("AUGMENT_TYPE", `${argument}.time.times`, "given", "given to fit and transform, as times");
    if (penOnOff !== undefined || one === "penOnOff")
      throw typeError("AUGMENT_TYPE", argument, "penOnOff", "another: make the pen a channel of the paths");
  });
  return structuredClone(value) as Augmentation[];
}

/** The form alone; `fit` checks words and weights against the channels. Makes plain arrays. */
function readSelect(value: unknown, isLog: boolean): Select | null {
  if (value === undefined || value === null) return null;
  const argument = "options.select";
  if (isLog) throw typeError("FEATURES_OPTION", argument, "select with logSignature", "null: it is for signatures");
  if (typeof value !== "object")
    throw typeError("SELECT_TYPE", argument, describe(value), "an object with words, with weights, or with levels");
  const plain = (given: unknown): unknown =>
    Array.isArray(given) || kindOf(given) !== -1 ? Array.from(given as ArrayLike<unknown>, plain) : given;
  return Object.fromEntries(Object.entries(value).map(([name, given]) => [name, plain(given)])) as unknown as Select;
}

function readEngine(value: unknown): FeatureEngine | undefined {
  const { signature, logSignature } = Object(value) as Partial<Record<string, unknown>>;
  if (value === undefined || (typeof signature === "function" && typeof logSignature === "function"))
    return value as FeatureEngine | undefined;
  throw typeError("FEATURES_OPTION", "options.engine", describe(value), "an engine, as createEngine returns it");
}

/**
 * The options of a pipeline, with defaults.
 * @throws PathSignatureError OPTION_TYPE, OPTION_UNKNOWN, DEPTH_INVALID, DTYPE_INVALID,
 *   AUGMENT_TYPE, SELECT_TYPE, WINDOWS_TYPE, FEATURES_OPTION
 */
export function readFeatureOptions(options: unknown): KeptOptions & { readonly engine: FeatureEngine | undefined } {
  const { augment, depth, windows, logSignature, select, rescale, scale, dtype, name, engine } = {
    ...generalised,
    ...given(options, names),
  } as Record<string, unknown>;
  checkDepth(depth, "options.depth");
  readDType(dtype);
  if (name !== undefined && typeof name !== "string")
    throw typeError("FEATURES_OPTION", "options.name", describe(name), "a text");
  const basis = logSignature === true ? "words" : logSignature === false ? null : logSignature;
  if (basis !== null && !bases.includes(basis as LogSignatureBasis)) {
    const accepted = `true, false, ${bases.map((one) => `"${one}"`).join(", ")}`;
    throw typeError("FEATURES_OPTION", "options.logSignature", describe(basis), accepted);
  }
  return {
    augment: readAugment(augment),
    depth,
    windows: readWindowsOption(windows),
    logSignature: basis as LogSignatureBasis | null,
    select: readSelect(select, basis !== null),
    rescale: oneOf(rescale, ["none", "pre", "post"], "options.rescale"),
    scale: oneOf(scale, ["standard", "max", "none"], "options.scale"),
    dtype: (dtype as DType | undefined) ?? null,
    name: name ?? "series",
    engine: readEngine(engine),
  };
}

/** @throws PathSignatureError OPTION_TYPE, OPTION_UNKNOWN, ENGINE_OPTION_TYPE */
export function readRunOptions(options: unknown): FeatureRunOptions {
  const read = given(options, runNames) as FeatureRunOptions;
  const { signal, onProgress } = read;
  if (signal !== undefined && typeof (signal as Partial<AbortSignal> | null)?.throwIfAborted !== "function")
    throw typeError("ENGINE_OPTION_TYPE", "options.signal", describe(signal), "an AbortSignal");
  if (onProgress !== undefined && typeof onProgress !== "function")
    throw typeError("ENGINE_OPTION_TYPE", "options.onProgress", describe(onProgress), "a function");
  return read;
}
