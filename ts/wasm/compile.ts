// Compiles bytes, a Response or the contents of a URL to a module. Entries for hosts that forbid
// compiling (workerd, edge-light) must not import this file.

import { describe, failure, reasonOf, tagOf, typeError } from "../input/errors.ts";
import type { CompiledModule, FetchResponse, Url } from "../input/host-types.ts";

/**
 * A source for `init`: a compiled module, its bytes, a Response (or a promise of one), or a URL.
 */
export type ModuleSource =
  | CompiledModule
  | ArrayBuffer
  | ArrayBufferView
  | FetchResponse
  | PromiseLike<FetchResponse>
  | Url
  | string;

const accepted = "a WebAssembly.Module, bytes, a Response, a URL or a string with one";

/**
 * Compiles bytes synchronously. Blocks the thread for a few milliseconds; pages allow it for small
 * modules.
 */
export function compileNow(bytes: BufferSource): WebAssembly.Module {
  return new WebAssembly.Module(bytes);
}

/** Compiles bytes asynchronously. */
export function compileLater(bytes: BufferSource): Promise<WebAssembly.Module> {
  return WebAssembly.compile(bytes);
}

/**
 * The module of a source.
 * @throws PathSignatureError SOURCE_TYPE, INIT_FAILED
 */
export async function compileSource(given: ModuleSource): Promise<WebAssembly.Module> {
  let source: unknown = given;
  try {
    source = await given;
    if (source instanceof WebAssembly.Module) return source;
    // By tag, so that buffers and Responses of other realms or polyfills are accepted.
    const tag = tagOf(source);
    if (ArrayBuffer.isView(source) || tag === "ArrayBuffer") return await WebAssembly.compile(source as BufferSource);
    if (typeof source === "string" || source instanceof URL) return await compileUrl(source);
    if (tag === "Response") return await compileResponse(source as Response);
  } catch (error) {
    const from = describe(source instanceof URL ? source.href : source);
    throw failure(
      "INIT_FAILED",
      "source",
      from,
      accepted,
      `The WebAssembly binary could not be loaded from ${from}: ${reasonOf(error)}`,
      error,
    );
  }
  throw typeError("SOURCE_TYPE", "source", describe(source), accepted);
}

async function compileUrl(url: string | URL): Promise<WebAssembly.Module> {
  const href = String(url);
  if (href.startsWith("file:")) {
    // Node's fetch reads no files. Imported by a computed name, so that bundlers for browsers find
    // no import of a Node module.
    type Files = { readFile(url: URL): Promise<Uint8Array<ArrayBuffer>> };
    type Host = { process?: { getBuiltinModule?: (name: string) => Files | undefined } };
    const files = (globalThis as Host).process?.getBuiltinModule?.("node:fs/promises");
    if (files) return WebAssembly.compile(await files.readFile(new URL(href)));
  }
  return compileResponse(await fetch(href));
}

async function compileResponse(response: Response): Promise<WebAssembly.Module> {
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  const type = response.headers.get("content-type") ?? "";
  // Streaming compilation requires the media type; some servers do not send it.
  if (typeof WebAssembly.compileStreaming === "function" && type.startsWith("application/wasm")) {
    return WebAssembly.compileStreaming(response);
  }
  return WebAssembly.compile(await response.arrayBuffer());
}
