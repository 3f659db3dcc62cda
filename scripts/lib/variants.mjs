// The three variants of a family's binary: their names and features. An engine rejects a whole
// module for one unknown opcode, so features never mix in one file. wasm.mjs compiles them;
// test/binaries.test.ts checks their opcodes.

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
 * The variant whose bytes entries contain whole, since most engines run it; the others are patches
 * of it.
 */
export const patchBase = "relaxed";
