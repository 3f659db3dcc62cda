// Entries with inlined binaries, for hosts that can compile bytes: Node, browsers, Deno, Bun.
// Import has no side effects: the bytes are text until the first call, or `init`, decodes them.

import type { EngineParts } from "../engine/bind.ts";
import { failure, reasonOf } from "../input/errors.ts";
import { bytesOf, type InlinedBinaries, patched } from "../wasm/binaries.ts";
import { compileLater, compileNow, compileSource } from "../wasm/compile.ts";
import type { Variant } from "../wasm/probe.ts";
import type { Loader } from "../wasm/runtime.ts";

/** Loads the generated module with a family's binaries. */
export const loader = (family: string, binaries: InlinedBinaries): Loader => ({
  family,
  moduleNow(variant) {
    try {
      return compileNow(bytesOf(binaries, variant));
    } catch (error) {
      throw uncompiled(variant, error);
    }
  },
  async moduleLater(variant) {
    try {
      return await compileLater(bytesOf(binaries, variant));
    } catch (error) {
      throw uncompiled(variant, error);
    }
  },
  compile: compileSource,
});

/**
 * Loads the engine and the binary for threads that share memory.
 * @param threads - the patch of `relaxed` that gives it
 */
export async function loadEngine(relaxed: string, threads: Promise<{ default: string }>): Promise<EngineParts> {
  const [{ loadGpu, makeEngine, startWorker }, { default: patch }] = await Promise.all([
    import("./engine.ts"),
    threads,
  ]);
  return { loadGpu, makeEngine, startWorker, sharedModule: () => compileLater(patched(relaxed, patch)) };
}

function uncompiled(variant: Variant, error: unknown): Error {
  return failure(
    "INIT_FAILED",
    "variant",
    `"${variant}"`,
    "a binary that the engine compiles",
    `The engine did not compile the WebAssembly binary "${variant}": ${reasonOf(error)}`,
    error,
  );
}
