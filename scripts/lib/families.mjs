// The families: groups of operations that share a binary, so that an app downloads only the kernels
// that it imports. Each row is one cargo feature of crates/wasm, three binaries (variants.mjs) and
// the entries of entries.mjs; its public functions are listed in ts/operations/<family>.ts.

export const families = {
  core: { budget: "140 kB", operations: "signatures and their gradients" },
  algebra: { budget: "60 kB", operations: "products, inverses, exponentials and logarithms of signatures" },
  kernels: { budget: "60 kB", operations: "signature kernels and their gradients" },
};

/** The family whose entries and binaries have no prefix: `path-signature`, wasm/simd.wasm. */
export const mainFamily = "core";

/** A name of an entry, a binary or a chunk, prefixed with its family except for `core`. */
export const prefixed = (family, name) => (family === mainFamily ? name : `${family}-${name}`);
