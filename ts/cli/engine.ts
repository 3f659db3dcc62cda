// The engine of a command, by --threads and --device.

import { createEngine, type Engine } from "../index.ts";
import { reasonOf } from "../input/errors.ts";
import type { Values } from "./arguments.ts";
import { exitCodes, Fault } from "./fault.ts";

/** With fewer features a series is computed in a part of the time in which it is read. */
const featuresAlone = 256;

/**
 * An engine; `undefined`: one thread is enough.
 * @param features - how many a series has
 */
export async function engineOf(values: Values, features: number): Promise<Engine | undefined> {
  const [threads, device] = [values.threads(), values.device()];
  if (threads === 1 && device !== "webgpu") return undefined;
  // A GPU computes float32 only, and takes a moment to open.
  const isSingle = values.oneOf("dtype", ["float64", "float32"]) === "float32";
  if (device === "cpu" || (device === "auto" && !isSingle))
    return threads === "auto" && features <= featuresAlone ? undefined : createEngine({ threads, device: "cpu" });
  const gpu = await dawn();
  if (gpu === undefined && device === "webgpu")
    throw new Fault("--device webgpu needs the package webgpu, and a GPU (npm install webgpu).", exitCodes.missing);
  return createEngine({ threads, device: gpu === undefined ? "cpu" : device, gpu });
}

/** WebGPU for Node, where the package is installed. */
async function dawn(): Promise<GPU | undefined> {
  if (typeof navigator === "object" && "gpu" in navigator) return navigator.gpu;
  try {
    const { create, globals } = await import("webgpu");
    Object.assign(globalThis, globals);
    return create([]);
  } catch (error) {
    if (/Cannot find (package|module)/.test(reasonOf(error))) return undefined;
    throw new Fault(`The package webgpu cannot be loaded: ${reasonOf(error)}`);
  }
}
