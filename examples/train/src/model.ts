// The network: layers before and after the signature are trained. The one use of path-signature.

import { train } from "@tensorflow/tfjs-core";
import tfl from "@tensorflow/tfjs-layers";
import { SigLayer } from "path-signature/tfjs";

export interface Shape {
  /** Frames of the longest utterance. */
  readonly length: number;
  readonly channels: number;
  readonly speakers: number;
}

/** Channels that the first layer produces from the recorded ones. */
export const units = 24;
export const depth = 2;

/**
 * Masking → Dense → SigLayer → Dense. Frames of zeros are padding, since utterances differ in
 * length.
 */
export function makeModel({ length, channels, speakers }: Shape, seed: number): tfl.Sequential {
  const random = (which: number) => tfl.initializers.glorotUniform({ seed: seed + which });
  const model = tfl.sequential({
    layers: [
      tfl.layers.masking({ maskValue: 0, inputShape: [length, channels] }),
      tfl.layers.dense({ units, activation: "tanh", kernelInitializer: random(0) }),
      // With a basepoint at the origin and time as a channel: position and speed of a path matter.
      new SigLayer({ depth, basepoint: true, time: true }),
      tfl.layers.dense({
        units: speakers,
        activation: "softmax",
        kernelInitializer: random(1),
        kernelRegularizer: tfl.regularizers.l2({ l2: 0.005 }),
      }),
    ],
  });
  model.compile({ optimizer: train.adam(0.005), loss: "categoricalCrossentropy", metrics: ["accuracy"] });
  return model;
}
