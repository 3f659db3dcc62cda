// One contestant in TensorFlow.js, in a process of its own: node step.mjs SPEC, a JSON file (see
// run.mjs). Trains, and prints its measurements as a line of JSON.

import { readFileSync } from "node:fs";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { init } from "../../dist/index.js";
import { SigLayer } from "../../dist/tfjs.js";
import { levels } from "./levels.mjs";

const spec = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { contestant, model, batch, length, features, units, channels, depth, outputs, batches, steps, warm, rate } =
  spec;
const isDemo = model === "demo";
// One thread, like every contestant.
tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
await tf.setBackend("wasm");
await init();

const bytes = readFileSync(spec.file);
const numbers = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
let at = 0;
const take = (shape) => {
  const count = shape.reduce((a, b) => a * b, 1);
  at += count;
  return tf.tensor(numbers.slice(at - count, at), shape, "float32");
};
let size = 0;
for (let k = 1; k <= depth; k++) size += channels ** k;
const [first, firstBias, last, lastBias] = [[features, units], [units], [size, outputs], [outputs]].map((shape) =>
  tf.variable(take(shape)),
);
const data = Array.from({ length: batches }, () => {
  const x = take([batch, length, features]);
  if (!isDemo) return { x, y: take([batch, outputs]) };
  const time = take([batch, length, 1]);
  const lengths = tf.reshape(take([batch]), [batch, 1]);
  // As a Masking layer treats zeros past the end.
  const mask = tf.less(tf.tile(tf.reshape(tf.range(0, length), [1, length]), [batch, 1]), lengths);
  return { x, time, mask, y: take([batch, outputs]) };
});

const layer = new SigLayer({ depth, basepoint: isDemo, time: isDemo });
/** The contestant's signature of the first layer's output. */
const signature =
  contestant === "ours"
    ? (x, { mask }) => layer.apply(x, mask && { mask })
    : (x, { time }) => {
        if (!isDemo) return tf.concat(levels(x, depth), 1);
        const path = tf.concat([x, time], 2);
        return tf.concat(levels(tf.concat([tf.zeros([batch, 1, channels]), path], 1), depth), 1);
      };
const embed = (x) => {
  const flat = tf.add(tf.matMul(tf.reshape(x, [batch * length, features]), first), firstBias);
  return tf.reshape(isDemo ? tf.tanh(flat) : flat, [batch, length, units]);
};
const lossOf = (given) => {
  const out = tf.add(tf.matMul(signature(embed(given.x), given), last), lastBias);
  if (!isDemo) return tf.mean(tf.square(tf.sub(out, given.y)));
  const logits = tf.sub(out, tf.max(out, 1, true));
  const logarithms = tf.sub(logits, tf.log(tf.sum(tf.exp(logits), 1, true)));
  return tf.neg(tf.mean(tf.sum(tf.mul(logarithms, given.y), 1)));
};
const optimizer = tf.train.sgd(rate);
const step = (given) => {
  const loss = optimizer.minimize(() => lossOf(given), true);
  const value = loss.dataSync()[0];
  loss.dispose();
  return value;
};

const seconds = [];
let loss;
for (let i = 0; i < steps; i++) {
  const begin = performance.now();
  loss = step(data[i % batches]);
  if (i >= warm) seconds.push((performance.now() - begin) / 1e3);
}

// The layer alone, forwards and backwards, on its input in the network.
const inside = tf.tidy(() => embed(data[0].x));
const gradient = tf.grad((x) => tf.sum(signature(x, data[0])));
const layerSeconds = [];
for (let i = 0; i < Math.min(steps, 20); i++) {
  const begin = performance.now();
  // Returns nothing: tidy searches a returned value for tensors, a typed array number by number.
  tf.tidy(() => void gradient(inside).dataSync());
  layerSeconds.push((performance.now() - begin) / 1e3);
}

// Time of the step's kernels by name; the signature's pullback is not a TensorFlow.js kernel.
const profiles = [];
for (let i = 0; i < Math.min(steps, 10); i++) {
  const { kernels } = await tf.profile(() => void step(data[i % batches]));
  const sums = {};
  for (const { name, kernelTimeMs } of kernels) sums[name] = (sums[name] ?? 0) + (await kernelTimeMs) / 1e3;
  profiles.push(sums);
}
const peakBytes = process.resourceUsage().maxRSS * 1024;
console.log(
  JSON.stringify({
    ...{ seconds, layerSeconds: layerSeconds.slice(1), profiles: profiles.slice(1) },
    ...{ loss, peakBytes, versions: tf.version_core },
  }),
);
