// `path-signature kernel`: the Gram matrix of signature kernels as an .npy file.

import { isPathSignatureError } from "../input/errors.ts";
import { createEngine, signatureKernelGram } from "../kernels.ts";
import { withoutMissing } from "../tables/missing.ts";
import type { Series } from "../tables/series.ts";
import type { Values } from "./arguments.ts";
import { Fault, wrongArguments } from "./fault.ts";
import type { Summary } from "./features.ts";
import { filesOf, openFiles, type ReadingOptions, readReading } from "./open.ts";
import { Place } from "./place.ts";
import { Progress } from "./progress.ts";
import { npyHead } from "./write.ts";

/** All series of a file. */
async function allOf(file: string, reading: ReadingOptions, signal: AbortSignal): Promise<Series> {
  await using source = await openFiles(await filesOf([file]), reading, signal);
  const { channels, count } = source;
  if (count === 0) throw new Fault(`${file}: no series.`);
  const parts: Series[] = [];
  const missing = reading.missing === "drop-row" ? "error" : reading.missing;
  const batches = source.batches({ times: missing === "interpolate" });
  for await (const { series, times } of batches)
    parts.push(withoutMissing({ ...series, data: series.data.slice() }, missing, times));
  const data = new Float64Array(parts.reduce((sum, one) => sum + one.data.length, 0));
  const offsets = [0];
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    for (let i = 1; i < part.offsets.length; i++) offsets.push(at / channels.length + (part.offsets[i] as number));
    at += part.data.length;
  }
  return { data, offsets: Float64Array.from(offsets), channels, ids: parts.flatMap(({ ids }) => ids) };
}

export async function kernel(values: Values, files: readonly string[], signal: AbortSignal): Promise<Summary> {
  const out = values.text("out");
  if (files.length < 1 || files.length > 2) throw wrongArguments("kernel takes two files, or one.");
  if (out === undefined || !/\.npy$/i.test(out)) throw wrongArguments("kernel needs --out FILE.npy.");
  const options = {
    dyadicOrder: values.whole("dyadic-order", 0) as number,
    normalize: values.has("normalize"),
    log: values.has("log"),
    signal,
  };
  const threads = values.threads();
  const device = values.device();
  if (device === "webgpu") throw wrongArguments("--device: kernels run on the CPU.");
  const reading = readReading(values);
  const start = performance.now();
  const [a, b] = files as [string, string?];
  const x = await allOf(a, reading, signal);
  const y = b === undefined ? undefined : await allOf(b, reading, signal);
  const place = new Place(out);
  const handle = await place.open();
  const progress = new Progress();
  try {
    const { data, shape } = await gram(x, y, threads, options, progress);
    await handle.writeFile(npyHead(shape, "float64"));
    await handle.writeFile(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    await handle.close();
    await place.finish();
    return { files, out, shape, seconds: (performance.now() - start) / 1000 };
  } catch (error) {
    await handle.close().catch(() => {});
    await place.remove();
    if (signal.aborted) throw new Fault(`Interrupted; nothing was written to ${out}.`, 130);
    throw isPathSignatureError(error) ? new Fault(`${files.join(", ")}: ${error.message}`) : error;
  } finally {
    progress.end();
  }
}

interface Options {
  readonly dyadicOrder: number;
  readonly normalize: boolean;
  readonly log: boolean;
  readonly signal: AbortSignal;
}

async function gram(
  x: Series,
  y: Series | undefined,
  threads: number | "auto",
  { signal, ...options }: Options,
  progress: Progress,
): Promise<{ readonly data: Float64Array<ArrayBuffer>; readonly shape: readonly number[] }> {
  const given = { ...options, dtype: "float64" } as const;
  if (threads === 1) {
    const result = y === undefined ? signatureKernelGram(x, given) : signatureKernelGram(x, y, given);
    return result as { data: Float64Array<ArrayBuffer>; shape: readonly number[] };
  }
  await using engine = await createEngine({ threads, device: "cpu" });
  let hasBegun = false;
  const onProgress = ({ done, total }: { readonly done: number; readonly total: number }) => {
    if (!hasBegun) progress.begin(total, "kernels");
    hasBegun = true;
    progress.done(done);
  };
  const later = { ...given, signal, onProgress };
  const result = await (y === undefined
    ? engine.signatureKernelGram(x, later)
    : engine.signatureKernelGram(x, y, later));
  return result as { data: Float64Array<ArrayBuffer>; shape: readonly number[] };
}
