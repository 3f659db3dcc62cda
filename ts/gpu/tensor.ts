// A signature whose numbers are on a device. It owns its buffer: `destroy` frees it, or garbage collection in the end. Copies to the
// CPU where asked, never computes.

import { FLOAT32 } from "../core/arrays.ts";
import { rangeError, typeError } from "../core/errors.ts";
import type { Signature } from "../core/tensor.ts";
import { SignatureTensor } from "../core/tensor.ts";
import type { Device } from "./device.ts";
import { MAP_MODE_READ, READBACK } from "./usage.ts";

/** What a tensor is told of the signature that it holds. */
export interface SignatureForm {
  readonly shape: readonly number[];
  readonly channels: number;
  readonly depth: number;
  readonly scalarTerm: boolean;
  readonly stream: boolean;
}

/**
 * Signatures in a buffer of a device, row-major float32 as in {@link Signature}. Made by the library only.
 *
 * It may be given as `paths` or `initial` to another call on the same device: nothing crosses the bus then.
 */
export class GpuTensor {
  /** Holds the numbers from its first byte on; usable as storage and as source and target of copies. Owned by the tensor. */
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

  /**
   * The signatures as a tensor in memory.
   * @throws PathSignatureError GPU_BUFFER where it was destroyed, GPU_LOST, GPU_OUT_OF_MEMORY, GPU_FAILED
   */
  async toCpu(): Promise<Signature<"float32">> {
    if (this.#destroyed) throw typeError("GPU_BUFFER", "this", "a tensor that was destroyed", "a tensor that is there");
    const device = this.#device;
    const count = this.shape.reduce((n, size) => n * size, 1);
    const data = new Float32Array(count);
    if (count > 0) data.set(await readNumbers(device, this.buffer, 0, count));
    const { shape, channels, depth, scalarTerm, stream } = this;
    return new SignatureTensor<"float32", boolean, boolean>(data, shape, FLOAT32, channels, depth, scalarTerm, stream);
  }

  /** Frees the buffer. Calls under way still get what they were given. Any number of times. */
  destroy(): void {
    this.#destroyed = true;
    this.buffer.destroy();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}

/** Numbers of a buffer, brought to the CPU. */
export async function readNumbers(
  device: Device,
  buffer: GPUBuffer,
  at: number,
  count: number,
): Promise<Float32Array<ArrayBuffer>> {
  const bytes = 4 * count;
  const { value: readback, settled } = device.scoped(() => {
    const to = device.memory.take(bytes, READBACK);
    const encoder = device.gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, at, to, 0, bytes);
    device.gpu.queue.submit([encoder.finish()]);
    return to;
  });
  try {
    await Promise.all([settled, device.whileThere(readback.mapAsync(MAP_MODE_READ, 0, bytes))]);
    const numbers = new Float32Array(readback.getMappedRange(0, bytes)).slice();
    readback.unmap();
    device.memory.give(readback);
    return numbers;
  } catch (error) {
    device.memory.drop(readback);
    throw error;
  }
}
void rangeError;
