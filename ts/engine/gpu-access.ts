// An engine's access to the GPU: its code is loaded and its device opened when a call first wants
// it; what is known of it, before and after; how often it failed.

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

/** After so many faults in a row "auto" avoids the GPU until a call that asks for it succeeds. */
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
  /** What the device that was opened last allows. */
  #gpu: Capabilities["gpu"];
  /** Why there is no device, after one was tried for. */
  #missing: string | undefined;
  #faultsInRow = 0;

  constructor(source: GpuSource, load: () => Promise<GpuParts>) {
    this.#source = source;
    this.load = load;
    this.isPossible = hostGpu(source) !== undefined;
  }

  /** The backend, once its device was opened. */
  get opened(): GpuBackend | undefined {
    return this.#opened;
  }

  get device(): Capabilities["gpu"] {
    return this.#gpu;
  }

  get missing(): string | undefined {
    return this.#missing;
  }

  /** Counts a call that ran there, or failed. */
  count(failed: boolean): void {
    this.#faultsInRow = failed ? this.#faultsInRow + 1 : 0;
  }

  /**
   * The GPU, with a device that is there or was, and will be opened again.
   * @throws PathSignatureError GPU_UNAVAILABLE, GPU_LOST
   */
  async open(): Promise<GpuBackend> {
    this.#backend ??= this.load().then(({ makeBackend }) => makeBackend(this.#source));
    let backend: GpuBackend;
    try {
      backend = await this.#backend;
    } catch (error) {
      // What could not be loaded may be there the next time.
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
   * What can be planned with: before a device is opened, the limits of every device. `again`: it is
   * worth trying again.
   */
  capabilities(again: boolean): Omit<Capabilities, "threads"> {
    if (!this.isPossible)
      return { without: "this host has no navigator.gpu, and none was given (Node: pass the `webgpu` package's)" };
    if (this.#missing !== undefined && !again) return { without: this.#missing };
    if (this.#faultsInRow >= mostFaultsInRow && !again)
      return { without: `the GPU failed ${this.#faultsInRow} calls in a row` };
    return { gpu: this.#gpu ?? { limits: usualLimits, adapter: "not asked for yet", isFallbackAdapter: false } };
  }

  /** Absent where there is no GPU and none was tried for. */
  info(isClosed: boolean): (GpuInfo & { state: "closed" | "open" | "unavailable" }) | undefined {
    if (!this.isPossible && this.#missing === undefined) return undefined;
    const isOpen = this.#opened !== undefined && !isClosed;
    const state = isOpen ? "open" : this.#missing === undefined ? "closed" : "unavailable";
    return { state, ...(this.#opened?.info() ?? unopened) };
  }

  /** Frees the device where the library made it, and with it the tensors on it. */
  async close(): Promise<void> {
    await (await this.#backend?.catch(() => undefined))?.close();
  }
}
