// Which number of a path is not finite, where kernels have found that there may be one.

import { type Call, lengthOf } from "../input/call.ts";
import { checkPaths, notFinite } from "../input/finite.ts";
import { bindable, onePath } from "./blocks.ts";
import type { Device } from "./device.ts";
import { kinds } from "./kernels/finite.wgsl.ts";
import { finiteKernel } from "./kernels/index.ts";
import { Holdings } from "./memory.ts";
import { PathKernels } from "./path-kernels.ts";
import { readNumbers } from "./readback.ts";
import { noPathFound, pathFound } from "./run-blocks.ts";
import { Staging } from "./staging.ts";

/**
 * Throws for the first number that is not finite, from the path on that kernels have found, if they
 * have. Finite numbers whose differences overflow are no error.
 * @throws PathSignatureError NOT_FINITE, NOT_REPRESENTABLE, and faults of the device
 */
export async function checkPathFound(device: Device, call: Call, path: number | undefined): Promise<void> {
  if (path === undefined) return;
  if (call.paths.resident) await checkOnDevice(device, call, path);
  else checkPaths(call, path, call.batch - path);
}

async function checkOnDevice(device: Device, call: Call, path: number): Promise<void> {
  const { channels } = call;
  const length = lengthOf(call, path);
  const most = Math.floor(bindable(device.limits) / 4 / channels);
  for (let from = 0; from < length; from += most) {
    const found = await locate(device, call, path, from, Math.min(most, length - from));
    if (found === undefined) continue;
    const number = from * channels + (found >>> 2);
    const [point, channel] = [Math.floor(number / channels), number % channels];
    throw notFinite("paths", kinds[(found & 3) as 0 | 1 | 2], { path, point, channel });
  }
}

/** What is found among some points: the number's index times four, and its kind. */
async function locate(device: Device, call: Call, path: number, from: number, points: number) {
  const pipeline = await device.pipelines.get(finiteKernel(call.channels));
  const holdings = new Holdings(device.memory);
  try {
    const { value, settled } = device.scoped(() => {
      const staging = new Staging(device, call);
      const block = { ...onePath, first: path, from, points };
      const found = staging.write(noPathFound(), holdings);
      const out = staging.write(new Float32Array(call.row), holdings);
      const nothing = { lengths: undefined, basepoints: undefined, initials: undefined };
      const regions = { points: staging.points(block, holdings), ...nothing, out, found };
      return { found, command: new PathKernels(device, call).finite(pipeline, block, regions, true) };
    });
    const { done } = await device.submitter.run([value.command]);
    await Promise.all([settled, done]);
    const { buffer } = await readNumbers(device, value.found);
    holdings.release();
    return pathFound(buffer, 0);
  } catch (error) {
    holdings.drop();
    throw error;
  }
}
