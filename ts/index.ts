// `path-signature`: path signatures and their gradients, with the binaries inside.

export * from "./generated/entries/core-inline.ts";
