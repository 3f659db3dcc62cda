// `createEngine` and `signatureAsync`: they load the engine when it is first asked for, so that whoever does not use it pays nothing
// for it. Everything else about it is engine.ts's.

import type { Paths } from "../core/input.ts";
import type { Runtime } from "../core/runtime.ts";
import type { Only, SignatureOf } from "../core/types.ts";
import type { ThreadParts } from "../pool/crews.ts";
import type { Engine, EngineSignatureOptions, makeEngine } from "./engine.ts";
import type { EngineOptions } from "./options.ts";

/** What an entry loads when an engine is asked for. */
export interface EngineParts extends ThreadParts {
  readonly makeEngine: typeof makeEngine;
}

/**
 * Makes an engine: batches on all threads from one `await`. Workers start with the first call, and end when there has been none for a
 * while; an engine never keeps a process alive by itself.
 *
 * @throws PathSignatureError OPTION_TYPE, OPTION_UNKNOWN, ENGINE_OPTION, ENGINE_OPTION_TYPE (as a rejection)
 *
 * @example
 * await using engine = await createEngine({ threads: "auto" });
 * const s = await engine.signature(paths, { depth: 4, onProgress: ({ done, total }) => console.log(done / total) });
 */
export type CreateEngineFunction = (options?: EngineOptions) => Promise<Engine>;

/**
 * `engine.signature` of an engine that is made by the first call, and that all such calls share: as many threads as the machine
 * runs at once, everything else as by default.
 * @see {@link Engine.signature}
 */
export type SignatureAsyncFunction = <const P extends Paths, const O extends EngineSignatureOptions>(
  paths: P,
  options: Only<O, EngineSignatureOptions>,
) => Promise<SignatureOf<P, O>>;

/** Makes `createEngine` for a runtime. Pure: nothing is loaded before the first call. */
export function bindCreateEngine(runtime: Runtime, load: () => Promise<EngineParts>): CreateEngineFunction {
  return async function createEngine(options) {
    const parts = await load();
    return parts.makeEngine(runtime, parts, options);
  };
}

/** Makes `signatureAsync`. */
export function bindSignatureAsync(createEngine: CreateEngineFunction): SignatureAsyncFunction {
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
