// The crew whose threads share nothing: each task goes to a worker in a buffer of its own, by transfer, and comes back in it. For
// hosts without shared memory, which pages are as long as they are not cross-origin isolated.

import { transfer } from "comlink/dist/esm/comlink.mjs";
import type { Memory } from "../run/stage.ts";
import { RESULT } from "../run/task.ts";
import type { Crew, CrewEvents } from "./executor.ts";
import { type StartWorker, textOf } from "./host.ts";
import type { Task } from "./job.ts";
import { roomBytes } from "./size-classes.ts";
import { Member } from "./worker-handle.ts";

/** Tasks that are with a worker at once: one in hand, one that waits while messages travel. */
const tasksOfThread = 2;
/** Workers that die before they were ready, one after the other, until there will be no more of them. */
const mostFailures = 3;
/** Buffers that are kept for the next tasks, for each thread. */
const sparesOfThread = 4;

/** A worker and what was sent to it, in its order. */
interface Post {
  readonly member: Member;
  readonly ready: Promise<boolean>;
  readonly tasks: Task[];
}

interface Back {
  readonly task: Task;
  readonly buffer: ArrayBuffer;
}

export class TransferCrew implements Crew {
  readonly mode = "transfer";
  readonly #module: WebAssembly.Module;
  readonly #variant: string;
  readonly #threads: number;
  readonly #startWorker: StartWorker;
  readonly #events: CrewEvents;
  readonly #posts: (Post | undefined)[] = [];
  readonly #back: Back[] = [];
  readonly #spares: ArrayBuffer[] = [];
  #closed = false;
  #failures = 0;
  #replaced = 0;
  #held = true;

  constructor(
    module: WebAssembly.Module,
    variant: string,
    threads: number,
    startWorker: StartWorker,
    events: CrewEvents,
  ) {
    this.#module = module;
    this.#variant = variant;
    this.#threads = threads;
    this.#startWorker = startWorker;
    this.#events = events;
  }

  get room(): number {
    if (this.#closed) return 0;
    const sent = this.#posts.reduce((sum, post) => sum + (post?.tasks.length ?? 0), 0);
    return Math.max(0, this.#capacity * tasksOfThread - sent - this.#back.length);
  }

  /** Workers that there are or may be. */
  get #capacity(): number {
    return this.#failures < mostFailures ? this.#threads : this.#posts.filter((post) => post !== undefined).length;
  }

  get workers(): number {
    return this.#posts.filter((post) => post?.member.ready).length;
  }

  get replaced(): number {
    return this.#replaced;
  }

  get memoryBytes(): number {
    return this.#spares.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  submit(task: Task): void {
    const post = this.#choose();
    const buffer = this.#buffer(task.bytes);
    task.stage(viewsOf(buffer), 0);
    post.tasks.push(task);
    void this.#send(post, task, buffer);
  }

  cancel(): void {
    // What was sent is out of reach.
  }

  collect(enough: () => boolean): void {
    while (this.#back.length > 0) {
      const { task, buffer } = this.#back.shift() as Back;
      const views = viewsOf(buffer);
      this.#events.finished(task, (views.u32[RESULT] as number) | 0, views, 0);
      if (this.#spares.length < sparesOfThread * this.#threads) this.#spares.push(buffer);
      if (enough()) return;
    }
  }

  announce(): void {
    // Each was sent at once.
  }

  rest(): void {
    // Every task's coming back is a message anyway.
    if (this.#back.length > 0) this.#events.awake();
  }

  hold(needed: boolean): void {
    this.#held = needed;
    for (const post of this.#posts) post?.member.hold(needed);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#posts.splice(0).map((post) => post?.member.terminate()));
  }

  /** The worker with the least to do, a new one if all have something. */
  #choose(): Post {
    let best: Post | undefined;
    for (const post of this.#posts) {
      if (post !== undefined && (best === undefined || post.tasks.length < best.tasks.length)) best = post;
    }
    if (best !== undefined && (best.tasks.length === 0 || this.#failures >= mostFailures)) return best;
    for (let number = 0; number < this.#threads; number++) {
      if (this.#posts[number] === undefined) return this.#hire(number);
    }
    return best as Post;
  }

  #hire(number: number): Post {
    const member = new Member(
      number,
      this.#startWorker,
      () => undefined,
      (_, reason) => this.#lose(post, reason),
    );
    member.hold(this.#held);
    const ready = member.start(() => ({ module: this.#module, variant: this.#variant, shared: undefined }));
    const post: Post = { member, ready, tasks: [] };
    this.#posts[number] = post;
    return post;
  }

  #buffer(bytes: number): ArrayBuffer {
    const size = roomBytes(bytes);
    const at = this.#spares.findIndex(({ byteLength }) => byteLength === size);
    return at < 0 ? new ArrayBuffer(size) : (this.#spares.splice(at, 1)[0] as ArrayBuffer);
  }

  async #send(post: Post, task: Task, buffer: ArrayBuffer): Promise<void> {
    try {
      if (!(await post.ready)) return; // reported by #lose
      this.#failures = 0;
      const back = await post.member.api.run(transfer(buffer, [buffer]));
      if (this.#closed || post.member.ended) return;
      post.tasks.splice(post.tasks.indexOf(task), 1);
      this.#back.push({ task, buffer: back });
      this.#events.awake();
    } catch (error) {
      if (post.member.ended) return;
      void post.member.terminate();
      this.#lose(post, textOf(error));
    }
  }

  /** A worker ended, or could not start: what it has done in part is lost. */
  #lose(post: Post, reason: string): void {
    const { member, tasks } = post;
    if (this.#closed || this.#posts[member.number] !== post) return;
    this.#posts[member.number] = undefined;
    if (member.ready) this.#replaced += 1;
    else this.#failures += member.silent ? mostFailures : 1;
    const none = this.#failures >= mostFailures && this.#posts.every((other) => other === undefined);
    if (none) this.#closed = true;
    // Tasks are done in the order in which they were sent, so the first is the one that it had in hand.
    for (const [i, task] of tasks.splice(0).entries()) this.#events.lost(task, i === 0 && member.ready, reason);
    if (none) this.#events.unable(reason);
    else this.#events.awake();
  }
}

const viewsOf = (buffer: ArrayBuffer): Memory => ({
  f32: new Float32Array(buffer),
  f64: new Float64Array(buffer),
  u32: new Uint32Array(buffer),
});
