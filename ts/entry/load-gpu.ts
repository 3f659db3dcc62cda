// Where the code for GPUs is: in a file of its own, loaded when a device is first opened.

import type { GpuParts } from "../engine/router.ts";

export const loadGpu = (): Promise<GpuParts> => import("./gpu.ts");
