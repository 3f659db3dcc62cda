// Copies numbers between arrays, one of which may be in shared memory. `set` copies shared memory
// word by word, to avoid torn reads: in V8 of Node 24 at a third of memory bandwidth. Node's Buffer
// copies at full bandwidth. That is safe here because a task has one owner at a time.

import { bufferOfView, lengthOfView, lost, offsetOfView, set, tagOfView } from "./views.ts";

/** Node's `Buffer.prototype.copy`. */
type Copy = (this: Uint8Array, target: Uint8Array, to: number, from: number, end: number) => number;
type Host = { Buffer?: { prototype: { copy: Copy } } };

/** Minimum count of numbers for which it pays off to look for shared memory. */
export const leastNumbers = 1024;

/**
 * Copies `count` numbers of `source`, from index `from`, to `target` at index `to`. The arrays have
 * the same type.
 * @throws RangeError if one of them is shorter
 */
export function move(
  source: Float32Array | Float64Array,
  from: number,
  count: number,
  target: Float32Array | Float64Array,
  to: number,
): void {
  const size = tagOfView(target) === "Float32Array" ? 4 : 8;
  const buffer = bufferOfView(source);
  const begin = offsetOfView(source) + from * size;
  if (count >= leastNumbers && (isShared(buffer) || isShared(bufferOfView(target)))) {
    const copy = (globalThis as Host).Buffer?.prototype.copy;
    if (copy) {
      const bytes = count * size;
      const to8 = new Uint8Array(bufferOfView(target));
      const copied = copy.call(new Uint8Array(buffer), to8, offsetOfView(target) + to * size, begin, begin + bytes);
      // It copies less where a buffer is smaller.
      if (copied !== bytes) throw lost();
      return;
    }
  }
  if (from === 0 && count === lengthOfView(source)) set.call(target, source, to);
  else
    set.call(target, size === 4 ? new Float32Array(buffer, begin, count) : new Float64Array(buffer, begin, count), to);
}

// By class, not by tag, for speed: this runs for every path of a batch.
function isShared(buffer: ArrayBufferLike): boolean {
  const { SharedArrayBuffer: Shared } = globalThis;
  return Shared !== undefined && buffer instanceof Shared;
}
