// One of the shipped binaries, called below the facade: memory and addresses in the caller's hands,
// so that kernels can be timed on data already in place. crates/wasm/src/head.rs describes a task's
// head. Nothing of the facade is used, so that none of its work can slip in.

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

  release() {
    for (const [address, bytes] of this.#given) this.exports.release(address, bytes);
    this.#given = [];
  }
}

const headBytes = 192;
const operations = { signature: 1, vjp: 3 };

/**
 * A task on data in place: a head at the beginning of a piece of memory, and behind it regions,
 * given by their numbers, as arrays that are copied or as counts of numbers.
 */
function task(exports, operation, { batch, points, channels, depth, dtype = "float32", options, row = 0 }, regions) {
  const { index, array: Numbers } = dtypes[dtype];
  const arena = new Arena(exports);
  const bytesOf = (region) => align((region.length ?? region) * Numbers.BYTES_PER_ELEMENT);
  const bytes = headBytes + Object.values(regions).reduce((sum, region) => sum + bytesOf(region), 0);
  const head = arena.take(bytes);
  const words = new Uint32Array(headBytes / 4);
  words.set([operations[operation], index, 0, 0, 0, 0, channels, depth, options, batch, points, 0, row]);
  let offset = headBytes;
  for (const [region, numbers] of Object.entries(regions)) {
    words[16 + 2 * region] = offset;
    if (numbers.length !== undefined) new Numbers(exports.memory.buffer, head + offset, numbers.length).set(numbers);
    offset += bytesOf(numbers);
  }
  const write = () => new Uint32Array(exports.memory.buffer, head, words.length).set(words);
  write();
  const scratchBytes = exports.scratch(head) >>> 0;
  if (!scratchBytes)
    throw new Error(`no kernel takes ${dtype}, channels ${channels}, depth ${depth}, options ${options}`);
  words[13] = arena.take(scratchBytes);
  words[14] = scratchBytes;
  write();
  const call = () => {
    const code = exports.run(head);
    if (code < 0) throw new Error(`the kernel refused: code ${code}`);
  };
  return {
    call,
    result: () => {
      call();
      return new Numbers(exports.memory.buffer, head + words[16 + 2 * 3], regions[3]).slice();
    },
    release: () => arena.release(),
    scratchBytes,
  };
}

const align = (bytes) => Math.ceil(bytes / 64) * 64;

const rowsOf = ({ points, channels, depth, stream = false }) =>
  (stream ? points - 1 : 1) * signatureSize(channels, depth);

/**
 * A call of `signature` on data in place.
 * @param {{ batch: number, points: number, channels: number, depth: number, dtype?: "float32" |
 *   "float64", algorithm?: "auto" | "horner" | "pruned", stream?: boolean }} shape
 * @returns {{ call: () => void, result: () => Float32Array | Float64Array, release: () => void,
 *   scratchBytes: number }}
 */
export function kernelCall(exports, paths, shape) {
  const options = (algorithms[shape.algorithm ?? "auto"] << 8) | (shape.stream ? streamBit : 0);
  return task(exports, "signature", { ...shape, options }, { 0: paths, 3: shape.batch * rowsOf(shape) });
}

/**
 * A call of `signature_vjp` on data in place, its signatures made beforehand.
 * @param {{ batch: number, points: number, channels: number, depth: number, dtype?: "float32" |
 *   "float64", stream?: boolean }} shape
 */
export function gradientKernelCall(exports, paths, cotangents, shape) {
  const forward = kernelCall(exports, paths, { ...shape, algorithm: "auto" });
  const signatures = forward.result();
  forward.release();
  const options = shape.stream ? streamBit : 0;
  const row = signatureSize(shape.channels, shape.depth);
  return task(exports, "vjp", { ...shape, options, row }, { 0: paths, 3: paths.length, 4: cotangents, 5: signatures });
}
