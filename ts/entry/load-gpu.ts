// Loads the code for GPUs, a separate file, when a device is first opened.

import type { GpuParts } from "../engine/router.ts";

export const loadGpu = (): Promise<GpuParts> => import("./gpu.ts");
