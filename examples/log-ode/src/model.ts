// The network: a recurrent layer that reads the rows of an utterance in their order, and a dense
// one that names the speaker.

import { train } from "@tensorflow/tfjs-core";
import tfl from "@tensorflow/tfjs-layers";
import type { Data } from "../../train/src/data.ts";

/** Numbers of the state. */
export const units = 32;

/** Masking → SimpleRNN → Dense. Rows of zeros are padding, since utterances differ in length. */
export function makeModel({ length, channels, names }: Data, seed: number): tfl.Sequential {
  const random = (which: number) => tfl.initializers.glorotUniform({ seed: seed + which });
  const model = tfl.sequential({
    layers: [
      tfl.layers.masking({ maskValue: 0, inputShape: [length, channels] }),
      tfl.layers.simpleRNN({
        units,
        kernelInitializer: random(0),
        recurrentInitializer: random(1),
        kernelRegularizer: tfl.regularizers.l2({ l2: 0.003 }),
      }),
      tfl.layers.dense({ units: names.length, activation: "softmax", kernelInitializer: random(2) }),
    ],
  });
  model.compile({ optimizer: train.adam(0.005), loss: "categoricalCrossentropy", metrics: ["accuracy"] });
  return model;
}
