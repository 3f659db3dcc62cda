// Calls that are computed on the CPU although they have numbers on a device, or want them there: brings what they read, takes back what they
// gave. Copies only.

import { FLOAT32, KIND_FLOAT32 } from "../input/arrays.ts";
import { Call } from "../input/call.ts";
import { typeError } from "../input/errors.ts";
import type { ReadOptions } from "../input/options.ts";
import { ReadPaths, ReadRows } from "../input/paths.ts";
import type { Resident } from "../input/resident.ts";
import type { Device } from "./device.ts";
import { readNumbers } from "./readback.ts";
import { GpuTensor, type SignatureForm } from "./tensor.ts";
import { STORAGE, usage } from "./usage.ts";

/**
 * The same call with all its numbers in memory.
 * @throws PathSignatureError GPU_BUFFER where a buffer cannot be copied from, GPU_LOST, GPU_OUT_OF_MEMORY, GPU_FAILED
 */
export async function callInMemory(device: Device, call: Call, options: ReadOptions): Promise<Call> {
  const { paths, basepoint, initial, dtype, size, lengths } = call;
  let brought = paths;
  if (paths.resident) {
    const { lead, batch, points, channels } = paths;
    const numbers = await fetchNumbers(device, paths.resident, batch * points * channels, "paths");
    brought = new ReadPaths(numbers, KIND_FLOAT32, lead, batch, points, channels, FLOAT32, undefined);
  }
  const rowsOf = (rows: ReadRows, argument: string) => rowsInMemory(device, rows, paths.batch, argument);
  const from = basepoint === true ? true : basepoint && (await rowsOf(basepoint, "options.basepoint"));
  return new Call(brought, options, dtype, size, lengths, from, initial && (await rowsOf(initial, "options.initial")));
}

/** Rows, in memory. @throws PathSignatureError as {@link callInMemory} does */
export async function rowsInMemory(device: Device, rows: ReadRows, batch: number, argument: string): Promise<ReadRows> {
  if (!rows.resident) return rows;
  const count = (rows.stride === 0 ? 1 : batch) * rows.width;
  const numbers = await fetchNumbers(device, rows.resident, count, argument);
  return new ReadRows(numbers, KIND_FLOAT32, rows.stride, rows.width);
}

async function fetchNumbers(device: Device, { buffer, offset }: Resident, count: number, argument: string) {
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

/**
 * Numbers of a result, put on a device.
 * @throws PathSignatureError GPU_LOST, GPU_OUT_OF_MEMORY, GPU_FAILED, GPU_LIMITS
 */
export async function putOnDevice(
  device: Device,
  data: Float32Array<ArrayBuffer>,
  form: SignatureForm,
): Promise<GpuTensor> {
  return new GpuTensor(device, await bufferOf(device, data), form);
}

/** A buffer with some numbers. @throws PathSignatureError as {@link putOnDevice} does */
export async function bufferOf(device: Device, data: Float32Array<ArrayBuffer>): Promise<GPUBuffer> {
  const { value: buffer, settled } = device.scoped(() => {
    const made = device.gpu.createBuffer({
      size: Math.max(4, data.byteLength),
      usage: STORAGE,
      label: "path-signature result",
    });
    if (data.length > 0) device.gpu.queue.writeBuffer(made, 0, data);
    return made;
  });
  try {
    await settled;
  } catch (error) {
    buffer.destroy();
    throw error;
  }
  return buffer;
}
