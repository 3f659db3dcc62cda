// `createEngine` and `signatureAsync`: they load the engine when it is first asked for, so that whoever does not use it pays nothing
// for it. Everything else about it is engine.ts's.

import type { PathsAnywhere } from "../gpu/index.ts";
import type { Only } from "../input/types.ts";
import type { Runtime } from "../wasm/runtime.ts";
import type { Engine, EngineSignatureOptions } from "./core-engine.ts";
import type { EngineBase, makeEngine, Operations, EngineParts as Parts } from "./engine.ts";
import type { EngineOptions } from "./options.ts";
import type { EngineSignatureOf } from "./result.ts";

/** What an entry loads when an engine is asked for. */
export interface EngineParts extends Parts {
  readonly makeEngine: typeof makeEngine;
}

/**
 * Makes an engine: batches on all threads from one `await`. Workers start with the first call, and end when there has been none for a
 * while; an engine never keeps a process alive by itself.
 *
 * Calls that are expected to be faster on a GPU run there, where the host has one or `gpu` gives one.
 *
 * @throws PathSignatureError OPTION_TYPE, OPTION_UNKNOWN, ENGINE_OPTION, ENGINE_OPTION_TYPE, GPU_TYPE, COSTS_INVALID, and GPU_UNAVAILABLE
 *   with `device: "webgpu"` and `fallback: "error"` (as a rejection)
 *
 * @example
 * await using engine = await createEngine({ threads: "auto" });
 * const s = await engine.signature(paths, { depth: 4, onProgress: ({ done, total }) => console.log(done / total) });
 */
export type CreateEngineFunction<E extends EngineBase> = (options?: EngineOptions) => Promise<E>;

/**
 * `engine.signature` of an engine that is made by the first call, and that all such calls share: as many threads as the machine
 * runs at once, everything else as by default.
 * @see {@link Engine.signature}
 */
export type SignatureAsyncFunction = <const P extends PathsAnywhere, const O extends EngineSignatureOptions>(
  paths: P,
  options: Only<O, EngineSignatureOptions>,
) => Promise<EngineSignatureOf<P, O>>;

/** Makes `createEngine` for a family's runtime and operations. Pure: nothing is loaded before the first call. */
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
      // What could not be loaded may be there the next time.
      const failed = made;
      failed.catch(() => {
        if (made === failed) made = undefined;
      });
      throw error;
    }
  };
}
