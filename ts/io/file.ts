// Files as their bytes, and the errors about what they hold.

import { readFile } from "node:fs/promises";
import { describe, failure, typeError } from "../input/errors.ts";

/** A file's path or `file:` URL; or what it holds. */
export type FileSource = string | URL | Uint8Array;

/** The bytes of a file. @throws PathSignatureTypeError SOURCE_TYPE; what `readFile` throws */
export async function bytesOf(source: FileSource): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (typeof source === "string" || source instanceof URL) return readFile(source);
  throw typeError("SOURCE_TYPE", "source", describe(source), "a path, a URL or the bytes of a file (Uint8Array)");
}

/** The error for a file that is not as its format says. */
export const badFile = (format: string, given: string, accepted: string): Error =>
  failure("FILE_FORMAT", `source (${format})`, given, accepted);
