// The crew whose threads share memory: tasks are staged once, where every worker finds them, taken from an atomic counter, and read
// where they were done. The protocol is control.ts's.
//
// A worker that ends, or whose kernel traps, may have left the memory in doubt (the allocator's lock, half a table). So all others
// are sent home, each after the task that it has in hand; what is done is reported, the rest is reported lost, and everybody starts
// again in a new memory. Whoever does not come home in time is ended too.

import type { Memory } from "../run/stage.ts";
import { failed, RESULT } from "../run/task.ts";
import { controlBytes, Dispatcher } from "./control.ts";
import type { Crew, CrewEvents } from "./executor.ts";
import { type StartWorker, textOf } from "./host.ts";
import type { Task } from "./job.ts";
import { Here, type Instances } from "./local.ts";
import { Regions } from "./size-classes.ts";
import { Member } from "./worker-handle.ts";

/** Tasks in flight for each thread: one in hand, others ready while the calling thread sleeps, reads and stages. */
const slotsOfThread = 16;
/** With more to come, the calling thread is woken when such a share is done: before threads run out, and not for each task. */
const wakeShare = 0.25;
/** Sleeping workers are woken for the first task, then once for so many, and when there are no more: it takes as long as staging one does. */
const tasksOfCall = 4;
/** Buffers of callers that workers hold on to. */
const sourcesKept = 3;
/** What a memory begins with: the binary's own data and stack need less. */
const firstPages = 64;
/** The most that a shared memory may have, as the binary declares it: 1 GiB. */
const mostPages = 16384;
/** Whoever has not come home by then will not. No task of a grid takes a tenth of it. */
const homeMilliseconds = 1000;
/** Workers that die before they were ready, one after the other, until there will be no more of them. */
const mostFailures = 3;

/** Memory for the binary that lives in a shared one. @throws where the engine gives none */
export const sharedMemory = (): WebAssembly.Memory =>
  new WebAssembly.Memory({ initial: firstPages, maximum: mostPages, shared: true });

/** What the crew computes with. */
export interface Binary {
  readonly module: WebAssembly.Module;
  readonly variant: string;
  /** Whether it lives in shared memory; else each worker has a memory of its own, and tasks are copied there and back. */
  readonly inside: boolean;
}

interface InFlight {
  readonly task: Task;
  readonly address: number;
  /** What its numbers are taken from, where that is not staged. */
  readonly source: Source | undefined;
}

/** A buffer of a caller that workers read themselves. */
interface Source {
  readonly number: number;
  readonly buffer: SharedArrayBuffer;
  /** Tasks in flight that read it. */
  uses: number;
}

/** A memory with all that is in flight in it. */
class Ground {
  readonly memory: WebAssembly.Memory;
  readonly control: number;
  readonly slots: number;
  readonly dispatcher: Dispatcher;
  readonly regions: Regions;
  readonly tasks = new Map<number, InFlight>();
  /** Messages about sources that were sent to everybody here. */
  mail = 0;
  readonly #sourceOf: (buffer: SharedArrayBuffer) => number;
  #views: Memory | undefined;

  /** @throws where the engine gives no such memory */
  constructor(threads: number, sourceOf: (buffer: SharedArrayBuffer) => number) {
    this.#sourceOf = sourceOf;
    let slots = slotsOfThread;
    while (slots < threads * slotsOfThread) slots *= 2;
    this.slots = slots;
    this.memory = sharedMemory();
    this.regions = new Regions(this.memory);
    this.control = this.regions.take(controlBytes(slots));
    if (this.control === 0) throw new Error("the engine gave no shared memory");
    this.dispatcher = new Dispatcher(this.memory.buffer, this.control, slots);
  }

  /** The memory as it is now. */
  get views(): Memory {
    const { buffer } = this.memory;
    if (this.#views?.u32.buffer !== buffer) {
      this.#views = {
        f32: new Float32Array(buffer),
        f64: new Float64Array(buffer),
        u32: new Uint32Array(buffer),
        sourceOf: this.#sourceOf,
      };
    }
    return this.#views as Memory;
  }
}

export class SharedCrew implements Crew {
  readonly mode = "shared";
  readonly #here: Here;
  readonly #binary: Binary;
  readonly #threads: number;
  readonly #startWorker: StartWorker;
  readonly #events: CrewEvents;
  #ground: Ground;
  readonly #members: (Member | undefined)[] = [];
  /** Members at work in the present ground, and the promise of their coming home. */
  readonly #away = new Map<Member, Promise<void>>();
  /** Says that a member has died to whoever waits for its coming home. */
  readonly #deaths = new Map<Member, () => void>();
  /** Members that are to blame for the present ground's end. */
  readonly #blamed = new Map<number, string>();
  readonly #sources: Source[] = [];
  #nextSource = 1;
  /** The source that the task that is being staged takes from. */
  #used: Source | undefined;
  #submitted = 0;
  #clearing = false;
  #closed = false;
  #failures = 0;
  #replaced = 0;
  #held = true;

  /** @throws where the engine gives no shared memory */
  constructor(binary: Binary, threads: number, startWorker: StartWorker, instances: Instances, events: CrewEvents) {
    this.#here = new Here(instances, events);
    this.#binary = binary;
    this.#threads = threads;
    this.#startWorker = startWorker;
    this.#events = events;
    this.#ground = this.#newGround(threads);
  }

  #newGround(threads: number): Ground {
    return new Ground(threads, (buffer) => this.#sourceOf(buffer));
  }

  get room(): number {
    return this.#clearing || this.#closed ? 0 : this.#ground.dispatcher.room;
  }

  get workers(): number {
    return this.#members.filter((member) => member?.ready).length;
  }

  get replaced(): number {
    return this.#replaced;
  }

  get memoryBytes(): number {
    return this.#ground.memory.buffer.byteLength + this.#here.memoryBytes;
  }

  submit(task: Task): void {
    const ground = this.#ground;
    const address = ground.regions.take(task.bytes);
    if (address === 0) {
      this.#events.finished(task, failed.OUT_OF_MEMORY, ground.views, 0);
      return;
    }
    const slot = ground.dispatcher.take();
    this.#used = undefined;
    task.stage(ground.views, address);
    const source = this.#used as Source | undefined;
    if (source !== undefined) source.uses += 1;
    ground.tasks.set(slot, { task, address, source });
    ground.dispatcher.publish(slot, address);
    // Not for each: waking a thread takes longer than staging for it.
    if (this.#submitted++ % tasksOfCall === 0) ground.dispatcher.rouse();
    this.#employ();
  }

  doHere(task: Task): void {
    this.#here.do(task);
  }

  announce(): void {
    this.#submitted = 0;
    this.#ground.dispatcher.rouse();
  }

  /** The number of a buffer of a caller, which workers read themselves. They are told once. */
  #sourceOf(buffer: SharedArrayBuffer): number {
    let source = this.#sources.find((known) => known.buffer === buffer);
    if (source === undefined) {
      this.#forget();
      source = { number: this.#nextSource++, buffer, uses: 0 };
      this.#sources.push(source);
      this.#tell(source.number, buffer);
    }
    this.#used = source;
    return source.number;
  }

  /** Workers hold on to the last few buffers, in case that they come again, and to those that are in use. */
  #forget(): void {
    for (const source of [...this.#sources]) {
      if (this.#sources.length < sourcesKept) return;
      if (source.uses > 0) continue;
      this.#sources.splice(this.#sources.indexOf(source), 1);
      this.#tell(source.number, undefined);
    }
  }

  #tell(number: number, buffer: SharedArrayBuffer | undefined): void {
    this.#ground.mail += 1;
    // Sent first: whoever hears of mail waits until it is there.
    for (const member of this.#away.keys()) member.source(number, buffer);
    this.#ground.dispatcher.announceMail();
  }

  cancel(tasks: (task: Task) => boolean): void {
    const { dispatcher, tasks: all } = this.#ground;
    for (const [slot, { task }] of all) if (tasks(task)) dispatcher.cancel(slot);
  }

  collect(enough: () => boolean): void {
    const { dispatcher } = this.#ground;
    for (const slot of dispatcher.inFlight) {
      if (!dispatcher.isFinished(slot)) continue;
      this.#report(slot);
      if (enough()) return;
    }
  }

  rest(more: boolean, urgent: (task: Task) => boolean): void {
    const { dispatcher, tasks } = this.#ground;
    const count = dispatcher.inFlight.size;
    if (count === 0 || this.#clearing) return;
    const wanted = more ? Math.ceil(count * wakeShare) : count;
    if (!dispatcher.arm(wanted, (slot) => urgent((tasks.get(slot) as InFlight).task))) this.#events.awake();
  }

  hold(needed: boolean): void {
    this.#held = needed;
    for (const member of this.#members) member?.hold(needed);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#ground.dispatcher.stop();
    await Promise.all(this.#members.splice(0).map((member) => member?.terminate()));
  }

  #report(slot: number): void {
    const { dispatcher, tasks, regions, views } = this.#ground;
    const { task, address, source } = tasks.get(slot) as InFlight;
    if (source !== undefined) source.uses -= 1;
    const code = (views.u32[address / 4 + RESULT] as number) | 0;
    this.#events.finished(task, code, views, address);
    tasks.delete(slot);
    regions.give(address, task.bytes);
    dispatcher.release(slot);
  }

  /** Sees to it that there are as many workers as there are tasks, up to all threads. */
  #employ(): void {
    if (this.#clearing || this.#closed || this.#failures >= mostFailures) return;
    const wanted = Math.min(this.#threads, this.#ground.tasks.size);
    for (let number = 0; number < wanted; number++) {
      if (this.#members[number] !== undefined) continue;
      const member = new Member(
        number,
        this.#startWorker,
        () => this.#events.awake(),
        (dead, reason) => this.#lose(dead, reason),
      );
      member.hold(this.#held);
      this.#members[number] = member;
      this.#send(member);
    }
  }

  /** Starts a member in the present ground and lets it serve there. */
  #send(member: Member): void {
    // A worker that ends answers nothing more, so its death has to count as coming home.
    const death = new Promise<void>((resolve) => this.#deaths.set(member, resolve));
    const home = Promise.race([this.#serve(member), death]).then(() => {
      if (this.#away.get(member) === home) this.#away.delete(member);
    });
    this.#away.set(member, home);
  }

  async #serve(member: Member): Promise<void> {
    const ground = this.#ground;
    const { memory, control, slots } = ground;
    const { module, variant, inside } = this.#binary;
    const setup = () => {
      const sources = new Map(this.#sources.map(({ number, buffer }) => [number, buffer]));
      const shared = { memory, control, slots, worker: member.number, sources, mail: ground.mail, inside };
      return { module, variant, shared };
    };
    if (!(await member.start(setup))) return;
    this.#failures = 0;
    try {
      const { fault } = await member.api.serve();
      if (fault !== undefined) void this.#clear(member, `its kernel trapped (${fault})`);
    } catch (error) {
      // What a worker throws is no trap of a kernel: it is not to be trusted any more.
      void member.terminate();
      this.#lose(member, textOf(error));
    }
  }

  /** A member ended, or could not start. */
  #lose(member: Member, reason: string): void {
    if (this.#closed || this.#members[member.number] !== member) return;
    this.#members[member.number] = undefined;
    this.#away.delete(member);
    this.#deaths.get(member)?.();
    this.#deaths.delete(member);
    if (member.ready) {
      this.#replaced += 1;
      void this.#clear(member, reason);
      return;
    }
    // It has touched nothing: the ground is as good as before.
    this.#failures += member.silent ? mostFailures : 1;
    if (this.#clearing) return;
    if (this.#isDeserted) this.#giveUp(reason);
    else this.#employ();
  }

  /** Whether nobody is left and nobody will come. */
  get #isDeserted(): boolean {
    return this.#failures >= mostFailures && this.#members.every((member) => member === undefined);
  }

  #giveUp(reason: string): void {
    this.#closed = true;
    const { tasks } = this.#ground;
    for (const { task } of tasks.values()) this.#events.lost(task, false, reason);
    tasks.clear();
    this.#events.unable(reason);
  }

  /** The ground is in doubt because of a member: everybody leaves it, and begins again in a new one. */
  async #clear(member: Member, reason: string): Promise<void> {
    if (this.#closed) return;
    this.#blamed.set(member.number, reason);
    if (this.#clearing) return;
    this.#clearing = true;
    const ground = this.#ground;
    ground.dispatcher.stop();
    await this.#homecoming();
    if (this.#closed) return;
    this.collect(() => false);
    const lost = [...ground.tasks].map(([slot, { task }]) => ({ task, holder: ground.dispatcher.holder(slot) }));
    ground.tasks.clear();
    for (const source of this.#sources) source.uses = 0;
    const blamed = new Map(this.#blamed);
    this.#blamed.clear();
    this.#clearing = false;
    try {
      this.#ground = this.#newGround(this.#threads);
    } catch (error) {
      this.#failures = mostFailures;
      for (const number of this.#members.keys()) {
        void this.#members[number]?.terminate();
        this.#members[number] = undefined;
      }
      reason = textOf(error);
    }
    for (const other of this.#members) if (other !== undefined) this.#send(other);
    for (const { task, holder } of lost) this.#events.lost(task, blamed.has(holder), blamed.get(holder) ?? reason);
    if (this.#isDeserted) this.#giveUp(reason);
    else this.#events.awake();
  }

  /** Waits until everybody has left the ground; ends those who do not. */
  async #homecoming(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, homeMilliseconds);
    });
    // Those that die meanwhile leave the table, and the promise of each is kept then too.
    await Promise.race([Promise.all(this.#away.values()), late]);
    clearTimeout(timer);
    for (const member of [...this.#away.keys()]) {
      void member.terminate();
      this.#members[member.number] = undefined;
      this.#away.delete(member);
      this.#deaths.delete(member);
      this.#replaced += 1;
      this.#blamed.set(member.number, "it did not come back");
    }
  }
}
