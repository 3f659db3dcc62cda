// Signatures and gradients whose numbers are on a device. They own their buffer.

import { FLOAT32 } from "../input/arrays.ts";
import { typeError } from "../input/errors.ts";
import type { GpuBuffer, GpuDevice } from "../input/host-types.ts";
import { type GradientTensor, type SignatureOf, SignatureTensor } from "../input/tensor.ts";
import type { LogSignatureBasis } from "../operations/log-signature-labels.ts";
import { type LogSignatureOf, LogSignatureTensor } from "../operations/log-signature-tensor.ts";
import type { Device } from "./device.ts";
import { readNumbers } from "./readback.ts";

/** The signature that a tensor holds. */
export interface SignatureForm {
  readonly shape: readonly number[];
  readonly channels: number;
  readonly depth: number;
  readonly scalarTerm: boolean;
  readonly stream: boolean;
}

/** Numbers in a buffer of a device, row-major float32. Owns the buffer. */
class GpuArray {
  /** Holds the numbers from its first byte on; usable as storage and for copies. Owned by this. */
  readonly buffer: GpuBuffer;
  readonly shape: readonly number[];
  readonly dtype = "float32";
  readonly #device: Device;
  #destroyed = false;

  /** @internal */
  constructor(device: Device, buffer: GPUBuffer, shape: readonly number[]) {
    this.#device = device;
    this.buffer = buffer;
    this.shape = shape;
  }

  /** The device that holds the buffer. */
  get device(): GpuDevice {
    return this.#device.gpu;
  }

  get isDestroyed(): boolean {
    return this.#destroyed;
  }

  /** Whether the device was lost, and the numbers with it. */
  get isLost(): boolean {
    return this.#device.isLost;
  }

  /** @internal */
  async read(): Promise<Float32Array<ArrayBuffer>> {
    if (this.#destroyed) throw typeError("GPU_BUFFER", "this", "a tensor that was destroyed", "a tensor that is there");
    const count = this.shape.reduce((n, size) => n * size, 1);
    return readNumbers(this.#device, { buffer: this.buffer, at: 0, bytes: 4 * count });
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

/**
 * Signatures in a buffer of a device, row-major float32, laid out as {@link Signature} is, with
 * shape (…batch, row), or with `stream` (…batch, length − 1, row): length with a basepoint. Made by
 * the library only.
 *
 * May be given as `paths`, `basepoint`, `initial` or cotangent to a call on the same device:
 * nothing crosses the bus then.
 */
export class GpuTensor extends GpuArray {
  readonly channels: number;
  readonly depth: number;
  readonly scalarTerm: boolean;
  readonly stream: boolean;

  /** @internal */
  constructor(device: Device, buffer: GPUBuffer, form: SignatureForm) {
    super(device, buffer, form.shape);
    this.channels = form.channels;
    this.depth = form.depth;
    this.scalarTerm = form.scalarTerm;
    this.stream = form.stream;
  }

  /**
   * The signatures as a tensor in memory.
   * @throws PathSignatureError GPU_BUFFER where it was destroyed, GPU_LOST, GPU_OUT_OF_MEMORY,
   *   GPU_FAILED
   */
  async toCpu(): Promise<SignatureOf<"float32">> {
    const data = await this.read();
    const { shape, channels, depth, scalarTerm, stream } = this;
    return new SignatureTensor<"float32">(data, shape, FLOAT32, channels, depth, scalarTerm, stream, undefined);
  }
}

/** The log-signature that a tensor holds. */
export interface LogSignatureForm {
  readonly shape: readonly number[];
  readonly channels: number;
  readonly depth: number;
  readonly basis: LogSignatureBasis;
  readonly stream: boolean;
}

/**
 * Log-signatures in a buffer of a device, row-major float32, laid out as {@link LogSignature} is,
 * with shape (…batch, row), or with `stream` (…batch, length − 1, row): length with a basepoint.
 * Made by the library only. May be given as `paths` to a call on the same device.
 */
export class GpuLogSignature extends GpuArray {
  readonly channels: number;
  readonly depth: number;
  readonly basis: LogSignatureBasis;
  readonly stream: boolean;

  /** @internal */
  constructor(device: Device, buffer: GPUBuffer, form: LogSignatureForm) {
    super(device, buffer, form.shape);
    this.channels = form.channels;
    this.depth = form.depth;
    this.basis = form.basis;
    this.stream = form.stream;
  }

  /**
   * The log-signatures as a tensor in memory.
   * @throws PathSignatureError GPU_BUFFER where it was destroyed, GPU_LOST, GPU_OUT_OF_MEMORY,
   *   GPU_FAILED
   */
  async toCpu(): Promise<LogSignatureOf<"float32">> {
    const data = await this.read();
    const { shape, channels, depth, basis, stream } = this;
    return new LogSignatureTensor<"float32">(data, shape, FLOAT32, channels, depth, basis, stream);
  }
}

/** A gradient in a buffer of a device, of the shape of what it is the gradient of. */
export class GpuGradient extends GpuArray {
  /**
   * The gradient in memory.
   * @throws PathSignatureError GPU_BUFFER where it was destroyed, GPU_LOST, GPU_OUT_OF_MEMORY,
   *   GPU_FAILED
   */
  async toCpu(): Promise<GradientTensor<"float32">> {
    return { data: await this.read(), shape: this.shape, dtype: this.dtype };
  }
}

/** Gradients on a device, each a tensor of its own. */
export class GpuGradients {
  readonly paths: GpuGradient;
  /** As those in memory: absent where nothing was continued. */
  readonly initial: GpuGradient | undefined;
  readonly basepoint: GpuGradient | undefined;

  /** @internal */
  constructor(paths: GpuGradient, initial: GpuGradient | undefined, basepoint: GpuGradient | undefined) {
    this.paths = paths;
    this.initial = initial;
    this.basepoint = basepoint;
  }

  /** Frees all of them. */
  destroy(): void {
    for (const one of [this.paths, this.initial, this.basepoint]) one?.destroy();
  }

  [Symbol.dispose ?? Symbol.for("Symbol.dispose")](): void {
    this.destroy();
  }
}
