// The toggles as the library's option `augment`.

import type { Augmentation } from "path-signature";
import type { Toggles } from "./messages.ts";

export const names = ["x", "y"];

export function augmentOf(toggles: Toggles, times: Float64Array): Augmentation[] {
  return [
    ...(toggles.time ? [{ time: { times } }] : []),
    ...(["leadLag", "basepoint", "invisibilityReset"] as const).filter((name) => toggles[name]),
  ];
}
