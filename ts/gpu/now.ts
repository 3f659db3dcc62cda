// Calls that are submitted before they return, for frameworks whose own calls are synchronous: everything is read where it lies on their device and stays there, in
// buffers that they give. The one door to that; what is encoded is the same as for calls that are awaited (signature.ts, gradients.ts).
//
// Nothing is read back, so numbers that are not finite go through. Buffers of ours that a call has used are free for the next one when it returns: a queue keeps its order.

import { FLOAT32 } from "../core/arrays.ts";
import { Call, shapeOf } from "../core/call.ts";
import { countOf, rangeError } from "../core/errors.ts";
import { checkBesides } from "../core/finite.ts";
import { refuseOut } from "../core/vjp.ts";
import { Device } from "./device.ts";
import { gradientsNow } from "./gradients.ts";
import { type GpuInput, type GpuSignatureOptions, readCallAnywhere, readRowsOfShape } from "./input.ts";
import { signatureNow } from "./signature.ts";

export { isGpuFault } from "./faults.ts";
export type { GradientBuffers } from "./gradients.ts";

/** What a call reads. */
export interface InputNow {
  readonly paths: GpuInput;
  /** Basepoints and initial signatures may be on the device too. */
  readonly options: GpuSignatureOptions;
  /** 32-bit whole numbers, one for each path, in place of the option: from 1 to the points of a path, which cannot be checked. */
  readonly lengths?: GpuInput | undefined;
}

/** A call that was read. */
export interface CallNow {
  readonly batch: number;
  /** Of the result. */
  readonly shape: readonly number[];
  /** @internal */
  readonly call: Call;
  /** @internal */
  readonly lengths: GPUBuffer | undefined;
}

/** Frameworks' devices, as the library sees them: with pipelines and idle buffers. */
const devices = new WeakMap<GPUDevice, Device>();

/** @throws PathSignatureError GPU_LOST */
export function deviceNow(gpu: GPUDevice): Device {
  let device = devices.get(gpu);
  if (!device) {
    device = new Device(gpu, gpu.adapterInfo, false);
    devices.set(gpu, device);
  }
  device.checkThere();
  return device;
}

/** Reads a call. @throws PathSignatureError what reading a call throws, and GPU_BUFFER */
export function readNow({ paths, options, lengths }: InputNow): CallNow {
  const { call: read, options: given } = readCallAnywhere(paths, options);
  refuseOut(given);
  if (given.checkFinite) checkBesides(read);
  given.checkFinite = false;
  const { batch, points, size, basepoint, initial } = read;
  const count = lengths && Array.from(lengths.shape).reduce((n, k) => n * k, 1);
  if (count !== undefined && count !== batch) {
    throw rangeError("LENGTHS_COUNT", "options.lengths", countOf(count, "length"), `one for each path, ${batch}`);
  }
  const own = lengths ? new Uint32Array(batch).fill(points) : read.lengths;
  const call = new Call(read.paths, given, FLOAT32, size, own, basepoint, initial);
  return { batch, shape: shapeOf(call), call, lengths: lengths?.buffer };
}

/** Plans signatures; the function that comes back submits them. @throws PathSignatureError GPU_LIMITS */
export const planSignatureNow = (device: Device, { call, lengths }: CallNow) => signatureNow(device, call, lengths);

/** Plans gradients; the function that comes back submits them. @throws PathSignatureError GPU_LIMITS, COTANGENT_SHAPE, GPU_BUFFER */
export const planGradientsNow = (device: Device, { call, lengths, shape }: CallNow, cotangent: GpuInput) =>
  gradientsNow(device, call, readRowsOfShape(cotangent, "cotangent", "COTANGENT_SHAPE", shape), lengths);
