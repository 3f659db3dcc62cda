// One of the shipped binaries, called below the facade: memory and addresses in the caller's hands,
// so that kernels can be timed on data already in place. ts/wasm/abi.ts describes the exports;
// nothing of the facade is used, so that none of its work can slip in.

import { readFileSync } from "node:fs";
import { signatureSize } from "../lib/counts.mjs";

const algorithms = { auto: 0, horner: 1, pruned: 2 };
const dtypes = { float32: { index: 0, array: Float32Array }, float64: { index: 1, array: Float64Array } };
const streamBit = 1;

/** The exports of dist/wasm/<variant>.wasm, instantiated. */
export function instantiate(variant) {
  const module = new WebAssembly.Module(readFileSync(new URL(`../../dist/wasm/${variant}.wasm`, import.meta.url)));
  const imports = {};
  // What wasm-bindgen asks for is bookkeeping of references to JavaScript objects, which calls in
  // numbers never need.
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind !== "function") throw new Error(`${variant}.wasm imports ${from}.${name}, a ${kind}`);
    imports[from] ??= {};
    imports[from][name] = () => {};
  }
  const { exports } = new WebAssembly.Instance(module, imports);
  exports.__wbindgen_start?.();
  return exports;
}

/** Memory of an instance, given back together. */
export class Arena {
  #given = [];

  constructor(exports) {
    this.exports = exports;
  }

  /** The address of room for some bytes. */
  take(bytes) {
    const address = this.exports.allocate(bytes) >>> 0;
    if (!address) throw new Error(`WebAssembly memory: ${bytes} bytes could not be had`);
    this.#given.push([address, bytes]);
    return address;
  }

  /** The address of a copy of a typed array. */
  put(array) {
    const address = this.take(Math.max(8, array.byteLength));
    new array.constructor(this.exports.memory.buffer, address, array.length).set(array);
    return address;
  }

  release() {
    for (const [address, bytes] of this.#given) this.exports.release(address, bytes);
    this.#given = [];
  }
}

/**
 * A call of `signature` on data in place.
 * @param {{ batch: number, points: number, channels: number, depth: number, dtype?: "float32" |
 *   "float64", algorithm?: "auto" | "horner" | "pruned", stream?: boolean }} shape
 * @returns {{ call: () => void, result: () => Float32Array | Float64Array, release: () => void,
 *   scratchBytes: number }}
 */
export function kernelCall(
  exports,
  paths,
  { batch, points, channels, depth, dtype = "float32", algorithm = "auto", stream = false },
) {
  const { index, array: Numbers } = dtypes[dtype];
  const arena = new Arena(exports);
  const options = (algorithms[algorithm] << 8) | (stream ? streamBit : 0);
  const numbers = batch * (stream ? points - 1 : 1) * signatureSize(channels, depth);
  const scratchBytes = exports.signature_scratch_bytes(index, channels, depth, options) >>> 0;
  if (!scratchBytes)
    throw new Error(`no kernel takes ${dtype}, channels ${channels}, depth ${depth}, algorithm ${algorithm}`);
  const input = arena.put(paths instanceof Numbers ? paths : Numbers.from(paths));
  const out = arena.take(numbers * Numbers.BYTES_PER_ELEMENT);
  const scratch = arena.take(scratchBytes);
  const call = () => {
    const code = exports.signature(
      index,
      input,
      batch,
      points,
      channels,
      depth,
      0,
      0,
      0,
      0,
      0,
      options,
      out,
      scratch,
      scratchBytes,
    );
    if (code < 0) throw new Error(`the kernel refused: code ${code}`);
  };
  return {
    call,
    result: () => {
      call();
      return new Numbers(exports.memory.buffer, out, numbers).slice();
    },
    release: () => arena.release(),
    scratchBytes,
  };
}

/**
 * A call of `signature_vjp` on data in place, its signatures made beforehand.
 * @param {{ batch: number, points: number, channels: number, depth: number, dtype?: "float32" |
 *   "float64", stream?: boolean }} shape
 */
export function gradientKernelCall(
  exports,
  paths,
  cotangents,
  { batch, points, channels, depth, dtype = "float32", stream = false },
) {
  const { index, array: Numbers } = dtypes[dtype];
  const forward = kernelCall(exports, paths, { batch, points, channels, depth, dtype, stream });
  const signatures = forward.result();
  forward.release();
  const arena = new Arena(exports);
  const options = stream ? streamBit : 0;
  const scratchBytes = exports.vjp_scratch_bytes(index, channels, depth, options) >>> 0;
  const as = (numbers) => (numbers instanceof Numbers ? numbers : Numbers.from(numbers));
  const places = [paths, signatures, cotangents].map((numbers) => arena.put(as(numbers)));
  const out = arena.take(paths.length * Numbers.BYTES_PER_ELEMENT);
  const scratch = arena.take(scratchBytes);
  const [path, signature, cotangent] = places;
  const shape = [batch, points, channels, depth];
  const signatureRow = signatures.length / (batch * (stream ? points - 1 : 1));
  const call = () => {
    const given = [
      index,
      path,
      ...shape,
      0,
      0,
      0,
      0,
      0,
      signature,
      signatureRow,
      cotangent,
      options,
      out,
      0,
      0,
      0,
      scratch,
    ];
    const code = exports.signature_vjp(...given, scratchBytes);
    if (code !== 0) throw new Error(`the kernel says: code ${code}`);
  };
  return {
    call,
    result: () => {
      call();
      return new Numbers(exports.memory.buffer, out, paths.length).slice();
    },
    release: () => arena.release(),
    scratchBytes,
  };
}
