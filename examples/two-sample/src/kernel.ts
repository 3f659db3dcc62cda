// The kernel of recordings: the normalised signature kernel of paths with time, from the origin,
// lifted by a Gaussian kernel of points.

import { createEngine, init, staticKernels } from "path-signature/kernels";
import { channelScales, toPath } from "../../japanese-vowels/src/paths.ts";
import type { Utterance } from "../../japanese-vowels/src/recordings.ts";

/** Rows of kernels: of each recording of the first list with all of the second. */
export interface Matrices {
  /** Of the training recordings with themselves. */
  readonly train: number[][];
  /** Of the held-out recordings with those. */
  readonly test: number[][];
}

/** About the distance of two frames: twelve channels of variance 1. */
const sigma = 3.5;

/** @param onProgress - receives the part that is done, 0 … 1. */
export async function kernels(
  train: readonly Utterance[],
  test: readonly Utterance[],
  channels: number,
  onProgress: (part: number) => void,
): Promise<Matrices> {
  await init({ variant: "simd" });
  await using engine = await createEngine();
  const scales = channelScales(train, channels);
  // From the origin, so that recordings differ that differ in where they start.
  const paths = (of: readonly Utterance[]) =>
    of.map((utterance) => [new Array<number>(channels + 1).fill(0), ...toPath(utterance, scales)]);
  const options = { staticKernel: staticKernels.rbf({ sigma }), normalize: true, dtype: "float32" } as const;
  const [x, y] = [paths(train), paths(test)];
  const rows = ({ data, shape }: { readonly data: Float32Array; readonly shape: readonly number[] }) =>
    Array.from({ length: shape[0] as number }, (_, i) =>
      Array.from(data.subarray(i * (shape[1] as number), (i + 1) * (shape[1] as number))),
    );
  const part = (from: number) => (progress: { done: number; total: number }) =>
    onProgress(from + progress.done / progress.total / 2);
  const own = await engine.signatureKernelGram(x, { ...options, onProgress: part(0) });
  const other = await engine.signatureKernelGram(y, x, { ...options, onProgress: part(0.5) });
  return { train: rows(own), test: rows(other) };
}
