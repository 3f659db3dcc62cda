// The GPU as a backend: opens a device when the first call comes, runs calls on it, and answers
// faults: by another device where the one is lost, by smaller blocks where memory ran out. Whether
// a call should run here at all is dispatch's to say, what it computes its operation's.

import { typeError } from "../input/errors.ts";
import type { Resident } from "../input/resident.ts";
import { type AdapterInfo, type Device, openDevice } from "./device.ts";
import { gpuFault, isGpuFault } from "./faults.ts";
import { residentsOf } from "./input.ts";
import type { MemoryUse } from "./memory.ts";
import type { CallInputs, GpuOperation, RunOptions } from "./operation.ts";
import { pipelinesOf, planOn, runOn } from "./run.ts";
import type { CallShape } from "./shape.ts";
import type { GpuSource } from "./source.ts";
import { readInputs } from "./transfers.ts";

/** How a caller wants a call to run. */
export interface RunContext extends Pick<RunOptions, "onProgress" | "pieces"> {
  readonly signal?: AbortSignal | undefined;
  /** Where results are wanted. Default "cpu". */
  readonly output?: "cpu" | "gpu" | undefined;
}

/** A fault and what was done about it. */
export interface FaultReport {
  readonly code: string;
  readonly message: string;
  /**
   * "new device", "smaller blocks": the call was run again. "passed on": it failed, and its caller
   * had the choice. "uncaptured": an error of the device that no call is known to have made.
   */
  readonly answer: "new device" | "smaller blocks" | "passed on" | "uncaptured";
}

/** What {@link GpuBackend.info} returns. */
export interface GpuInfo {
  /** Absent before the first call, and where there is no adapter. */
  readonly adapter: AdapterInfo | undefined;
  /** Whether the device is the user's. */
  readonly isShared: boolean;
  readonly features: readonly string[];
  /** Neighbouring invocations that exchange registers; 1 where kernels cannot count on any. */
  readonly subgroupSize: number;
  readonly memory: MemoryUse;
  readonly pipelines: number;
  /** Devices opened so far. */
  readonly devices: number;
  /** The last faults, the newest last. */
  readonly faults: readonly FaultReport[];
}

/** Older faults are no longer listed. */
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

  /** The device, opened if there is none or it was lost. @throws GPU_UNAVAILABLE, GPU_LOST */
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
   * Runs a call with float32 numbers; gives its result, in memory or on the device.
   * @throws PathSignatureError NOT_FINITE, NOT_REPRESENTABLE, GPU_UNAVAILABLE, GPU_LOST,
   *   GPU_OUT_OF_MEMORY, GPU_FAILED, GPU_LIMITS, and the signal's reason
   */
  async run<Numbers, OnDevice>(
    operation: GpuOperation<Numbers, unknown, OnDevice>,
    inputs: CallInputs,
    { signal, onProgress, output = "cpu", pieces }: RunContext = {},
  ): Promise<Numbers | OnDevice> {
    const options: RunOptions = { output, pieces, check: () => signal?.throwIfAborted(), onProgress };
    const residents = residentsOf(inputs);
    for (let attempt = 0; ; attempt++) {
      signal?.throwIfAborted();
      let device: Device | undefined;
      try {
        device = await this.open();
        checkResidents(device, residents);
        return await runOn(device, operation, inputs, options);
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
    // Inputs on a lost device are lost as well.
    if (code === "GPU_LOST" && device.isOwn && residents.length === 0) {
      // Its `lost` promise may not have resolved yet.
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

  /** The same inputs in memory. @throws PathSignatureError as `run` does, and GPU_BUFFER */
  async read(inputs: CallInputs): Promise<CallInputs> {
    const device = await this.open();
    checkResidents(device, residentsOf(inputs));
    return readInputs(device, inputs);
  }

  /** Copies a result of the CPU to the device. @throws PathSignatureError as `run` does */
  async upload<Result, OnDevice>(
    operation: GpuOperation<unknown, Result, OnDevice>,
    inputs: CallInputs,
    result: Result,
  ): Promise<OnDevice> {
    const [device, program] = await Promise.all([this.open(), operation.load()]);
    return program.upload(device, inputs, result);
  }

  /** Makes the pipelines that calls of a shape need. @throws PathSignatureError as `run` does */
  async prepare(operation: GpuOperation, shape: CallShape): Promise<void> {
    const [device, program] = await Promise.all([this.open(), operation.load()]);
    const plan = planOn(device, operation, shape, { input: "cpu", output: "cpu" });
    await pipelinesOf(device, program.kernels(shape, plan));
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

  /** Frees what the library made: the device too, if it did, and tensors with it. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#opening?.catch(() => undefined);
    this.#forget();
  }
}

/** Tensors know their device; of a user's buffer only validation finds out. */
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
