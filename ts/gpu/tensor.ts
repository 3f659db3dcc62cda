// A signature whose numbers are on a device. It owns its buffer: `destroy` frees it. Copies to the CPU where asked, never computes.

import { FLOAT32 } from "../core/arrays.ts";
import { typeError } from "../core/errors.ts";
import { type Signature, SignatureTensor } from "../core/tensor.ts";
import type { Device } from "./device.ts";
import { readNumbers } from "./readback.ts";

/** What a tensor is told of the signature that it holds. */
export interface SignatureForm {
  readonly shape: readonly number[];
  readonly channels: number;
  readonly depth: number;
  readonly scalarTerm: boolean;
  readonly stream: boolean;
}

/**
 * Signatures in a buffer of a device, row-major float32, laid out as {@link Signature} is. Made by the library only.
 *
 * May be given as `paths`, `basepoint` or `initial` to a call on the same device: nothing crosses the bus then.
 */
export class GpuTensor {
  /** Holds the numbers from its first byte on; usable as storage and for copies. Owned by the tensor. */
  readonly buffer: GPUBuffer;
  /** (…batch, row), or with `stream` (…batch, length − 1, row): length with a basepoint. */
  readonly shape: readonly number[];
  readonly dtype = "float32";
  readonly channels: number;
  readonly depth: number;
  readonly scalarTerm: boolean;
  readonly stream: boolean;
  readonly #device: Device;
  #destroyed = false;

  /** @internal */
  constructor(device: Device, buffer: GPUBuffer, form: SignatureForm) {
    this.#device = device;
    this.buffer = buffer;
    this.shape = form.shape;
    this.channels = form.channels;
    this.depth = form.depth;
    this.scalarTerm = form.scalarTerm;
    this.stream = form.stream;
  }

  /** The device that holds the buffer. */
  get device(): GPUDevice {
    return this.#device.gpu;
  }

  get isDestroyed(): boolean {
    return this.#destroyed;
  }

  /** Whether the device was lost, and the numbers with it. */
  get isLost(): boolean {
    return this.#device.isLost;
  }

  /**
   * The signatures as a tensor in memory.
   * @throws PathSignatureError GPU_BUFFER where it was destroyed, GPU_LOST, GPU_OUT_OF_MEMORY, GPU_FAILED
   */
  async toCpu(): Promise<Signature<"float32">> {
    if (this.#destroyed) throw typeError("GPU_BUFFER", "this", "a tensor that was destroyed", "a tensor that is there");
    const count = this.shape.reduce((n, size) => n * size, 1);
    const data = await readNumbers(this.#device, { buffer: this.buffer, at: 0, bytes: 4 * count });
    const { shape, channels, depth, scalarTerm, stream } = this;
    return new SignatureTensor<"float32", boolean, boolean>(data, shape, FLOAT32, channels, depth, scalarTerm, stream);
  }

  /** Frees the buffer. What was submitted before still gets its numbers. Any number of times. */
  destroy(): void {
    this.#destroyed = true;
    this.buffer.destroy();
  }

  // Engines that do not know the symbol yet have no `using` either.
  [Symbol.dispose ?? Symbol.for("Symbol.dispose")](): void {
    this.destroy();
  }
}
