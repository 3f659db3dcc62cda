// What an engine loads when a GPU is first used: the device, its kernels, and the measuring of
// machines.

import { GpuBackend, type GpuSource } from "../gpu/index.ts";

export { calibrate } from "../engine/trials.ts";

export const makeBackend = (source: GpuSource): GpuBackend => new GpuBackend(source);
