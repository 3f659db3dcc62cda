// Numbers of a device, copied to memory: regions of any size in pieces, of which one is copied
// while the next is in flight.

import type { Device } from "./device.ts";
import { gpuFault } from "./faults.ts";
import type { Region } from "./regions.ts";
import { MAP_MODE_READ, READBACK } from "./usage.ts";

/**
 * The first bytes of a mapped buffer. A device that was lost since has unmapped its buffers,
 * perhaps before its `lost` promise has resolved.
 * @throws PathSignatureError GPU_LOST
 */
export function mappedRange(buffer: GPUBuffer, bytes: number): ArrayBuffer {
  let cause: unknown;
  try {
    const range = buffer.getMappedRange(0, bytes);
    // Else it was detached at once.
    if (range.byteLength === bytes) return range;
  } catch (error) {
    cause = error;
  }
  throw gpuFault("GPU_LOST", "the device was lost before its results were read", cause);
}

/** Bytes of a piece. */
const pieceBytes = 16 * 2 ** 20;

/** Reads a region. @throws PathSignatureError GPU_LOST, GPU_OUT_OF_MEMORY, GPU_FAILED */
export async function readNumbers(device: Device, { buffer, at, bytes }: Region): Promise<Float32Array<ArrayBuffer>> {
  const numbers = new Float32Array(bytes / 4);
  const pieces: Promise<void>[] = [];
  for (let from = 0; from < bytes; from += pieceBytes) {
    if (pieces.length > 1) await pieces.at(-2);
    const count = Math.min(pieceBytes, bytes - from);
    const piece = readPiece(
      device,
      { buffer, at: at + from, bytes: count },
      numbers.subarray(from / 4, (from + count) / 4),
    );
    // Awaited later: until then a failure must not count as unhandled.
    piece.catch(() => undefined);
    pieces.push(piece);
  }
  await Promise.all(pieces);
  return numbers;
}

async function readPiece(device: Device, { buffer, at, bytes }: Region, to: Float32Array): Promise<void> {
  const { value: readback, settled } = device.scoped(() => {
    const staging = device.memory.take(bytes, READBACK);
    const encoder = device.gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, at, staging, 0, bytes);
    device.gpu.queue.submit([encoder.finish()]);
    return staging;
  });
  try {
    await Promise.all([settled, device.whileAlive(readback.mapAsync(MAP_MODE_READ, 0, bytes))]);
    to.set(new Float32Array(mappedRange(readback, bytes)));
    readback.unmap();
    device.memory.release(readback);
  } catch (error) {
    device.memory.drop(readback);
    throw error;
  }
}
