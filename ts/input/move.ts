// Copies numbers between arrays, one of which may be in shared memory. `set` copies shared memory
// word by word, to avoid torn reads: in V8 of Node 24 at a third of memory bandwidth. Node's Buffer
// copies at full bandwidth. That is safe here because a task has one owner at a time.

/** Node's `Buffer.prototype.copy`. */
type Copy = (this: Uint8Array, target: Uint8Array, to: number, from: number, end: number) => number;
type Host = { Buffer?: { prototype: { copy: Copy } } };

/** Minimum size for which the check pays off, in bytes. */
const leastBytes = 4096;

/**
 * Copies `count` numbers of `source`, from index `from`, to `target` at index `to`. The arrays have
 * the same type.
 */
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
    // A view of the built-in type. Subclasses and `Symbol.species` are ignored.
    const begin = source.byteOffset + from * size;
    const buffer = source.buffer as ArrayBuffer;
    target.set(size === 4 ? new Float32Array(buffer, begin, count) : new Float64Array(buffer, begin, count), to);
  }
}

// By class, not by tag, for speed: this runs for every path of a batch.
function isShared({ buffer }: Float32Array | Float64Array, to: Float32Array | Float64Array): boolean {
  const { SharedArrayBuffer: Shared } = globalThis;
  return Shared !== undefined && (buffer instanceof Shared || to.buffer instanceof Shared);
}

const bytesOf = (view: Float32Array | Float64Array): Uint8Array => new Uint8Array(view.buffer);
