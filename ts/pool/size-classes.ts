// Room for tasks in a memory that only ever grows: pages that the calling thread has grown are its own, whatever else lives in the
// memory. Rooms come in powers of two and are kept for the next task of that size. Nothing is ever given back; a memory is
// dropped as a whole.

/** WebAssembly's page. */
const pageBytes = 65536;

export class Regions {
  readonly #memory: WebAssembly.Memory;
  readonly #free = new Map<number, number[]>();

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
  }

  /** Address of at least `bytes` bytes; 0 where the memory cannot grow so far. */
  take(bytes: number): number {
    const size = roomBytes(bytes);
    const address = this.#free.get(size)?.pop();
    if (address !== undefined) return address;
    try {
      return this.#memory.grow(size / pageBytes) * pageBytes;
    } catch {
      return 0;
    }
  }

  /** Gives back what `take` gave for the same number of bytes. */
  give(address: number, bytes: number): void {
    const size = roomBytes(bytes);
    const rooms = this.#free.get(size);
    if (rooms === undefined) this.#free.set(size, [address]);
    else rooms.push(address);
  }
}

/** The room that so many bytes get. */
export function roomBytes(bytes: number): number {
  let size = pageBytes;
  while (size < bytes) size *= 2;
  return size;
}
