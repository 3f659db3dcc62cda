// The pipeline: scales, augmentations, windows, signatures, rescaling. Learns from one set of paths
// and transforms any other in batches.

import type { ArrayOf, DType, Numbers } from "../input/arrays.ts";
import { FLOAT64, KIND_FLOAT64 } from "../input/arrays.ts";
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
  /** Points of the longest path. */
  readonly points: number;
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
type Result = { readonly data: Numbers };

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
    const { channels } = this.fitted;
    return coordinatesOf(this.options, this.#hasTime ? [...channels, "time"] : channels);
  }

  get #hasTime(): boolean {
    return this.options.augment.includes("time");
  }

  #read(paths: Paths, run: FeatureRunOptions): Points {
    return new Points(paths, run, this.options.dtype);
  }

  async #learn(points: Points, { signal }: FeatureRunOptions): Promise<Fitted> {
    if (points.batch === 0) throw rangeError("EMPTY_PATH", "paths", "no path", "one path to learn from, or more");
    const { longest } = points;
    const windows = this.#windowsOf(points, 0, points.batch, longest)?.perPath ?? 1;
    const learning = learnScales(points, this.options.scale);
    let step = learning.next();
    for (; !step.done; step = learning.next()) {
      await pause();
      signal?.throwIfAborted();
    }
    const channels = points.names ?? Array.from({ length: points.channels }, (_, i) => `${i}`);
    this.#fitted = { channels, scales: step.value, points: longest, windows };
    return this.#fitted;
  }

  /** The option `windows` for paths [from, to). */
  #windowsOption(points: Points, from: number, to: number, longest: number): Windows | undefined {
    const { windows } = this.options;
    if (windows === null) return undefined;
    if (!("type" in windows) || windows.type !== "times") return windows as Windows;
    const times = points.timesOf(from, to, longest);
    if (times === undefined)
      throw rangeError("WINDOWS_RANGE", "options.times", "undefined", 'the times of points, for windows "times"');
    return { ...windows, times };
  }

  /** How many windows paths [from, to) have, each of which is padded to `longest` points. */
  #windowsOf(points: Points, from: number, to: number, longest: number) {
    const windows = this.#windowsOption(points, from, to, longest);
    if (windows === undefined) return undefined;
    const lengths = Uint32Array.from({ length: to - from }, (_, i) => points.lengthOf(from + i));
    const none = new Float64Array(0);
    const shape = new ReadPaths(none, KIND_FLOAT64, [to - from], to - from, longest, 1, FLOAT64, undefined);
    const { counts, perPath } = readWindows(windows, shape, lengths).paths.windows as NonNullable<ReadPaths["windows"]>;
    return { counts, perPath };
  }

  async #compute(points: Points, run: FeatureRunOptions, fitted: Fitted): Promise<Features> {
    checkChannels(points, fitted);
    const { depth, logSignature, augment, windows } = this.options;
    const { signal, onProgress } = run;
    const { batch, dtype } = points;
    const coordinates = this.#coordinates();
    const factors = factorsOf(this.options, coordinates);
    const longest = Math.max(points.longest, fitted.points);
    const row = coordinates.length * fitted.windows;
    const data = new (dtype === "float32" ? Float32Array : Float64Array)(batch * row);
    const counts = windows === null ? undefined : new Uint32Array(batch);
    const functions = this.#engine ?? this.#functions;
    const compute = (logSignature === null ? functions.signature : functions.logSignature) as Compute;
    const width = points.channels + (this.#hasTime ? 1 : 0);
    const most = Math.max(1, Math.floor(numbersAtOnce / Math.max(longest * width, row)));
    for (let from = 0; from < batch; from += most) {
      const to = Math.min(batch, from + most);
      const found = this.#windowsOf(points, from, to, longest);
      const tooMany = found?.counts.findIndex((count) => count > fitted.windows) ?? -1;
      if (found !== undefined && tooMany >= 0) {
        const given = `${countOf(found.counts[tooMany] as number, "window")} of path ${from + tooMany}`;
        throw rangeError("WINDOWS_RANGE", "options.windows", given, `at most ${fitted.windows}, as paths given to fit`);
      }
      counts?.set(found?.counts ?? [], from);
      const options = {
        ...{ depth, dtype, basepoint: augment.includes("basepoint") },
        windows: this.#windowsOption(points, from, to, longest),
        lengths: Array.from({ length: to - from }, (_, i) => points.lengthOf(from + i)),
        ...(logSignature && { basis: logSignature }),
        ...(this.#engine && { signal }),
      };
      const scaled = points.padded(from, to, longest, fitted.scales, this.#hasTime);
      const result = await compute({ data: scaled, shape: [to - from, longest, width] }, options);
      scatter(result.data, data.subarray(from * row, to * row), to - from, factors);
      onProgress?.({ done: to, total: batch });
      if (to < batch) await pause();
      signal?.throwIfAborted();
    }
    return { data, shape: [batch, row], dtype, counts };
  }
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
