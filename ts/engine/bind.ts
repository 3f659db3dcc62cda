// `createEngine` and `signatureAsync`. They load engine.ts on first use, so that programs without
// an engine do not load it.

import type { PathsAnywhere } from "../gpu/index.ts";
import type { Only } from "../input/types.ts";
import type { Runtime } from "../wasm/runtime.ts";
import type { Engine, EngineSignatureOptions } from "./core-engine.ts";
import type { EngineBase, makeEngine, Operations, EngineParts as Parts } from "./engine.ts";
import type { EngineOptions } from "./options.ts";
import type { EngineSignatureOf } from "./result.ts";

/** Modules that an entry loads to create an engine. */
export interface EngineParts extends Parts {
  readonly makeEngine: typeof makeEngine;
}

/**
 * Creates an engine, which computes batches on all threads. The first call starts workers, which
 * end after a while without calls. An engine never keeps a process alive by itself.
 *
 * Calls that are expected to be faster on a GPU run there, if the host has one or `gpu` gives one.
 *
 * @throws PathSignatureError OPTION_TYPE, OPTION_UNKNOWN, ENGINE_OPTION, ENGINE_OPTION_TYPE,
 *   GPU_TYPE, COSTS_INVALID, and GPU_UNAVAILABLE with `device: "webgpu"` and `fallback: "error"`
 *   (as a rejection)
 *
 * @example
 * await using engine = await createEngine({ threads: "auto" });
 * const onProgress = ({ done, total }) => console.log(done / total);
 * const s = await engine.signature(paths, { depth: 4, onProgress });
 */
export type CreateEngineFunction<E extends EngineBase> = (options?: EngineOptions) => Promise<E>;

/**
 * `engine.signature` of a shared engine, which the first call creates. It uses as many threads as
 * the machine runs at once, and otherwise the default options.
 * @see {@link Engine.signature}
 */
export type SignatureAsyncFunction = <const P extends PathsAnywhere, const O extends EngineSignatureOptions>(
  paths: P,
  options: Only<O, EngineSignatureOptions>,
) => Promise<EngineSignatureOf<P, O>>;

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
