// An instance of a binary: its functions, views of its memory, and the arena, the part of the
// memory in which calls stage inputs and outputs. runtime.ts selects the module.

import { failure, reasonOf } from "../input/errors.ts";
import { functions, headBytes, type Kernels, region, word } from "./abi.ts";

/** The arena grows in steps of a WebAssembly page. */
const pageBytes = 65536;
/** The range of 32-bit addresses, less a page for rounding up. */
const mostBytes = 2 ** 32 - pageBytes;

/**
 * Creates exactly the imports that a module names. The binaries exchange numbers only, so imports
 * of wasm-bindgen do nothing: its table of JavaScript values stays empty.
 */
function importsOf(module: WebAssembly.Module, memory: WebAssembly.Memory | undefined): WebAssembly.Imports {
  const imports: WebAssembly.Imports = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    const given =
      kind === "function" && name.startsWith("__wbindgen_")
        ? () => undefined
        : kind === "memory" && memory !== undefined
          ? memory
          : undefined;
    if (given === undefined) throw new Error(`unknown import ${from}.${name}, a ${kind}`);
    imports[from] ??= {};
    imports[from][name] = given;
  }
  return imports;
}

/** Words of a head that determine the scratch of a task. */
const scratchWords = [
  word.OPERATION,
  word.DTYPE,
  word.CHANNELS,
  word.DEPTH,
  word.OPTIONS,
  word.BATCH,
  word.POINTS,
  word.ROW,
  // A basepoint adds a row to a stream.
  word.REGIONS + 2 * region.BASEPOINT,
];

/** An instance and its arena. */
export class Instance {
  readonly kernels: Kernels;
  readonly module: WebAssembly.Module;
  /** The variant, or "custom" for a binary given to `init` that does not name it. */
  readonly variant: string;
  /** Views of the whole memory; see {@link refresh}. */
  f32!: Float32Array;
  f64!: Float64Array;
  u32!: Uint32Array;
  /** Scratch of the last small call, and the words it depends on (run/once.ts). */
  readonly once = { dtype: -1, channels: 0, depth: 0, bits: 0, scratch: 0 };
  readonly #shared: boolean;
  #head = 0;
  #arena = 0;
  #arenaBytes = 0;
  // Cached result of `scratchBytes` and the words that it depends on: consecutive calls mostly have
  // the same shape.
  #scratch = 0;
  readonly #scratchKey = new Uint32Array(scratchWords.length);

  /**
   * @param memory - memory to share with other instances, for a binary that imports its memory
   * @throws PathSignatureError INIT_FAILED
   */
  constructor(module: WebAssembly.Module, variant: string, memory?: WebAssembly.Memory) {
    let exports: WebAssembly.Exports;
    try {
      exports = new WebAssembly.Instance(module, importsOf(module, memory)).exports;
      if (memory !== undefined) exports = { ...exports, memory };
      if (!(exports.memory instanceof WebAssembly.Memory)) throw new Error("it exports no memory");
      for (const name of functions) {
        if (typeof exports[name] !== "function") throw new Error(`it exports no function ${name}`);
      }
      const start = exports.__wbindgen_start;
      if (typeof start === "function") start();
    } catch (error) {
      throw failure(
        "INIT_FAILED",
        "source",
        `a module (${variant})`,
        "a binary of this library",
        `The WebAssembly binary "${variant}" could not be instantiated: ${reasonOf(error)}`,
        error,
      );
    }
    this.kernels = exports as unknown as Kernels;
    this.module = module;
    this.variant = variant;
    this.#shared = memory !== undefined;
    this.#look();
  }

  #look(): void {
    const { buffer } = this.kernels.memory;
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.u32 = new Uint32Array(buffer);
  }

  /** Bytes of scratch that the task at an address needs; 0 if the kernels do not support it. */
  scratchBytes(head: number): number {
    const { u32 } = this;
    const key = this.#scratchKey;
    const w = head / 4;
    let same = this.#scratch !== 0;
    for (let i = 0; i < key.length; i++) {
      const value = u32[w + (scratchWords[i] as number)] as number;
      if (key[i] === value) continue;
      key[i] = value;
      same = false;
    }
    if (!same) {
      this.#scratch = this.kernels.scratch(head) >>> 0;
      this.refresh();
    }
    return this.#scratch;
  }

  /**
   * Runs the task at an address with scratch elsewhere in memory. @returns one of `code` (abi.ts)
   */
  run(head: number, scratch: number, scratchBytes: number): number {
    const { u32 } = this;
    const w = head / 4;
    u32[w + word.SCRATCH] = scratch;
    u32[w + word.SCRATCH_BYTES] = scratchBytes;
    const done = this.kernels.run(head);
    this.refresh();
    return done;
  }

  /**
   * Recreates the views if the memory grew. Call it after every function of the kernels that may
   * grow it.
   */
  refresh(): void {
    // When memory grows, views of it are detached and empty. Views of shared memory stay valid, but
    // end at its old size.
    if (this.f32.length > 0 && !this.#shared) return;
    if (this.kernels.memory.buffer !== this.f32.buffer) this.#look();
  }

  /**
   * Address of memory for a head, to ask for the size of the scratch before anything is
   * staged. @throws PathSignatureError OUT_OF_MEMORY
   */
  get headAddress(): number {
    if (this.#head === 0) this.#head = this.allocate(headBytes);
    return this.#head;
  }

  /**
   * Address of an arena of at least `bytes` bytes, 64-byte aligned. Its earlier contents are lost;
   * earlier views may be stale.
   * @throws PathSignatureError OUT_OF_MEMORY
   */
  reserve(bytes: number): number {
    return bytes <= this.#arenaBytes ? this.#arena : this.#grow(bytes);
  }

  #grow(bytes: number): number {
    if (this.#arenaBytes > 0) this.kernels.release(this.#arena, this.#arenaBytes);
    this.#arena = 0;
    this.#arenaBytes = 0;
    const rounded = Math.ceil(bytes / pageBytes) * pageBytes;
    this.#arena = this.allocate(rounded);
    this.#arenaBytes = rounded;
    return this.#arena;
  }

  /**
   * Memory of its own, 64-byte aligned, to be given back by `kernels.release`. The address; views
   * may be stale afterwards.
   * @throws PathSignatureError OUT_OF_MEMORY
   */
  allocate(bytes: number): number {
    const address = bytes <= mostBytes ? this.kernels.allocate(bytes) >>> 0 : 0;
    this.refresh();
    if (address !== 0) return address;
    const mebibytes = `${Math.ceil(bytes / 2 ** 20)} MiB`;
    throw failure(
      "OUT_OF_MEMORY",
      "paths",
      `a call that stages ${mebibytes}`,
      "such that its staging fits into WebAssembly memory",
      `The engine gave no ${mebibytes} of WebAssembly memory: lower the depth or the channels`,
    );
  }
}
