// `path-signature/algebra`: the algebra of signatures, with a binary of its own inside.

export * from "./generated/entries/algebra-inline.ts";
