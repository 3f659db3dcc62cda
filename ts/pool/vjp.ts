// Gradients as tasks for threads: blocks of paths with their cotangents. What a block stages is core's (vjp-task.ts); who does them and when is the pool's.

import { type Call, internal } from "../input/call.ts";
import { checkCotangentInParts } from "../input/cotangent.ts";
import { failure } from "../input/errors.ts";
import { checkPathsInParts } from "../input/finite.ts";
import type { ReadRows } from "../input/paths.ts";
import { beyondMemory } from "../run/arena.ts";
import type { Budget } from "../run/blocks.ts";
import { lanes } from "../run/blocks.ts";
import type { Memory } from "../run/stage.ts";
import { failed, RESULT } from "../run/task.ts";
import type { Gradients } from "../run/vjp-run.ts";
import { NOT_FINITE, VjpBlock } from "../run/vjp-task.ts";
import type { Job, Task } from "./job.ts";

/** Numbers looked at for being finite in one go: about a millisecond. */
const lookNumbers = 2 ** 20;
/** A block stages no more than a vector's lanes of paths need, and where even those need more than this, one path. */
const mostBytes = 64 * 1024 * 1024;

/** Paths of a block within a budget: all if they fit, else as many as do, in whole vectors, one vector at least. */
export function pathsOfVjpBlock(call: Call, budget: Budget): number {
  const { batch, points, channels, rows, row, bytes } = call;
  const output = points * channels * bytes;
  const input = output + rows * row * bytes;
  if (lanes * (input + output) > mostBytes) return 1;
  const paths = Math.min(Math.floor(budget.input / input), Math.floor(budget.output / output));
  return paths >= batch ? batch : Math.max(lanes, paths - (paths % lanes));
}

/** One call's gradients. */
export class VjpJob implements Job {
  readonly call: Call;
  readonly cotangents: ReadRows;
  readonly gradients: Gradients;
  readonly key = undefined;
  readonly cost: number;
  owner: unknown;
  done = 0;
  cancelled = false;
  readonly #paths: number;
  #next = 0;
  #looked = false;

  constructor(call: Call, cotangents: ReadRows, gradients: Gradients, budget: Budget, cost: number) {
    this.call = call;
    this.cotangents = cotangents;
    this.gradients = gradients;
    this.cost = cost;
    this.#paths = pathsOfVjpBlock(call, budget);
  }

  get total(): number {
    return this.call.batch;
  }

  get hasNext(): boolean {
    return this.#next < this.call.batch;
  }

  next(): Task | undefined {
    if (!this.hasNext) return undefined;
    const first = this.#next;
    this.#next = Math.min(this.call.batch, first + this.#paths);
    return new VjpTask(this, new VjpBlock(this.call, this.cotangents, first, this.#next - first));
  }

  canCoalesceWith(): boolean {
    return false;
  }

  coalesce(): undefined {
    return undefined;
  }

  inspect(): Iterator<void> | undefined {
    if (this.#looked) return undefined;
    this.#looked = true;
    return this.#look();
  }

  /** In the order in which a call on this thread would find them. */
  *#look(): Generator<void> {
    yield* checkPathsInParts(this.call, lookNumbers);
    yield* checkCotangentInParts(this.call, this.cotangents, lookNumbers);
    throw internal(this.call, "numbers that were not finite are now");
  }

  refused(code: number): Error {
    const { call } = this;
    const shape = `(${call.batch}, ${call.points}, ${call.channels})`;
    if (code === failed.UNSUPPORTED) return beyondMemory(call);
    if (code !== failed.OUT_OF_MEMORY) return internal(call, `code ${code}`);
    return failure(
      "OUT_OF_MEMORY",
      "paths",
      `paths ${shape}, depth ${call.depth}`,
      "such that a block of their gradients fits into the memory of a thread",
      `A block of gradients of paths ${shape} at depth ${call.depth} does not fit into the memory of a thread: lower the depth, the channels or the length`,
    );
  }
}

class VjpTask implements Task {
  readonly isLight = false;
  readonly jobs: readonly VjpJob[];
  readonly #block: VjpBlock;

  constructor(job: VjpJob, block: VjpBlock) {
    this.jobs = [job];
    this.#block = block;
  }

  get bytes(): number {
    return this.#block.end;
  }

  get name(): string {
    const { first, count } = this.#block;
    return count === 1 ? `gradients of path ${first}` : `gradients of paths ${first}…${first + count - 1}`;
  }

  stage(memory: Memory, at: number): void {
    this.#block.stage(memory, at);
  }

  take(memory: Memory, at: number): void {
    const [job] = this.jobs as [VjpJob];
    if (job.cancelled || memory.u32[at / 4 + RESULT] === NOT_FINITE) return;
    this.#block.take(memory, at, job.gradients);
    job.done += this.#block.count;
  }

  separate(): readonly Task[] {
    return [this];
  }
}
