// Binaries that come with an entry as bytes: compiled when one is first wanted. Which one that is, and that it is kept, is runtime.ts's.

import { failure, reasonOf } from "../input/errors.ts";
import { compileLater, compileNow } from "./compile.ts";
import type { Variant } from "./probe.ts";
import type { Loader } from "./runtime.ts";

/** What loads a variant from its bytes. Loading throws PathSignatureError INIT_FAILED where the engine does not compile them. */
export const compiling = (
  bytesOf: (variant: Variant) => Uint8Array<ArrayBuffer>,
): Pick<Loader, "moduleNow" | "moduleLater"> => ({
  moduleNow(variant) {
    try {
      return compileNow(bytesOf(variant));
    } catch (error) {
      throw uncompiled(variant, error);
    }
  },
  async moduleLater(variant) {
    try {
      return await compileLater(bytesOf(variant));
    } catch (error) {
      throw uncompiled(variant, error);
    }
  },
});

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
