// Entries for hosts that cannot compile bytes at run time: their binaries are imported as modules.
// Code that compiles bytes or starts workers must not be reachable from here; test/packaging checks
// this.

import type { Variant } from "../wasm/probe.ts";
import { type Loader, onlyModules } from "../wasm/runtime.ts";

/** Takes the modules that the entry imports, in order of preference. */
export const loader = (family: string, modules: Readonly<Partial<Record<Variant, WebAssembly.Module>>>): Loader => ({
  family,
  variants: Object.keys(modules) as Variant[],
  moduleNow: (variant) => modules[variant] as WebAssembly.Module,
  moduleLater: async (variant) => modules[variant] as WebAssembly.Module,
  compile: onlyModules,
});
