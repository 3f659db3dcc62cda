// Entries that carry their binaries, for hosts that may compile bytes: Node, browsers, Deno, Bun.
// Nothing happens on import: the bytes are text until the first call, or `init`, decodes those that
// it takes.

import type { EngineParts } from "../engine/bind.ts";
import { failure, reasonOf } from "../input/errors.ts";
import { bytesOf, type InlinedBinaries, patched } from "../wasm/binaries.ts";
import { compileLater, compileNow, compileSource } from "../wasm/compile.ts";
import type { Variant } from "../wasm/probe.ts";
import type { Loader } from "../wasm/runtime.ts";

/** Loads what the build made of a family's binaries. */
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
 * Loads the engine, and the binary for threads that share memory.
 * @param threads - its patch of `relaxed`
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
