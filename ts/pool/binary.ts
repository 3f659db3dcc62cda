// Which binary calls run on, asked of a runtime without loading one.

import type { Runtime } from "../wasm/runtime.ts";

/** The binary that calls run on, or would run on now; "none" where the engine can run none. */
export function wantedBinary(runtime: Runtime): string {
  const { latest } = runtime;
  if (latest !== undefined) return latest.variant;
  try {
    return runtime.preferred();
  } catch {
    return "none";
  }
}

/** Whether calls run, or will run, on a binary that came with the entry. */
export function isBundled({ latest, modules }: Runtime): boolean {
  return latest === undefined || [...modules.values()].includes(latest.module);
}
