// The GPU as a place where calls run: opens a device when the first call comes, runs calls on it, and answers faults, by another device
// where the one is lost, by smaller blocks where memory ran out. Whether a call should run here at all is dispatch's.

import type { Call } from "../input/call.ts";
import { checkCotangent } from "../input/cotangent.ts";
import { typeError } from "../input/errors.ts";
import { checkPaths } from "../input/finite.ts";
import type { ReadOptions } from "../input/options.ts";
import type { ReadRows } from "../input/paths.ts";
import type { Resident } from "../input/resident.ts";
import type { GradientTensor, SignatureGradients } from "../operations/signature-vjp.ts";
import type { GradientArrays } from "../run/vjp-stage.ts";
import { SCALAR_TERM } from "../wasm/abi.ts";
import { bufferOf, callInMemory, putOnDevice, rowsInMemory } from "./bring.ts";
import { type AdapterInfo, type Device, openDevice } from "./device.ts";
import { kernelsOf, pipelinesOf } from "./encode.ts";
import { allGradientKernels } from "./encode-gradients.ts";
import { gpuFault, isGpuFault } from "./faults.ts";
import { checkOnDevice } from "./finite.ts";
import { planGradients } from "./gradient-way.ts";
import { gradientsOnDevice } from "./gradients.ts";
import { residentsOf } from "./input.ts";
import type { MemoryUse } from "./memory.ts";
import { type Conduct, type Outcome, signatureOnDevice } from "./signature.ts";
import type { GpuSource } from "./source.ts";
import { GpuGradient, GpuGradients, GpuTensor } from "./tensor.ts";
import { wayOf } from "./way.ts";

/** What a caller may say about the way that a call goes. */
export interface RunContext {
  readonly signal?: AbortSignal | undefined;
  /** Told how much is done, from 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
  /** Where results are wanted. Default "cpu". */
  readonly output?: "cpu" | "gpu" | undefined;
}

/** A fault and what was done about it. */
export interface FaultReport {
  readonly code: string;
  readonly message: string;
  /**
   * The call was done again on another device, or in smaller blocks; or it failed, and whoever asked for it had the choice. "uncaptured": an
   * error of the device that no call was found to have made.
   */
  readonly answer: "new device" | "smaller blocks" | "passed on" | "uncaptured";
}

/** What {@link GpuBackend.info} tells. */
export interface GpuInfo {
  /** Absent before the first call, and where there is no adapter. */
  readonly adapter: AdapterInfo | undefined;
  /** Whether the device is the user's. */
  readonly isShared: boolean;
  readonly features: readonly string[];
  /** Neighbouring invocations that hand over registers; 1 where there are no subgroups, or their order is none to count on. */
  readonly subgroupSize: number;
  readonly memory: MemoryUse;
  readonly pipelines: number;
  /** Devices opened so far. */
  readonly devices: number;
  /** The last faults, the newest last. */
  readonly faults: readonly FaultReport[];
}

/** What to prepare for: pipelines are made for it, so that the first call does not wait. */
export interface PrepareShape {
  readonly channels: number;
  readonly depth: number;
  /** Paths of a call, and points of each; they decide on the kernel. Default a batch large enough to fill a device, and 128. */
  readonly batch?: number | undefined;
  readonly points?: number | undefined;
  readonly stream?: boolean | undefined;
}

/** A fault that keeps coming back is listed so often. */
const mostFaults = 20;

/** The GPU. */
export class GpuBackend {
  readonly device = "webgpu";
  readonly #source: GpuSource;
  #opening: Promise<Device> | undefined;
  #current: Device | undefined;
  #devices = 0;
  #closed = false;
  readonly #faults: FaultReport[] = [];

  constructor(source: GpuSource) {
    this.#source = source;
  }

  /**
   * The device, opened now if there is none or the last was lost.
   * @throws PathSignatureError GPU_UNAVAILABLE, GPU_LOST (the user's device: there is no other)
   */
  open(): Promise<Device> {
    if (this.#closed) return Promise.reject(gpuFault("GPU_UNAVAILABLE", "this backend is closed"));
    if (this.#current?.isLost && this.#current.isOwn) this.#forget();
    this.#opening ??= openDevice(this.#source).then(
      (device) => {
        this.#current = device;
        this.#devices++;
        device.onUncaptured = (message) => this.#fault({ code: "GPU_FAILED", message, answer: "uncaptured" });
        return device;
      },
      (error) => {
        // Tried again by the next call: an adapter may come back.
        this.#opening = undefined;
        throw error;
      },
    );
    return this.#opening;
  }

  #forget(): void {
    this.#current?.destroy();
    this.#current = undefined;
    this.#opening = undefined;
  }

  /**
   * Signatures of a call with float32 numbers.
   * @throws PathSignatureError NOT_FINITE, NOT_REPRESENTABLE, GPU_UNAVAILABLE, GPU_LOST, GPU_OUT_OF_MEMORY, GPU_FAILED, GPU_LIMITS, and
   *   the signal's reason
   */
  async run(operation: "signature", call: Call, context: RunContext = {}): Promise<Float32Array | GpuTensor> {
    if (operation !== "signature") throw gpuFault("GPU_FAILED", `there are no kernels for ${operation}`);
    return this.#answered(call, [], context, async (device, conduct) => {
      const outcome = await signatureOnDevice(device, call, conduct);
      await this.#checkFinite(device, call, outcome);
      return outcome.data ?? new GpuTensor(device, outcome.buffer!, formOf(call));
    });
  }

  /**
   * Gradients of a call with float32 numbers. `make` is where they go; with `output: "gpu"` those of points are a buffer.
   * @throws PathSignatureError as `run` does, and what is wrong with cotangents
   */
  async runVjp<G extends GradientArrays>(
    call: Call,
    cotangents: ReadRows,
    make: () => G,
    context: RunContext = {},
  ): Promise<{ readonly gradients: G; readonly paths: GpuGradient | undefined }> {
    return this.#answered(call, [cotangents], context, async (device, conduct) => {
      const gradients = make();
      const outcome = await gradientsOnDevice(device, call, cotangents, conduct, gradients);
      await this.#checkFinite(device, call, outcome);
      if (outcome.suspectCotangent !== undefined) {
        try {
          checkCotangent(call, await rowsInMemory(device, cotangents, call.batch * call.rows, "cotangent"));
        } catch (error) {
          outcome.buffer?.destroy();
          throw error;
        }
      }
      const { paths, points, channels } = call;
      const shape = [...paths.lead, points, channels];
      return { gradients, paths: outcome.buffer && new GpuGradient(device, outcome.buffer, shape) };
    });
  }

  /** Does some work on the device, and what there is to do about faults. */
  async #answered<R>(
    call: Call,
    others: readonly ReadRows[],
    { signal, onProgress, output = "cpu" }: RunContext,
    work: (device: Device, conduct: Conduct) => Promise<R>,
  ): Promise<R> {
    const conduct: Conduct = { stays: output === "gpu", check: () => signal?.throwIfAborted(), onProgress };
    const residents = [...residentsOf(call), ...others.flatMap(({ resident }) => resident ?? [])];
    for (let attempt = 0; ; attempt++) {
      signal?.throwIfAborted();
      let device: Device | undefined;
      try {
        device = await this.open();
        checkResidents(device, residents);
        return await work(device, conduct);
      } catch (error) {
        if (!isGpuFault(error)) throw error;
        const answer = attempt === 0 && device ? this.#answer(error.code, device, residents) : "passed on";
        this.#fault({ code: error.code, message: error.message, answer });
        if (answer === "passed on") throw error;
      }
    }
  }

  /** What is done about a fault before it is passed on. */
  #answer(code: string, device: Device, residents: readonly Resident[]): FaultReport["answer"] {
    // What was on a lost device is lost as well.
    if (code === "GPU_LOST" && device.isOwn && residents.length === 0) {
      // It may not have said so itself yet.
      if (this.#current === device) this.#forget();
      return "new device";
    }
    if (code === "GPU_OUT_OF_MEMORY") {
      device.memory.trim(0);
      device.shrinkBlocks();
      return "smaller blocks";
    }
    return "passed on";
  }

  #fault(report: FaultReport): void {
    this.#faults.push(report);
    if (this.#faults.length > mostFaults) this.#faults.shift();
  }

  /** Names the number that is not finite, if there is one: overflow of finite ones is none of the caller's. */
  async #checkFinite(
    device: Device,
    call: Call,
    { suspect, buffer }: Pick<Outcome, "suspect" | "buffer">,
  ): Promise<void> {
    if (suspect === undefined) return;
    try {
      if (call.paths.resident) await checkOnDevice(device, call, suspect);
      else checkPaths(call, suspect, call.batch - suspect);
    } catch (error) {
      buffer?.destroy();
      throw error;
    }
  }

  /** A call with what it has on the device brought to memory. @throws PathSignatureError as `run` does, and GPU_BUFFER */
  async bring(call: Call, options: ReadOptions): Promise<Call> {
    const device = await this.open();
    checkResidents(device, residentsOf(call));
    return callInMemory(device, call, options);
  }

  /** A call's result that was computed elsewhere, as a tensor on the device. @throws PathSignatureError as `run` does */
  async put(call: Call, data: Float32Array<ArrayBuffer>): Promise<GpuTensor> {
    return putOnDevice(await this.open(), data, formOf(call));
  }

  /** Rows that may be on the device, in memory. @throws PathSignatureError as `run` does, and GPU_BUFFER */
  async bringRows(rows: ReadRows, batch: number, argument: string): Promise<ReadRows> {
    const device = await this.open();
    checkResidents(device, rows.resident ? [rows.resident] : []);
    return rowsInMemory(device, rows, batch, argument);
  }

  /** Gradients that were computed elsewhere, on the device; those of points may be there. @throws PathSignatureError as `run` does */
  async putGradients(
    gradients: { readonly [Name in keyof SignatureGradients]?: SignatureGradients[Name] },
    paths?: GpuGradient,
  ): Promise<GpuGradients> {
    const made: GpuGradient[] = paths ? [paths] : [];
    try {
      const device = await this.open();
      const put = async (one: GradientTensor | undefined): Promise<GpuGradient | undefined> => {
        if (!one) return undefined;
        const buffer = await bufferOf(device, one.data as Float32Array<ArrayBuffer>);
        made.push(new GpuGradient(device, buffer, one.shape));
        return made.at(-1);
      };
      const { initial, basepoint } = gradients;
      return new GpuGradients((paths ?? (await put(gradients.paths)))!, await put(initial), await put(basepoint));
    } catch (error) {
      for (const one of made) one.destroy();
      throw error;
    }
  }

  /** Makes the pipelines that calls of a shape need. @throws PathSignatureError as `run` does */
  async prepare(operation: "signature" | "signatureVjp", shape: PrepareShape): Promise<void> {
    const device = await this.open();
    const { channels, depth, batch = 2 ** 15, points = 128, stream = false } = shape;
    if (operation === "signatureVjp") return this.#prepareVjp(device, { channels, depth, batch, points, stream });
    const way = wayOf({ channels, depth, batch, steps: points - 1, stream }, device.limits);
    if (!way) throw gpuFault("GPU_LIMITS", `increments of ${channels} channels do not fit the limits of the device`);
    await pipelinesOf(device, kernelsOf(channels, depth, stream, way));
  }

  async #prepareVjp(device: Device, shape: { [Name in keyof PrepareShape]-?: NonNullable<PrepareShape[Name]> }) {
    const { channels, depth, points } = shape;
    const sizes = { ...shape, steps: points - 1, initial: true, resident: false, stays: false };
    const planned = planGradients(sizes, device.limits);
    if (typeof planned === "string") throw gpuFault("GPU_LIMITS", planned);
    const { forward, own } = allGradientKernels(channels, depth, true, planned.way);
    await Promise.all([pipelinesOf(device, forward), pipelinesOf(device, own)]);
  }

  info(): GpuInfo {
    const device = this.#current;
    return {
      adapter: device?.adapter,
      isShared: device !== undefined && !device.isOwn,
      features: device ? [...device.gpu.features] : [],
      subgroupSize: device?.limits.subgroupSize ?? 1,
      memory: device?.memory.use() ?? { inUse: 0, idle: 0 },
      pipelines: device?.pipelines.count ?? 0,
      devices: this.#devices,
      faults: [...this.#faults],
    };
  }

  /** Frees what the library has on the device, and the device where it is the library's. Tensors of it are gone then. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#opening?.catch(() => undefined);
    this.#forget();
  }
}

function formOf(call: Call) {
  const { paths, stream, rows, row, channels, depth, bits } = call;
  const shape = [...paths.lead, ...(stream ? [rows] : []), row];
  return { shape, channels, depth, scalarTerm: (bits & SCALAR_TERM) !== 0, stream };
}

/** Tensors know their device; of a user's buffer only the implementation does, and its validation finds out. */
function checkResidents(device: Device, residents: readonly Resident[]): void {
  for (const resident of residents) {
    if (resident.device === undefined || resident.device === device.gpu) continue;
    throw typeError(
      "GPU_BUFFER",
      "paths",
      "a tensor of another device",
      "a tensor of the device that the call runs on",
    );
  }
}
