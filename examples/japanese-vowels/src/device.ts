// Where signatures are computed: on the CPU in float64, or on a GPU in float32 through the npm
// package `webgpu`. Both give the same predictions.

import { createEngine, type Info, info, init, type Signatures, signature } from "path-signature";
import { Fault } from "./fault.ts";
import type { Path } from "./paths.ts";

/**
 * Signatures of paths, the time they took, and the device used. `part` receives the progress, from
 * 0 to 1.
 */
export type ComputeSignatures = (
  paths: readonly Path[],
  options: { readonly depth: number; readonly basepoint: true },
  part: (done: number) => void,
) => Promise<{
  readonly signatures: Signatures;
  readonly where: string;
  readonly startMs: number;
  readonly signatureMs: number;
}>;

export const signaturesOn = (device: "cpu" | "webgpu"): ComputeSignatures => (device === "cpu" ? onCpu : onGpu);

const binaries: Readonly<Record<Info["variant"], string>> = {
  relaxed: "WebAssembly with relaxed SIMD",
  simd: "WebAssembly with SIMD",
  custom: "WebAssembly",
  none: "nothing",
};

const onCpu: ComputeSignatures = async (paths, options) => {
  const [, startMs] = await timed(() => init());
  const [signatures, signatureMs] = await timed(() => signature(paths, { ...options, dtype: "float64" }));
  return { signatures, where: binaries[info().variant], startMs, signatureMs };
};

/** @throws Fault if no GPU is available */
const onGpu: ComputeSignatures = async (paths, options, part) => {
  const gpu = await dawn();
  const [engine, startMs] = await timed(() => createEngine({ device: "webgpu", gpu, fallback: "error" })).catch(fault);
  try {
    const [signatures, signatureMs] = await timed(() =>
      engine.signature(paths, {
        ...options,
        dtype: "float32",
        onProgress: ({ done, total }) => part(done / total),
      }),
    ).catch(fault);
    const { adapter } = engine.info().gpu ?? {};
    const adapterName = adapter?.description || adapter?.device || adapter?.vendor || "an adapter without a name";
    const where = `WebGPU, ${adapterName}`;
    return { signatures, where, startMs, signatureMs };
  } finally {
    await engine.close();
  }
};

/** Dawn, WebGPU for Node. */
async function dawn(): Promise<GPU> {
  try {
    const { create, globals } = await import("webgpu");
    Object.assign(globalThis, globals);
    // Dawn's options, as in DAWN_OPTIONS="backend=vulkan,adapter=SwiftShader".
    return create(process.env.DAWN_OPTIONS?.split(",") ?? []);
  } catch (error) {
    throw new Fault(
      `--device webgpu needs the npm package webgpu, which does not load here: ${(error as Error).message}`,
    );
  }
}

function fault(error: unknown): never {
  const { code, message } = error as { code?: string; message: string };
  if (code?.startsWith("GPU_")) throw new Fault(`${message}. Without --device webgpu the CPU does it.`);
  throw error;
}

async function timed<T>(work: () => T | Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  const result = await work();
  return [result, performance.now() - start];
}
