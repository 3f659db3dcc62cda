// A call in the form of tasks, for the scheduler and for the runner on the calling thread.

import { beyondMemory, type Call, describeInput, internal } from "../input/call.ts";
import { failure } from "../input/errors.ts";
import { type Checks, checksAfter, numbersAtOnce } from "../input/finite.ts";
import { code } from "../wasm/abi.ts";
import { BlockTask, expansionsOf, type Share } from "./block.ts";
import type { Budget } from "./blocks.ts";
import type { Operation, Sink } from "./operation.ts";
import type { Task } from "./task.ts";
import { Work } from "./work.ts";

/** Budget for results that other work depends on, in bytes; one chain of paths may exceed it. */
const mostHeldBytes = 256 * 1024 * 1024;

export class Job {
  readonly operation: Operation;
  readonly call: Call;
  /** Estimated nanoseconds of the whole call on one thread. */
  readonly cost: number;
  /** State of the scheduler for this job. */
  owner: unknown;
  /** Number of paths whose results are complete. */
  done = 0;
  /** Set by the scheduler when the call is abandoned: further results are dropped. */
  cancelled = false;
  readonly #work: Work;
  /** Work that other work depends on, and the bytes of its results. */
  #before: Work[] | undefined;
  #heldBytes = 0;
  /**
   * Tasks whose dependencies are complete. Allocated on demand: thousands of small calls may wait,
   * and have none.
   */
  #ready: Task[] | undefined;
  /**
   * Whether input needs no check for finite numbers any more: it is known to be finite, need not
   * be, or is being checked.
   */
  #inspected: boolean;

  /** @param inspected - whether input needs no check for finite numbers any more */
  constructor(
    operation: Operation,
    call: Call,
    sinks: readonly (Sink | undefined)[],
    budget: Budget,
    cost: number,
    inspected: boolean,
  ) {
    this.operation = operation;
    this.call = call;
    this.cost = cost;
    this.#inspected = inspected || !call.checkFinite;
    this.#work = new Work(this, operation, { call, first: 0, end: call.batch }, sinks, budget);
  }

  /** Number of paths. */
  get total(): number {
    return this.call.batch;
  }

  /**
   * A hash of everything that calls must have in common to be coalesced; `undefined`: not
   * coalesced.
   */
  get key(): number | undefined {
    if (!this.operation.coalesces || !this.#work.isUncut) return undefined;
    const { channels, depth, bits, dtype } = this.call;
    return (((this.operation.kernel.code * 31 + depth) * 1024 + bits) * 2 + dtype) * 65536 + channels;
  }

  /** Whether a job with the same key can share a task with this one. */
  canCoalesceWith(other: Job): boolean {
    if (other.operation !== this.operation) return false;
    const [a, b] = [this.call, other.call];
    return (
      a.channels === b.channels &&
      a.depth === b.depth &&
      a.bits === b.bits &&
      a.dtype === b.dtype &&
      expansionsOf(a) === expansionsOf(b) &&
      (!a.stream || a.points === b.points) &&
      this.operation.kernel.inputs.every((input) => (input.of(a) === undefined) === (input.of(b) === undefined))
    );
  }

  /** Whether `next` has a task ready. */
  get hasNext(): boolean {
    if (this.#ready !== undefined && this.#ready.length > 0) return true;
    return this.#before?.some(({ hasNext }) => hasNext) || (this.#work.hasNext && this.#heldBytes < mostHeldBytes);
  }

  /** The next task; `undefined`: none is ready, though running tasks may make others ready. */
  next(): Task | undefined {
    const ready = this.#ready?.shift();
    if (ready !== undefined) return ready;
    for (const work of this.#before ?? []) {
      if (work.hasNext) return work.next();
    }
    return this.#work.hasNext && this.#heldBytes < mostHeldBytes ? this.#work.next() : undefined;
  }

  /** All items of the job, as parts of one task. */
  shares(): Share[] {
    const shares: Share[] = [];
    for (let part = this.#work.nextPart(); part !== undefined; part = this.#work.nextPart())
      shares.push({ work: this.#work, part });
    return shares;
  }

  /** Adds a task that is ready. */
  ready(task: Task): void {
    this.#ready ??= [];
    this.#ready.push(task);
  }

  /** Adds work that other work depends on. */
  precede(work: Work): void {
    this.#before = [...(this.#before ?? []).filter(({ hasNext }) => hasNext), work];
  }

  /** Adjusts the bytes held by results of such work. */
  hold(bytes: number): void {
    this.#heldBytes += bytes;
  }

  /** Checks to run after a kernel reported a non-finite number; `undefined`: already made. */
  inspect(): Checks | undefined {
    if (this.#inspected) return undefined;
    this.#inspected = true;
    return checksAfter(this.operation.kernel.inputs, this.call, numbersAtOnce);
  }

  /**
   * Makes one task of the first of some jobs that can share one with this job, within a budget and
   * a cost; removes them from the list.
   */
  coalesce(jobs: Job[], budget: Budget, cost: number): Task | undefined {
    const shares: Share[] = [];
    let items = 0;
    let points = 1;
    let spent = 0;
    let taken = 0;
    for (const job of jobs) {
      if (job.cancelled) {
        taken += 1;
        continue;
      }
      const { channels, bytes, rows, row, batch, points: length } = job.call;
      const count = items + batch;
      const longest = Math.max(points, length);
      const fits =
        count * longest * channels * bytes <= budget.input &&
        count * rows * row * bytes <= budget.output &&
        spent < cost;
      if (shares.length > 0 && !fits) break;
      taken += 1;
      shares.push(...job.shares());
      items = count;
      points = longest;
      spent += job.cost;
    }
    jobs.splice(0, taken);
    return shares.length === 0 ? undefined : new BlockTask(shares);
  }

  /** The error for a task that a kernel rejected. */
  refused(refusal: number): Error {
    const { call, operation } = this;
    if (refusal === code.UNSUPPORTED) return beyondMemory(call);
    if (refusal !== code.OUT_OF_MEMORY) return internal(operation.name, call, `code ${refusal}`);
    const what = describeInput(call);
    const isOfRows = call.item === "row";
    return failure(
      "OUT_OF_MEMORY",
      isOfRows ? "a" : "paths",
      `${what}, depth ${call.depth}`,
      `such that a block of four ${call.item}s fits into the memory of a thread`,
      `A block of ${operation.name} of ${what} at depth ${call.depth} does not fit into \
the memory of a thread: lower the depth${isOfRows ? " or the channels" : ", the channels or the length"}`,
    );
  }
}
