// Utterances as tensors: channels scaled as in the training set, padded with zeros to one length,
// speakers as classes.

import { cast, oneHot, type Tensor2D, type Tensor3D, tensor1d, tensor3d, tidy } from "@tensorflow/tfjs-core";
import { channelScales } from "../../japanese-vowels/src/paths.ts";
import type { Recordings, Utterance } from "../../japanese-vowels/src/recordings.ts";

export interface Examples {
  /** (utterances, length, channels) */
  readonly paths: Tensor3D;
  /** (utterances, speakers) */
  readonly classes: Tensor2D;
  readonly speakers: readonly number[];
  /** Frames of each utterance. */
  readonly lengths: readonly number[];
}

export interface Data {
  readonly train: Examples;
  readonly test: Examples;
  readonly length: number;
  readonly channels: number;
  /** Names, in the order of the classes. */
  readonly names: readonly string[];
}

export function toTensors(train: Recordings, test: Recordings): Data {
  const channels = train.channels.length;
  const all = [...train.utterances, ...test.utterances];
  const length = all.reduce((longest, { points }) => Math.max(longest, points.length), 1);
  const names = [...new Set(all.map(({ speaker }) => speaker))].sort();
  const scales = channelScales(train.utterances, channels);
  const examples = (utterances: readonly Utterance[]): Examples => {
    const numbers = new Float32Array(utterances.length * length * channels);
    for (const [i, { points }] of utterances.entries()) {
      for (const [t, point] of points.entries()) {
        for (const [c, x] of point.entries()) numbers[(i * length + t) * channels + c] = x / (scales[c] as number);
      }
    }
    const speakers = utterances.map(({ speaker }) => names.indexOf(speaker));
    return {
      paths: tensor3d(numbers, [utterances.length, length, channels]),
      classes: tidy(() => cast(oneHot(tensor1d(speakers, "int32"), names.length), "float32") as Tensor2D),
      speakers,
      lengths: utterances.map(({ points }) => points.length),
    };
  };
  return { train: examples(train.utterances), test: examples(test.utterances), length, channels, names };
}
