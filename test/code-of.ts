// The code of the error that a call throws.

import { isPathSignatureError } from "../ts/index.ts";

/** `undefined` if it throws nothing; the text of an error that is not the library's. */
export function codeOf(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    return isPathSignatureError(error) ? error.code : String(error);
  }
  return undefined;
}
