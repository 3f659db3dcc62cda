// One contestant in TensorFlow.js, in a process of its own: node step.mjs SPEC, a JSON file (see run.mjs). Trains, and prints what it measured as a line of JSON.

import { readFileSync } from "node:fs";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { init } from "../../dist/index.js";
import { SigLayer } from "../../dist/tfjs.js";
import { levels } from "./levels.mjs";

const spec = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { contestant, batch, length, features, units, outputs, batches, steps, warm, rate, file } = spec;
// One thread, as everybody has here.
tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
await tf.setBackend("wasm");
await init();

const bytes = readFileSync(file);
const numbers = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
let at = 0;
const take = (shape) => {
  const count = shape.reduce((a, b) => a * b, 1);
  at += count;
  return tf.tensor(numbers.slice(at - count, at), shape, "float32");
};
const size = units + units ** 2 + units ** 3;
const [first, firstBias, last, lastBias] = [[features, units], [units], [size, outputs], [outputs]].map((shape) =>
  tf.variable(take(shape)),
);
const data = Array.from({ length: batches }, () => [take([batch, length, features]), take([batch, outputs])]);

const layer = new SigLayer({ depth: 3 });
const signature = contestant === "ours" ? (x) => layer.apply(x) : (x) => tf.concat(levels(x), 1);
const embed = (x) =>
  tf.reshape(tf.add(tf.matMul(tf.reshape(x, [batch * length, features]), first), firstBias), [batch, length, units]);
const optimizer = tf.train.sgd(rate);
const step = ([x, y]) => {
  const loss = optimizer.minimize(
    () => tf.mean(tf.square(tf.sub(tf.add(tf.matMul(signature(embed(x)), last), lastBias), y))),
    true,
  );
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

// The layer alone, forwards and backwards, on what it gets in the network.
const inside = tf.tidy(() => embed(data[0][0]));
const gradient = tf.grad((x) => tf.sum(signature(x)));
const layerSeconds = [];
for (let i = 0; i < Math.min(steps, 20); i++) {
  const begin = performance.now();
  tf.tidy(() => gradient(inside).dataSync());
  layerSeconds.push((performance.now() - begin) / 1e3);
}
const peakBytes = process.resourceUsage().maxRSS * 1024;
console.log(
  JSON.stringify({ seconds, layerSeconds: layerSeconds.slice(1), loss, peakBytes, versions: tf.version_core }),
);
