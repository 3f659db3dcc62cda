// Models from Python: Keras 3 models with Keras Sig's SigLayer, converted by
// scripts/keras_to_tfjs.py (test/keras/make_models.py made them), give the same predictions here as
// there.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import tfl from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { SigLayer } from "../ts/entry/tfjs.ts";

interface Example {
  shape: number[];
  inputs: number[];
  outputs: number[];
}

const folder = (name: string, file: string) => join(import.meta.dirname, "keras", name, file);

/** Reads a model in the form in which a server would send it. */
const handler = (name: string): tf.io.IOHandler => ({
  load: async () => {
    const { weightsManifest, ...rest } = JSON.parse(
      readFileSync(folder(name, "model.json"), "utf8"),
    ) as tf.io.ModelJSON;
    const bytes = readFileSync(folder(name, "weights.bin"));
    const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    return { ...rest, weightSpecs: weightsManifest.flatMap(({ weights }) => weights), weightData };
  },
});

describe.each(["whole", "streams"])("%s", (name) => {
  const { shape, inputs, outputs } = JSON.parse(readFileSync(folder(name, "example.json"), "utf8")) as Example;

  test("predicts what it predicted in Python", async () => {
    await tf.setBackend("cpu");
    const model = await tfl.loadLayersModel(handler(name));
    expect(model.layers.some((layer) => layer instanceof SigLayer)).toBe(true);
    const got = tf.tidy(() => (model.predict(tf.tensor(inputs, shape)) as tf.Tensor).dataSync());
    expect(got.length).toBe(outputs.length);
    const largest = Math.max(...outputs.map(Math.abs));
    for (const [i, x] of outputs.entries()) {
      expect(Math.abs(got[i]! - x), `output ${i}: ${got[i]} for ${x}`).toBeLessThanOrEqual(1e-5 * Math.max(1, largest));
    }
    model.dispose();
  });

  test("can be trained further", async () => {
    const model = await tfl.loadLayersModel(handler(name));
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const [x, y] = [tf.tensor(inputs, shape), tf.zeros([shape[0]!, outputs.length / shape[0]!])];
    const losses = [];
    for (let i = 0; i < 5; i++) losses.push((await model.trainOnBatch(x, y)) as number);
    expect(losses.at(-1)!).toBeLessThan(losses[0]!);
  });
});
