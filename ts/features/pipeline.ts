// The pipeline: scales, augmentations, windows, signatures, rescaling. Learns from one set of paths
// and transforms any other in batches.

import type { ArrayOf, DType, Numbers } from "../input/arrays.ts";
import { FLOAT64, KIND_FLOAT64 } from "../input/arrays.ts";
import { augmentedNames, numbersAsNames } from "../input/augment/channels.ts";
import type { Augmentation } from "../input/augment/types.ts";
import { countOf, failure, rangeError } from "../input/errors.ts";
import type { Paths } from "../input/paths.ts";
import { ReadPaths } from "../input/read-paths.ts";
import type { Windows } from "../input/windows.ts";
import { readWindows } from "../input/windows.ts";
import type { LogSignatureFunction } from "../operations/log-signature.ts";
import type { SignatureFunction } from "../operations/signature.ts";
import { type Coordinate, columnNames, coordinatesOf, factorsOf } from "./names.ts";
import type { FeatureEngine, FeatureRunOptions, KeptOptions } from "./options.ts";
import { readRunOptions } from "./options.ts";
import { Points } from "./points.ts";
import { learnScales, type Scales } from "./scales.ts";

/** Rows of features, a row for each path. */
export interface Features {
  /** Row by row. */
  readonly data: ArrayOf[DType];
  /** (paths, columns). */
  readonly shape: readonly [number, number];
  readonly dtype: DType;
  /**
   * With windows: how many each path has. Columns of further ones are 0, the features of a path
   * that does not move.
   */
  readonly counts: Uint32Array | undefined;
}

/** What `fit` learns. */
export interface Fitted {
  /** Names of the channels of paths. */
  readonly channels: readonly string[];
  readonly scales: Scales;
  /** Windows of a path at most. */
  readonly windows: number;
}

/** The synchronous functions, for pipelines without an engine. */
export interface Functions {
  readonly signature: SignatureFunction;
  readonly logSignature: LogSignatureFunction;
}

/** What the functions of this thread and of an engine have in common. */
type Compute = (paths: object, options: object) => Result | Promise<Result>;
type Result = { readonly data: Numbers; readonly counts: Uint32Array | undefined };

/** Numbers of the points or of the features of a batch, at most, unless a path has more. */
const numbersAtOnce = 2 ** 20;

/** Lets the event loop run. */
const pause = () => new Promise<void>((resolve) => setTimeout(resolve));

export class Pipeline {
  readonly options: KeptOptions;
  readonly #engine: FeatureEngine | undefined;
  readonly #functions: Functions;
  #fitted: Fitted | undefined;

  constructor(
    options: KeptOptions,
    engine: FeatureEngine | undefined,
    functions: Functions,
    fitted: Fitted | undefined,
  ) {
    this.options = options;
    this.#engine = engine;
    this.#functions = functions;
    this.#fitted = fitted;
  }

  /** @throws PathSignatureError NOT_FITTED */
  get fitted(): Fitted {
    if (this.#fitted !== undefined) return this.#fitted;
    throw failure("NOT_FITTED", "fit", "a pipeline that has learned nothing", "called before, or fitTransform");
  }

  async fit(paths: Paths, options?: FeatureRunOptions): Promise<void> {
    const run = readRunOptions(options);
    run.signal?.throwIfAborted();
    await this.#learn(this.#read(paths, run), run);
  }

  async transform(paths: Paths, options?: FeatureRunOptions): Promise<Features> {
    const run = readRunOptions(options);
    run.signal?.throwIfAborted();
    return this.#compute(this.#read(paths, run), run, this.fitted);
  }

  async fitTransform(paths: Paths, options?: FeatureRunOptions): Promise<Features> {
    const run = readRunOptions(options);
    run.signal?.throwIfAborted();
    const points = this.#read(paths, run);
    return this.#compute(points, run, await this.#learn(points, run));
  }

  names(): string[] {
    const { windows } = this.fitted;
    return columnNames(this.options, this.#coordinates(), windows);
  }

  #coordinates(): Coordinate[] {
    return coordinatesOf(this.options, augmentedNames(this.fitted.channels, this.options.augment));
  }

  #read(paths: Paths, run: FeatureRunOptions): Points {
    return new Points(paths, run, this.options.dtype);
  }

  async #learn(points: Points, { signal }: FeatureRunOptions): Promise<Fitted> {
    if (points.batch === 0) throw rangeError("EMPTY_PATH", "paths", "no path", "one path to learn from, or more");
    const channels = points.names ?? numbersAsNames(points.channels);
    coordinatesOf(this.options, augmentedNames(channels, this.options.augment));
    const windows = this.#windowsOf(points, points.longest);
    const learning = learnScales(points, this.options.scale);
    let step = learning.next();
    for (; !step.done; step = learning.next()) {
      await pause();
      signal?.throwIfAborted();
    }
    this.#fitted = { channels, scales: step.value, windows };
    return this.#fitted;
  }

  /** The largest number of windows of a path. @throws PathSignatureError as `signature` */
  #windowsOf(points: Points, longest: number): number {
    const { windows } = this.options;
    if (windows === null) return 1;
    const { batch } = points;
    const isOfTimes = "type" in windows && windows.type === "times";
    // Windows that no path has are an error here, and only here.
    const option = isOfTimes ? this.#windowsOption(points, 0, batch, longest) : windows;
    const lengths = Uint32Array.from({ length: batch }, (_, i) => points.lengthOf(i));
    const shape = new ReadPaths(new Float64Array(0), KIND_FLOAT64, [batch], batch, longest, 1, FLOAT64, undefined);
    return readWindows(option, shape, lengths).paths.windows?.perPath ?? 1;
  }

  /**
   * The option `windows` for paths [from, to) of up to `longest` points, in a form that `signature`
   * takes; `null`: none of them has a window.
   */
  #windowsOption(points: Points, from: number, to: number, longest: number): Windows | null | undefined {
    const { windows } = this.options;
    if (windows === null) return undefined;
    if (!("type" in windows)) return clipped(windows, longest);
    if (windows.type === "sliding" && windows.length > longest) return null;
    if (windows.type === "expanding" && (windows.start ?? 1) > longest) return null;
    if (windows.type !== "times") return windows;
    const times = points.paddedTimesOf(from, to, longest);
    if (times === undefined)
      throw rangeError("WINDOWS_RANGE", "options.times", "undefined", 'the times of points, for windows "times"');
    return { ...windows, times };
  }

  async #compute(points: Points, run: FeatureRunOptions, fitted: Fitted): Promise<Features> {
    checkChannels(points, fitted);
    const { depth, logSignature, augment, select, windows } = this.options;
    const { signal, onProgress } = run;
    const { batch, dtype } = points;
    const coordinates = this.#coordinates();
    const factors = factorsOf(this.options, coordinates);
    const row = coordinates.length * fitted.windows;
    const data = new (dtype === "float32" ? Float32Array : Float64Array)(batch * row);
    const counts = windows === null ? undefined : new Uint32Array(batch);
    const functions = this.#engine ?? this.#functions;
    const compute = (logSignature === null ? functions.signature : functions.logSignature) as Compute;
    for (let from = 0, to = 0; from < batch; from = to) {
      let [longest, numbers] = [0, 0];
      for (; to < batch && (to === from || numbers < numbersAtOnce); to++) {
        numbers += Math.max(points.lengthOf(to) * points.channels, row);
        longest = Math.max(longest, points.lengthOf(to));
      }
      const windowsHere = this.#windowsOption(points, from, to, longest);
      if (windowsHere !== null) {
        const times = points.timesOf(from, to);
        const result = await compute(points.scaled(from, to, fitted.scales), {
          ...{ depth, dtype, windows: windowsHere },
          ...(augment.length > 0 && { augment: augment.map((one) => withTimes(one, times)) }),
          ...(logSignature && { basis: logSignature }),
          ...(select && { select }),
          ...(this.#engine && { signal }),
        });
        checkCounts(result.counts, fitted.windows, from);
        counts?.set(result.counts ?? [], from);
        scatter(result.data, data.subarray(from * row, to * row), to - from, factors);
      }
      onProgress?.({ done: to, total: batch });
      if (to < batch) await pause();
      signal?.throwIfAborted();
    }
    return { data, shape: [batch, row], dtype, counts };
  }
}

/** An augmentation, with the times of points where it is `time`. */
function withTimes(augmentation: Augmentation, times: Float64Array | undefined): Augmentation {
  if (times === undefined) return augmentation;
  if (augmentation === "time") return { time: { times } };
  return typeof augmentation === "object" && "time" in augmentation
    ? { time: { ...augmentation.time, times } }
    : augmentation;
}

/** Intervals that end with the longest path; each path has the same points in them. */
const clipped = (intervals: readonly (readonly [number, number])[], longest: number): Windows =>
  intervals.map(([from, to]) => [Math.min(from, longest - 1), Math.min(to, longest)] as const);

/** @throws PathSignatureRangeError WINDOWS_RANGE for more windows than columns */
function checkCounts(counts: Uint32Array | undefined, most: number, first: number): void {
  const path = counts?.findIndex((count) => count > most) ?? -1;
  if (counts === undefined || path < 0) return;
  const given = `${countOf(counts[path] as number, "window")} of path ${first + path}`;
  throw rangeError("WINDOWS_RANGE", "options.windows", given, `at most ${most}, as paths given to fit`);
}

/** Rescales rows of windows into rows of features, which may have more windows. */
function scatter(rows: Numbers, to: Numbers, paths: number, factors: Float64Array): void {
  if (paths === 0) return;
  const [own, wide] = [rows.length / paths, to.length / paths];
  for (let path = 0; path < paths; path++)
    for (let i = 0, k = 0; i < own; i++) {
      to[path * wide + i] = (rows[path * own + i] as number) * (factors[k] as number);
      k = k + 1 === factors.length ? 0 : k + 1;
    }
}

/** @throws PathSignatureRangeError CHANNELS_INVALID for other channels than those of `fit` */
function checkChannels({ channels, names }: Points, fitted: Fitted): void {
  const wanted = `${fitted.channels.join(", ")}, as the paths given to fit`;
  if (channels !== fitted.channels.length)
    throw rangeError("CHANNELS_INVALID", "paths", countOf(channels, "channel"), wanted);
  if (names !== undefined && names.join() !== fitted.channels.join())
    throw rangeError("CHANNELS_INVALID", "paths", `channels ${names.join(", ")}`, wanted);
}
