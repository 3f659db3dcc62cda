// A call as a scheduler, or the runner on this thread, sees it: tasks, until all its paths are done.

import { beyondMemory, type Call, describeInput, internal } from "../input/call.ts";
import { failure } from "../input/errors.ts";
import { type Checks, checksAfter, numbersAtOnce } from "../input/finite.ts";
import { code } from "../wasm/abi.ts";
import { BlockTask, type Share } from "./block.ts";
import type { Budget } from "./blocks.ts";
import type { Operation, Sink } from "./operation.ts";
import type { Task } from "./task.ts";
import { Work } from "./work.ts";

/** Rows computed before others are held in so many bytes at most, or for one chain of paths. */
const mostHeldBytes = 256 * 1024 * 1024;

export class Job {
  readonly operation: Operation;
  readonly call: Call;
  /** Estimated nanoseconds of all of it on one thread. */
  readonly cost: number;
  /** The scheduler's entry for it. */
  owner: unknown;
  /** Paths whose results are there. */
  done = 0;
  /** Set by the scheduler once nobody waits for it: results that still come are dropped. */
  cancelled = false;
  readonly #work: Work;
  /** Work that some paths wait for, and bytes that results of such work hold. */
  #before: Work[] | undefined;
  #heldBytes = 0;
  /** Tasks that others have made possible. Small calls, of which thousands may wait, have none. */
  #ready: Task[] | undefined;
  /** Whether all numbers are known to be finite, or may be what they are, or are being looked at. */
  #inspected: boolean;

  /** @param inspected - whether nothing needs to be checked for being finite any more */
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

  /** Paths. */
  get total(): number {
    return this.call.batch;
  }

  /** A hash of what must be equal for calls to be computed together; `undefined`: this one is not. */
  get key(): number | undefined {
    if (!this.operation.coalesces || !this.#work.isUncut) return undefined;
    const { channels, depth, bits, dtype } = this.call;
    return (((this.operation.kernel.code * 31 + depth) * 1024 + bits) * 2 + dtype) * 65536 + channels;
  }

  /** Whether a job of the same key can share a task with this one. */
  canCoalesceWith(other: Job): boolean {
    if (other.operation !== this.operation) return false;
    const [a, b] = [this.call, other.call];
    return (
      a.channels === b.channels &&
      a.depth === b.depth &&
      a.bits === b.bits &&
      a.dtype === b.dtype &&
      (!a.stream || a.points === b.points) &&
      this.operation.kernel.inputs.every((input) => (input.of(a) === undefined) === (input.of(b) === undefined))
    );
  }

  /** Whether `next` may return a task at once. */
  get hasNext(): boolean {
    if (this.#ready !== undefined && this.#ready.length > 0) return true;
    return this.#before?.some(({ hasNext }) => hasNext) || (this.#work.hasNext && this.#heldBytes < mostHeldBytes);
  }

  /** The next task; `undefined`: there is none now, though there may be one when others are done. */
  next(): Task | undefined {
    const ready = this.#ready?.shift();
    if (ready !== undefined) return ready;
    for (const work of this.#before ?? []) {
      if (work.hasNext) return work.next();
    }
    return this.#work.hasNext && this.#heldBytes < mostHeldBytes ? this.#work.next() : undefined;
  }

  /** All its items as parts of one task. */
  shares(): Share[] {
    const shares: Share[] = [];
    for (let part = this.#work.nextPart(); part !== undefined; part = this.#work.nextPart())
      shares.push({ work: this.#work, part });
    return shares;
  }

  /** A task that can be done now. */
  ready(task: Task): void {
    this.#ready ??= [];
    this.#ready.push(task);
  }

  /** Work that some paths wait for. */
  precede(work: Work): void {
    this.#before = [...(this.#before ?? []).filter(({ hasNext }) => hasNext), work];
  }

  /** Results of such work take so many bytes more, or fewer. */
  hold(bytes: number): void {
    this.#heldBytes += bytes;
  }

  /** Checks to make after a kernel reported that something is not finite; `undefined`: they have been made. */
  inspect(): Checks | undefined {
    if (this.#inspected) return undefined;
    this.#inspected = true;
    return checksAfter(this.operation.kernel.inputs, this.call, numbersAtOnce);
  }

  /**
   * Makes one task of the first of some jobs that can share one with this job, as many as fit a budget and a cost;
   * removes them from the list.
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

  /** The error for a task that a kernel refused. */
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
      `A block of ${operation.name} of ${what} at depth ${call.depth} does not fit into the memory of a thread: lower the depth${isOfRows ? " or the channels" : ", the channels or the length"}`,
    );
  }
}
