// Runs a task, in the instance's memory or in another one. The calling thread and workers use it
// for every operation.

import { isPathSignatureError } from "../input/errors.ts";
import { code, headBytes, word } from "../wasm/abi.ts";
import type { Instance } from "../wasm/instance.ts";
import { align, gather, type Sources } from "./head.ts";

/**
 * Runs the task at an address of the instance's memory and writes the result code to its
 * head. @throws if the kernel traps
 */
export function performInside(instance: Instance, address: number, sources: Sources): void {
  instance.refresh();
  gather(instance, address, sources);
  const done = guarded(() => {
    const bytes = instance.scratchBytes(address);
    return bytes === 0 ? code.UNSUPPORTED : instance.run(address, instance.reserve(bytes), bytes);
  });
  instance.u32[address / 4 + word.RESULT] = done;
}

/**
 * Runs the task at an address of another memory: copies it to the instance's arena, and its outputs
 * back. @throws if the kernel traps
 */
export function performOutside(instance: Instance, buffer: ArrayBufferLike, address: number, sources: Sources): void {
  const head = new Uint32Array(buffer, address, headBytes / 4);
  const staged = head[word.STAGED] as number;
  const output = head[word.OUTPUT] as number;
  const end = head[word.END] as number;
  // Numbers that are copied from elsewhere are placed after the staged inputs.
  const bytes = align(Math.max(staged, end));
  const done = guarded(() => {
    const own = instance.headAddress;
    instance.u32.set(head, own / 4);
    const scratch = instance.scratchBytes(own);
    if (scratch === 0) return code.UNSUPPORTED;
    const at = instance.reserve(bytes + scratch);
    new Uint8Array(instance.u32.buffer, at).set(new Uint8Array(buffer, address, staged));
    gather(instance, at, sources);
    return instance.run(at, at + bytes, scratch);
  });
  if (done >= 0) {
    const at = instance.reserve(bytes);
    new Uint8Array(buffer, address + output).set(new Uint8Array(instance.u32.buffer, at + output, end - output));
  }
  head[word.RESULT] = done;
}

/** Result code for lack of memory. */
function guarded(work: () => number): number {
  try {
    return work();
  } catch (error) {
    if (isPathSignatureError(error) && error.code === "OUT_OF_MEMORY") return code.OUT_OF_MEMORY;
    throw error;
  }
}
