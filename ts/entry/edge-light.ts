// The entry for Edge functions of Vercel and Next.js, which compile no bytes at run time: `?module` asks their bundler for the
// compiled binary. Nothing that compiles bytes or starts workers can be reached from here; test/packaging looks for it.
//
// `simd` alone: an import that the engine cannot compile fails the whole function, and these functions are developed on Node,
// whose version 20 has no relaxed SIMD. `init(module)` takes the other one where it is wanted.

import simd from "path-signature/wasm/simd.wasm?module";
import { bindSignature } from "../operations/signature.ts";
import { bindSignatureVjp, bindSignatureWithVjp } from "../operations/signature-vjp.ts";
import { bindInfo } from "../wasm/info.ts";
import { bindInit } from "../wasm/init.ts";
import { type Loader, onlyModules, Runtime } from "../wasm/runtime.ts";

const loader: Loader = {
  variants: ["simd"],
  moduleNow: () => simd,
  moduleLater: async () => simd,
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

/** Starts the binary ahead of the first call, or takes another; a `source` has to be a WebAssembly.Module here. @see {@link InitFunction} */
export const init = /* @__PURE__ */ bindInit(runtime, info);

export * from "./public.ts";
