// From frames to windows: for each stretch of an utterance its log-signature, from the origin, so
// that the network knows where it was. The one use of path-signature.

import { tensor3d } from "@tensorflow/tfjs-core";
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
  const count = Math.ceil((length - 1) / segments);
  const windows = Array.from({ length: count }, (_, k): [number, number] => [
    k * segments,
    Math.min(k * segments + segments + 1, length),
  ]);
  const frames = withTime(examples.paths.dataSync(), length, channels);
  const shape = [lengths.length, length, channels + 1];
  const options = { depth, basepoint: true, lengths, windows } as const;
  const { data, shape: found } = logSignature({ data: frames, shape }, options);
  const row = found.at(-1) as number;
  for (const [i, frames] of lengths.entries()) {
    const used = Math.max(1, Math.ceil((frames - 1) / segments));
    data.fill(0, (i * count + used) * row, (i + 1) * count * row);
  }
  return { ...examples, paths: tensor3d(data, [lengths.length, count, row]) };
}

/** The frames with their time in front. */
function withTime(points: ArrayLike<number>, length: number, channels: number): Float32Array {
  const all = points.length / channels;
  const timed = new Float32Array(all * (channels + 1));
  for (let t = 0; t < all; t++) {
    timed[t * (channels + 1)] = (t % length) / framesPerUnit;
    for (let c = 0; c < channels; c++) timed[t * (channels + 1) + 1 + c] = points[t * channels + c] as number;
  }
  return timed;
}
