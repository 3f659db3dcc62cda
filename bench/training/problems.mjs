// The training problems: shapes, and one raw file of numbers that every contestant reads in the
// same order: weights (Dense, bias, Dense, bias), then batches of paths, side inputs and targets.

import { join } from "node:path";
import { channelScales } from "../../examples/japanese-vowels/src/paths.ts";
import { readRecordings } from "../../examples/japanese-vowels/src/recordings.ts";
import { signatureSize } from "../lib/counts.mjs";
import { root } from "../lib/machine.mjs";
import { makePaths } from "../lib/paths.mjs";

const wave = (count, scale, phase) =>
  Float32Array.from({ length: count }, (_, i) => scale * Math.sin(12.9898 * i + phase));

const weights = ({ features, units, channels, depth, outputs }) => [
  wave(features * units, 0.5, 1),
  wave(units, 0.1, 2),
  wave(signatureSize(channels, depth) * outputs, 0.1, 3),
  wave(outputs, 0.1, 4),
];

/** Keras Sig's protocol in small: Dense(7) → signature of depth 3 → Dense(10), squared error. */
function paper(length) {
  const shape = {
    ...{ model: "paper", length, batch: 128, features: 10, units: 7, channels: 7, depth: 3, outputs: 10 },
    ...{ batches: 4, rate: 0.01 },
  };
  const numbers = weights(shape);
  for (let i = 0; i < shape.batches; i++) {
    numbers.push(makePaths("random walk", { batch: 128, points: length, channels: 10 }, i + 1), wave(128 * 10, 1, i));
  }
  return { name: `L = ${length}`, shape, numbers };
}

/**
 * The network of examples/train on Japanese Vowels: Dense(24), tanh → signature of depth 2 from the
 * origin, with time → Dense(9), cross entropy. Utterances differ in length. After its end each is
 * constant, in time too, so that contestants without lengths compute the same.
 */
async function demo() {
  const data = join(root, "examples/japanese-vowels/data/train.csv");
  const { utterances, channels } = await readRecordings(data);
  const scales = channelScales(utterances, channels.length);
  const names = [...new Set(utterances.map(({ speaker }) => speaker))].sort();
  const length = Math.max(...utterances.map(({ points }) => points.length));
  const batch = 30;
  const shape = {
    ...{ model: "demo", length, batch, features: channels.length, units: 24, channels: 25, depth: 2 },
    ...{ outputs: names.length, batches: utterances.length / batch, rate: 0.05 },
  };
  const numbers = weights(shape);
  for (let b = 0; b < shape.batches; b++) {
    // Every ninth utterance and so on, so that each batch contains all speakers.
    const chosen = utterances.filter((_, i) => i % shape.batches === b);
    const at = (points, t) => Math.min(t, points.length - 1);
    const each = (width, number) =>
      Float32Array.from({ length: batch * length * width }, (_, i) => {
        const { points } = chosen[Math.floor(i / (length * width))];
        return number(points, Math.floor(i / width) % length, i % width);
      });
    numbers.push(
      each(channels.length, (points, t, c) => points[at(points, t)][c] / scales[c]),
      each(1, (points, t) => at(points, t) / (points.length - 1)),
      Float32Array.from(chosen, ({ points }) => points.length),
      Float32Array.from({ length: batch * names.length }, (_, i) =>
        names[i % names.length] === chosen[Math.floor(i / names.length)].speaker ? 1 : 0,
      ),
    );
  }
  return { name: "demo", shape, numbers };
}

/** A problem by name: `demo`, or a length of the paper's protocol. */
export const problem = (name) => (name === "demo" ? demo() : paper(Number(name)));
