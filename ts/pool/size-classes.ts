// A size-class allocator for tasks in a memory that only ever grows. Pages that the calling thread
// has grown are its own, whatever else lives in the memory. Blocks are powers of two and are kept
// for the next task of their size; a memory is dropped as a whole.

/** A page of WebAssembly, and the smallest size class. */
const pageBytes = 65536;

export class SizeClassAllocator {
  readonly #memory: WebAssembly.Memory;
  readonly #free = new Map<number, number[]>();

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
  }

  /** Address of at least `bytes` bytes; 0 where the memory cannot grow so far. */
  allocate(bytes: number): number {
    const size = sizeClassBytes(bytes);
    const address = this.#free.get(size)?.pop();
    if (address !== undefined) return address;
    try {
      return this.#memory.grow(size / pageBytes) * pageBytes;
    } catch {
      return 0;
    }
  }

  /** Frees what `allocate` returned for the same number of bytes. */
  release(address: number, bytes: number): void {
    const size = sizeClassBytes(bytes);
    const blocks = this.#free.get(size);
    if (blocks === undefined) this.#free.set(size, [address]);
    else blocks.push(address);
  }
}

/** The size class of so many bytes. */
export function sizeClassBytes(bytes: number): number {
  let size = pageBytes;
  while (size < bytes) size *= 2;
  return size;
}
