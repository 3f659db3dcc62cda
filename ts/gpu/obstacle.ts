// Why a device has no plan for a call: the sentence for people, and the code of the error where the
// call is refused. Pure.

import { typeError } from "../input/errors.ts";
import { gpuFault } from "./faults.ts";

export interface Obstacle {
  readonly code: "DTYPE_INVALID" | "PRECISION_INVALID" | "GPU_LIMITS" | "GPU_UNAVAILABLE";
  readonly why: string;
}

/** The call is larger than the device allows, or of a kind that it does not compute. */
export const beyondDevice = (why: string): Obstacle => ({ code: "GPU_LIMITS", why });

export const isObstacle = (plan: object): plan is Obstacle => "why" in plan;

/** The error of a call that is refused. */
export function refusalOf({ code, why }: Obstacle): Error {
  if (code === "DTYPE_INVALID") return typeError(code, "options.dtype", '"float64"', '"float32" on the GPU');
  if (code === "PRECISION_INVALID")
    return typeError(code, "options.precision", '"auto" or "float64"', '"float32" on the GPU');
  return gpuFault(code, why);
}
