// Starts the worker that measures.

import relaxed from "path-signature/wasm/relaxed.wasm?url";
import simd from "path-signature/wasm/simd.wasm?url";
import type { FromMeasure, ToMeasure } from "./rows.ts";

export function start(hear: (message: FromMeasure) => void): Worker {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }: MessageEvent<FromMeasure>) => hear(data));
  worker.addEventListener("error", ({ message }) => hear({ error: message || "the worker did not start" }));
  const message: ToMeasure = { binaries: { relaxed, simd }, siteBase: globalThis.siteBase };
  worker.postMessage(message);
  return worker;
}
