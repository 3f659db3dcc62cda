// One binary, instantiated: its functions, views of its memory, and the one piece of that memory (the arena) in which all
// calls stage what goes in and what comes out. How modules are found is runtime.ts's.

import type { DTypeIndex } from "../input/arrays.ts";
import { failure, reasonOf } from "../input/errors.ts";
import { functions, type Kernels } from "./abi.ts";

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
  readonly #shared: boolean;
  #arena = 0;
  #arenaBytes = 0;
  // The last answer of `scratchBytes` and its question: callers mostly ask the same again.
  #scratch = 0;
  #scratchDType = -1;
  #scratchChannels = 0;
  #scratchDepth = 0;
  #scratchOptions = 0;

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

  /** Bytes of scratch that a call needs; 0 where the kernels cannot compute it. */
  scratchBytes(dtype: DTypeIndex, channels: number, depth: number, options: number): number {
    if (
      dtype !== this.#scratchDType ||
      channels !== this.#scratchChannels ||
      depth !== this.#scratchDepth ||
      options !== this.#scratchOptions
    ) {
      this.#scratch = this.kernels.signature_scratch_bytes(dtype, channels, depth, options) >>> 0;
      this.#scratchDType = dtype;
      this.#scratchChannels = channels;
      this.#scratchDepth = depth;
      this.#scratchOptions = options;
      this.refresh();
    }
    return this.#scratch;
  }

  /** Makes the views anew if memory grew. To be called after every function of the kernels that may have grown it. */
  refresh(): void {
    // A view of memory that grew is detached, and empty; one of shared memory stays, and ends where the memory did.
    if (this.f32.length > 0 && !this.#shared) return;
    if (this.kernels.memory.buffer !== this.f32.buffer) this.#look();
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
    const { kernels } = this;
    if (this.#arenaBytes > 0) kernels.release(this.#arena, this.#arenaBytes);
    this.#arena = 0;
    this.#arenaBytes = 0;
    const rounded = Math.ceil(bytes / pageBytes) * pageBytes;
    const address = rounded <= mostBytes ? kernels.allocate(rounded) >>> 0 : 0;
    this.refresh();
    if (address === 0) {
      const mebibytes = `${Math.ceil(bytes / 2 ** 20)} MiB`;
      throw failure(
        "OUT_OF_MEMORY",
        "paths",
        `a call that stages ${mebibytes}`,
        "such that its staging fits into WebAssembly memory",
        `The engine gave no ${mebibytes} of WebAssembly memory: lower the depth or the channels`,
      );
    }
    this.#arena = address;
    this.#arenaBytes = rounded;
    return address;
  }
}
