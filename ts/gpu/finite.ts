// Which number it is that is not finite, of a path that is on the device. Only where a kernel has found that there may be one.

import type { Call } from "../input/call.ts";
import { lengthOf } from "../input/call.ts";
import { notFinite } from "../input/finite.ts";
import { bindable } from "./blocks.ts";
import type { Device } from "./device.ts";
import { Encoder } from "./encode.ts";
import { kinds } from "./kernels/finite.wgsl.ts";
import { finiteKernel } from "./kernels/index.ts";
import { Holdings } from "./memory.ts";
import { readNumbers } from "./readback.ts";
import { Staging } from "./staging.ts";
import type { Way } from "./way.ts";

const nothingFound = 0xffffffff;
const way: Way = { kernel: "ends", layout: undefined, pieces: 1 };

/**
 * Throws for the first number of a path that is not finite.
 * @throws PathSignatureError NOT_FINITE, and faults of the device
 */
export async function checkOnDevice(device: Device, call: Call, path: number): Promise<void> {
  const { channels } = call;
  const length = lengthOf(call, path);
  const most = Math.floor(bindable(device.limits) / 4 / channels);
  for (let from = 0; from < length; from += most) {
    const found = await locate(device, call, path, from, Math.min(most, length - from));
    if (found === nothingFound) continue;
    const number = from * channels + (found >>> 2);
    const [point, channel] = [Math.floor(number / channels), number % channels];
    throw notFinite("paths", kinds[(found & 3) as 0 | 1 | 2], { path, point, channel });
  }
}

/** What the kernel finds among some points of a path. */
async function locate(device: Device, call: Call, path: number, from: number, points: number): Promise<number> {
  const pipeline = await device.pipelines.get(finiteKernel(call.channels));
  const holdings = new Holdings(device.memory);
  try {
    const { value, settled } = device.scoped(() => {
      const staging = new Staging(device, call);
      const block = {
        first: path,
        paths: 1,
        from,
        points,
        ragged: false,
        basepoint: false,
        continues: "given",
        rows: 1,
        firstRow: 0,
        isResult: true,
      } as const;
      const found = staging.write(new Uint32Array([nothingFound]), holdings);
      const out = staging.write(new Float32Array(call.row), holdings);
      const nothing = { lengths: undefined, basepoints: undefined, initials: undefined };
      const regions = { points: staging.points(block, holdings), ...nothing, out, found };
      return { found, command: new Encoder(device, call, way, {}).finite(pipeline, block, regions, true) };
    });
    const { done } = await device.submitter.run([value.command]);
    await Promise.all([settled, done]);
    const [found] = new Uint32Array((await readNumbers(device, value.found)).buffer);
    holdings.giveBack();
    return found!;
  } catch (error) {
    holdings.drop();
    throw error;
  }
}
