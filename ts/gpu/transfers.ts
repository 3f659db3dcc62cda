// Transfers for calls that the CPU computes although they read numbers on a device, or want their
// result there; and buffers for results that stay.

import { FLOAT32, KIND_FLOAT32 } from "../input/arrays.ts";
import { typeError } from "../input/errors.ts";
import { ReadPaths } from "../input/paths.ts";
import type { Resident } from "../input/resident.ts";
import { ReadRows } from "../input/rows.ts";
import type { Device } from "./device.ts";
import type { CallInputs, InputRows } from "./operation.ts";
import { readNumbers } from "./readback.ts";
import { STORAGE, usage } from "./usage.ts";

/** A buffer of exactly so many numbers: it becomes the user's. Made inside error scopes. */
export const resultBuffer = (device: Device, numbers: number): GPUBuffer =>
  device.gpu.createBuffer({ size: Math.max(4, 4 * numbers), usage: STORAGE, label: "path-signature result" });

/** A buffer with numbers from memory. @throws PathSignatureError faults of the device */
export async function uploadNumbers(device: Device, data: Float32Array<ArrayBuffer>): Promise<GPUBuffer> {
  const { value: buffer, settled } = device.scoped(() => {
    const made = resultBuffer(device, data.length);
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

/**
 * The same inputs, all of them in memory.
 * @throws PathSignatureError GPU_BUFFER where a buffer cannot be copied from, GPU_LOST,
 *   GPU_OUT_OF_MEMORY, GPU_FAILED
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
