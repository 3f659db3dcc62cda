// `createEngine` and `signatureAsync`. They load engine.ts on first use, so that programs without
// an engine do not load it.

import type { PathsAnywhere } from "../gpu/index.ts";
import type { DType } from "../input/arrays.ts";
import type { Windows } from "../input/windows.ts";
import type { Runtime } from "../wasm/runtime.ts";
import type { Engine, EngineSignatureOptions } from "./core-engine.ts";
import type { EngineBase, makeEngine, Operations, EngineParts as Parts } from "./engine.ts";
import type { EngineOptions } from "./options.ts";
import type { EngineDTypeOf, EngineSignatureOf } from "./result.ts";

/** Modules that an entry loads to create an engine. */
export interface EngineParts extends Parts {
  readonly makeEngine: typeof makeEngine;
}

/** The type of `createEngine`. */
export interface CreateEngineFunction<E extends EngineBase> {
  /**
   * Creates an engine, which computes batches on all threads. The first call starts workers, which
   * end after a while without calls. An engine never keeps a process alive by itself.
   *
   * Calls that are expected to be faster on a GPU run there, if the host has one or `gpu` gives
   * one.
   *
   * @param options - see {@link EngineOptions}; all are optional.
   * @returns A promise of the engine. Its functions take and give the shapes of the synchronous
   *   ones.
   * @throws PathSignatureError OPTION_TYPE, OPTION_UNKNOWN, ENGINE_OPTION, ENGINE_OPTION_TYPE,
   *   GPU_TYPE, COSTS_INVALID, and GPU_UNAVAILABLE with `device: "webgpu"` and `fallback: "error"`
   *   (as a rejection)
   *
   * @example
   * await using engine = await createEngine({ threads: "auto" });
   * const onProgress = ({ done, total }) => console.log(done / total);
   * const s = await engine.signature(paths, { depth: 4, onProgress });
   */
  (options?: EngineOptions): Promise<E>;
}

/** The type of `signatureAsync`. */
export interface SignatureAsyncFunction {
  /**
   * `engine.signature` of a shared engine, which the first call creates. It uses as many threads as
   * the machine runs at once, and otherwise the default options.
   *
   * @param paths - (…batch, length, channels), as for `signature`, in memory or on the GPU.
   * @param options - `depth`, the options of `signature`, and those of {@link EngineCallOptions}.
   * @returns A promise of the tensor, (…batch, size) as of `signature`.
   * @see {@link Engine.signature}
   *
   * @example
   * const s = await signatureAsync(paths, { depth: 4, signal: AbortSignal.timeout(1000) });
   */
  <
    P extends PathsAnywhere,
    T extends DType = EngineDTypeOf<P>,
    S extends boolean = false,
    Place extends "cpu" | "gpu" = "cpu",
    W extends Windows | undefined = undefined,
  >(
    paths: P,
    options: EngineSignatureOptions<T, S, Place, W>,
  ): Promise<EngineSignatureOf<P, T, S, Place, W>>;
}

/**
 * Makes `createEngine` for the runtime and operations of a family. Pure: nothing is loaded before
 * the first call.
 */
export function bindCreateEngine<E extends EngineBase>(
  runtime: Runtime,
  operations: Operations,
  load: () => Promise<EngineParts>,
): CreateEngineFunction<E> {
  return async function createEngine(options) {
    const parts = await load();
    return parts.makeEngine<E>(runtime, operations, parts, options);
  };
}

/** Makes `signatureAsync`. */
export function bindSignatureAsync(createEngine: CreateEngineFunction<Engine>): SignatureAsyncFunction {
  let made: Promise<Engine> | undefined;
  return async function signatureAsync(paths, options) {
    made ??= createEngine();
    try {
      return await (await made).signature(paths, options);
    } catch (error) {
      // A failed import may succeed later.
      const failed = made;
      failed.catch(() => {
        if (made === failed) made = undefined;
      });
      throw error;
    }
  };
}
