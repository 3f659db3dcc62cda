// Determines which binary calls run on, without loading one.

import type { Runtime } from "../wasm/runtime.ts";

/** The binary that calls run on, or would run on now; "none" if the engine can run none. */
export function wantedBinary(runtime: Runtime): string {
  const { latest } = runtime;
  if (latest !== undefined) return latest.variant;
  try {
    return runtime.preferred();
  } catch {
    return "none";
  }
}

/** Whether calls run, or would run, on a binary that the entry provides. */
export function isBundled({ latest, modules }: Runtime): boolean {
  return latest === undefined || [...modules.values()].includes(latest.module);
}
