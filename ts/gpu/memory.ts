// Buffers of a device, kept for the next call: making one costs more than a small call. Sizes are
// rounded up so that buffers of different calls fit each other.
//
// Memory is bounded: idle buffers hold at most `mostIdleBytes`, and those unused for longest go
// first. Buffers in use are bounded by how calls are cut (blocks.ts).

import type { Device } from "./device.ts";

/** Idle memory that is kept: as much as three blocks of the usual size need (blocks.ts). */
export const mostIdleBytes = 192 * 2 ** 20;
/** The smallest buffer; also what buffers are rounded up to a multiple of. */
const leastBytes = 256;

/** Eight sizes between a power of two and the next: at most an eighth of a buffer is not used. */
export function roundedSize(bytes: number): number {
  if (bytes <= leastBytes) return leastBytes;
  const step = Math.max(leastBytes, 2 ** (Math.floor(Math.log2(bytes)) - 3));
  return Math.ceil(bytes / step) * step;
}

/** What the pool holds, in bytes. */
export interface MemoryUse {
  readonly inUse: number;
  readonly idle: number;
}

/** The pool of one device. */
export class Memory {
  readonly #device: Device;
  /** Oldest first. */
  #idle: GPUBuffer[] = [];
  readonly #used = new Set<GPUBuffer>();

  constructor(device: Device) {
    this.#device = device;
  }

  /** A buffer of at least so many bytes, not cleared. Failures show in the error scope. */
  take(bytes: number, usage: number): GPUBuffer {
    const size = Math.min(roundedSize(bytes), Math.max(bytes, this.#device.limits.maxBufferSize));
    const index = this.#idle.findIndex((buffer) => buffer.usage === usage && buffer.size === size);
    const [found] = index < 0 ? [] : this.#idle.splice(index, 1);
    const buffer = found ?? this.#device.gpu.createBuffer({ size, usage, label: "path-signature" });
    this.#used.add(buffer);
    return buffer;
  }

  /** Takes a buffer back, once the GPU is done with it. */
  release(buffer: GPUBuffer): void {
    if (!this.#used.delete(buffer)) return;
    if (this.#device.isLost) {
      buffer.destroy();
      return;
    }
    this.#idle.push(buffer);
    this.trim(mostIdleBytes);
  }

  /** Drops a buffer whose contents or state are unknown. */
  drop(buffer: GPUBuffer): void {
    if (this.#used.delete(buffer)) buffer.destroy();
  }

  /** Destroys idle buffers, oldest first, until no more than so many bytes are left. */
  trim(bytes: number): void {
    let idle = bytesOf(this.#idle);
    while (idle > bytes) {
      const oldest = this.#idle.shift()!;
      idle -= oldest.size;
      oldest.destroy();
    }
  }

  use(): MemoryUse {
    return { inUse: bytesOf(this.#used), idle: bytesOf(this.#idle) };
  }

  /** Destroys everything, what is in use too. */
  destroy(): void {
    this.trim(0);
    for (const buffer of this.#used) buffer.destroy();
    this.#used.clear();
  }
}

const bytesOf = (buffers: Iterable<GPUBuffer>): number => {
  let sum = 0;
  for (const { size } of buffers) sum += size;
  return sum;
};

/** Buffers of one piece of work, released together. */
export class Holdings {
  readonly #memory: Memory;
  readonly #buffers: GPUBuffer[] = [];

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  take(bytes: number, usage: number): GPUBuffer {
    const buffer = this.#memory.take(bytes, usage);
    this.#buffers.push(buffer);
    return buffer;
  }

  /** After the work is done. */
  release(): void {
    for (const buffer of this.#buffers.splice(0)) this.#memory.release(buffer);
  }

  /** After the work has failed, at a point that is not known. */
  drop(): void {
    for (const buffer of this.#buffers.splice(0)) this.#memory.drop(buffer);
  }
}
