// One binary, instantiated: its functions, views of its memory, and the one piece of that memory (the arena) in which all
// calls stage what goes in and what comes out. How modules are found is runtime.ts's.

import { failure, reasonOf } from "../input/errors.ts";
import { functions, headBytes, type Kernels, region, word } from "./abi.ts";

/** The arena grows in these steps, WebAssembly's own page. */
const pageBytes = 65536;
/** What 32-bit addresses can reach, less a page for the rounding up. */
const mostBytes = 2 ** 32 - pageBytes;

/**
 * Gives a module the imports that it names, and no others. The binaries take and return numbers only, so what wasm-bindgen
 * may ask for has nothing to do: its table of JavaScript values stays empty.
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

/** Words of a head that decide how much scratch a task needs. */
const scratchWords = [
  word.OPERATION,
  word.DTYPE,
  word.CHANNELS,
  word.DEPTH,
  word.OPTIONS,
  word.BATCH,
  word.POINTS,
  word.ROW,
  // A basepoint is one more row of a stream.
  word.REGIONS + 2 * region.BASEPOINT,
];

/** A running binary and its arena. */
export class Instance {
  readonly kernels: Kernels;
  readonly module: WebAssembly.Module;
  /** The binary's name, or "custom" for one that `init` was given and that does not say what it is. */
  readonly variant: string;
  /** Views of the whole memory; see {@link refresh}. */
  f32!: Float32Array;
  f64!: Float64Array;
  u32!: Uint32Array;
  /** The scratch of the last small call, and what it depends on (run/once.ts). */
  readonly once = { dtype: -1, channels: 0, depth: 0, bits: 0, scratch: 0 };
  readonly #shared: boolean;
  #head = 0;
  #arena = 0;
  #arenaBytes = 0;
  // The last answer of `scratchBytes` and the words of the head that it depends on: callers mostly ask the same again.
  #scratch = 0;
  readonly #scratchKey = new Uint32Array(scratchWords.length);

  /**
   * @param memory - the memory to share with other instances, for a binary that imports its memory
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

  /** Runs the task at an address with a scratch elsewhere in memory. @returns one of `code` (abi.ts) */
  run(head: number, scratch: number, scratchBytes: number): number {
    const { u32 } = this;
    const w = head / 4;
    u32[w + word.SCRATCH] = scratch;
    u32[w + word.SCRATCH_BYTES] = scratchBytes;
    const done = this.kernels.run(head);
    this.refresh();
    return done;
  }

  /** Makes the views anew if memory grew. To be called after every function of the kernels that may have grown it. */
  refresh(): void {
    // A view of memory that grew is detached, and empty; one of shared memory stays, and ends where the memory did.
    if (this.f32.length > 0 && !this.#shared) return;
    if (this.kernels.memory.buffer !== this.f32.buffer) this.#look();
  }

  /** Address of memory for a head, by which scratch can be asked for before anything is staged. @throws PathSignatureError OUT_OF_MEMORY */
  get headAddress(): number {
    if (this.#head === 0) this.#head = this.#allocate(headBytes);
    return this.#head;
  }

  /**
   * Address of an arena of at least `bytes` bytes, 64-byte aligned. What an earlier call left there is lost; views taken
   * before may be stale.
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
    this.#arena = this.#allocate(rounded);
    this.#arenaBytes = rounded;
    return this.#arena;
  }

  #allocate(bytes: number): number {
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
