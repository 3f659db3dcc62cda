// Ranges of buffers and how they are bound. Bindings begin at multiples of an alignment, what is bound may begin anywhere: kernels are
// told by how much.

import type { Device } from "./device.ts";

/** Bytes of a buffer. */
export interface Region {
  readonly buffer: GPUBuffer;
  /** Of the first byte; a multiple of 4. */
  readonly at: number;
  readonly bytes: number;
  /** Bytes before it that are written as well: a scalar term's. */
  readonly ahead?: number;
}

/** A region as it is bound. */
export interface Bound {
  readonly resource: GPUBufferBinding;
  /** Numbers from where the binding begins to where the region does. */
  readonly shift: number;
}

export function bind(device: Device, { buffer, at, bytes, ahead = 0 }: Region): Bound {
  const before = ahead + ((at - ahead) % device.limits.minStorageBufferOffsetAlignment);
  return { resource: { buffer, offset: at - before, size: before + Math.max(4, bytes) }, shift: before / 4 };
}

/** The part of a region that begins `at` numbers further on. */
export const partOf = ({ buffer, at }: Region, numbers: number, count: number): Region => ({
  buffer,
  at: at + 4 * numbers,
  bytes: 4 * count,
});
