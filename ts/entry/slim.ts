// The entry without binaries, for pages that fetch one (path-signature/wasm/*.wasm) and programs that bring their own:
// `await init(source)` comes before the first call.

import { bindCreateEngine, bindSignatureAsync } from "../engine/bind.ts";
import { bindSignature } from "../operations/signature.ts";
import { bindSignatureVjp, bindSignatureWithVjp } from "../operations/signature-vjp.ts";
import { compileSource } from "../wasm/compile.ts";
import { bindInfo } from "../wasm/info.ts";
import { bindInit } from "../wasm/init.ts";
import { Runtime } from "../wasm/runtime.ts";

const runtime = /* @__PURE__ */ new Runtime({ variants: [], compile: compileSource });

/** Signatures of paths. @see {@link SignatureFunction} for shapes, options and errors; `init` comes first. */
export const signature = /* @__PURE__ */ bindSignature(runtime);

/** Gradients of signatures. @see {@link SignatureVjpFunction} for shapes, options and errors; `init` comes first. */
export const signatureVjp = /* @__PURE__ */ bindSignatureVjp(runtime);

/** Signatures, and a function that gives their gradients. @see {@link SignatureWithVjpFunction} */
export const signatureWithVjp = /* @__PURE__ */ bindSignatureWithVjp(runtime);

/** What runs: version, binary, features. @see {@link Info} */
export const info = /* @__PURE__ */ bindInfo(runtime);

/** Loads the binary that it is given. @see {@link InitFunction} */
export const init = /* @__PURE__ */ bindInit(runtime, info);

/** Makes an engine that runs batches on all threads. @see {@link CreateEngineFunction}; `init` comes before its first call. */
export const createEngine = /* @__PURE__ */ bindCreateEngine(runtime, () => import("./engine.ts"));

/** Signatures of paths, on all threads. @see {@link SignatureAsyncFunction} */
export const signatureAsync = /* @__PURE__ */ bindSignatureAsync(createEngine);

export * from "../engine/public.ts";
export * from "./public.ts";
