// Pipelines of a device: made once for each kernel, off the thread where the implementation can, and kept. Sources are text that
// kernels/ writes; nothing is known here of what they compute.

import type { Device } from "./device.ts";
import { faultOfRejection } from "./faults.ts";
import { COMPUTE_STAGE } from "./usage.ts";

/** What a binding of group 1 is. */
export type BindingKind = "read" | "write";

/** A kernel to make a pipeline of. */
export interface Kernel {
  /** Unique among all kernels of a device; also the pipeline's label. */
  readonly name: string;
  readonly bindings: readonly BindingKind[];
  readonly source: () => string;
}

/** A kernel that can run. */
export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  /** Of group 0: the parameters, at an offset of their own for each dispatch. */
  readonly params: GPUBindGroupLayout;
  /** Of group 1: what the kernel reads and writes. */
  readonly data: GPUBindGroupLayout;
}

const types = { read: "read-only-storage", write: "storage" } as const;

/** The pipelines of one device. */
export class Pipelines {
  readonly #device: Device;
  readonly #made = new Map<string, Promise<Pipeline>>();
  /** Those that were asked for at once. */
  readonly #madeNow = new Map<string, Pipeline>();
  readonly #layouts = new Map<string, { layout: GPUPipelineLayout; data: GPUBindGroupLayout }>();
  #params: GPUBindGroupLayout | undefined;

  constructor(device: Device) {
    this.#device = device;
  }

  /** How many there are. */
  get count(): number {
    return this.#made.size + this.#madeNow.size;
  }

  /**
   * The pipeline of a kernel.
   * @throws PathSignatureError GPU_FAILED, GPU_LOST
   */
  get(kernel: Kernel): Promise<Pipeline> {
    const known = this.#made.get(kernel.name);
    if (known) return known;
    const made = this.#make(kernel);
    this.#made.set(kernel.name, made);
    // A failure is not kept: the next call tries again.
    made.catch(() => this.#made.delete(kernel.name));
    return made;
  }

  /** The same before it returns. In no error scope: what goes wrong is the device's `uncapturederror`. */
  getNow({ name, bindings, source }: Kernel): Pipeline {
    const known = this.#madeNow.get(name);
    if (known) return known;
    const { gpu } = this.#device;
    const { layout, data } = this.#layout(bindings);
    const module = gpu.createShaderModule({ code: source(), label: name });
    const pipeline = gpu.createComputePipeline({ label: name, layout, compute: { module, entryPoint: "main" } });
    const made = { pipeline, params: this.#params!, data };
    this.#madeNow.set(name, made);
    return made;
  }

  async #make({ name, bindings, source }: Kernel): Promise<Pipeline> {
    const { gpu } = this.#device;
    const { value, settled } = this.#device.scoped(() => {
      const { layout, data } = this.#layout(bindings);
      const module = gpu.createShaderModule({ code: source(), label: name });
      const pending = gpu.createComputePipelineAsync({ label: name, layout, compute: { module, entryPoint: "main" } });
      // Awaited below, after the scopes.
      pending.catch(() => undefined);
      return { pending, data };
    });
    await settled;
    try {
      return { pipeline: await value.pending, params: this.#params!, data: value.data };
    } catch (error) {
      this.#device.checkAlive();
      throw faultOfRejection(error);
    }
  }

  /** Kernels with the same kinds of bindings share a layout. */
  #layout(bindings: readonly BindingKind[]) {
    const key = bindings.join();
    const known = this.#layouts.get(key);
    if (known) return known;
    const { gpu } = this.#device;
    this.#params ??= gpu.createBindGroupLayout({
      entries: [{ binding: 0, visibility: COMPUTE_STAGE, buffer: { type: "uniform", hasDynamicOffset: true } }],
    });
    const data = gpu.createBindGroupLayout({
      entries: bindings.map((kind, binding) => ({
        binding,
        visibility: COMPUTE_STAGE,
        buffer: { type: types[kind] },
      })),
    });
    const layout = gpu.createPipelineLayout({ bindGroupLayouts: [this.#params, data] });
    const made = { layout, data };
    this.#layouts.set(key, made);
    return made;
  }
}
