// Ranges of buffers and how they are bound. Bindings begin at multiples of an alignment, regions
// anywhere: kernels get the difference as an offset.

import type { Device } from "./device.ts";
import type { Holdings } from "./memory.ts";
import { STORAGE } from "./usage.ts";

/** Bytes of a buffer. */
export interface Region {
  readonly buffer: GPUBuffer;
  /** Of the first byte; a multiple of 4. */
  readonly at: number;
  readonly bytes: number;
  /** Bytes before it that are written as well: those of a scalar term. */
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

/** Room for numbers that are released with the holdings. */
export const allocate = (count: number, holdings: Holdings): Region => ({
  buffer: holdings.take(4 * count, STORAGE),
  at: 0,
  bytes: 4 * count,
});

/** The same within a buffer, `at` numbers after its first; or new room where there is no buffer. */
export const regionIn = (buffer: GPUBuffer | undefined, at: number, count: number, holdings: Holdings): Region =>
  buffer ? { buffer, at: 4 * at, bytes: 4 * count } : allocate(count, holdings);
