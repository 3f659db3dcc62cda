// From frames to windows: for each stretch of an utterance its log-signature, and the point where
// it ends. The one use of path-signature.

import { type Tensor3D, tensor3d } from "@tensorflow/tfjs-core";
import { logSignature } from "path-signature";
import type { Data, Examples } from "../../train/src/data.ts";

/** Segments of a window. Neighbours share a frame, so that no segment is lost. */
export const segments = 7;
export const depth = 2;

/** Frames per unit of time: about as much time passes in a window as a channel varies. */
const framesPerUnit = 10;

/** The data with windows in the place of frames; zeros where an utterance has no more windows. */
export function toWindows(data: Data): Data {
  const [train, test] = [windowsOf(data.train, data), windowsOf(data.test, data)];
  return { ...data, train, test, length: train.paths.shape[1], channels: train.paths.shape[2] };
}

function windowsOf(examples: Examples, { length, channels }: Data): Examples {
  const { lengths } = examples;
  const points = examples.paths.dataSync();
  const frames = withTime(points, channels);
  const count = Math.ceil((length - 1) / segments);
  const windows = Array.from({ length: count }, (_, k): [number, number] => [
    k * segments,
    Math.min(k * segments + segments + 1, length),
  ]);
  const shape = [lengths.length, length, channels + 1];
  const { data, shape: found } = logSignature({ data: frames, shape }, { depth, lengths, windows });
  const row = found.at(-1) as number;
  const width = row + channels;
  const numbers = new Float32Array(lengths.length * count * width);
  for (const [i, frames] of lengths.entries()) {
    for (const [k, [from, to]] of windows.entries()) {
      if (k > 0 && from >= frames - 1) break;
      const at = (i * count + k) * width;
      const end = (i * length + Math.min(to, frames) - 1) * channels;
      numbers.set(data.subarray((i * count + k) * row, (i * count + k + 1) * row), at);
      numbers.set(points.subarray(end, end + channels), at + row);
    }
  }
  const paths: Tensor3D = tensor3d(numbers, [lengths.length, count, width]);
  return { ...examples, paths };

  /** The frames with their time in front. */
  function withTime(points: ArrayLike<number>, channels: number): Float32Array {
    const all = points.length / channels;
    const timed = new Float32Array(all * (channels + 1));
    for (let t = 0; t < all; t++) {
      timed[t * (channels + 1)] = (t % length) / framesPerUnit;
      for (let c = 0; c < channels; c++) timed[t * (channels + 1) + 1 + c] = points[t * channels + c] as number;
    }
    return timed;
  }
}
