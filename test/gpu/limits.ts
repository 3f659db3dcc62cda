// Calls at and beyond a device's limits, on the current runtime: batches in blocks, paths in
// segments of time, one path, one point, one signature larger than a binding or a buffer, and what
// cannot be cut. On a device that reports small limits, and once on the real limits of every
// device. Compares results and reports; contains no expectations.

import { GpuBackend, gpuOperations, readCallAnywhere } from "../../ts/gpu/index.ts";
import { readLogCall } from "../../ts/operations/log-signature.ts";
import { logSignatureSize } from "../../ts/operations/log-signature-labels.ts";
import { reference, toLevels } from "../algebra-reference.ts";
import { referenceSignature } from "../reference.ts";
import { chosenForCuts } from "./selection.ts";
import { compilingOnce, smaller } from "./small.ts";
import { everyGpuCase, type Outcome, runCase } from "./table.ts";

type Limits = Partial<Record<keyof GPUSupportedLimits, number>>;

/** A call on a device that reports these limits. */
export interface LimitCase {
  readonly name: string;
  readonly limits: Limits;
  readonly run: (backend: GpuBackend) => Promise<Omit<Outcome, "name">>;
}

const fine = { worst: 0, where: "" };
const wrong = (error: string) => ({ worst: Number.POSITIVE_INFINITY, where: "", error });

/**
 * The cases of the table with bindings of this many bytes: paths of a few hundred points no longer
 * fit, and batches are many blocks.
 */
function onSmallBindings(maxStorageBufferBindingSize: number): LimitCase[] {
  const numbersThatFit = (maxStorageBufferBindingSize - 256) / 4;
  const fitting = everyGpuCase.filter(({ channels, depth }) => {
    let size = 1;
    for (let k = 1; k <= depth; k++) size += channels ** k;
    return Math.max(size, 2 * channels) <= numbersThatFit;
  });
  const some = fitting.filter(
    ({ name }, i) => /^(options|blocks|length)/.test(name) && (i % 3 === 0 || /^(blocks|length)/.test(name)),
  );
  return chosenForCuts(some).map((one) => ({
    name: `bindings of ${maxStorageBufferBindingSize} bytes: ${one.name}`,
    limits: { maxStorageBufferBindingSize },
    async run(backend) {
      const { name: _, ...outcome } = await runCase(backend, one);
      return backend.info().memory.inUse === 0 ? outcome : wrong("memory is held afterwards");
    },
  }));
}

const [channels, depth] = [4, 2];
const moves = [
  [0, 0, 0, 0],
  [1, 0.5, -0.25, 2],
  [0.5, 1, 0.25, -1],
  [-1, 0, 0.75, 0.5],
];

/**
 * Paths of a number of points that move at their start, middle and end, and are constant otherwise.
 */
function standing(batch: number, points: number) {
  const data = new Float32Array(batch * points * channels);
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < points; t++) {
      const which = t === 0 ? 0 : t < points / 2 ? 1 : t < points - 1 ? 2 : 3;
      data.set(moves[which]!, (b * points + t) * channels);
    }
  }
  return { data, shape: [batch, points, channels] };
}

/** Their signatures are those of the few points where they move. */
function judgeStanding(result: Float32Array, batch: number): Omit<Outcome, "name"> {
  const reference = referenceSignature(moves, { depth }).rows[0]!;
  if (result.length !== batch * reference.length) return wrong(`${result.length} numbers`);
  let worst = 0;
  let where = "";
  for (const [i, x] of result.entries()) {
    const share = Math.abs(x - reference[i % reference.length]!) / 1e-6;
    if (!(share <= worst)) [worst, where] = [share, `number ${i}`];
  }
  return { worst, where };
}

/** A number of paths of a number of points. */
const standingCase = (name: string, batch: number, points: number, limits: Limits = {}): LimitCase => ({
  name,
  limits,
  async run(backend) {
    const { call } = readCallAnywhere(standing(batch, points), { depth });
    return judgeStanding((await backend.run(gpuOperations.signature, { call, rows: [] })) as Float32Array, batch);
  },
});

/** Bindings of 64 KiB: a binding of a path begins up to 256 bytes before the path. */
const binding = 65_536;
const pointsThatFit = (binding - 256) / 16;
/** Numbers of a signature. */
const row = channels + channels ** 2;
const rowsThatFit = Math.floor(16_384 / (4 * row));

/** A result that stays on the device, as large as a buffer may be, or larger. */
const staying = (name: string, batch: number, fits: boolean): LimitCase => ({
  name,
  limits: { maxBufferSize: 16_384 },
  async run(backend) {
    const { call } = readCallAnywhere(standing(batch, 4), { depth });
    try {
      const result = await backend.run(gpuOperations.signature, { call, rows: [] }, { output: "gpu" });
      if (result instanceof Float32Array) return wrong("it came back");
      const { data } = await result.toCpu();
      result.destroy();
      return fits ? judgeStanding(data as Float32Array, batch) : wrong("it was not refused");
    } catch (error) {
      const { code } = error as { code?: string };
      return !fits && code === "GPU_LIMITS" ? fine : wrong(String(error));
    }
  },
});

/** Log-signatures of paths or streams whose signatures are computed in segments of time. */
const logarithmsCut = (stream: boolean): LimitCase => ({
  name: `log-signatures of ${stream ? "streams" : "paths"} that are cut in time`,
  limits: { maxStorageBufferBindingSize: 4096 },
  async run(backend) {
    const points = 300;
    const paths = standing(2, points);
    const call = readLogCall((other, names) => {
      const options = { depth: 2, stream, basis: "lyndon", precision: "float32" };
      return readCallAnywhere(paths, options, other, names).call;
    });
    const found = (await backend.run(gpuOperations.logSignature, { call, rows: [] })) as Float32Array;
    const rows = stream ? points - 1 : 1;
    const width = logSignatureSize(channels, 2);
    if (found.length !== 2 * rows * width) return wrong(`${found.length} numbers`);
    let [worst, where] = [0, ""];
    for (let r = 0; r < 2 * rows; r++) {
      // Where the path stands at the end of the row.
      const t = stream ? (r % rows) + 1 : points - 1;
      const reached = moves.slice(0, t < points / 2 ? 2 : t < points - 1 ? 3 : 4);
      const levels = toLevels(
        referenceSignature(reached, { depth: 2 }).rows[0]!,
        { channels, depth: 2, scalarTerm: false },
        1,
      );
      const [, first, second] = reference("log", levels, levels) as [unknown, Float64Array, Float64Array];
      const wanted = [...first];
      for (let a = 0; a < channels; a++) for (let b = a + 1; b < channels; b++) wanted.push(second[a * channels + b]!);
      for (const [i, x] of wanted.entries()) {
        const share = Math.abs(found[r * width + i]! - x) / 1e-6;
        if (!(share <= worst)) [worst, where] = [share, `row ${r}, number ${i}`];
      }
    }
    return { worst, where };
  },
});

const tooLarge: LimitCase = {
  name: "a signature that is larger than a binding is refused, and the next call works",
  limits: { maxStorageBufferBindingSize: 4096 },
  async run(backend) {
    const paths = { data: new Float32Array(2 * 11), shape: [2, 11] };
    const refused = await backend
      .run(gpuOperations.signature, {
        call: readCallAnywhere(paths, { depth: 3 }).call,
        rows: [],
      })
      .then(
        () => "nothing",
        (error) => (error as { code?: string }).code,
      );
    if (refused !== "GPU_LIMITS") return wrong(`${refused}, not GPU_LIMITS`);
    const next = (await backend.run(gpuOperations.signature, {
      call: readCallAnywhere(paths, { depth: 2 }).call,
      rows: [],
    })) as Float32Array;
    return next.length === 11 + 121 && next.every((x) => x === 0) ? fine : wrong("the next call is wrong");
  },
};

/** Every device has bindings of 128 MiB and buffers of 256 MiB. */
const most = 2 ** 27 / 16;

/** Calls of a hundred megabytes and more. */
export const largeCases: readonly LimitCase[] = [
  standingCase("a path that just fits a binding of every device", 1, most - 64),
  standingCase("a path of one point more than such a binding", 1, most + 1),
  standingCase("a batch of more than such a binding", 3, most / 2 + 1),
];

/** Small calls, on devices that report small limits. */
export const limitCases: readonly LimitCase[] = [
  ...[65_536, 16_640, 4_352].flatMap(onSmallBindings),
  standingCase("a path that just fits a small binding", 1, pointsThatFit, { maxStorageBufferBindingSize: binding }),
  standingCase("a path of one point more than a small binding", 2, pointsThatFit + 1, {
    maxStorageBufferBindingSize: binding,
  }),
  standingCase("a path of one point more than a small buffer", 2, pointsThatFit + 1, { maxBufferSize: binding }),
  standingCase("signatures that just fit a small buffer", rowsThatFit, 4, { maxBufferSize: 16_384 }),
  standingCase("one signature more than a small buffer", rowsThatFit + 1, 4, { maxBufferSize: 16_384 }),
  staying("a result that stays and just fits a buffer", rowsThatFit, true),
  staying("a result that stays, of one signature more than a buffer, is refused", rowsThatFit + 1, false),
  logarithmsCut(false),
  logarithmsCut(true),
  tooLarge,
];

/** Runs cases on a device: one backend for all of the same limits. */
export class LimitRunner {
  readonly #device: GPUDevice;
  readonly #backends = new Map<string, GpuBackend>();

  constructor(device: GPUDevice) {
    this.#device = compilingOnce(device);
  }

  async run({ name, limits, run }: LimitCase): Promise<Outcome> {
    const key = JSON.stringify(limits);
    const backend = this.#backends.get(key) ?? new GpuBackend(smaller(this.#device, limits));
    this.#backends.set(key, backend);
    try {
      return { name, ...(await run(backend)) };
    } catch (error) {
      return { name, ...wrong(String((error as Error).stack ?? error)) };
    }
  }

  async close(): Promise<void> {
    for (const backend of this.#backends.values()) await backend.close();
    this.#device.destroy();
  }
}
