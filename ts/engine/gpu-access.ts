// An engine's access to the GPU. Loads the code and opens the device when a call first needs it.
// Keeps the known properties of the device and a count of its failures.

import type { Capabilities } from "../dispatch/index.ts";
import {
  type GpuBackend,
  type GpuInfo,
  type GpuSource,
  gpuFault,
  hostGpu,
  isGpuFault,
  usualLimits,
} from "../gpu/index.ts";
import type { GpuParts } from "./router.ts";

/**
 * After this many consecutive faults "auto" avoids the GPU, until a call that requests it succeeds.
 */
const mostFaultsInRow = 3;

const unopened: GpuInfo = {
  adapter: undefined,
  isShared: false,
  features: [],
  subgroupSize: 1,
  memory: { inUse: 0, idle: 0 },
  pipelines: 0,
  devices: 0,
  faults: [],
};

export class GpuAccess {
  /** Whether the host has WebGPU, or a source was given. */
  readonly isPossible: boolean;
  readonly load: () => Promise<GpuParts>;
  readonly #source: GpuSource;
  #backend: Promise<GpuBackend> | undefined;
  #opened: GpuBackend | undefined;
  /** Properties of the device that was opened last. */
  #gpu: Capabilities["gpu"];
  /** Why no device could be opened. */
  #missing: string | undefined;
  #faultsInRow = 0;

  constructor(source: GpuSource, load: () => Promise<GpuParts>) {
    this.#source = source;
    this.load = load;
    this.isPossible = hostGpu(source) !== undefined;
  }

  /** The backend, once its device is open. */
  get opened(): GpuBackend | undefined {
    return this.#opened;
  }

  get device(): Capabilities["gpu"] {
    return this.#gpu;
  }

  get missing(): string | undefined {
    return this.#missing;
  }

  /** Counts a call that succeeded there, or failed. */
  count(failed: boolean): void {
    this.#faultsInRow = failed ? this.#faultsInRow + 1 : 0;
  }

  /**
   * Opens the GPU, again if its device was lost.
   * @throws PathSignatureError GPU_UNAVAILABLE, GPU_LOST
   */
  async open(): Promise<GpuBackend> {
    this.#backend ??= this.load().then(({ makeBackend }) => makeBackend(this.#source));
    let backend: GpuBackend;
    try {
      backend = await this.#backend;
    } catch (error) {
      // A failed import may succeed later.
      this.#backend = undefined;
      this.#missing = "its code could not be loaded";
      throw gpuFault("GPU_UNAVAILABLE", this.#missing, error);
    }
    try {
      const { limits, adapter } = await backend.open();
      const name = adapter.description || adapter.device || adapter.vendor || "unnamed";
      this.#gpu = { limits, adapter: name, isFallbackAdapter: adapter.isFallbackAdapter };
      this.#opened = backend;
      this.#missing = undefined;
      return backend;
    } catch (error) {
      if (isGpuFault(error)) this.#missing = error.message;
      throw error;
    }
  }

  /**
   * Properties for planning: before a device is open, the limits that every device has. `again`:
   * another attempt is worthwhile.
   */
  capabilities(again: boolean): Omit<Capabilities, "threads"> {
    if (!this.isPossible)
      return { without: "this host has no navigator.gpu, and none was given (Node: pass the `webgpu` package's)" };
    if (this.#missing !== undefined && !again) return { without: this.#missing };
    if (this.#faultsInRow >= mostFaultsInRow && !again)
      return { without: `the GPU failed ${this.#faultsInRow} calls in a row` };
    return { gpu: this.#gpu ?? { limits: usualLimits, adapter: "not asked for yet", isFallbackAdapter: false } };
  }

  /** Absent if there is no GPU and none was requested. */
  info(isClosed: boolean): (GpuInfo & { state: "closed" | "open" | "unavailable" }) | undefined {
    if (!this.isPossible && this.#missing === undefined) return undefined;
    const isOpen = this.#opened !== undefined && !isClosed;
    const state = isOpen ? "open" : this.#missing === undefined ? "closed" : "unavailable";
    return { state, ...(this.#opened?.info() ?? unopened) };
  }

  /** Destroys the device if the library created it, with its tensors. */
  async close(): Promise<void> {
    await (await this.#backend?.catch(() => undefined))?.close();
  }
}
