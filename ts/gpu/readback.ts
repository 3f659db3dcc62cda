// Numbers of a device, copied to memory: regions of any size in pieces, of which one is copied
// while the next is in flight.

<<<<<<< HEAD
import { FLOAT32, KIND_FLOAT32 } from "../input/arrays.ts";
import type { Call } from "../input/call.ts";
import { typeError } from "../input/errors.ts";
import { ReadPaths } from "../input/paths.ts";
import type { Resident } from "../input/resident.ts";
import { ReadRows } from "../input/rows.ts";
=======
>>>>>>> h/gpu
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
  try {
    return buffer.getMappedRange(0, bytes);
  } catch (error) {
    throw gpuFault("GPU_LOST", "the device was lost before its results were read", error);
  }
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
<<<<<<< HEAD

/**
 * The same inputs, all of them in memory.
 * @throws PathSignatureError GPU_BUFFER where a buffer cannot be copied from, GPU_LOST, GPU_OUT_OF_MEMORY, GPU_FAILED
 */
export async function readInputs(device: Device, { call, rows }: CallInputs): Promise<CallInputs> {
  const { paths, basepoint, initial } = call;
  const { batch } = paths;
  const own = (given: ReadRows, argument: string) => readRows(device, { argument, rows: given, count: batch });
  const read: InputRows[] = [];
  for (const one of rows) read.push({ ...one, rows: await readRows(device, one) });
  const copy = call.with({
    paths: await readPaths(device, paths),
    ...(basepoint !== undefined && basepoint !== true && { basepoint: await own(basepoint, "options.basepoint") }),
    ...(initial && { initial: await own(initial, "options.initial") }),
  });
  return { call: copy, rows: read };
}

async function readPaths(device: Device, paths: ReadPaths): Promise<ReadPaths> {
  if (!paths.resident) return paths;
  const { lead, batch, points, channels } = paths;
  const numbers = await readResident(device, paths.resident, batch * points * channels, "paths");
  return new ReadPaths(numbers, KIND_FLOAT32, lead, batch, points, channels, FLOAT32, undefined);
}

/** Rows in memory. @throws PathSignatureError as {@link readInputs} does */
export async function readRows(device: Device, { rows, count, argument }: InputRows): Promise<ReadRows> {
  if (!rows.resident) return rows;
  const { stride, width } = rows;
  const numbers = await readResident(device, rows.resident, (stride === 0 ? 1 : count) * width, argument);
  return new ReadRows(numbers, KIND_FLOAT32, stride, width);
}

async function readResident(device: Device, { buffer, offset }: Resident, count: number, argument: string) {
  const source = buffer as GPUBuffer;
  if ((source.usage & usage.COPY_SRC) === 0) {
    throw typeError(
      "GPU_BUFFER",
      argument,
      "a buffer without usage COPY_SRC, of a call that is computed on the CPU",
      "a buffer that can be copied from, or of a call that the device can compute",
    );
  }
  return readNumbers(device, { buffer: source, at: offset, bytes: 4 * count });
}
=======
>>>>>>> h/gpu
