// The default entry, with the binaries inside, for hosts that may compile bytes: Node, browsers, Deno, Bun. Nothing happens on
// import; the bytes are strings until the first call, or `init`, decodes the one that it takes.

import { bytesOf } from "../core/binaries.ts";
import { compileLater, compileNow, compileSource } from "../core/compile.ts";
import { bindInfo } from "../core/info.ts";
import { bindInit } from "../core/init.ts";
import { type Loader, Runtime } from "../core/runtime.ts";
import { bindSignature } from "../core/signature.ts";

const loader: Loader = {
  moduleNow: (variant) => compileNow(bytesOf(variant)),
  moduleLater: (variant) => compileLater(bytesOf(variant)),
  compile: compileSource,
};

const runtime = /* @__PURE__ */ new Runtime(loader);

/** Signatures of paths. @see {@link SignatureFunction} for shapes, options and errors. */
export const signature = /* @__PURE__ */ bindSignature(runtime);

/** What runs: version, binary, features. @see {@link Info} */
export const info = /* @__PURE__ */ bindInfo(runtime);

/** Loads ahead of the first call, or chooses the binary. @see {@link InitFunction} */
export const init = /* @__PURE__ */ bindInit(runtime, info);

export * from "../core/public.ts";
