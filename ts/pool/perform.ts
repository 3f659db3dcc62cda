// A task done on an instance, wherever the task lies: in the instance's memory or in another. The same for workers and for the calling
// thread. What a task computes is run/task.ts's.

import { isPathSignatureError } from "../input/errors.ts";
import { alignLarge } from "../run/arena.ts";
import {
  END,
  failed,
  gather,
  headBytes,
  OUTPUT,
  perform,
  RESULT,
  type Sources,
  STAGED,
  scratchOf,
} from "../run/task.ts";
import { isVjp, performUncut, performVjp, workspaceOf } from "../run/vjp-task.ts";
import type { Instance } from "../wasm/instance.ts";

/** Does the task at an address of the instance's own memory. @throws what the kernel throws where it traps */
export function performInside(instance: Instance, address: number, sources: Sources): void {
  instance.refresh();
  gather(instance, address, sources);
  const done = isVjp(instance.u32, address / 4) ? vjpInside(instance, address) : signatureInside(instance, address);
  instance.refresh();
  instance.u32[address / 4 + RESULT] = done;
}

function signatureInside(instance: Instance, address: number): number {
  const scratchBytes = scratchOf(instance, instance.u32, address);
  const scratch = scratchBytes === 0 ? failed.UNSUPPORTED : arena(instance, scratchBytes);
  return scratch < 0 ? scratch : perform(instance, address, scratch, scratchBytes);
}

function vjpInside(instance: Instance, address: number): number {
  const workspace = workspaceOf(instance, instance.u32, address / 4);
  if (workspace === undefined) return performVjp(instance, instance.kernels.memory.buffer, address);
  const space = arena(instance, workspace.signatures + workspace.scratch);
  return space < 0 ? space : performUncut(instance, address, workspace, space);
}

/** Does the task at an address of another memory: copies it to the instance's, and the output back. @throws as above */
export function performOutside(instance: Instance, buffer: ArrayBufferLike, address: number, sources: Sources): void {
  const head = new Uint32Array(buffer, address, headBytes / 4);
  const vjp = isVjp(head, 0);
  const workspace = vjp ? workspaceOf(instance, head, 0) : undefined;
  if (vjp && workspace === undefined) {
    head[RESULT] = performVjp(instance, buffer, address);
    return;
  }
  const staged = head[STAGED] as number;
  // Where numbers are taken from elsewhere, they have their place behind what is staged.
  const output = head[OUTPUT] as number;
  const end = head[END] as number;
  const room = Math.max(alignLarge(staged), alignLarge(end));
  const scratchBytes =
    workspace === undefined ? scratchOf(instance, head, 0) : workspace.signatures + workspace.scratch;
  const at = scratchBytes === 0 ? failed.UNSUPPORTED : arena(instance, room + scratchBytes);
  if (at < 0) {
    head[RESULT] = at;
    return;
  }
  new Uint8Array(instance.f32.buffer, at).set(new Uint8Array(buffer, address, staged));
  gather(instance, at, sources);
  const done =
    workspace === undefined
      ? perform(instance, at, at + room, scratchBytes)
      : performUncut(instance, at, workspace, at + room);
  instance.refresh();
  if (done >= 0) {
    new Uint8Array(buffer, address + output).set(new Uint8Array(instance.f32.buffer, at + output, end - output));
  }
  head[RESULT] = done;
}

/** Address of so many bytes in the instance's arena, or a code. */
function arena(instance: Instance, bytes: number): number {
  try {
    return instance.reserve(bytes);
  } catch (error) {
    if (isPathSignatureError(error)) return failed.OUT_OF_MEMORY;
    throw error;
  }
}
