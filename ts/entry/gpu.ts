// Modules that an engine loads when a GPU is first used: the device, its kernels, and calibration.

import { GpuBackend, type GpuSource } from "../gpu/index.ts";

export { calibrate } from "../engine/trials.ts";

export const makeBackend = (source: GpuSource): GpuBackend => new GpuBackend(source);
