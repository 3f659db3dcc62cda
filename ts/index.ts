// The public facade: path signatures with the binaries inside. Re-exports only.

export * from "./entry/inline.ts";
