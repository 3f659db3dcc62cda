// The three variants of a family's binary: their names and what each may contain. One opcode that
// an engine does not know makes it refuse the whole module, so features never mix in one file. How
// they are compiled: wasm.mjs. What they really contain: test/binaries.test.ts.

/**
 * Maximum memory of a shared instance: 1 GiB, which a shared memory must declare when it is
 * created.
 */
const sharedMemoryBytes = 1 << 30;

const linkArguments = (...args) => args.flatMap((arg) => ["-C", `link-arg=${arg}`]);

export const variants = {
  simd: {
    features: ["simd128"],
    rustflags: [],
  },
  relaxed: {
    features: ["simd128", "relaxed-simd"],
    rustflags: [],
  },
  threads: {
    features: ["simd128", "relaxed-simd", "atomics", "bulk-memory", "mutable-globals"],
    // Every thread creates its own stack and thread-local block in the shared memory, through the
    // __tls_* exports.
    rustflags: linkArguments(
      "--shared-memory",
      "--import-memory",
      `--max-memory=${sharedMemoryBytes}`,
      "--export=__wasm_init_tls",
      "--export=__tls_size",
      "--export=__tls_align",
      "--export=__tls_base",
    ),
  },
};

/**
 * The variant whose bytes entries carry whole, since most engines run it; they carry the others as
 * patches of it.
 */
export const patchBase = "relaxed";
