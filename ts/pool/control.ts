// The words that the calling thread and its workers share: which tasks there are to take, which are done, who is to be woken. One
// protocol, both sides of it here; what a task is does not matter. No lost wake-ups: whoever is about to sleep has said so before
// it looks for the last time, and whoever has made work looks for sleepers after it has made it. No locks: nothing that a thread
// could hold when it dies.
//
// The calling thread fills a slot and publishes its number in a ring. Workers take numbers from the ring by moving an atomic
// counter, and mark slots as they go on. The calling thread never waits: a worker sends it a message, at most one between two
// times that it asks for one (`arm`).

// Words of the control block.
/** Changes whenever there may be something to do; workers sleep on it. */
const TICKET = 0;
/** Tasks taken, published, done, since the beginning; they wrap around. */
const TAKEN = 1;
const PUBLISHED = 2;
const DONE = 3;
/** Workers asleep, or about to be. A worker that dies asleep is never subtracted, which costs wake-ups of nobody. */
const SLEEPERS = 4;
/** 1: workers are to go home. */
const STOP = 5;
/** 1: the calling thread wants a message. */
const ARMED = 6;
/** It wants it when so many tasks are done, or when one whose slot is urgent is. */
const ENOUGH = 7;
/** Messages that every worker has to have read before it does a task published after them. */
const MAIL = 8;
const HEADER = 16;

// Words of a slot.
const STATE = 0;
const ADDRESS = 1;
const URGENT = 2;
/** A slot is a cache line, or threads that work on different slots wait for each other. */
const SLOT = 16;

/** States of a slot. */
const FREE = 0;
const READY = 1;
const CANCELLED = 2;
const FINISHED = 3;
/** Taken by worker number state − BUSY. */
const BUSY = 16;

/** Bytes of a control block for so many slots. */
export const controlBytes = (slots: number): number => 4 * (HEADER + slots + slots * SLOT);

/** What both sides know of the block. */
abstract class Control {
  protected readonly words: Int32Array;
  protected readonly slots: number;

  /** @param slots - a power of two */
  constructor(buffer: ArrayBufferLike, address: number, slots: number) {
    this.words = new Int32Array(buffer, address, controlBytes(slots) / 4);
    this.slots = slots;
  }

  protected slot(number: number, word: number): number {
    return HEADER + this.slots + number * SLOT + word;
  }

  protected ring(index: number): number {
    return HEADER + (index & (this.slots - 1));
  }

  /** Whether the calling thread is to be woken now; says yes once for each time it was asked to. */
  protected claimWake(slot: number, done: number): boolean {
    const { words } = this;
    const wanted =
      ((done - Atomics.load(words, ENOUGH)) | 0) >= 0 || Atomics.load(words, this.slot(slot, URGENT)) !== 0;
    return wanted && Atomics.exchange(words, ARMED, 0) === 1;
  }
}

/** The calling thread's side. */
export class Dispatcher extends Control {
  readonly #inFlight = new Set<number>();
  readonly #free: number[];
  /** Published, and nobody told yet. */
  #unannounced = 0;

  constructor(buffer: ArrayBufferLike, address: number, slots: number) {
    super(buffer, address, slots);
    this.words.fill(0);
    this.#free = Array.from({ length: slots }, (_, i) => slots - 1 - i);
  }

  /** Slots that are free. */
  get room(): number {
    return this.#free.length;
  }

  /** Slots in flight, in the order of their publication. */
  get inFlight(): ReadonlySet<number> {
    return this.#inFlight;
  }

  /** A free slot, to be filled and published. */
  take(): number {
    const slot = this.#free.pop();
    if (slot === undefined) throw new Error("no slot is free");
    return slot;
  }

  /** Lets workers have a slot whose task begins at an address. Sleepers are woken by `rouse`. */
  publish(slot: number, address: number): void {
    const { words } = this;
    words[this.slot(slot, ADDRESS)] = address;
    words[this.slot(slot, URGENT)] = 0;
    Atomics.store(words, this.slot(slot, STATE), READY);
    const index = Atomics.load(words, PUBLISHED);
    Atomics.store(words, this.ring(index), slot);
    Atomics.store(words, PUBLISHED, (index + 1) | 0);
    this.#inFlight.add(slot);
    this.#unannounced += 1;
  }

  /** Wakes as many workers as there are tasks published since the last time. */
  rouse(): void {
    const { words } = this;
    if (this.#unannounced === 0) return;
    Atomics.add(words, TICKET, 1);
    if (Atomics.load(words, SLEEPERS) > 0) Atomics.notify(words, TICKET, this.#unannounced);
    this.#unannounced = 0;
  }

  /** Every worker reads a message, which has been sent, before its next task. */
  announceMail(): void {
    Atomics.add(this.words, MAIL, 1);
  }

  /** Takes a slot back if no worker has taken it yet; it is finished then, and its result none. */
  cancel(slot: number): void {
    Atomics.compareExchange(this.words, this.slot(slot, STATE), READY, CANCELLED);
  }

  /** Whether a slot's task is over. */
  isFinished(slot: number): boolean {
    return Atomics.load(this.words, this.slot(slot, STATE)) === FINISHED;
  }

  /** The worker that has a slot's task in hand, or −1. */
  holder(slot: number): number {
    const state = Atomics.load(this.words, this.slot(slot, STATE));
    return state >= BUSY ? state - BUSY : -1;
  }

  /** Gives a slot back. */
  release(slot: number): void {
    Atomics.store(this.words, this.slot(slot, STATE), FREE);
    this.#inFlight.delete(slot);
    this.#free.push(slot);
  }

  /**
   * Asks for a message when `more` of the slots in flight are finished, or one of the urgent ones is.
   * @returns `false` where that is so already, and no message will come.
   */
  arm(more: number, urgent: (slot: number) => boolean): boolean {
    const { words } = this;
    // Counted from those released before, so that slots that are finished and not yet released are among the `more`.
    const released = (Atomics.load(words, PUBLISHED) - this.#inFlight.size) | 0;
    Atomics.store(words, ENOUGH, (released + Math.min(more, this.#inFlight.size)) | 0);
    for (const slot of this.#inFlight) Atomics.store(words, this.slot(slot, URGENT), urgent(slot) ? 1 : 0);
    Atomics.store(words, ARMED, 1);
    const done = Atomics.load(words, DONE);
    for (const slot of this.#inFlight) {
      if (this.isFinished(slot) && this.claimWake(slot, done)) return false;
    }
    return true;
  }

  /** Sends the workers home: each ends what it has in hand and takes nothing more. */
  stop(): void {
    Atomics.store(this.words, STOP, 1);
    Atomics.add(this.words, TICKET, 1);
    Atomics.notify(this.words, TICKET);
  }
}

/** A worker's side. */
export class Taker extends Control {
  readonly #worker: number;
  /** A slot that was taken and waits for messages to be read. */
  #waiting = -1;
  /** Messages read. */
  #read = 0;

  constructor(buffer: ArrayBufferLike, address: number, slots: number, worker: number) {
    super(buffer, address, slots);
    this.#worker = worker;
  }

  /** Messages that have to be read by now. */
  get mail(): number {
    return Atomics.load(this.words, MAIL);
  }

  /**
   * Does task after task until it is sent home, or has messages to read. Blocks the thread.
   *
   * @param read - messages read so far
   * @param perform - does the task at an address
   * @param wake - sends the calling thread a message
   * @returns Whether it was sent home; else there are messages.
   */
  serve(read: number, perform: (address: number) => void, wake: () => void): boolean {
    const { words } = this;
    this.#read = read;
    for (;;) {
      const ticket = Atomics.load(words, TICKET);
      if (Atomics.load(words, STOP) !== 0) return true;
      const slot = this.#waiting >= 0 ? this.#waiting : this.#take();
      this.#waiting = -1;
      if (slot < 0) {
        Atomics.add(words, SLEEPERS, 1);
        // Returns at once where the ticket has changed since it was read.
        Atomics.wait(words, TICKET, ticket);
        Atomics.sub(words, SLEEPERS, 1);
        continue;
      }
      // Looked at after the task was taken: what it needs was sent before it was published.
      if (this.mail !== this.#read) {
        this.#waiting = slot;
        return false;
      }
      const state = this.slot(slot, STATE);
      // A cancelled one is only counted.
      if (Atomics.compareExchange(words, state, READY, BUSY + this.#worker) === READY) {
        perform(words[this.slot(slot, ADDRESS)] as number);
      }
      Atomics.store(words, state, FINISHED);
      const done = (Atomics.add(words, DONE, 1) + 1) | 0;
      if (this.claimWake(slot, done)) wake();
    }
  }

  /** The next slot in the ring, or −1. */
  #take(): number {
    const { words } = this;
    for (;;) {
      const index = Atomics.load(words, TAKEN);
      if (index === Atomics.load(words, PUBLISHED)) return -1;
      // Read before it is claimed: afterwards the ring might have come around.
      const slot = Atomics.load(words, this.ring(index));
      if (Atomics.compareExchange(words, TAKEN, index, (index + 1) | 0) === index) return slot;
    }
  }
}
