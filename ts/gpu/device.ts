// A device: where it comes from, its limits and features, whether it is lost; error scopes around
// everything that is submitted. A user's own device is used as it is and never destroyed.

import { blockBytes } from "./blocks.ts";
import { faultOf, faultOfRejection, gpuFault } from "./faults.ts";
import { Memory } from "./memory.ts";
import { Pipelines } from "./pipelines.ts";
import type { Region } from "./regions.ts";
import { deviceOf, type GpuSource, hostGpu } from "./source.ts";
import { subgroupSizeOf } from "./subgroups.ts";
import { Submitter } from "./submit.ts";
import { STORAGE, usage } from "./usage.ts";

/** Limits that calls are planned by. */
export interface DeviceLimits {
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
  readonly maxComputeWorkgroupStorageSize: number;
  readonly maxComputeInvocationsPerWorkgroup: number;
  readonly maxComputeWorkgroupsPerDimension: number;
  readonly minStorageBufferOffsetAlignment: number;
  readonly minUniformBufferOffsetAlignment: number;
  /** Invocations of a subgroup that are neighbours, in order (subgroups.ts); 1: none. */
  readonly subgroupSize?: number | undefined;
}

/** Limits that are requested as the adapter has them; default alignments suit every adapter. */
const wanted = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupsPerDimension",
] as const;

const alignments = ["minStorageBufferOffsetAlignment", "minUniformBufferOffsetAlignment"] as const;
type Limit = (typeof wanted | typeof alignments)[number];

const leastBlockBytes = 2 ** 18;

const optionalFeatures = ["subgroups", "timestamp-query"] as const;

/** What is known of the adapter behind a device. */
export interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** A software implementation: correct, but slower than the CPU's own kernels. */
  readonly isFallbackAdapter: boolean;
}

/** Makes a device, or takes the user's. @throws PathSignatureError GPU_UNAVAILABLE */
export async function openDevice(source: GpuSource): Promise<Device> {
  const given = deviceOf(source);
  if (given) return probed(new Device(given, given.adapterInfo, false), given.adapterInfo);
  const gpu = hostGpu(source);
  if (!gpu) throw gpuFault("GPU_UNAVAILABLE", "this host has no navigator.gpu (Node: pass the `webgpu` package's)");
  let adapter: GPUAdapter | null;
  try {
    adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  } catch (error) {
    throw gpuFault("GPU_UNAVAILABLE", "no adapter could be requested", error);
  }
  if (!adapter) throw gpuFault("GPU_UNAVAILABLE", "there is no adapter");
  const requiredLimits = Object.fromEntries(wanted.map((name) => [name, adapter.limits[name]]));
  const requiredFeatures = optionalFeatures.filter((name) => adapter.features.has(name));
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({ requiredLimits, requiredFeatures, label: "path-signature" });
  } catch (error) {
    throw gpuFault("GPU_UNAVAILABLE", "the adapter gave no device", error);
  }
  return probed(new Device(device, adapter.info, true), adapter.info);
}

/** Finds out what has to be tried. */
async function probed(device: Device, info: GPUAdapterInfo | undefined): Promise<Device> {
  device.limits = { ...device.limits, subgroupSize: await subgroupSizeOf(device, info) };
  return device;
}

/** A device with its buffers and pipelines. */
export class Device {
  readonly gpu: GPUDevice;
  /** Whether the library made it. */
  readonly isOwn: boolean;
  limits: DeviceLimits;
  readonly adapter: AdapterInfo;
  readonly memory: Memory;
  readonly pipelines: Pipelines;
  readonly submitter: Submitter;
  /** Bound where a kernel's options say that nothing is read. */
  readonly nothing: GPUBuffer;
  /** Resolves, with the reason, when the device is lost. */
  readonly lost: Promise<string>;
  #lostBecause: string | undefined;
  readonly #constants = new Map<string, GPUBuffer>();
  /** Rejects the promises that wait for the device. */
  readonly #waiting = new Set<() => void>();
  /** Bytes of each part of a block; less once memory has run out. */
  blockBytes = blockBytes;
  /** Called with errors that no scope caught, of the library's own device. */
  onUncaptured: (message: string) => void = () => undefined;

  constructor(gpu: GPUDevice, info: GPUAdapterInfo | undefined, isOwn: boolean) {
    this.gpu = gpu;
    this.isOwn = isOwn;
    this.limits = limitsOf(gpu.limits);
    this.adapter = adapterInfo(info);
    this.memory = new Memory(this);
    this.pipelines = new Pipelines(this);
    this.submitter = new Submitter(this);
    this.nothing = gpu.createBuffer({ size: 16, usage: usage.STORAGE, label: "path-signature nothing" });
    this.lost = gpu.lost.then(({ reason, message }) => {
      this.#lostBecause = message || reason;
      this.memory.trim(0);
      for (const fail of this.#waiting) fail();
      return this.#lostBecause;
    });
    if (isOwn) gpu.addEventListener?.("uncapturederror", this.#onUncaptured);
  }

  // The host's console shows them as well.
  readonly #onUncaptured = (event: Event): void => this.onUncaptured((event as GPUUncapturedErrorEvent).error.message);

  get isLost(): boolean {
    return this.#lostBecause !== undefined;
  }

  /** Numbers that all calls of a shape share: uploaded once, kept as long as the device. */
  constant(name: string, make: () => Uint32Array<ArrayBuffer>): Region {
    const known = this.#constants.get(name);
    if (known) return { buffer: known, at: 0, bytes: known.size };
    const numbers = make();
    const buffer = this.gpu.createBuffer({ size: Math.max(4, numbers.byteLength), usage: STORAGE, label: name });
    this.gpu.queue.writeBuffer(buffer, 0, numbers);
    this.#constants.set(name, buffer);
    return { buffer, at: 0, bytes: buffer.size };
  }

  /** After memory has run out. */
  shrinkBlocks(): void {
    this.blockBytes = Math.max(leastBlockBytes, this.blockBytes / 8);
  }

  has(feature: GPUFeatureName): boolean {
    return this.gpu.features.has(feature);
  }

  /** @throws PathSignatureError GPU_LOST */
  checkAlive(): void {
    if (this.#lostBecause !== undefined) throw gpuFault("GPU_LOST", `the device was lost: ${this.#lostBecause}`);
  }

  /** A promise of the device, rejected when the device is lost, whatever becomes of it. */
  whileAlive<T>(promise: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const fail = () => {
        this.#waiting.delete(fail);
        reject(gpuFault("GPU_LOST", `the device was lost: ${this.#lostBecause}`));
      };
      if (this.isLost) {
        // Its own outcome no longer matters.
        promise.catch(() => undefined);
        return fail();
      }
      this.#waiting.add(fail);
      promise.then(
        (value) => {
          this.#waiting.delete(fail);
          resolve(value);
        },
        (error) => {
          this.#waiting.delete(fail);
          reject(
            this.isLost ? gpuFault("GPU_LOST", `the device was lost: ${this.#lostBecause}`) : faultOfRejection(error),
          );
        },
      );
    });
  }

  /**
   * Runs something synchronous inside error scopes. `settled` is rejected with the first error that
   * the device reports for it, or for the device itself; results depend on it.
   */
  scoped<T>(work: () => T): { value: T; settled: Promise<void> } {
    this.checkAlive();
    const { gpu } = this;
    const filters = ["validation", "out-of-memory", "internal"] as const;
    for (const filter of filters) gpu.pushErrorScope(filter);
    let scopes: Promise<GPUError | null>[] = [];
    let value: T;
    try {
      value = work();
    } finally {
      scopes = filters.map(() => gpu.popErrorScope());
    }
    const settled = Promise.all(scopes).then(
      (errors) => {
        // Memory first: using a buffer that could not be allocated is an error as well.
        const error = errors[1] ?? errors.find((one) => one !== null);
        if (error) throw faultOf(error);
        this.checkAlive();
      },
      (error) => {
        throw gpuFault("GPU_LOST", "the device was lost", error);
      },
    );
    // The caller may fail earlier for another reason: then this must not count as unhandled.
    settled.catch(() => undefined);
    return { value, settled };
  }

  /** Frees everything that the library made, the device too where that is one of them. */
  destroy(): void {
    this.memory.destroy();
    this.nothing.destroy();
    for (const buffer of this.#constants.values()) buffer.destroy();
    this.#constants.clear();
    if (!this.isOwn) return;
    this.gpu.removeEventListener?.("uncapturederror", this.#onUncaptured);
    this.gpu.destroy();
  }
}

/** Limits as plain numbers: reading one through the host's object is a call each time. */
function limitsOf(limits: GPUSupportedLimits): DeviceLimits {
  const plain = Object.fromEntries([...wanted, ...alignments].map((name) => [name, limits[name]]));
  const { maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupSizeX, ...others } = plain as Record<Limit, number>;
  const invocations = Math.min(maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupSizeX);
  return { ...others, maxComputeInvocationsPerWorkgroup: invocations };
}

function adapterInfo(info: GPUAdapterInfo | undefined): AdapterInfo {
  const description = info?.description ?? "";
  return {
    vendor: info?.vendor ?? "",
    architecture: info?.architecture ?? "",
    device: info?.device ?? "",
    description,
    // Of a user's device this is unknown on engines whose GPUAdapterInfo lacks the property.
    isFallbackAdapter:
      info?.isFallbackAdapter ?? /swiftshader|llvmpipe|warp/i.test(`${info?.architecture} ${description}`),
  };
}
