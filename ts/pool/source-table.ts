// Sources: memory that a caller shares, from which workers read points directly, so that these are
// not staged. Each worker is sent the buffer once; tasks refer to it by number.

/** Sources that workers keep for reuse. */
const maxKept = 3;

export interface Source {
  readonly number: number;
  readonly buffer: SharedArrayBuffer;
  /** Tasks in flight that read it. */
  uses: number;
}

export class SourceTable {
  readonly #known: Source[] = [];
  readonly #send: (number: number, buffer: SharedArrayBuffer | undefined) => void;
  #next = 1;
  #used: Source | undefined;
  /** Number of messages sent so far. */
  messages = 0;

  /** @param send - sends all workers a source, or `undefined` to drop it */
  constructor(send: (number: number, buffer: SharedArrayBuffer | undefined) => void) {
    this.#send = send;
  }

  /** All sources by number, for a worker that starts. */
  get buffers(): ReadonlyMap<number, SharedArrayBuffer> {
    return new Map(this.#known.map(({ number, buffer }) => [number, buffer]));
  }

  /** The number of a buffer, which the task that is being staged uses. */
  readonly numberOf = (buffer: SharedArrayBuffer): number => {
    let source = this.#known.find((known) => known.buffer === buffer);
    if (source === undefined) {
      this.#evict();
      source = { number: this.#next++, buffer, uses: 0 };
      this.#known.push(source);
      this.#tell(source.number, buffer);
    }
    this.#used = source;
    return source.number;
  };

  /** Stages a task. @returns the source that it uses, now counted as in use */
  stage(task: () => void): Source | undefined {
    this.#used = undefined;
    task();
    const used = this.#used as Source | undefined;
    if (used !== undefined) used.uses += 1;
    return used;
  }

  /** Drops the oldest unused sources until there is space for one more. */
  #evict(): void {
    for (const source of [...this.#known]) {
      if (this.#known.length < maxKept) return;
      if (source.uses > 0) continue;
      this.#known.splice(this.#known.indexOf(source), 1);
      this.#tell(source.number, undefined);
    }
  }

  #tell(number: number, buffer: SharedArrayBuffer | undefined): void {
    this.messages += 1;
    this.#send(number, buffer);
  }
}
