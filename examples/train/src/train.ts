// The training loop, reproducible: a fixed seed for weights and for the order of batches, and the
// binary whose results do not depend on the processor.

import { argMax, dispose, gather, memory, type Tensor, tensor1d, tidy } from "@tensorflow/tfjs-core";
import type tfl from "@tensorflow/tfjs-layers";
import type { Data, Examples } from "./data.ts";

export interface Epoch {
  /** Mean loss over the training set's batches, regulariser included. */
  readonly loss: number;
  /** Accuracy on the test set, 0 … 1. */
  readonly accuracy: number;
}

export interface Training {
  readonly epochs: readonly Epoch[];
  /** Predicted class of each utterance of the test set, after the last epoch. */
  readonly predicted: readonly number[];
  readonly seconds: number;
  readonly steps: number;
  /** Tensors after the first epoch and after the last: they differ if training leaks. */
  readonly tensors: readonly [number, number];
}

const batch = 30;

/** Numbers in [0, 1) from a seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x = (x + Math.imul(x ^ (x >>> 7), x | 61)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Fisher–Yates shuffle. */
function shuffled(count: number, next: () => number): number[] {
  const order = [...new Array(count).keys()];
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

export async function learn(
  model: tfl.Sequential,
  { train, test }: Data,
  count: number,
  seed: number,
  onProgress: (done: number) => void,
): Promise<Training> {
  const next = random(seed);
  const utterances = train.speakers.length;
  const epochs: Epoch[] = [];
  const tensors: number[] = [];
  const begin = performance.now();
  let steps = 0;
  let predicted: number[] = [];
  for (let epoch = 0; epoch < count; epoch++) {
    const order = shuffled(utterances, next);
    let loss = 0;
    for (let first = 0; first < utterances; first += batch, steps++) {
      const chosen = tensor1d(order.slice(first, first + batch), "int32");
      const [x, y] = [gather(train.paths, chosen), gather(train.classes, chosen)];
      const [value] = (await model.trainOnBatch(x, y)) as number[];
      loss += ((value as number) * chosen.size) / utterances;
      dispose([chosen, x, y]);
      onProgress((epoch + (first + batch) / utterances) / count);
    }
    predicted = predict(model, test);
    const right = predicted.filter((speaker, i) => speaker === test.speakers[i]).length;
    epochs.push({ loss, accuracy: right / predicted.length });
    tensors.push(memory().numTensors);
    // Lets the terminal redraw, and the user interrupt.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const seconds = (performance.now() - begin) / 1e3;
  return { epochs, predicted, seconds, steps, tensors: [tensors[0] as number, tensors.at(-1) as number] };
}

const predict = (model: tfl.Sequential, { paths }: Examples): number[] =>
  tidy(() => [...argMax(model.predict(paths) as Tensor, -1).dataSync()]);
