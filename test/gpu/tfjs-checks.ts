// The op and the layer on TensorFlow.js's WebGPU backend: values and gradients against the
// references in float64 (reference.ts, gradient-reference.ts), that nothing leaves the GPU, memory,
// models that learn as on the CPU. Run by tfjs.test.ts on Dawn in Node and, bundled, in Chromium;
// reports the outcome of every part.

import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-webgpu";
import type { SymbolicTensor } from "@tensorflow/tfjs-layers";
import * as layersModule from "@tensorflow/tfjs-layers";
import { logSignature, prepare, SigLayer, signature } from "../../ts/entry/tfjs.ts";
import { gradient } from "../gradient-reference.ts";
import { makePath, random, toFloat32 } from "../paths.ts";
import { maxAbs, referenceSignature } from "../reference.ts";
import { gradientTolerance, tolerance } from "../tolerances.ts";

/** In Node the package is CommonJS, in a bundle it is not. */
const tfl = ((layersModule as { default?: unknown }).default ?? layersModule) as typeof layersModule;

interface Backend {
  device: GPUDevice;
  tensorMap: { get(dataId: object): { resource?: unknown; values?: unknown } };
  read(dataId: object): Promise<unknown>;
  readSync(dataId: object): unknown;
}
const backendNow = () => tf.backend() as unknown as Backend;

function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}
function assertSame(actual: unknown, wanted: unknown, what: string): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(wanted)];
  assert(a === b, `${what}: ${a}, not ${b}`);
}
function assertThrows(work: () => unknown, code: string, what: string): Error {
  try {
    work();
  } catch (error) {
    assert((error as { code?: string }).code === code, `${what}: ${error}, not ${code}`);
    return error as Error;
  }
  throw new Error(`${what}: went well, not ${code}`);
}

const MAP_READ = 1;
const MAP_WRITE = 2;

/**
 * Counts readbacks, copies on the GPU, and buffers that the library creates while something runs.
 */
function watched<T>(work: () => T): { value: T; reads: number; copies: number; buffers: number } {
  const backend = backendNow();
  const { device } = backend;
  const seen = { reads: 0, copies: 0, buffers: 0 };
  const own = { read: backend.read, readSync: backend.readSync };
  for (const name of ["read", "readSync"] as const) {
    backend[name] = (id) => {
      seen.reads++;
      return own[name].call(backend, id) as Promise<unknown>;
    };
  }
  const [createBuffer, createCommandEncoder] = [device.createBuffer, device.createCommandEncoder];
  device.createBuffer = (descriptor) => {
    if (descriptor.label?.startsWith("path-signature")) seen.buffers++;
    if (descriptor.usage & MAP_READ) seen.reads++;
    return createBuffer.call(device, descriptor);
  };
  device.createCommandEncoder = (descriptor) => {
    const encoder = createCommandEncoder.call(device, descriptor);
    const copy = encoder.copyBufferToBuffer as (...args: unknown[]) => undefined;
    encoder.copyBufferToBuffer = ((...args: unknown[]) => {
      // Except those by which the backend uploads a constant.
      if (((args[0] as GPUBuffer).usage & MAP_WRITE) === 0) seen.copies++;
      return copy.apply(encoder, args);
    }) as never;
    return encoder;
  };
  try {
    return { value: work(), ...seen };
  } finally {
    Object.assign(backend, own);
    Object.assign(device, { createBuffer, createCommandEncoder });
  }
}

const isOnGpu = (x: tf.Tensor): boolean => {
  const { resource, values } = backendNow().tensorMap.get(x.dataId);
  return resource instanceof GPUBuffer && !values;
};

/** The same tensor as a result of GPU commands that may not be submitted yet. */
const onGpu = (x: tf.Tensor): tf.Tensor => {
  const big = tf.ones([2000]);
  // The backend computes with small tensors on the CPU if they are there.
  return tf.tidy(() => tf.mul(x, tf.div(tf.sum(big), 2000)));
};

interface Scene {
  name: string;
  batch: number;
  points: number;
  channels: number;
  depth: number;
  stream?: boolean;
  inverse?: boolean;
  scalarTerm?: boolean;
  lengths?: number[];
  basepoint?: "origin" | "shared" | "own";
  initial?: "shared" | "own";
  kind?: Parameters<typeof makePath>[0];
}

const scenes: Scene[] = [
  { name: "whole", batch: 5, points: 12, channels: 3, depth: 3 },
  {
    name: "basepoint and initial, shared",
    batch: 5,
    points: 12,
    channels: 3,
    depth: 3,
    basepoint: "shared",
    initial: "shared",
  },
  {
    ...{
      name: "everything of whole paths",
      batch: 4,
      points: 12,
      channels: 3,
      depth: 3,
      scalarTerm: true,
      inverse: true,
    },
    ...{ lengths: [12, 1, 7, 2], basepoint: "own", initial: "own" },
  },
  { name: "stream", batch: 3, points: 6, channels: 2, depth: 3, stream: true },
  {
    ...{ name: "everything of streams", batch: 3, points: 6, channels: 2, depth: 3, stream: true, scalarTerm: true },
    ...{ inverse: true, lengths: [6, 2, 4], basepoint: "shared", initial: "own" },
  },
  { name: "origin, one path", batch: 1, points: 7, channels: 3, depth: 3, basepoint: "origin" },
  { name: "one step", batch: 2, points: 2, channels: 3, depth: 3 },
  { name: "one point", batch: 2, points: 1, channels: 3, depth: 3 },
  { name: "one point behind a basepoint", batch: 2, points: 1, channels: 3, depth: 3, basepoint: "own" },
  { name: "depth 1", batch: 3, points: 5, channels: 3, depth: 1, initial: "own" },
  { name: "depth 2", batch: 3, points: 5, channels: 3, depth: 2, lengths: [5, 3, 1] },
  { name: "one channel", batch: 3, points: 5, channels: 1, depth: 4, scalarTerm: true, basepoint: "shared" },
  {
    ...{ name: "more paths than a small block holds", batch: 1000, points: 3, channels: 2, depth: 3 },
    ...{ lengths: Array.from({ length: 1000 }, (_, i) => 1 + (i % 3)), basepoint: "own", initial: "own" },
  },
  { name: "pieces of time", batch: 1, points: 300, channels: 2, depth: 3, lengths: [290] },
];

const sizeOf = (channels: number, depth: number): number =>
  Array.from({ length: depth }, (_, k) => channels ** (k + 1)).reduce((a, b) => a + b);

/** Numbers of a scene, in float32. */
function materialOf({ batch, points, channels, depth, kind = "walk", ...options }: Scene) {
  const next = random(batch + 10 * points + 100 * channels + 1000 * depth);
  const row = (count: number): number[] => Array.from({ length: count }, () => Math.fround(2 * next() - 1));
  const paths = Array.from({ length: batch }, () => toFloat32(makePath(kind, points, channels, next)));
  const size = sizeOf(channels, depth);
  const rowsOf = (what: Scene["basepoint"], width: number) => {
    if (what === undefined) return undefined;
    const first = what === "origin" ? new Array<number>(width).fill(0) : row(width);
    return paths.map((_, i) => (what === "own" && i > 0 ? row(width) : first));
  };
  const basepoints = rowsOf(options.basepoint, channels);
  const initials = rowsOf(options.initial, size);
  const rows = options.stream ? points - (options.basepoint ? 0 : 1) : 1;
  const width = size + (options.scalarTerm ? 1 : 0);
  const cotangents = paths.map(() => Array.from({ length: rows }, () => row(width)));
  return { paths, basepoints, initials, rows, width, size, cotangents };
}

/** The inputs of the op, all of them on the GPU. */
function given(scene: Scene, { paths, basepoints, initials }: ReturnType<typeof materialOf>) {
  const { depth, stream, inverse, scalarTerm, lengths } = scene;
  const rows = (all: number[][] | undefined, what: Scene["basepoint"]): tf.Tensor | undefined =>
    all && onGpu(what === "own" ? tf.tensor(all) : tf.tensor(all[0]!));
  return {
    paths: onGpu(tf.tensor(paths)),
    basepoint: scene.basepoint === "origin" ? undefined : rows(basepoints, scene.basepoint),
    initial: rows(initials, scene.initial),
    options: {
      ...{ depth, stream: stream ?? false, inverse: inverse ?? false, scalarTerm: scalarTerm ?? false },
      ...(lengths && { lengths }),
      ...(scene.basepoint === "origin" && { basepoint: true }),
    },
  };
}

const withTensors = ({ options }: ReturnType<typeof given>, basepoint?: tf.Tensor, initial?: tf.Tensor) => ({
  ...options,
  ...(basepoint && { basepoint }),
  ...(initial && { initial }),
});

async function checkForward(scene: Scene): Promise<void> {
  const { name, channels, depth, stream = false, inverse = false, scalarTerm = false, lengths } = scene;
  const material = materialOf(scene);
  const { paths, basepoints, initials, rows, width } = material;
  const all = tf.tidy(() => {
    const tensors = given(scene, material);
    const { value, reads, copies } = watched(() =>
      signature(tensors.paths, withTensors(tensors, tensors.basepoint, tensors.initial)),
    );
    assertSame([reads, copies], [0, 0], `${name}: reads, copies`);
    return value;
  });
  assert(isOnGpu(all), `${name}: the result is on the GPU`);
  assertSame(all.shape, [paths.length, ...(stream ? [rows] : []), width], `${name}: shape`);
  const found = await all.data();
  all.dispose();
  paths.forEach((path, i) => {
    const reference = referenceSignature(path.slice(0, lengths?.[i]), {
      ...{ depth, stream, inverse, scalarTerm },
      ...{ basepoint: basepoints?.[i], initial: initials?.[i] },
    });
    for (let r = 0; r < rows; r++) {
      const wanted = reference.rows[Math.min(r, reference.rows.length - 1)];
      // No step at all: a stream repeats its initial signature, which other tests check.
      if (!wanted) continue;
      let at = (i * rows + r) * width;
      let n = 0;
      for (let k = scalarTerm ? 0 : 1; k <= depth; k++) {
        const allowed = tolerance("float32", k, reference.steps, reference.natural[k]!, reference.reached[k]!);
        for (let left = channels ** k; left > 0; left--, at++, n++) {
          const error = Math.abs(found[at]! - wanted[n]!);
          assert(error <= allowed, `${name}: path ${i}, row ${r}, number ${n} is ${found[at]}, not ${wanted[n]}`);
        }
      }
    }
  });
}

async function checkGradient(scene: Scene): Promise<void> {
  const { name, depth, stream = false, inverse = false, scalarTerm = false, lengths, points } = scene;
  const material = materialOf(scene);
  const { paths, basepoints, initials, cotangents } = material;
  const got = tf.tidy(() => {
    const tensors = given(scene, material);
    const weights = onGpu(tf.tensor(stream ? cotangents : cotangents.map(([row]) => row!)));
    const inputs = [tensors.paths, tensors.basepoint, tensors.initial].filter((x) => x !== undefined);
    const f = (...xs: tf.Tensor[]) => {
      const [x, ...rest] = xs;
      const b = tensors.basepoint && rest.shift();
      const s = signature(x!, withTensors(tensors, b, tensors.initial && rest.shift()));
      return tf.sum(tf.mul(s, weights)) as tf.Scalar;
    };
    const { value, reads, copies } = watched(() => tf.grads(f)(inputs));
    // Streams copy their parts of gradients of basepoints and initial signatures on the GPU.
    assertSame([reads, stream ? 0 : copies], [0, 0], `${name}: reads, copies`);
    for (const x of value) assert(isOnGpu(x), `${name}: gradients are on the GPU`);
    return value;
  });
  const found = await Promise.all(got.map((x) => x.data()));
  tf.dispose(got);
  const wanted = paths.map((path, i) => {
    const count = lengths?.[i] ?? points;
    const options = { depth, stream, inverse, scalarTerm, basepoint: basepoints?.[i], initial: initials?.[i] };
    const own = gradient(path.slice(0, count), { ...options, rows: material.rows }, cotangents[i]!);
    const behind = path.slice(count).map((point) => point.map(() => 0));
    return { ...own, path: [...own.path, ...behind] };
  });
  const compare = (what: string, a: ArrayLike<number>, b: number[], terms: number): void => {
    assertSame(a.length, b.length, `${name}: numbers of the gradient of ${what}`);
    const allowed = gradientTolerance("float32", depth, points * terms, maxAbs(b));
    b.forEach((x, i) => {
      assert(Math.abs(a[i]! - x) <= allowed, `${name}: number ${i} of the gradient of ${what} is ${a[i]}, not ${x}`);
    });
  };
  const rowsOf = (what: "shared" | "own", rows: number[][]): number[] =>
    what === "own" ? rows.flat() : rows[0]!.map((_, c) => rows.reduce((sum, row) => sum + row[c]!, 0));
  compare(
    "paths",
    found.shift()!,
    wanted.flatMap(({ path }) => path.flat()),
    1,
  );
  if (scene.basepoint && scene.basepoint !== "origin") {
    const rows = wanted.map(({ basepoint }) => basepoint!);
    compare("basepoint", found.shift()!, rowsOf(scene.basepoint, rows), scene.batch);
  }
  if (scene.initial)
    compare(
      "initial",
      found.shift()!,
      rowsOf(
        scene.initial,
        wanted.map((one) => one.initial),
      ),
      scene.batch,
    );
}

/** A model with a layer below the signature, with the same weights every time. */
function modelOf(args: ConstructorParameters<typeof SigLayer>[0], points: number, channels: number, masked = false) {
  const input = tfl.input({ shape: [points, channels] });
  const seen = masked ? (tfl.layers.masking({ maskValue: -9 }).apply(input) as SymbolicTensor) : input;
  const uniform = (seed: number) => tfl.initializers.glorotUniform({ seed });
  const dense = () => tfl.layers.dense({ units: 2, kernelInitializer: uniform(1) }).apply(seen) as SymbolicTensor;
  const signatures = new SigLayer(args).apply(masked ? seen : dense()) as SymbolicTensor;
  const head = tfl.layers.dense({ units: 2, kernelInitializer: uniform(2) });
  return tfl.model({ inputs: input, outputs: head.apply(signatures) as SymbolicTensor });
}

function assertNear(a: ArrayLike<number>, b: ArrayLike<number>, within: number, what: string): void {
  assertSame(a.length, b.length, `${what}: numbers`);
  for (let i = 0; i < b.length; i++) {
    assert(Math.abs(a[i]! - b[i]!) <= within, `${what}: number ${i} is ${a[i]}, not ${b[i]}`);
  }
}

const parts: Record<string, () => Promise<void>> = {
  async "before it is prepared: the CPU, or an error that says what to do"() {
    assert(tf.getBackend() === "webgpu", "the backend is WebGPU's");
    const square = [
      [0, 0],
      [1, 0],
      [1, 1],
    ];
    const here = tf.tidy(() => signature(tf.tensor(square), { depth: 2 }));
    assertSame([...(await here.data())], [1, 1, 0.5, 1, 0, 0.5], "numbers that are not on the GPU yet");
    here.dispose();
    const there = tf.tidy(() => onGpu(tf.tensor(square)));
    assert(isOnGpu(there), "the paths are on the GPU");
    const { message } = assertThrows(() => signature(there, { depth: 2 }), "TENSOR_ON_GPU", "numbers on the GPU only");
    assert(message.includes("await prepare()"), message);
    await there.data();
    const read = signature(there, { depth: 2 });
    assertSame([...(await read.data())], [1, 1, 0.5, 1, 0, 0.5], "numbers that are in memory as well");
    read.dispose();
    there.dispose();
    await prepare();
  },

  async "values, and nothing leaves the GPU"() {
    for (const scene of scenes) await checkForward(scene);
  },

  async "gradients, and nothing leaves the GPU"() {
    for (const scene of scenes) await checkGradient(scene);
  },

  async "tensors of the CPU's, whole numbers, other ranks, no paths, no rows"() {
    const walk = [
      [0, 0],
      [1, 0],
      [1, 1],
    ];
    const run = async (make: () => tf.Tensor): Promise<[number[], number[]]> => {
      const made = tf.tidy(make);
      const data = [...(await made.data())];
      made.dispose();
      return [made.shape, data];
    };
    const wanted = [1, 1, 0.5, 1, 0, 0.5];
    assertSame(await run(() => signature(tf.tensor(walk), { depth: 2 })), [[6], wanted], "of the CPU's");
    const whole = () => tf.tensor(walk, [3, 2], "int32");
    assertSame(await run(() => signature(whole(), { depth: 2 })), [[6], wanted], "whole numbers");
    const sum = () => tf.cast(tf.add(onGpu(tf.tensor(walk)), 0), "int32");
    assertSame(await run(() => signature(sum(), { depth: 2 })), [[6], wanted], "whole numbers on the GPU");
    const tiled = () => tf.tile(tf.reshape(onGpu(tf.tensor(walk)), [1, 1, 3, 2]), [2, 2, 1, 1]);
    const four = [...wanted, ...wanted, ...wanted, ...wanted];
    assertSame(await run(() => signature(tiled(), { depth: 2 })), [[2, 2, 6], four], "four dimensions");
    assertSame(await run(() => signature(tf.zeros([0, 4, 2]), { depth: 2 })), [[0, 6], []], "no paths");
    const single = () => onGpu(tf.tensor([[[1, 2]]]));
    const options = { depth: 2, stream: true } as const;
    assertSame(await run(() => signature(single(), options)), [[1, 0, 6], []], "no rows");
    const none = tf.grad((x: tf.Tensor) => signature(x, options));
    assertSame(
      await run(() => none(single(), tf.zeros([1, 0, 6]))),
      [
        [1, 1, 2],
        [0, 0],
      ],
      "the gradient of no rows",
    );
    const initial = () => tf.tensor([1, ...new Array<number>(6).fill(0)]);
    const scalar = { depth: 2, scalarTerm: true } as const;
    const of = tf.grad((i: tf.Tensor) => tf.sum(signature(onGpu(tf.tensor(walk)), { ...scalar, initial: i })));
    const [shape, numbers] = await run(() => of(initial()));
    assertSame([shape, numbers[0]], [[7], 0], "a scalar term is constant");
  },

  async "buffers that are larger than what is in them, and of whom they are"() {
    const { device } = backendNow();
    const data = new Float32Array(64).map((_, i) => (i < 6 ? [0, 0, 1, 0, 1, 1][i]! : Number.NaN));
    const buffer = device.createBuffer({ size: data.byteLength, usage: 0x80 | 0x4 | 0x8 });
    device.queue.writeBuffer(buffer, 0, data);
    const x = tf.tensor({ buffer, zeroCopy: true } as never, [3, 2], "float32");
    const s = signature(x, { depth: 2 });
    assertSame([...(await s.data())], [1, 1, 0.5, 1, 0, 0.5], "the signature");
    tf.dispose([x, s]);
    buffer.destroy();
  },

  async "lengths that are a tensor: kept in range, no gradient"() {
    const scene: Scene = { name: "", batch: 1500, points: 9, channels: 2, depth: 3 };
    const { paths } = materialOf(scene);
    const again = (four: number[]) => paths.map((_, i) => four[(i % 7) % 4]!);
    const x = tf.tidy(() => onGpu(tf.tensor(paths)));
    const lengths = again([9, 4, 1, 2]);
    const both = tf.tidy(() => {
      const f = (own: number[] | tf.Tensor) => (y: tf.Tensor) =>
        tf.sum(tf.square(signature(y, { depth: 3, lengths: own, basepoint: true })));
      // Values out of range are clamped. And a function of the paths through which no gradient
      // flows.
      const odd = (y: tf.Tensor) => tf.cast(tf.add(tf.sum(tf.mul(y, 0)), tf.tensor(again([99, 4, -3, 2]))), "int32");
      const { value, reads } = watched(() => tf.grad((y) => f(odd(y))(y))(x));
      assertSame(reads, 0, "reads");
      return [value, tf.grad(f(lengths))(x)];
    });
    const [a, b] = await Promise.all(both.map((y) => y.data()));
    assertSame([...a!], [...b!], "gradients");
    tf.dispose([x, both]);
  },

  async "errors are the library's"() {
    tf.tidy(() => {
      const x = onGpu(tf.tensor([1, 2, 3, 4], [2, 2]));
      assertThrows(() => signature(tf.reshape(x, [4]), { depth: 1 }), "PATHS_RANK", "one dimension");
      assertThrows(() => signature(x, { depth: 0 }), "DEPTH_INVALID", "depth 0");
      assertThrows(
        () => signature(x, { depth: 1, lengths: tf.tensor([1, 2], [2], "int32") }),
        "LENGTHS_COUNT",
        "lengths",
      );
      assertThrows(() => signature(x, { depth: 1, basepoint: tf.ones([3]) }), "BASEPOINT_SHAPE", "a basepoint");
      assertThrows(() => signature(x, { depth: 1, basepoint: [Number.NaN, 0] }), "NOT_FINITE", "a basepoint");
    });
  },

  async "log-signatures: the CPU, or an error that says why"() {
    const path = tf.tensor([0, 0, 1, 0, 1, 1], [3, 2]);
    const row = logSignature(path, { depth: 2 });
    assertSame([...(await row.data())], [1, 1, 0.5], "numbers that are in memory");
    const there = tf.tidy(() => onGpu(path));
    const { message } = assertThrows(() => logSignature(there, { depth: 2 }), "TENSOR_ON_GPU", "on the GPU only");
    assert(message.includes("log-signatures are computed on the CPU"), message);
    for (const one of [path, row, there]) one.dispose();
  },

  async "what has no kernel: the CPU, or an error that says why"() {
    const wide = tf.tidy(() => onGpu(tf.randomUniform([1, 3, 40], -1, 1, "float32", 7)));
    const of = tf.grad((x: tf.Tensor) => tf.sum(tf.square(signature(x, { depth: 3 }))));
    const { message } = assertThrows(() => of(wide), "TENSOR_ON_GPU", "gradients of 40 channels");
    assert(/gradients of 40 channels/.test(message), message);
    wide.dispose();
    const next = random(5);
    const numbers = (...shape: number[]) =>
      tf.tensor(
        Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => 2 * next() - 1),
        shape,
      );
    const [paths, cotangent] = [numbers(1, 3, 40), numbers(1, sizeOf(40, 3))];
    const pull = () => tf.grad((x: tf.Tensor) => signature(x, { depth: 3 }))(paths, cotangent);
    // The forward call uploads the paths.
    signature(paths, { depth: 3 }).dispose();
    await Promise.all([paths.data(), cotangent.data()]);
    const here = pull();
    const found = [...(await here.data())];
    await tf.setBackend("cpu");
    const there = pull();
    assertSame(found, [...(await there.data())], "the CPU's gradients");
    tf.dispose([paths, cotangent, here, there]);
    await tf.setBackend("webgpu");
  },

  async "masks become lengths, on the GPU"() {
    const [batch, points] = [3, 6];
    const data = new Float32Array(batch * points * 2).map((_, i) => Math.sin(1 + i * i));
    const lengths = [6, 2, 4];
    for (const [i, length] of lengths.entries()) data.fill(-9, (i * points + length) * 2, (i + 1) * points * 2);
    const predictions: ArrayLike<number>[] = [];
    for (const name of ["cpu", "webgpu"]) {
      await tf.setBackend(name);
      const model = modelOf({ depth: 3, time: true }, points, 2, true);
      const x = tf.tensor(data, [batch, points, 2]);
      const { value, reads } =
        name === "webgpu" ? watched(() => model.predict(x)) : { value: model.predict(x), reads: 0 };
      assertSame(reads, 0, "reads");
      predictions.push(await (value as tf.Tensor).data());
      tf.dispose([value, x]);
      model.dispose();
    }
    assertNear(predictions[1]!, predictions[0]!, 1e-5, "predictions");
  },

  async "a model learns as on the CPU"() {
    const [batch, points] = [8, 10];
    const next = random(3);
    const data = Float32Array.from({ length: batch * points * 3 }, () => 2 * next() - 1);
    const learned: ArrayLike<number>[][] = [];
    for (const name of ["cpu", "webgpu"]) {
      await tf.setBackend(name);
      const model = modelOf({ depth: 3, basepoint: true, time: true }, points, 3);
      const [x, y] = [tf.tensor(data, [batch, points, 3]), tf.tensor(data.slice(0, batch * 2), [batch, 2])];
      const optimizer = tf.train.sgd(0.05);
      model.compile({ optimizer, loss: "meanSquaredError" });
      const { history } = await model.fit(x, y, { epochs: 3, batchSize: 4, shuffle: false, verbose: 0 });
      const predicted = model.predict(x) as tf.Tensor;
      const weights = await Promise.all(model.getWeights().map((w) => w.data()));
      learned.push([history.loss as number[], await predicted.data(), ...weights]);
      tf.dispose([x, y, predicted]);
      model.dispose();
      optimizer.dispose();
    }
    const [cpu, gpu] = learned as [ArrayLike<number>[], ArrayLike<number>[]];
    assert(cpu[0]![2]! < cpu[0]![0]!, "it learns");
    for (const [i, numbers] of cpu.entries()) assertNear(gpu[i]!, numbers, 1e-4, `numbers ${i}`);
  },

  async "memory is flat over 200 steps, ours as well"() {
    const scene: Scene = { name: "", batch: 4, points: 6, channels: 2, depth: 3, basepoint: "shared", initial: "own" };
    const material = materialOf(scene);
    const { paths, basepoint, initial } = tf.tidy(() => given(scene, material));
    const of = tf.grads((x: tf.Tensor, b: tf.Tensor, i: tf.Tensor) =>
      tf.sum(tf.square(signature(x, { depth: 3, basepoint: b, initial: i }))),
    );
    const step = () => {
      tf.tidy(() => void of([paths, basepoint!, initial!]));
      signature(paths, { depth: 3 }).dispose();
    };
    const held = () => {
      const { numTensors, numBytes, numDataBuffers, ...more } = tf.memory() as tf.MemoryInfo & Record<string, number>;
      return [numTensors, numBytes, numDataBuffers, more.numBytesInGPU, more.numBytesAllocatedInGPU];
    };
    for (let i = 0; i < 5; i++) step();
    await paths.data();
    const before = held();
    const { buffers } = watched(() => {
      for (let i = 0; i < 200; i++) step();
    });
    await paths.data();
    assertSame(held(), before, "tensors, bytes, buffers, bytes on the GPU in use and in all");
    assertSame(buffers, 0, "buffers of the library's");
    tf.dispose([paths, basepoint!, initial!]);
  },

  async "a device that is lost"() {
    const { device } = backendNow();
    const x = tf.tidy(() => onGpu(tf.ones([2, 3, 2])));
    device.destroy();
    await device.lost;
    assertThrows(() => signature(x, { depth: 2 }), "GPU_LOST", "a call");
  },
};

/**
 * The error of each part, or `null`. Errors that could not be attributed to a call are a part of
 * their own. `onDevice` receives the device before it is used.
 */
export async function run(onDevice?: unknown): Promise<Record<string, string | null>> {
  const failures: Record<string, string | null> = {};
  await tf.setBackend("webgpu");
  await tf.ready();
  const uncaptured: string[] = [];
  const { device } = backendNow();
  // Pages pass the host's GPU.
  if (typeof onDevice === "function") onDevice(device);
  device.addEventListener("uncapturederror", ({ error }) => uncaptured.push(error.message));
  for (const [name, part] of Object.entries(parts)) {
    const before = tf.memory().numTensors;
    try {
      await part();
      failures[name] = null;
      // A gradient that throws leaks what the backend's tape has saved.
      if (!/lost|no kernel/.test(name)) assertSame(tf.memory().numTensors, before, "tensors that are left");
    } catch (error) {
      failures[name] = String((error as Error).stack ?? error);
    }
  }
  failures["no error of the device's"] = uncaptured[0] ?? null;
  return failures;
}
