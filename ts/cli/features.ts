// `path-signature features`: files of series in, a row of features for each out.

import { type FeatureEngine, signatureFeatures } from "../entry/features.ts";
import { type Augmentation, augmentedNames, type Engine, type Select } from "../index.ts";
import { isPathSignatureError, type PathSignatureError } from "../input/errors.ts";
import { withoutMissing } from "../tables/missing.ts";
import type { Id } from "../tables/series.ts";
import type { Values } from "./arguments.ts";
import { engineOf } from "./engine.ts";
import { Fault, wrongArguments } from "./fault.ts";
import { filesOf, openFiles, readReading } from "./open.ts";
import { Progress } from "./progress.ts";
import type { Batch, Source } from "./source.ts";
import { openWriter, type Writer } from "./write.ts";

/** What a command prints with --json. */
export type Summary = Readonly<Record<string, unknown>>;

/** The pipeline, for paths of up to `longest` points. */
async function pipelineOf(values: Values, source: Source, engine: FeatureEngine | undefined) {
  const { channels, longest } = source;
  const window = values.whole("window");
  const step = values.whole("step");
  if (step !== undefined && window === undefined) throw wrongArguments("--step is for --window.");
  if (window !== undefined && window > longest)
    throw wrongArguments(`--window ${window}: the longest series has ${longest} points.`);
  const features = signatureFeatures({
    depth: values.whole("depth"),
    augment: augmentOf(values),
    windows: window === undefined ? null : { type: "sliding", length: window, step: step ?? window },
    logSignature: values.has("log"),
    select: selectOf(values, channels),
    dtype: values.oneOf("dtype", ["float64", "float32"]),
    scale: "none",
    rescale: "none",
    engine,
  });
  // Nothing is learned but the number of windows.
  return features.fit({ data: new Float64Array(longest * channels.length), channels });
}

export async function features(values: Values, given: readonly string[], signal: AbortSignal): Promise<Summary> {
  const [out, reading] = [values.text("out"), readReading(values)];
  if (given.length === 0) throw wrongArguments("features takes one file or more.");
  if (out === undefined && values.has("json")) throw wrongArguments("--json needs --out: stdout is for one of them.");
  augmentOf(values);
  const start = performance.now();
  const clock = new Clock();
  const files = await filesOf(given);
  await using source = await openFiles(files, reading, signal);
  if (source.count === 0) throw new Fault(`${files.join(", ")}: no series.`);
  let engine: Engine | undefined;
  const progress = new Progress();
  let writer: Writer | undefined;
  let [done, points] = [0, 0];
  let current: Batch | undefined;
  try {
    clock.take("reading");
    const alone = await pipelineOf(values, source, undefined);
    const names = alone.names();
    engine = await engineOf(values, names.length);
    const pipeline = engine === undefined ? alone : await pipelineOf(values, source, engine);
    const hasTime = values.list("augment")?.includes("time") === true;
    const times = hasTime || reading.missing === "interpolate";
    const dtype = values.oneOf("dtype", ["float64", "float32"]) ?? "float64";
    const { id, hasLabels, count } = source;
    writer = await openWriter(out, { id, hasLabels, count, names, dtype });
    progress.begin(source.count, "series");
    for await (const batch of ahead(source.batches({ times }))) {
      clock.take("reading");
      signal.throwIfAborted();
      current = batch;
      // Rows in which a value is missing were left out where they were read.
      const missing = reading.missing === "drop-row" ? "error" : reading.missing;
      const series = withoutMissing(batch.series, missing, batch.times);
      const { data } = await pipeline.transform(series, { signal, times: hasTime ? timesOf(batch) : undefined });
      clock.take("computing");
      await writer.append({ ids: series.ids, labels: batch.labels, data });
      done += series.ids.length;
      points += series.offsets[series.ids.length] as number;
      clock.take("writing");
      progress.done(done);
    }
    signal.throwIfAborted();
    await writer.finish();
    clock.take("writing");
    progress.end();
    const seconds = (performance.now() - start) / 1000;
    return { files, out: out ?? null, series: done, points, columns: names.length, names, seconds, parts: clock.parts };
  } catch (error) {
    progress.end();
    await writer?.abort();
    if (signal.aborted) throw new Interrupted(done, source.count, out);
    throw current !== undefined && isPathSignatureError(error) ? await located(error, source, current) : error;
  } finally {
    await engine?.close();
  }
}

/** Ctrl-C: how far the command came. */
export class Interrupted extends Error {
  constructor(done: number, total: number, out: string | undefined) {
    const what = out === undefined ? `${done} rows were printed` : `nothing was written to ${out}`;
    super(`Interrupted after ${done} of ${total} series; ${what}.`);
  }
}

/** Seconds that were spent for each of the parts of a run. */
class Clock {
  readonly parts = { reading: 0, computing: 0, writing: 0 };
  #last = performance.now();

  /** Counts the time since the last call for a part. */
  take(part: keyof Clock["parts"]): void {
    const now = performance.now();
    this.parts[part] += (now - this.#last) / 1000;
    this.#last = now;
  }
}

/** Items, of which the next is on its way while one is used. */
async function* ahead<T>(items: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = items.next();
  try {
    for (let { done, value } = await next; !done; { done, value } = await next) {
      next = items.next();
      yield value;
    }
  } finally {
    await next.catch(() => {});
    await items.return(undefined);
  }
}

/** The times of each path of a batch; `undefined` where rows were not sorted by any. */
function timesOf({ series: { offsets, ids }, times }: Batch): Float64Array[] | undefined {
  return times && Array.from(ids, (_, i) => times.subarray(offsets[i], offsets[i + 1]));
}

/** An error about a number or a time of a batch, with its file, row and column. */
async function located(error: PathSignatureError, source: Source, { series }: Batch): Promise<Error> {
  const { given, position } = error;
  const { path, point, channel } = position ?? {};
  if (path !== undefined && point !== undefined) {
    const id = series.ids[path] as Id;
    const place = await source.locate(id, point, channel ?? 0);
    const what = error.code === "MISSING_VALUE" ? "a missing value" : given.replace(/ at path.*/, "");
    const accepted = error.accepted.replace("missing one", "--missing one").replace(", mask-channel", "");
    return new Fault(`${place}: ${what}, of series ${id}. It must be ${accepted}`);
  }
  const [, of, at] = /^options\.times\[(\d+)\]\[(\d+)\]$/.exec(error.argument) ?? [];
  if (of === undefined || at === undefined) return new Fault(error.message);
  const id = series.ids[Number(of)] as Id;
  const place = (await source.locate(id, Number(at), 0)).replace(/, column .*/, "");
  return new Fault(`${place}: a time of series ${id} that is not after the one before it (--augment time needs that).`);
}

/** `--select`: `levels:2,3`, or words of names of channels, joined by dots. */
function selectOf(values: Values, channels: readonly string[]): Select | undefined {
  const parts = values.list("select");
  if (parts === undefined) return undefined;
  if (values.has("log")) throw wrongArguments("--select is for signatures, not for --log.");
  const [first = ""] = parts;
  if (first.startsWith("levels:")) {
    const levels = [first.slice("levels:".length), ...parts.slice(1)];
    if (!levels.every((level) => /^[1-9]\d*$/.test(level)))
      throw wrongArguments(`--select takes levels:1,2 or words, not ${values.text("select")}.`);
    return { levels: levels.map(Number) };
  }
  const letters = augmentedNames(channels, augmentOf(values));
  const letterOf = (name: string): number => {
    const letter = letters.indexOf(name);
    if (letter < 0) throw wrongArguments(`--select: no channel ${name}. Channels: ${letters.join(", ")}`);
    return letter;
  };
  return { words: parts.map((word) => word.split(".").map(letterOf)) };
}

/** Augmentations by their names on the command line. */
const augmentations: Readonly<Record<string, Augmentation>> = {
  time: { time: { normalized: true } },
  "lead-lag": "leadLag",
  basepoint: "basepoint",
  "invisibility-reset": "invisibilityReset",
  "cumulative-sum": "cumulativeSum",
  differences: "differences",
};

const augmentOf = (values: Values): Augmentation[] =>
  (values.list("augment") ?? []).map((name) => {
    const known = Object.keys(augmentations);
    if (!known.includes(name)) throw wrongArguments(`--augment takes ${known.join(", ")}, not ${name}.`);
    return augmentations[name] as Augmentation;
  });
