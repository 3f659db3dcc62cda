// The public API on the host's WebGPU: engines of the built package, whole, streams, ragged,
// results that stay on the device, a device of the caller's, explanations, faults. Run by
// public.test.ts in Node, Chromium and Deno; reports the outcome of every part.

const { createEngine, isPathSignatureError, signature } = await import(
  new URL("../../dist/index.js", import.meta.url).href
);
const kernels = await import(new URL("../../dist/kernels.js", import.meta.url).href);

const STORAGE = 0x80;
const COPY_SRC = 0x4;
const COPY_DST = 0x8;

function assert(condition, what) {
  if (!condition) throw new Error(what);
}

function assertSame(actual, wanted, what) {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(wanted)];
  assert(a === b, `${what}: ${a}, not ${b}`);
}

/** In float32: coefficients of size one, some hundred steps with a rounding each. */
function assertClose(actual, wanted, what) {
  assert(actual.length === wanted.length, `${what}: ${actual.length} numbers, not ${wanted.length}`);
  const worst = actual.reduce((most, x, i) => Math.max(most, Math.abs(x - wanted[i])), 0);
  assert(worst < 1e-5, `${what}: off by ${worst}`);
}

async function assertRejects(promise, code, what) {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  assert(isPathSignatureError(error) && error.code === code, `${what}: ${error ?? "went well"}, not ${code}`);
}

/** Smooth paths of size one. */
function pathsOf(batch, points, channels) {
  const data = new Float32Array(batch * points * channels);
  for (let i = 0; i < data.length; i++) {
    const t = Math.floor(i / channels) % points;
    data[i] = 0.5 * Math.sin((0.9 + 0.3 * (i % channels)) * (t / points) * 6 + Math.floor(i / (points * channels)));
  }
  return { data, shape: [batch, points, channels] };
}

const small = pathsOf(5, 40, 3);
const large = pathsOf(64, 400, 4);
/** In float64, on the calling thread of the CPU. */
const expected = ({ data, shape }, options) => signature({ data: Float64Array.from(data), shape }, options).data;

/** A GPU whose devices are accessible to the test. */
function watched(gpu) {
  const devices = [];
  const requestAdapter = async (options) => {
    const adapter = await gpu.requestAdapter(options);
    if (!adapter) return adapter;
    const { limits, features, info } = adapter;
    const requestDevice = async (descriptor) => {
      devices.push(await adapter.requestDevice(descriptor));
      return devices.at(-1);
    };
    return { limits, features, info, requestDevice };
  };
  return { source: { requestAdapter }, devices };
}

/** Costs by which every call is for the GPU. */
const cheapOn = ({ cpu, gpu, ...costs }, adapter) => ({
  ...costs,
  cpu,
  gpu: {
    adapter,
    invocationsToFill: 1,
    seconds: Object.fromEntries(Object.keys(gpu.seconds).map((unit) => [unit, 1e-15])),
  },
});

const parts = {
  async "a square's signed area"({ make }) {
    const engine = await make({ device: "webgpu" });
    const square = new Float32Array([0, 0, 1, 0, 1, 1, 0, 1, 0, 0]);
    const { data } = await engine.signature({ data: square, shape: [5, 2] }, { depth: 2 });
    // Green's theorem: S(1,2) − S(2,1) is twice the area.
    assertClose([...data], [0, 0, 0, 1, -1, 0], "the signature");
    assertSame(engine.info().gpu.fallbacks, 0, "fallbacks");
  },

  async "whole, streams, ragged, and every other option"({ make }) {
    const engine = await make({ device: "webgpu" });
    const lengths = [40, 1, 17, 40, 2];
    const basepoint = new Float32Array([0.1, -0.2, 0.3]);
    for (const options of [
      { depth: 1 },
      { depth: 4 },
      { depth: 3, stream: true },
      { depth: 3, lengths },
      { depth: 2, stream: true, lengths, basepoint: true, scalarTerm: true },
      { depth: 3, inverse: true, basepoint },
      { depth: 2, initial: new Float32Array(12).fill(0.25) },
      { depth: 3, algorithm: "horner" },
    ]) {
      const { data, shape } = await engine.signature(small, options);
      assertSame(shape, signature(small, options).shape, JSON.stringify(options));
      assertClose(data, expected(small, options), JSON.stringify(options));
    }
    assertClose((await engine.signature(large, { depth: 4 })).data, expected(large, { depth: 4 }), "pieces of time");
    const out = new Float32Array(5 * 39);
    assert((await engine.signature(small, { depth: 3, out })).data === out, "out is what is returned");
    assertClose(out, expected(small, { depth: 3 }), "out");
    const { warnings, gpu } = engine.info();
    assertSame([warnings, gpu.fallbacks, gpu.faults, gpu.calls, gpu.memory.inUse], [[], 0, [], 0, 0], "info");
    assert(gpu.state === "open" && gpu.pipelines > 0 && gpu.adapter !== undefined, "info tells of the device");
  },

  async "results that stay there, and are paths of the next call"({ make }) {
    const engine = await make({});
    const stream = await engine.signature(small, { depth: 2, stream: true, output: "gpu" });
    assertSame(stream.shape, [5, 39, 12], "shape");
    assert(stream.buffer.size >= 4 * 5 * 39 * 12, "there is a buffer");
    const rows = signature({ data: Float64Array.from(small.data), shape: small.shape }, { depth: 2, stream: true });
    assertClose((await stream.toCpu()).data, rows.data, "toCpu");
    const next = await engine.signature(stream, { depth: 2, output: "gpu" });
    assertClose((await next.toCpu()).data, signature(rows, { depth: 2 }).data, "the signature of a stream");
    const back = await engine.signature(stream, { depth: 2, device: "cpu" });
    assertClose(back.data, signature(rows, { depth: 2 }).data, "brought to the CPU");
    for (const tensor of [stream, next]) tensor.destroy();
    assertSame(engine.info().gpu.memory.inUse, 0, "nothing is held");
  },

  async "a device of one's own, and buffers on it"({ make, gpu }) {
    const device = await (await gpu.requestAdapter()).requestDevice();
    const engine = await make({ gpu: device });
    const buffer = device.createBuffer({ size: small.data.byteLength, usage: STORAGE | COPY_DST | COPY_SRC });
    device.queue.writeBuffer(buffer, 0, small.data);
    const tensor = await engine.signature({ buffer, shape: small.shape }, { depth: 3, output: "gpu" });
    assert(tensor.device === device && engine.info().gpu.isShared, "it is the device that was given");
    assertClose((await tensor.toCpu()).data, expected(small, { depth: 3 }), "the signature");
    tensor.destroy();
    await engine.close();
    device.pushErrorScope("validation");
    device.queue.writeBuffer(buffer, 0, new Float32Array(1));
    assertSame((await device.popErrorScope()) === null, true, "what the user made is left alone");
    buffer.destroy();
    device.destroy();
  },

  async "where calls go by themselves, and why"({ make, costs }) {
    const engine = await make({});
    const sizes = { shape: [5, 40, 3], depth: 3 };
    const plan = engine.explain("signature", sizes);
    assertSame(
      plan.verdicts.map(({ rule }) => rule),
      ["explicit", "dtype", "residency", "availability", "limits", "cost"],
      "verdicts",
    );
    assertSame([plan.device, plan.text.split("\n").length], ["cpu", 7], "a small call");
    assertSame(engine.explain("signature", { ...sizes, device: "webgpu" }).device, "webgpu", "where it is asked for");
    assertSame(engine.info().gpu.state, "closed", "nothing was opened");
    assertSame((await engine.signature(small, { depth: 3 })).data, signature(small, { depth: 3 }).data, "its bits");
    const { name, isFallbackAdapter } = await adapterOf(make);
    const big = { shape: [16384, 1000, 4], depth: 6 };
    await engine.signature(small, { depth: 3, device: "webgpu" });
    assertSame(engine.explain("signature", big).device, isFallbackAdapter ? "cpu" : "webgpu", "a large call");
    // Costs as if measured here, by which the GPU takes no time.
    const eager = await make({ costs: cheapOn(costs, name) });
    assertClose((await eager.signature(large, { depth: 4 })).data, expected(large, { depth: 4 }), "by itself");
    const { gpu, warnings } = eager.info();
    assertSame([gpu.state, gpu.fallbacks, warnings], ["open", 0, []], "info");
    assert(gpu.pipelines > 0, "it was the GPU that computed");
    assertSame(eager.explain("signature", { shape: large.shape, depth: 4 }).device, "webgpu", "and that is said");
    const wide = { data: Float64Array.from(small.data), shape: small.shape };
    assertSame(
      (await eager.signature(wide, { depth: 3 })).data,
      signature(wide, { depth: 3 }).data,
      "float64: the CPU",
    );
  },

  async "prepared calls compile nothing"({ make }) {
    const engine = await make({ device: "webgpu" });
    await engine.prepare("signature", { shape: small.shape, depth: 4 });
    const { pipelines } = engine.info().gpu;
    assert(pipelines > 0, "there are pipelines");
    assertClose((await engine.signature(small, { depth: 4 })).data, expected(small, { depth: 4 }), "the signature");
    assertSame(engine.info().gpu.pipelines, pipelines, "pipelines");
  },

  async "numbers that are not finite, progress, an abort"({ make }) {
    const engine = await make({ device: "webgpu" });
    const data = small.data.slice();
    data[(3 * 40 + 7) * 3 + 2] = Number.NaN;
    await assertRejects(engine.signature({ ...small, data }, { depth: 3 }), "NOT_FINITE", "a hole");
    const seen = [];
    await engine.signature(large, { depth: 4, onProgress: ({ done }) => seen.push(done) });
    assertSame(
      seen,
      [...new Set(seen)].sort((a, b) => a - b),
      "progress",
    );
    assertSame(seen.at(-1), 64, "the last progress");
    const controller = new AbortController();
    const work = engine.signature(large, { depth: 4, signal: controller.signal });
    controller.abort("enough");
    assertSame(await work.catch((reason) => reason), "enough", "what an abort rejects with");
    assertClose((await engine.signature(small, { depth: 3 })).data, expected(small, { depth: 3 }), "the next call");
  },

  async "no adapter: the CPU, or the error"({ make }) {
    const none = { requestAdapter: async () => null };
    const engine = await make({ device: "webgpu", gpu: none });
    assertSame((await engine.signature(small, { depth: 3 })).data, signature(small, { depth: 3 }).data, "its bits");
    const { gpu, warnings } = engine.info();
    assertSame([gpu.state, gpu.fallbacks], ["unavailable", 1], "info");
    assert(/no adapter/.test(warnings.join()), "there is a warning");
    const strict = await make({ gpu: none, fallback: "error" });
    await assertRejects(strict.signature(small, { depth: 3, device: "webgpu" }), "GPU_UNAVAILABLE", "no fallback");
    assertSame((await strict.signature(small, { depth: 3 })).shape, [5, 39], "the next call");
  },

  async "a device that is destroyed in the middle: done again on a new one"({ make, gpu }) {
    const { source, devices } = watched(gpu);
    const engine = await make({ device: "webgpu", gpu: source });
    const work = engine.signature(large, { depth: 4 });
    setTimeout(() => devices[0].destroy(), 3);
    assertClose((await work).data, expected(large, { depth: 4 }), "the call in the middle");
    await devices[0].lost;
    assertClose((await engine.signature(small, { depth: 3 })).data, expected(small, { depth: 3 }), "the next call");
    const { gpu: told } = engine.info();
    assertSame([devices.length, told.devices, told.fallbacks, told.memory.inUse], [2, 2, 0, 0], "info");
  },

  async "one's own device, destroyed in the middle: the CPU; and tensors on it are lost"({ make, gpu }) {
    const device = await (await gpu.requestAdapter()).requestDevice();
    const engine = await make({ device: "webgpu", gpu: device });
    const tensor = await engine.signature(small, { depth: 2, stream: true, output: "gpu" });
    const work = engine.signature(large, { depth: 4 });
    device.destroy();
    assertClose((await work).data, expected(large, { depth: 4 }), "the call in the middle");
    await device.lost;
    assertSame(
      (await engine.signature(small, { depth: 3 })).data,
      signature(small, { depth: 3 }).data,
      "the next call",
    );
    await assertRejects(engine.signature(tensor, { depth: 2 }), "GPU_LOST", "paths that were there");
    const { gpu: told, warnings } = engine.info();
    assert(told.fallbacks >= 1 && told.faults.some(({ code }) => code === "GPU_LOST"), "info tells of it");
    assert(/done on the CPU/.test(warnings.join()), "there is a warning");
  },

  async "signature kernels"({ make }) {
    const engine = await make({ device: "webgpu", fallback: "error" }, kernels.createEngine);
    const wide = ({ data, shape }) => ({ data: Float64Array.from(data), shape });
    const many = pathsOf(70, 12, 3);
    const staticKernel = kernels.staticKernels.rbf({ sigma: 1 });
    // A workgroup, or an invocation, a pair.
    for (const paths of [small, many])
      for (const options of [{}, { degree: 1, dyadicOrder: [1, 2] }, { staticKernel }]) {
        const { data } = await engine.signatureKernelGram(paths, small, options);
        const wanted = kernels.signatureKernelGram(wide(paths), wide(small), options).data;
        assertClose(data, wanted, JSON.stringify([paths.shape, options]));
      }
    const { data } = await engine.signatureKernelGram(many, { normalize: true });
    assertClose(data, kernels.signatureKernelGram(wide(many), { normalize: true }).data, "symmetric, normalised");
    const mmd = await engine.signatureMmd(many, small);
    assertClose([mmd], [kernels.signatureMmd(wide(many), wide(small))], "the squared distance");
    assertSame(engine.info().gpu.fallbacks, 0, "fallbacks");
  },

  async "measured costs, by way of JSON"({ make, costs }) {
    assert(costs.cpu.seconds.horner > 0 && costs.gpu.seconds.launch > 0, "both devices were measured");
    const { name } = await adapterOf(make);
    assertSame(costs.gpu.adapter, name, "the adapter");
    const engine = await make({ costs });
    const plan = engine.explain("signature", { shape: [5, 40, 3], depth: 3 });
    assert(plan.verdicts.at(-1).numbers.webgpu > 0, "they are what is reckoned with");
  },
};

/** The adapter's name, as the engine reports it. */
async function adapterOf(make) {
  const engine = await make({ device: "webgpu" });
  const { vendor, device, description, isFallbackAdapter } = engine.info().gpu.adapter;
  return { name: description || device || vendor || "unnamed", isFallbackAdapter };
}

/**
 * Runs all parts.
 * @param {GPU} gpu the host's `navigator.gpu`
 */
export async function run(gpu) {
  const engines = [];
  const make = async (options, create = createEngine) => {
    engines.push(await create(options));
    return engines.at(-1);
  };
  const closeAll = () => Promise.all(engines.splice(0).map((engine) => engine.close({ abort: true })));
  const measuring = await make({ device: "webgpu" });
  const costs = JSON.parse(JSON.stringify(await measuring.calibrate({ budgetMs: 300 })));
  const failures = {};
  for (const [name, part] of Object.entries(parts)) {
    try {
      await part({ make, gpu, costs });
      failures[name] = null;
    } catch (error) {
      failures[name] = String(error?.stack ?? error);
    }
    await closeAll();
  }
  return failures;
}
