// The control block in shared memory: which tasks are published, which are finished, and whom to
// wake. It has both sides of the protocol, and knows nothing of the contents of tasks.
//
// The calling thread fills a slot and publishes its number in a ring buffer. Workers take numbers
// from the ring with an atomic counter, and update the state of the slots. The calling thread never
// blocks: a worker sends it a message, at most one for each request (`arm`).
//
// No wake-up is lost: a thread announces that it is about to sleep before it looks for work a last
// time, and a thread that has published work looks for sleepers afterwards. There are no locks,
// which a worker could hold when it dies.

// Words of the control block.
/** Changes whenever there may be work. Workers sleep on it. */
const EVENTS = 0;
/** Counts of tasks taken, published and done; they wrap around. */
const TAKEN = 1;
const PUBLISHED = 2;
const DONE = 3;
/** Workers asleep or about to be. A worker that dies asleep stays counted, which is harmless. */
const SLEEPERS = 4;
/** 1: workers must stop. */
const STOP = 5;
/** 1: the calling thread requests a message, */
const ARMED = 6;
/** when this many tasks are done, or one with an urgent slot. */
const ENOUGH = 7;
/** Messages that a worker must have received before it runs a task published after them. */
const MESSAGES = 8;
const HEADER = 16;

// Words of a slot.
const STATE = 0;
const ADDRESS = 1;
const URGENT = 2;
/** A slot is a cache line, so that threads that work on different slots do not share one. */
const SLOT = 16;

// States of a slot.
const FREE = 0;
const READY = 1;
const CANCELLED = 2;
const FINISHED = 3;
/** Taken by worker number state − BUSY. */
const BUSY = 16;

/** Size of a control block with `slots` slots, in bytes. */
export const controlBytes = (slots: number): number => 4 * (HEADER + slots + slots * SLOT);

/** State common to both sides. */
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

  /** Whether the calling thread must be woken now. True once per request. */
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
  /** Tasks published since workers were woken. */
  #unannounced = 0;

  constructor(buffer: ArrayBufferLike, address: number, slots: number) {
    super(buffer, address, slots);
    this.words.fill(0);
    this.#free = Array.from({ length: slots }, (_, i) => slots - 1 - i);
  }

  get freeSlots(): number {
    return this.#free.length;
  }

  /** Slots in flight, in the order of their publication. */
  get inFlight(): ReadonlySet<number> {
    return this.#inFlight;
  }

  /** A free slot, to be published. */
  acquire(): number {
    const slot = this.#free.pop();
    if (slot === undefined) throw new Error("no slot is free");
    return slot;
  }

  /** Lets workers take a slot, whose task is at an address. Wakes none of them. */
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

  /** Wakes as many workers as tasks have been published since the last call. */
  wakeWorkers(): void {
    const { words } = this;
    if (this.#unannounced === 0) return;
    Atomics.add(words, EVENTS, 1);
    if (Atomics.load(words, SLEEPERS) > 0) Atomics.notify(words, EVENTS, this.#unannounced);
    this.#unannounced = 0;
  }

  /**
   * Records a message to all workers, which must be received before tasks published from now on.
   */
  announceMessage(): void {
    Atomics.add(this.words, MESSAGES, 1);
  }

  /** Withdraws a slot that no worker has taken. It will be finished, without results. */
  cancel(slot: number): void {
    Atomics.compareExchange(this.words, this.slot(slot, STATE), READY, CANCELLED);
  }

  isFinished(slot: number): boolean {
    return Atomics.load(this.words, this.slot(slot, STATE)) === FINISHED;
  }

  /** The worker that runs a slot's task, or −1. */
  holder(slot: number): number {
    const state = Atomics.load(this.words, this.slot(slot, STATE));
    return state >= BUSY ? state - BUSY : -1;
  }

  /** Frees a slot. */
  release(slot: number): void {
    Atomics.store(this.words, this.slot(slot, STATE), FREE);
    this.#inFlight.delete(slot);
    this.#free.push(slot);
  }

  /**
   * Requests a message when `more` of the slots in flight are finished, or one that is urgent.
   * @returns `false` if that is already the case; then no message is sent
   */
  arm(more: number, urgent: (slot: number) => boolean): boolean {
    const { words } = this;
    // Relative to the slots released before, so finished but unreleased slots count towards `more`.
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

  /** Stops the workers: each finishes its current task and takes no other. */
  stop(): void {
    Atomics.store(this.words, STOP, 1);
    Atomics.add(this.words, EVENTS, 1);
    Atomics.notify(this.words, EVENTS);
  }
}

/** A worker's side. */
export class Consumer extends Control {
  readonly #worker: number;
  /** A slot that was taken before its required messages had been received; −1: none. */
  #waiting = -1;

  constructor(buffer: ArrayBufferLike, address: number, slots: number, worker: number) {
    super(buffer, address, slots);
    this.#worker = worker;
  }

  /** Number of messages that have been sent. */
  get messages(): number {
    return Atomics.load(this.words, MESSAGES);
  }

  /**
   * Runs tasks until it is stopped or has messages to receive. Blocks the thread.
   *
   * @param received - messages received so far
   * @param perform - runs the task at an address
   * @param wake - sends the calling thread a message
   * @returns whether it was stopped; else there are messages
   */
  serve(received: number, perform: (address: number) => void, wake: () => void): boolean {
    const { words } = this;
    for (;;) {
      const events = Atomics.load(words, EVENTS);
      if (Atomics.load(words, STOP) !== 0) return true;
      const slot = this.#waiting >= 0 ? this.#waiting : this.#take();
      this.#waiting = -1;
      if (slot < 0) {
        Atomics.add(words, SLEEPERS, 1);
        // Returns at once if the word has changed since it was read.
        Atomics.wait(words, EVENTS, events);
        Atomics.sub(words, SLEEPERS, 1);
        continue;
      }
      // Read after the task was taken: its required messages were sent before it was published.
      if (this.messages !== received) {
        this.#waiting = slot;
        return false;
      }
      const state = this.slot(slot, STATE);
      // A cancelled slot is only counted.
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
      // Read before it is claimed: afterwards the ring may have wrapped around.
      const slot = Atomics.load(words, this.ring(index));
      if (Atomics.compareExchange(words, TAKEN, index, (index + 1) | 0) === index) return slot;
    }
  }
}
