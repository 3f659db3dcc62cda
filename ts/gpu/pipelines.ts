// Pipelines of a device: made once for each kernel, asynchronously where the caller can wait, and
// kept. Nothing is known here of what kernels compute.

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
  /** Of group 0: the parameters, at a dynamic offset. */
  readonly params: GPUBindGroupLayout;
  /** Of group 1: what the kernel reads and writes. */
  readonly data: GPUBindGroupLayout;
}

const types = { read: "read-only-storage", write: "storage" } as const;

/** The pipelines of one device. */
export class Pipelines {
  readonly #device: Device;
  readonly #made = new Map<string, Promise<Pipeline>>();
  /** Those that were made synchronously. */
  readonly #madeNow = new Map<string, Pipeline>();
  readonly #layouts = new Map<string, { layout: GPUPipelineLayout; data: GPUBindGroupLayout }>();
  #params: GPUBindGroupLayout | undefined;

  constructor(device: Device) {
    this.#device = device;
  }

  get count(): number {
    return this.#made.size + this.#madeNow.size;
  }

  /** The pipeline of a kernel. @throws PathSignatureError GPU_FAILED, GPU_LOST */
  get(kernel: Kernel): Promise<Pipeline> {
    const known = this.#made.get(kernel.name);
    if (known) return known;
    const made = this.#make(kernel);
    this.#made.set(kernel.name, made);
    // Failures are not kept: the next call tries again.
    made.catch(() => this.#made.delete(kernel.name));
    return made;
  }

  /** The same, synchronously. Outside error scopes: errors are `uncapturederror` events. */
  getNow(kernel: Kernel): Pipeline {
    const known = this.#madeNow.get(kernel.name);
    if (known) return known;
    const { data, descriptor } = this.#describe(kernel);
    const pipeline = this.#device.gpu.createComputePipeline(descriptor);
    const made = { pipeline, params: this.#params!, data };
    this.#madeNow.set(kernel.name, made);
    return made;
  }

  async #make(kernel: Kernel): Promise<Pipeline> {
    const { value, settled } = this.#device.scoped(() => {
      const { data, descriptor } = this.#describe(kernel);
      const pending = this.#device.gpu.createComputePipelineAsync(descriptor);
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

  #describe({ name: label, bindings, source }: Kernel) {
    const { layout, data } = this.#layout(bindings);
    const module = this.#device.gpu.createShaderModule({ code: source(), label });
    return { data, descriptor: { label, layout, compute: { module, entryPoint: "main" } } };
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
