// The entry for workerd (Cloudflare Workers), which compiles no bytes at run time: the binaries are imported and come compiled.
// Nothing that compiles bytes or starts workers can be reached from here; test/packaging looks for it.

import relaxed from "path-signature/wasm/relaxed.wasm";
import simd from "path-signature/wasm/simd.wasm";
import { bindSignature } from "../operations/signature.ts";
import { bindSignatureVjp, bindSignatureWithVjp } from "../operations/signature-vjp.ts";
import { bindInfo } from "../wasm/info.ts";
import { bindInit } from "../wasm/init.ts";
import { type Loader, onlyModules, Runtime } from "../wasm/runtime.ts";

const modules = { relaxed, simd };

const loader: Loader = {
  moduleNow: (variant) => modules[variant],
  moduleLater: async (variant) => modules[variant],
  compile: onlyModules,
};

const runtime = /* @__PURE__ */ new Runtime(loader);

/** Signatures of paths. @see {@link SignatureFunction} for shapes, options and errors. */
export const signature = /* @__PURE__ */ bindSignature(runtime);

/** Gradients of signatures. @see {@link SignatureVjpFunction} for shapes, options and errors. */
export const signatureVjp = /* @__PURE__ */ bindSignatureVjp(runtime);

/** Signatures, and a function that gives their gradients. @see {@link SignatureWithVjpFunction} */
export const signatureWithVjp = /* @__PURE__ */ bindSignatureWithVjp(runtime);

/** What runs: version, binary, features. @see {@link Info} */
export const info = /* @__PURE__ */ bindInfo(runtime);

/** Starts a binary ahead of the first call, or chooses it; a `source` has to be a WebAssembly.Module here. @see {@link InitFunction} */
export const init = /* @__PURE__ */ bindInit(runtime, info);

export * from "./public.ts";
