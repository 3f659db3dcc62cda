// Buffers for results that stay on a device.

import type { Device } from "./device.ts";
import { STORAGE } from "./usage.ts";

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
