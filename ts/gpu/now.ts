// Calls that are submitted before they return, for frameworks whose own calls are synchronous:
// inputs are read where they lie on their device, results go to buffers of the framework's. The one
// door to that; plans and commands are those of awaited calls.
//
// Nothing is read back, so numbers that are not finite are not refused.

import { FLOAT32 } from "../input/arrays.ts";
import { Call, refuseOut, shapeOf } from "../input/call.ts";
import { countOf, rangeError } from "../input/errors.ts";
import { checkBefore } from "../input/finite.ts";
import { pathInputs } from "../run/inputs.ts";
import { Device } from "./device.ts";
import { type GpuInput, type GpuOptions, readCallAnywhere } from "./input.ts";

export { isGpuFault } from "./faults.ts";
export { readRowsOfShape } from "./input.ts";
export { planNow } from "./run.ts";

/** What a call reads. */
export interface InputNow {
  readonly paths: GpuInput;
  /** Basepoints and initial signatures may be on the device too. */
  readonly options: GpuOptions;
  /** Instead of the option: 32-bit whole numbers from 1 to the points, which is not checked. */
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
  device.checkAlive();
  return device;
}

/** Reads a call. @throws PathSignatureError what reading a call throws, and GPU_BUFFER */
export function readNow({ paths, options, lengths }: InputNow): CallNow {
  const { call: read, options: given } = readCallAnywhere(paths, options);
  refuseOut(read);
  if (given.checkFinite) checkBefore(pathInputs, read);
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
