// Moving numbers between arrays of which one may lie in shared memory. Engines move those word by word, so that other threads never
// see half a number: V8 of Node 24 at a third of the speed of memory. Node's Buffer does it as fast as memory goes; tasks have one
// owner at a time, so nobody looks meanwhile.

/** Node's `Buffer.prototype.copy`. */
type Copy = (this: Uint8Array, target: Uint8Array, to: number, from: number, end: number) => number;
type Host = { Buffer?: { prototype: { copy: Copy } } };

/** From so many bytes on it is worth asking. */
const leastBytes = 4096;

/** Copies `count` numbers of `source` from index `from` on to index `to` of `target`, an array of the same kind. */
export function move(
  source: Float32Array | Float64Array,
  from: number,
  count: number,
  target: Float32Array | Float64Array,
  to: number,
): void {
  const size = target.BYTES_PER_ELEMENT;
  if (count * size >= leastBytes && isShared(source, target)) {
    const copy = (globalThis as Host).Buffer?.prototype.copy;
    if (copy) {
      const begin = source.byteOffset + from * size;
      copy.call(bytesOf(source), bytesOf(target), target.byteOffset + to * size, begin, begin + count * size);
      return;
    }
  }
  if (from === 0 && count === source.length) target.set(source, to);
  else {
    // A plain view: subclasses and their species play no part.
    const begin = source.byteOffset + from * size;
    const buffer = source.buffer as ArrayBuffer;
    target.set(size === 4 ? new Float32Array(buffer, begin, count) : new Float64Array(buffer, begin, count), to);
  }
}

// By class, not by tag: this is asked for every path of a batch.
function isShared({ buffer }: Float32Array | Float64Array, to: Float32Array | Float64Array): boolean {
  const { SharedArrayBuffer: Shared } = globalThis;
  return Shared !== undefined && (buffer instanceof Shared || to.buffer instanceof Shared);
}

const bytesOf = (view: Float32Array | Float64Array): Uint8Array => new Uint8Array(view.buffer);
