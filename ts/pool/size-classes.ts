// A size-class allocator for tasks in a memory that only grows. It owns the pages that it has
// grown, whatever else uses the memory. Blocks are powers of two and are reused for tasks of the
// same size class; they are never returned to the memory.

/** A page of WebAssembly, and the smallest size class. */
const pageBytes = 65536;

export class SizeClassAllocator {
  readonly #memory: WebAssembly.Memory;
  readonly #free = new Map<number, number[]>();

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
  }

  /** Address of at least `bytes` bytes; 0 if the memory cannot grow. */
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

  /** Frees a block that `allocate` returned for the same number of bytes. */
  release(address: number, bytes: number): void {
    const size = sizeClassBytes(bytes);
    const blocks = this.#free.get(size);
    if (blocks === undefined) this.#free.set(size, [address]);
    else blocks.push(address);
  }
}

/** The size class for a number of bytes. */
export function sizeClassBytes(bytes: number): number {
  let size = pageBytes;
  while (size < bytes) size *= 2;
  return size;
}
