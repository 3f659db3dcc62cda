// The ops and the layers in TensorFlow.js, on its CPU and WebAssembly backends: values and
// gradients against the library's own; models that are trained, saved, loaded, and converted from
// Python.

import * as tf from "@tensorflow/tfjs-core";
import tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { LogSigLayer, logSignature, SigLayer, signature } from "../ts/entry/tfjs.ts";
import {
  init,
  logSignature as logSignatureOf,
  logSignatureSize,
  logSignatureVjp,
  signature as signatureOf,
  signatureSize,
  signatureVjp,
} from "../ts/index.ts";
import { random } from "./paths.ts";
import { onEachBackend } from "./tfjs-backends.ts";

const numbers = (count: number, seed: number): Float32Array => {
  const next = random(seed);
  return Float32Array.from({ length: count }, () => 2 * next() - 1);
};

const list = (x: Iterable<number>) => [...x];

beforeAll(async () => {
  await init({ variant: "simd" });
});

onEachBackend(() => {
  test("values are the library's own, to the bit", () => {
    const [batch, length, channels] = [5, 9, 3];
    const data = numbers(batch * length * channels, 1);
    const shape = [batch, length, channels];
    for (const options of [
      {},
      { stream: true },
      { basepoint: true, scalarTerm: true },
      { inverse: true },
      { lengths: [9, 1, 4, 2, 9] },
      { select: { words: [[2, 1], [0], [0, 1, 2]] }, stream: true },
    ]) {
      tf.tidy(() => {
        const got = signature(tf.tensor(data, [batch, length, channels]), { depth: 3, ...options });
        const wanted = signatureOf({ data, shape }, { depth: 3, ...options });
        expect(got.shape).toEqual(wanted.shape);
        expect(got.dtype).toBe("float32");
        expect(list(got.dataSync())).toEqual(list(wanted.data));
      });
    }
  });

  test("one path, more leading dimensions, integers, no paths", () => {
    tf.tidy(() => {
      const one = signature(
        tf.tensor([
          [0, 0],
          [1, 0],
          [1, 1],
        ]),
        { depth: 2 },
      );
      expect(one.shape).toEqual([6]);
      expect(list(one.dataSync())).toEqual([1, 1, 0.5, 1, 0, 0.5]);
      expect(signature(tf.tensor(numbers(48, 2), [2, 3, 4, 2]), { depth: 3 }).shape).toEqual([2, 3, 14]);
      const whole = signature(
        tf.tensor(
          [
            [0, 0],
            [1, 0],
            [1, 1],
          ],
          [3, 2],
          "int32",
        ),
        { depth: 2 },
      );
      expect(list(whole.dataSync())).toEqual([1, 1, 0.5, 1, 0, 0.5]);
      expect(signature(tf.zeros([0, 4, 2]), { depth: 2 }).shape).toEqual([0, 6]);
    });
  });

  test("gradients are the library's own: paths, basepoint, initial, through other ops", () => {
    const [batch, length, channels, depth] = [3, 7, 2, 3];
    const size = signatureSize(channels, depth);
    const data = numbers(batch * length * channels, 3);
    const [basepoint, initial, weights] = [numbers(channels, 4), numbers(batch * size, 5), numbers(batch * size, 6)];
    const wanted = signatureVjp(
      { data, shape: [batch, length, channels] },
      { data: weights.map((w) => 2 * w), shape: [batch, size] },
      { depth, basepoint, initial: { data: initial, shape: [batch, size] }, lengths: [7, 2, 5] },
    );
    tf.tidy(() => {
      const f = (x: tf.Tensor, b: tf.Tensor, i: tf.Tensor) =>
        tf.mul(
          2,
          tf.sum(
            tf.mul(
              signature(x, { depth, basepoint: b, initial: i, lengths: [7, 2, 5] }),
              tf.tensor(weights, [batch, size]),
            ),
          ),
        ) as tf.Scalar;
      const inputs = [
        tf.tensor(data, [batch, length, channels]),
        tf.tensor(basepoint),
        tf.tensor(initial, [batch, size]),
      ];
      const got = tf.grads(f as never)(inputs);
      expect(got.map(({ shape }) => shape)).toEqual([[batch, length, channels], [channels], [batch, size]]);
      expect(list(got[0]!.dataSync())).toEqual(list(wanted.paths.data));
      expect(list(got[1]!.dataSync())).toEqual(list(wanted.basepoint!.data));
      expect(list(got[2]!.dataSync())).toEqual(list(wanted.initial!.data));
    });
  });

  test("gradients of a stream, and of only one of the inputs", () => {
    const data = numbers(40, 7);
    const weights = numbers(2 * 10 * 6, 8);
    tf.tidy(() => {
      const of = tf.grad((x: tf.Tensor) =>
        tf.sum(tf.mul(signature(x, { depth: 2, stream: true, basepoint: true }), tf.tensor(weights, [2, 10, 6]))),
      );
      const got = of(tf.tensor(data, [2, 10, 2]));
      const wanted = signatureVjp({ data, shape: [2, 10, 2] }, weights, { depth: 2, stream: true, basepoint: true });
      expect(list(got.dataSync())).toEqual(list(wanted.paths.data));
    });
  });

  test("errors are the library's", () => {
    expect(() => signature([[1]] as never, { depth: 1 })).toThrow(expect.objectContaining({ code: "PATHS_TYPE" }));
    tf.tidy(() => {
      expect(() => signature(tf.tensor([1, 2]), { depth: 1 })).toThrow(expect.objectContaining({ code: "PATHS_RANK" }));
      expect(() => signature(tf.tensor([[1, 2]]), { depth: 0 })).toThrow(
        expect.objectContaining({ code: "DEPTH_INVALID" }),
      );
      expect(() => signature(tf.tensor([[1, Number.NaN]]), { depth: 2 })).toThrow(
        expect.objectContaining({ code: "NOT_FINITE" }),
      );
    });
  });

  describe("SigLayer", () => {
    const model = (args: ConstructorParameters<typeof SigLayer>[0], inputShape: (number | null)[]) => {
      const input = tfl.input({ shape: inputShape });
      return tfl.model({ inputs: input, outputs: new SigLayer(args).apply(input) as tfl.SymbolicTensor });
    };

    test("output shapes, known and unknown", () => {
      const of = (args: ConstructorParameters<typeof SigLayer>[0], shape: (number | null)[]) =>
        new SigLayer(args).computeOutputShape(shape);
      expect(of({ depth: 3 }, [null, null, 2])).toEqual([null, 14]);
      expect(of({ depth: 3, stream: true }, [null, 10, 2])).toEqual([null, 9, 14]);
      expect(of({ depth: 3, scalarTerm: true, select: { levels: [3] } }, [null, null, 2])).toEqual([null, 9]);
      expect(of({ depth: 3, stream: true }, [null, null, 2])).toEqual([null, null, 14]);
      expect(of({ depth: 2, stream: true, basepoint: true, scalarTerm: true, time: true }, [4, 10, 2])).toEqual([
        4, 10, 13,
      ]);
      expect(() => of({ depth: 2 }, [null, 10, null])).toThrow(expect.objectContaining({ code: "SHAPE_INVALID" }));
      expect(() => new SigLayer({ depth: 0 })).toThrow(expect.objectContaining({ code: "DEPTH_INVALID" }));
      expect(() => new SigLayer({ depth: 2, time: 1 as never })).toThrow(
        expect.objectContaining({ code: "OPTION_TYPE" }),
      );
    });

    test.each([
      [{ depth: 1 }, [6, 3]],
      [{ depth: 3 }, [1, 2]],
      [{ depth: 2 }, [2, 2]],
      [{ depth: 4 }, [5, 1]],
      [{ depth: 2, stream: true }, [4, 2]],
      [{ depth: 3, basepoint: true }, [1, 2]],
      [{ depth: 2, scalarTerm: true, basepoint: true, stream: true }, [1, 2]],
      [{ depth: 2, time: true }, [5, 2]],
      [{ depth: 2, time: true }, [1, 1]],
    ] as const)("%o on paths of %o", (args, shape) => {
      const one = model(args, [...shape]);
      for (const batch of [1, 3]) {
        const data = numbers(batch * shape[0] * shape[1], batch);
        tf.tidy(() => {
          const got = one.predict(tf.tensor(data, [batch, ...shape])) as tf.Tensor;
          const { time = false, ...options } = args as { time?: boolean; depth: number };
          const paths = Array.from({ length: batch }, (_, i) =>
            Array.from({ length: shape[0] }, (_, t) => {
              const point = list(data.subarray((i * shape[0] + t) * shape[1], (i * shape[0] + t + 1) * shape[1]));
              return time ? [...point, shape[0] === 1 ? 0 : Math.fround(t / (shape[0] - 1))] : point;
            }),
          );
          const wanted = signatureOf(paths, { ...options, dtype: "float32" });
          expect(got.shape).toEqual(wanted.shape);
          for (const [i, x] of wanted.data.entries()) expect(got.dataSync()[i]).toBeCloseTo(x, 5);
        });
      }
      one.dispose();
    });

    test("inputs that are no paths are refused when the model is built", () => {
      const input = tfl.input({ shape: [6, 2] });
      const flat = tfl.layers.flatten().apply(input) as tfl.SymbolicTensor;
      const refused = expect.objectContaining({ code: "PATHS_RANK", argument: "inputs" });
      expect(() => new SigLayer({ depth: 2 }).apply(flat)).toThrow(refused);
      expect(() => new SigLayer({ depth: 2 }).apply(flat)).toThrow(/\(batch, length, channels\).*got \(null, 12\)/);
      expect(() => tfl.sequential({ layers: [new SigLayer({ depth: 2, inputShape: [12] })] })).toThrow(refused);
      tf.tidy(() => {
        expect(() => new SigLayer({ depth: 2 }).apply(tf.zeros([4, 12]))).toThrow(refused);
      });
      expect(() => new SigLayer({ depth: 2 }).apply([input, input])).toThrow(refused);
    });

    test("unknown arguments are refused, and others of the wrong type", () => {
      const of = (args: object) => () => new SigLayer(args as never);
      expect(of({ depth: 2, streams: true })).toThrow('unknown option "streams", did you mean "stream"?');
      expect(of({ depth: 2, dept: 3 })).toThrow(expect.objectContaining({ code: "OPTION_UNKNOWN" }));
      expect(of({ depth: 2, lengths: [3] })).toThrow(/a mask gives the lengths/);
      expect(of({ depth: 2, inverse: 1 })).toThrow(expect.objectContaining({ code: "OPTION_TYPE" }));
      expect(of({ depth: 2, algorithm: "fast" })).toThrow(expect.objectContaining({ code: "ALGORITHM_INVALID" }));
      expect(of({ depth: 2, basepoint: "origin" })).toThrow(expect.objectContaining({ code: "BASEPOINT_TYPE" }));
      expect(of({})).toThrow(expect.objectContaining({ code: "DEPTH_INVALID" }));
      expect(() => new (SigLayer as unknown as new () => unknown)()).toThrow(
        expect.objectContaining({ code: "OPTION_TYPE" }),
      );
      const base = { name: "layer", trainable: false, inputShape: [6, 2], batchSize: 4, dtype: "float32" };
      expect(of({ depth: 2, ...base })).not.toThrow();
    });

    test("options of signature: inverse, a basepoint, algorithm, checkFinite; saved and loaded", () => {
      const options = {
        depth: 3,
        inverse: true,
        basepoint: [0.5, -1],
        algorithm: "horner",
        checkFinite: false,
      } as const;
      const layer = new SigLayer(options);
      expect(layer.getConfig()).toMatchObject(options);
      const again = SigLayer.fromConfig(SigLayer as never, layer.getConfig()) as InstanceType<typeof SigLayer>;
      const data = numbers(24, 8);
      const wanted = signatureOf({ data, shape: [2, 6, 2] }, options);
      tf.tidy(() => {
        for (const one of [layer, again]) {
          const got = one.apply(tf.tensor(data, [2, 6, 2])) as tf.Tensor;
          expect(list(got.dataSync())).toEqual(list(wanted.data));
        }
        const late = new SigLayer({ depth: 1, checkFinite: false }).apply(tf.tensor([0, Number.NaN], [1, 2, 1]));
        expect(list((late as tf.Tensor).dataSync())).toEqual([Number.NaN]);
      });
    });

    test("an inverse of masked paths reverses what the mask keeps", () => {
      const input = tfl.input({ shape: [6, 2] });
      const masked = tfl.layers.masking({ maskValue: -9 }).apply(input) as tfl.SymbolicTensor;
      const outputs = new SigLayer({ depth: 3, inverse: true }).apply(masked) as tfl.SymbolicTensor;
      const one = tfl.model({ inputs: input, outputs });
      const data = numbers(24, 12);
      data.fill(-9, 8, 12);
      tf.tidy(() => {
        const got = one.predict(tf.tensor(data, [2, 6, 2])) as tf.Tensor;
        const wanted = signatureOf({ data, shape: [2, 6, 2] }, { depth: 3, inverse: true, lengths: [4, 6] });
        expect(list(got.dataSync())).toEqual(list(wanted.data));
      });
      one.dispose();
    });

    test("masks become lengths", () => {
      const input = tfl.input({ shape: [6, 2] });
      const masked = tfl.layers.masking({ maskValue: -9 }).apply(input) as tfl.SymbolicTensor;
      const one = tfl.model({
        inputs: input,
        outputs: new SigLayer({ depth: 3, time: true }).apply(masked) as tfl.SymbolicTensor,
      });
      const lengths = [6, 2, 4];
      const data = numbers(36, 11);
      for (const [i, length] of lengths.entries()) data.fill(-9, (i * 6 + length) * 2, (i + 1) * 12);
      tf.tidy(() => {
        const got = one.predict(tf.tensor(data, [3, 6, 2])) as tf.Tensor;
        const paths = lengths.map((length, i) =>
          Array.from({ length }, (_, t) => [data[(i * 6 + t) * 2]!, data[(i * 6 + t) * 2 + 1]!, t / (length - 1)]),
        );
        const wanted = signatureOf(paths, { depth: 3, dtype: "float32" });
        for (const [i, x] of wanted.data.entries()) expect(got.dataSync()[i]).toBeCloseTo(x, 5);
        // A masked step in the middle does not end a path.
        const holes = tf.tensor(
          data.map((x, i) => (i < 2 ? -9 : x)),
          [3, 6, 2],
        );
        expect(() => one.predict(holes)).toThrow(expect.objectContaining({ code: "LENGTHS_RANGE", argument: "mask" }));
      });
      one.dispose();
    });

    test("`unroll` and `gpu_optimized` are taken, with one note", () => {
      const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
      const layer = new SigLayer({ depth: 2, unroll: 4, gpu_optimized: true } as never);
      expect(new SigLayer({ depth: 2, unroll: true }).getConfig()).toMatchObject({ depth: 2, unroll: true });
      expect(layer.getConfig()).toMatchObject({ depth: 2, stream: false, unroll: 4, gpuOptimized: true });
      expect(warn.mock.calls.length).toBeLessThanOrEqual(1);
      warn.mockRestore();
    });

    test("fit learns, predict, save and load agree, memory is flat over 200 steps", { timeout: 120_000 }, async () => {
      const [batch, length, channels] = [16, 12, 3];
      const x = tf.tensor(numbers(batch * length * channels, 20), [batch, length, channels]);
      const y = tf.tidy(() =>
        tf.oneHot(
          tf.tensor(
            Array.from({ length: batch }, (_, i) => i % 3),
            [batch],
            "int32",
          ),
          3,
        ),
      );
      const net = tfl.sequential({
        layers: [
          tfl.layers.dense({
            units: 4,
            inputShape: [length, channels],
            kernelInitializer: tfl.initializers.glorotUniform({ seed: 1 }),
          }),
          new SigLayer({ depth: 3, basepoint: true, time: true }),
          tfl.layers.dense({
            units: 3,
            activation: "softmax",
            kernelInitializer: tfl.initializers.glorotUniform({ seed: 2 }),
          }),
        ],
      });
      const optimizer = tf.train.adam(0.01);
      net.compile({ optimizer, loss: "categoricalCrossentropy" });
      const losses: number[] = [];
      const first = net.getWeights()[0]!.dataSync().slice();
      const step = async () => losses.push((await net.trainOnBatch(x, y)) as number);
      for (let i = 0; i < 20; i++) await step();
      const held = tf.memory();
      for (let i = 0; i < 200; i++) await step();
      expect(tf.memory().numTensors).toBe(held.numTensors);
      expect(tf.memory().numBytes).toBe(held.numBytes);
      expect(losses.at(-1)!).toBeLessThan(0.2 * losses[0]!);
      // The layer below the signature learns, so gradients pass through.
      expect(list(net.getWeights()[0]!.dataSync())).not.toEqual(list(first));

      let saved: tf.io.ModelArtifacts | undefined;
      await net.save(
        tf.io.withSaveHandler(async (artifacts) => {
          saved = artifacts;
          return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
        }),
      );
      const topology = JSON.stringify(saved!.modelTopology);
      expect(topology).toContain('"class_name":"SigLayer"');
      expect(topology).toContain('"scalar_term":false');
      const loaded = await tfl.loadLayersModel(tf.io.fromMemory(saved!));
      tf.tidy(() => {
        const [a, b] = [net, loaded].map((m) => list((m.predict(x) as tf.Tensor).dataSync()));
        expect(b).toEqual(a);
      });
      loaded.dispose();
      net.dispose();
      optimizer.dispose();
      x.dispose();
      y.dispose();
    });
  });

  describe("logSignature", () => {
    test("values are the library's own, to the bit", () => {
      const shape = [5, 9, 3] as [number, number, number];
      const data = numbers(135, 31);
      for (const options of [
        {},
        { basis: "lyndon", stream: true },
        { basis: "hall", basepoint: true },
        { basis: "expanded", inverse: true },
        { precision: "float32", lengths: [9, 1, 4, 2, 9] },
        { windows: { type: "sliding", length: 4, step: 2 } },
      ] as const) {
        tf.tidy(() => {
          const got = logSignature(tf.tensor(data, shape), { depth: 3, ...options });
          const wanted = logSignatureOf({ data, shape }, { depth: 3, ...options });
          expect(got.shape).toEqual(wanted.shape);
          expect(got.dtype).toBe("float32");
          expect(list(got.dataSync())).toEqual(list(wanted.data));
        });
      }
      tf.tidy(() => {
        expect(logSignature(tf.zeros([0, 4, 2]), { depth: 3 }).shape).toEqual([0, 5]);
        expect(logSignature(tf.zeros([4, 2]), { depth: 3 }).shape).toEqual([5]);
      });
    });

    test("gradients are the library's own: paths, basepoint, initial, through other ops", () => {
      const [batch, length, channels, depth] = [3, 7, 2, 3];
      const shape = [batch, length, channels] as [number, number, number];
      const size = logSignatureSize(channels, depth, "lyndon");
      const data = numbers(batch * length * channels, 32);
      const basepoint = numbers(channels, 33);
      const initial = signatureOf({ data: numbers(30, 34), shape: [batch, 5, channels] }, { depth });
      const weights = numbers(batch * size, 35);
      const options = { depth, basis: "lyndon", lengths: [7, 2, 5] } as const;
      const wanted = logSignatureVjp(
        { data, shape },
        { data: weights.map((w) => 2 * w), shape: [batch, size] },
        { ...options, basepoint, initial },
      );
      tf.tidy(() => {
        const f = (x: tf.Tensor, b: tf.Tensor, i: tf.Tensor) => {
          const rows = logSignature(x, { ...options, basepoint: b, initial: i });
          return tf.mul(2, tf.sum(tf.mul(rows, tf.tensor(weights, [batch, size])))) as tf.Scalar;
        };
        const initialTensor = tf.tensor(initial.data, initial.shape as [number, number]);
        const got = tf.grads(f as never)([tf.tensor(data, shape), tf.tensor(basepoint), initialTensor]);
        for (const [i, gradient] of [wanted.paths, wanted.basepoint!, wanted.initial!].entries()) {
          expect(got[i]!.shape).toEqual(gradient.shape);
          expect(list(got[i]!.dataSync())).toEqual(list(gradient.data));
        }
      });
    });

    test("errors are the library's", () => {
      expect(() => logSignature([[1]] as never, { depth: 1 })).toThrow(expect.objectContaining({ code: "PATHS_TYPE" }));
      const of = (x: tf.Tensor, options: object) => () => logSignature(x, { depth: 2, ...options } as never);
      const coded = (code: string) => expect.objectContaining({ code });
      tf.tidy(() => {
        const paths = tf.zeros([4, 2]);
        expect(of(tf.tensor([1, 2]), {})).toThrow(coded("PATHS_RANK"));
        expect(of(paths, { basis: "brackets" })).toThrow(coded("BASIS_INVALID"));
        expect(of(paths, { precision: "double" })).toThrow(coded("PRECISION_INVALID"));
        expect(of(paths, { scalarTerm: true })).toThrow(coded("OPTION_UNKNOWN"));
        expect(of(paths, { depth: 17 })).toThrow(coded("SIZE_TOO_LARGE"));
        expect(of(tf.tensor([[1, Number.NaN]]), {})).toThrow(coded("NOT_FINITE"));
      });
    });
  });

  describe("LogSigLayer", () => {
    const model = (args: ConstructorParameters<typeof LogSigLayer>[0], masked = false) => {
      const input = tfl.input({ shape: [6, 2] });
      const paths = masked ? tfl.layers.masking({ maskValue: -9 }).apply(input) : input;
      return tfl.model({ inputs: input, outputs: new LogSigLayer(args).apply(paths) as tfl.SymbolicTensor });
    };

    test("output shapes, known and unknown", () => {
      const of = (args: ConstructorParameters<typeof LogSigLayer>[0], shape: (number | null)[]) =>
        new LogSigLayer(args).computeOutputShape(shape);
      expect(of({ depth: 3 }, [null, null, 2])).toEqual([null, 5]);
      expect(of({ depth: 3, basis: "expanded" }, [null, null, 2])).toEqual([null, 14]);
      expect(of({ depth: 3, stream: true }, [null, 10, 2])).toEqual([null, 9, 5]);
      expect(of({ depth: 2, stream: true, basepoint: true, time: true }, [4, 10, 2])).toEqual([4, 10, 6]);
      expect(() => of({ depth: 2 }, [null, 10, null])).toThrow(expect.objectContaining({ code: "SHAPE_INVALID" }));
    });

    test.each([
      { depth: 3 },
      { depth: 3, basis: "lyndon", inverse: true },
      { depth: 2, basis: "hall", basepoint: [0.5, -1] },
      { depth: 3, basis: "expanded", stream: true, basepoint: true },
      { depth: 4, precision: "float32", checkFinite: false },
    ] as const)("%o: the op's values, alone and made again from its config", (options) => {
      const layer = new LogSigLayer(options);
      expect(layer.getConfig()).toMatchObject(options);
      const again = LogSigLayer.fromConfig(LogSigLayer as never, layer.getConfig()) as InstanceType<typeof LogSigLayer>;
      const data = numbers(36, 41);
      const wanted = logSignatureOf({ data, shape: [3, 6, 2] }, options);
      tf.tidy(() => {
        for (const one of [layer, again]) {
          const got = one.apply(tf.tensor(data, [3, 6, 2])) as tf.Tensor;
          expect(got.shape).toEqual(wanted.shape);
          expect(list(got.dataSync())).toEqual(list(wanted.data));
        }
      });
    });

    test("inputs that are no paths and arguments that it does not take are refused", () => {
      const input = tfl.input({ shape: [6, 2] });
      const flat = tfl.layers.flatten().apply(input) as tfl.SymbolicTensor;
      const rank = expect.objectContaining({ code: "PATHS_RANK", argument: "inputs" });
      expect(() => new LogSigLayer({ depth: 2 }).apply(flat)).toThrow(rank);
      expect(() => new LogSigLayer({ depth: 2 }).apply([input, input])).toThrow(rank);
      expect(() => tfl.sequential({ layers: [new LogSigLayer({ depth: 2, inputShape: [12] })] })).toThrow(rank);
      for (const [args, code] of [
        [{ depth: 2, scalarTerm: true }, "OPTION_UNKNOWN"],
        [{ depth: 2, algorithm: "auto" }, "OPTION_UNKNOWN"],
        [{ depth: 2, unroll: true }, "OPTION_UNKNOWN"],
        [{ depth: 2, lengths: [3] }, "OPTION_UNKNOWN"],
        [{ depth: 2, basis: "brackets" }, "BASIS_INVALID"],
        [{ depth: 2, precision: "double" }, "PRECISION_INVALID"],
        [{ depth: 2, basepoint: "origin" }, "BASEPOINT_TYPE"],
        [{ depth: 2, time: 1 }, "OPTION_TYPE"],
        [{ basis: "words" }, "DEPTH_INVALID"],
        [undefined, "OPTION_TYPE"],
      ] as const)
        expect(() => new LogSigLayer(args as never)).toThrow(expect.objectContaining({ code }));
      const of = (args: object) => () => new LogSigLayer(args as never);
      expect(of({ depth: 2, bases: "hall" })).toThrow('unknown option "bases", did you mean "basis"?');
      expect(of({ depth: 2, name: "layer", trainable: false, inputShape: [6, 2], batchSize: 4 })).not.toThrow();
    });

    test("masks become lengths", () => {
      const one = model({ depth: 3, time: true }, true);
      const lengths = [6, 2, 4];
      const data = numbers(36, 42);
      for (const [i, length] of lengths.entries()) data.fill(-9, (i * 6 + length) * 2, (i + 1) * 12);
      tf.tidy(() => {
        const got = (one.predict(tf.tensor(data, [3, 6, 2])) as tf.Tensor).dataSync();
        const paths = lengths.map((length, i) =>
          Array.from({ length }, (_, t) => [data[(i * 6 + t) * 2]!, data[(i * 6 + t) * 2 + 1]!, t / (length - 1)]),
        );
        const wanted = logSignatureOf(paths, { depth: 3, dtype: "float32" });
        expect(got.length).toBe(wanted.data.length);
        for (const [i, x] of wanted.data.entries()) expect(got[i]).toBeCloseTo(x, 5);
      });
      one.dispose();
    });

    test("fit learns, save and load agree, memory is flat", { timeout: 120_000 }, async () => {
      const x = tf.tensor(numbers(16 * 12 * 3, 43), [16, 12, 3]);
      const y = tf.tidy(() =>
        tf.oneHot(
          Int32Array.from({ length: 16 }, (_, i) => i % 2),
          2,
        ),
      );
      const glorot = (seed: number) => tfl.initializers.glorotUniform({ seed });
      const net = tfl.sequential({
        layers: [
          tfl.layers.dense({ units: 4, inputShape: [12, 3], kernelInitializer: glorot(1) }),
          new LogSigLayer({ depth: 3, basis: "lyndon", basepoint: true, time: true }),
          tfl.layers.dense({ units: 2, activation: "softmax", kernelInitializer: glorot(2) }),
        ],
      });
      const optimizer = tf.train.adam(0.02);
      net.compile({ optimizer, loss: "categoricalCrossentropy" });
      const first = list(net.getWeights()[0]!.dataSync());
      const losses: number[] = [];
      const step = async () => losses.push((await net.trainOnBatch(x, y)) as number);
      for (let i = 0; i < 5; i++) await step();
      const held = tf.memory();
      for (let i = 0; i < 150; i++) await step();
      expect(tf.memory()).toMatchObject({ numTensors: held.numTensors, numBytes: held.numBytes });
      expect(losses.at(-1)!).toBeLessThan(0.5 * losses[0]!);
      // The layer below learns, so gradients pass through.
      expect(list(net.getWeights()[0]!.dataSync())).not.toEqual(first);

      let saved: tf.io.ModelArtifacts | undefined;
      await net.save(
        tf.io.withSaveHandler(async (artifacts) => {
          saved = artifacts;
          return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
        }),
      );
      const topology = JSON.stringify(saved!.modelTopology);
      expect(topology).toContain('"class_name":"LogSigLayer"');
      expect(topology).toContain('"basis":"lyndon"');
      const loaded = await tfl.loadLayersModel(tf.io.fromMemory(saved!));
      tf.tidy(() => {
        const [a, b] = [net, loaded].map((m) => list((m.predict(x) as tf.Tensor).dataSync()));
        expect(b).toEqual(a);
      });
      for (const one of [loaded, net, optimizer, x, y]) one.dispose();
    });
  });
});
