// Calls on a runtime's instance: by which way, and what becomes of an instance that traps.

import { type Call, internal } from "../input/call.ts";
import type { Instance } from "../wasm/instance.ts";
import type { Runtime } from "../wasm/runtime.ts";
import { runBlocks } from "./batch.ts";
import { fitsOneBlock } from "./blocks.ts";
import { runOnce } from "./once.ts";

/** Runs `work` for a call. An instance that trapped may hold anything: the next call gets a new one. @throws PathSignatureError INTERNAL, and what `work` throws */
export function runOn<R, Rest extends unknown[]>(
  runtime: Runtime,
  call: Call,
  work: (instance: Instance, call: Call, ...rest: Rest) => R,
  ...rest: Rest
): R {
  const instance = runtime.instance();
  try {
    return work(instance, call, ...rest);
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    runtime.discard(instance);
    throw internal(call, error.message, error);
  }
}

/** The numbers of a call's result, `count` of them. */
export const compute = (
  instance: Instance,
  call: Call,
  out: Float32Array | Float64Array | undefined,
  count: number,
): Float32Array | Float64Array => (fitsOneBlock(call) ? runOnce : runBlocks)(instance, call, out, count);
