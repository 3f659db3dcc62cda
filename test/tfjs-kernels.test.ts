// The ops of signature kernels in TensorFlow.js, on its CPU and WebAssembly backends: values and
// gradients against the library's own and against differences.

import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { kernelOps } from "../ts/entry/tfjs.ts";
import * as kernels from "../ts/kernels.ts";
import { codeOf } from "./code-of.ts";
import { random } from "./paths.ts";
import { onEachBackend } from "./tfjs-backends.ts";

const { kernelGram, mmd } = kernelOps(kernels);
const numbers = (count: number, seed: number): Float32Array => {
  const next = random(seed);
  return Float32Array.from({ length: count }, () => next() - 0.5);
};
const list = (x: Iterable<number>) => [...x];

beforeAll(async () => {
  await kernels.init({ variant: "simd" });
});

onEachBackend(() => {
  const [x, y] = [numbers(3 * 6 * 2, 1), numbers(4 * 5 * 2, 2)];
  const [xShape, yShape] = [
    [3, 6, 2],
    [4, 5, 2],
  ];

  test("Gram matrices and their gradients are the library's own, to the bit", () => {
    for (const options of [
      {},
      { degree: 1, dyadicOrder: 1 },
      { staticKernel: kernels.staticKernels.rbf({ sigma: 1 }) },
    ])
      tf.tidy(() => {
        const [a, b] = [tf.tensor(x, xShape), tf.tensor(y, yShape)];
        const weights = numbers(12, 3);
        const gram = kernelGram(a, b, options as object);
        expect(gram.shape).toEqual([3, 4]);
        const [p, q] = [
          { data: x, shape: xShape },
          { data: y, shape: yShape },
        ];
        expect(list(gram.dataSync())).toEqual(list(kernels.signatureKernelGram(p, q, options as object).data));
        const loss = (a: tf.Tensor, b: tf.Tensor) =>
          tf.sum(tf.mul(kernelGram(a, b, options as object), tf.tensor(weights, [3, 4]))) as tf.Scalar;
        const [dx, dy] = tf.grads(loss)([a, b]);
        const wanted = kernels.signatureKernelGramVjp(p, q, weights, options as object);
        expect(dx!.shape).toEqual(xShape);
        expect(list(dx!.dataSync())).toEqual(list(wanted.x!.data));
        expect(list(dy!.dataSync())).toEqual(list(wanted.y!.data));
        // Of one batch with itself.
        const own = tf.grad((a) => tf.sum(kernelGram(a, undefined, options as object)))(a);
        const ones = new Float32Array(9).fill(1);
        const sum = kernels.signatureKernelGramVjp(p, undefined, ones, options as object);
        expect(list(own.dataSync())).toEqual(list(sum.x!.data));
      });
  });

  test("a distance as a loss, against differences; integers are converted", () => {
    tf.tidy(() => {
      const [a, b] = [tf.tensor(x, xShape), tf.tensor(y, yShape)];
      const value = mmd(a, b);
      expect(value.shape).toEqual([]);
      const exact = (data: Float64Array) =>
        kernels.signatureMmd({ data, shape: xShape }, { data: Float64Array.from(y), shape: yShape });
      expect(value.dataSync()[0]).toBeCloseTo(exact(Float64Array.from(x)), 5);
      const dx = tf
        .grad((a) => tf.mul(mmd(a, b), 3))(a)
        .dataSync();
      for (const i of [0, 5, 17, 35]) {
        const moved = (by: number) => exact(Float64Array.from(x, (v, j) => (j === i ? v + by : v)));
        expect(dx[i]).toBeCloseTo((3 * (moved(1e-5) - moved(-1e-5))) / 2e-5, 4);
      }
      expect(kernelGram(tf.tensor([0, 1, 2, 3], [1, 2, 2], "int32")).dataSync()[0]).toBeGreaterThan(1);
    });
  });

  test("steps down the gradient lower the distance", () => {
    tf.tidy(() => {
      const target = tf.tensor(y, yShape);
      let sample: tf.Tensor = tf.tensor(x, xShape);
      const first = mmd(sample, target).dataSync()[0]!;
      const gradient = tf.grad((a) => mmd(a, target));
      for (let i = 0; i < 5; i++) sample = tf.sub(sample, tf.mul(gradient(sample), 0.02));
      expect(mmd(sample, target).dataSync()[0]!).toBeLessThan(first);
    });
  });

  test("errors are the library's, and leave no tensor", () => {
    tf.tidy(() => {
      const a = tf.tensor(x, xShape);
      expect(codeOf(() => kernelGram([[0, 0]] as never))).toBe("PATHS_TYPE");
      expect(codeOf(() => mmd(a, undefined as never))).toBe("PATHS_TYPE");
      expect(codeOf(() => mmd(a, tf.tensor(y, [4, 2, 5])))).toBe("KERNEL_SHAPE");
      expect(codeOf(() => kernelGram(a, a, { degree: 4 as never }))).toBe("KERNEL_OPTION");
      expect(kernelGram(a).shape).toEqual([3, 3]);
    });
  });
});
