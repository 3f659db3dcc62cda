// `path-signature/kernels`: signature kernels, with a binary of their own inside.

export * from "./generated/entries/kernels-inline.ts";
