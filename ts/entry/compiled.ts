// Entries for hosts that compile no bytes at run time: their binaries are imported as modules.
// Nothing that compiles bytes or starts workers can be reached from here; test/packaging looks for
// it.

import type { Variant } from "../wasm/probe.ts";
import { type Loader, onlyModules } from "../wasm/runtime.ts";

/** Takes the modules that the entry imports, from the one that is preferred, on. */
export const loader = (family: string, modules: Readonly<Partial<Record<Variant, WebAssembly.Module>>>): Loader => ({
  family,
  variants: Object.keys(modules) as Variant[],
  moduleNow: (variant) => modules[variant] as WebAssembly.Module,
  moduleLater: async (variant) => modules[variant] as WebAssembly.Module,
  compile: onlyModules,
});
