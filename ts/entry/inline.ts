// The default entry, with the binaries inside, for hosts that may compile bytes: Node, browsers, Deno, Bun. Nothing happens on
// import; the bytes are strings until the first call, or `init`, decodes the one that it takes.

import { bindCreateEngine, bindSignatureAsync } from "../engine/bind.ts";
import { bindSignature } from "../operations/signature.ts";
import { bindSignatureVjp, bindSignatureWithVjp } from "../operations/signature-vjp.ts";
import { bytesOf, patched } from "../wasm/binaries.ts";
import { compileLater, compileSource } from "../wasm/compile.ts";
import { bindInfo } from "../wasm/info.ts";
import { bindInit } from "../wasm/init.ts";
import { compiling } from "../wasm/inlined.ts";
import { Runtime } from "../wasm/runtime.ts";

const runtime = /* @__PURE__ */ new Runtime({ .../* @__PURE__ */ compiling(bytesOf), compile: compileSource });

/** Signatures of paths. @see {@link SignatureFunction} for shapes, options and errors. */
export const signature = /* @__PURE__ */ bindSignature(runtime);

/** Gradients of signatures. @see {@link SignatureVjpFunction} for shapes, options and errors. */
export const signatureVjp = /* @__PURE__ */ bindSignatureVjp(runtime);

/** Signatures, and a function that gives their gradients. @see {@link SignatureWithVjpFunction} */
export const signatureWithVjp = /* @__PURE__ */ bindSignatureWithVjp(runtime);

/** What runs: version, binary, features. @see {@link Info} */
export const info = /* @__PURE__ */ bindInfo(runtime);

/** Loads ahead of the first call, or chooses the binary. @see {@link InitFunction} */
export const init = /* @__PURE__ */ bindInit(runtime, info);

/** Makes an engine that runs batches on all threads. @see {@link CreateEngineFunction} */
export const createEngine = /* @__PURE__ */ bindCreateEngine(runtime, async () => {
  const { loadGpu, makeEngine, patchHex, startWorker } = await import("./threads.ts");
  return { loadGpu, makeEngine, startWorker, sharedModule: () => compileLater(patched(patchHex)) };
});

/** Signatures of paths, on all threads. @see {@link SignatureAsyncFunction} */
export const signatureAsync = /* @__PURE__ */ bindSignatureAsync(createEngine);

export * from "../engine/public.ts";
export * from "./public.ts";
