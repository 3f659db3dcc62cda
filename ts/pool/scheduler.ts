// The processor's threads as a backend: takes calls, hands their tasks to a crew in turn, so that a small call is not stuck behind a
// huge one, joins small calls of equal options, does again what was lost with a thread, and settles promises. Which threads there are
// and how tasks reach them is the crew's (shared.ts, transfer.ts, calling.ts); what a task computes the operation's.

import type { Backend, CallContext, CheckedCall, CpuOperation, Operation } from "../engine/backend.ts";
import type { Budget } from "../run/blocks.ts";
import { failed } from "../run/task.ts";
import { code } from "../wasm/abi.ts";
import { divide, joinBudget, joinCost } from "./division.ts";
import { closed, exhausted, full } from "./errors.ts";
import type { Crew, CrewEvents, Mode } from "./executor.ts";
import type { Task, Work } from "./job.ts";
import { later } from "./next-tick.ts";

/** Threads that may fail with a task until it is given up. */
const mostTries = 3;
/** A turn ends after so many milliseconds, and the event loop has its own. */
const turnMilliseconds = 2;

/** How a pool is to work. */
export interface PoolSettings {
  readonly threads: number;
  /** Calls that may wait or run at once. */
  readonly maxQueued: number;
  /** Milliseconds without a call after which threads end. */
  readonly idleTimeout: number;
  /** Whether small calls of equal options are joined. */
  readonly coalesce: boolean;
}

/** Makes crews. */
export interface Crews {
  /** What the binary of a crew made now would be; crews of another one are out of date. */
  readonly binary: unknown;
  /** The way of working that a crew made now would have, unless threads turn out not to start. */
  readonly mode: Mode;
  make(threads: number, events: CrewEvents): Promise<Crew>;
  /** A crew that needs no worker. */
  fallBack(events: CrewEvents): Promise<Crew>;
}

const never = () => false;

/** Something that gives tasks when it is its turn: a call, or calls that are joined. */
interface Source {
  /** Whether it stands in the ring. */
  queued: boolean;
  readonly hasNext: boolean;
  next(): Task | undefined;
}

class Job implements Source {
  readonly work: Work;
  readonly context: CallContext;
  readonly operation: Operation;
  readonly call: CheckedCall;
  resolve!: (result: unknown) => void;
  reject!: (error: unknown) => void;
  queued = false;
  /** Where it stands among all jobs; −1: it is settled. */
  place: number;
  /** Whether it got results in this turn. */
  touched = false;
  onAbort: (() => void) | undefined;
  /** Paths reported to `onProgress`. */
  reported = 0;
  /** Whether its numbers are being looked at. */
  looking = false;

  constructor(operation: Operation, call: CheckedCall, work: Work, context: CallContext, place: number) {
    this.operation = operation;
    this.call = call;
    this.work = work;
    this.context = context;
    this.place = place;
  }

  get hasNext(): boolean {
    return !this.work.cancelled && this.work.hasNext;
  }

  next(): Task | undefined {
    return this.work.next();
  }
}

/** Calls of equal options that wait to be joined. */
class Lot implements Source {
  readonly #join: CpuOperation["join"];
  readonly #budget: Budget;
  readonly #threads: number;
  readonly #works: Work[] = [];
  queued = false;
  #cost = 0;

  constructor(join: CpuOperation["join"], budget: Budget, threads: number) {
    this.#join = join;
    this.#budget = budget;
    this.#threads = threads;
  }

  add(work: Work): void {
    this.#works.push(work);
    this.#cost += work.cost;
  }

  /** Whether it has more than a task is worth: no need to wait for who else may come. */
  get isFull(): boolean {
    return this.#cost >= 2 * joinCost(0, 1);
  }

  get hasNext(): boolean {
    return this.#works.length > 0;
  }

  next(): Task | undefined {
    const task = this.#join(this.#works, this.#budget, joinCost(this.#cost, this.#threads));
    if (task !== undefined) for (const work of task.works) this.#cost -= work.cost;
    if (this.#works.length === 0) this.#cost = 0;
    return task;
  }
}

interface Attempt {
  readonly task: Task;
  readonly tries: number;
}

export class ThreadPool implements Backend, CrewEvents {
  readonly device = "cpu";
  readonly warnings: string[] = [];
  readonly #settings: PoolSettings;
  readonly #crews: Crews;
  /** Calls that wait or run, in no order. */
  readonly #jobs: Job[] = [];
  /** Calls whose numbers are being looked at before anything runs. */
  #checking = 0;
  readonly #lots = new Map<Operation, Map<number, Lot>>();
  /** Whose turn it is, first to last. */
  #sources: Source[] = [];
  /** Tasks to be done again. */
  readonly #again: Attempt[] = [];
  readonly #inFlight = new Map<Task, number>();
  /** Calls that got results in this turn. */
  readonly #touched: Job[] = [];
  #crew: Crew | undefined;
  #binary: unknown;
  #preparing = false;
  #unable = false;
  #scheduled = false;
  /** Whether a turn waits for the event loop to have had its own. */
  #postponed = false;
  #inTurn = false;
  #awake = false;
  #held = true;
  #closed = false;
  #aborting = false;
  #replacedBefore = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #whenEmpty: (() => void)[] = [];

  constructor(settings: PoolSettings, crews: Crews) {
    this.#settings = settings;
    this.#crews = crews;
  }

  /** How tasks travel now, or would. */
  get mode(): Mode {
    return this.#crew?.mode ?? (this.#unable ? "calling thread" : this.#crews.mode);
  }

  /** What there is to tell about the pool. */
  get state() {
    return {
      workers: this.#crew?.workers ?? 0,
      replaced: this.#replacedBefore + (this.#crew?.replaced ?? 0),
      memoryBytes: this.#crew?.memoryBytes ?? 0,
      calls: this.#size,
      tasks: this.#inFlight.size,
    };
  }

  get #size(): number {
    return this.#jobs.length + this.#checking;
  }

  run<C extends CheckedCall>(operation: Operation<C>, call: C, context: CallContext): Promise<unknown> {
    try {
      context.signal?.throwIfAborted();
      if (this.#closed) throw closed();
      if (this.#size >= this.#settings.maxQueued) throw full(this.#settings.maxQueued);
      const check = operation.cpu.before(call);
      if (check === undefined) return this.#start(operation as unknown as Operation, call, context);
      return this.#check(check, operation as unknown as Operation, call, context);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @throws where there is no memory for the result */
  #start(operation: Operation, call: CheckedCall, context: CallContext): Promise<unknown> {
    if (this.#aborting) throw closed();
    if (call.batch === 0 || call.output === 0) {
      context.onProgress?.({ done: call.batch, total: call.batch });
      return Promise.resolve(operation.result(call));
    }
    const { signal } = context;
    const { threads, coalesce } = this.#settings;
    const { budget, tasks } = divide(operation.cpu.cost(call), call.input, call.output, threads, this.mode);
    const work = operation.cpu.work(call, budget);
    const key = coalesce && tasks === 1 ? work.key : undefined;
    const job = new Job(operation, call, work, context, this.#jobs.length);
    const promise = new Promise<unknown>((resolve, reject) => {
      job.resolve = resolve;
      job.reject = reject;
    });
    work.owner = job;
    this.#jobs.push(job);
    if (signal !== undefined) {
      job.onAbort = () => this.#abort(job, signal.reason);
      signal.addEventListener("abort", job.onAbort, { once: true });
    }
    if (key === undefined) this.#enqueue(job);
    else {
      const lot = this.#lotOf(operation, key, work);
      this.#enqueue(lot);
      if (lot.isFull) this.#handOut(lot);
    }
    this.#schedule();
    return promise;
  }

  async close({ abort }: { readonly abort: boolean }): Promise<void> {
    this.#closed = true;
    this.#aborting ||= abort;
    if (abort) for (const job of [...this.#jobs]) this.#abort(job, closed());
    if (this.#size > 0) await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
    clearTimeout(this.#idle);
    await this.#dismiss();
  }

  // What the crew says.

  awake(): void {
    this.#awake = true;
    if (!this.#inTurn && !this.#postponed) this.#turn();
  }

  finished(task: Task, done: number, memory: Parameters<Task["take"]>[0], at: number): void {
    if (done === failed.TRAP) {
      this.lost(task, true, "its kernel trapped");
      return;
    }
    this.#inFlight.delete(task);
    if (done >= 0) task.take(memory, at);
    for (const work of task.works) {
      const job = work.owner as Job;
      if (job.place < 0) continue;
      if (done < 0) this.#reject(job, work.refused(done));
      else {
        if (done !== code.FINE) this.#suspect(job);
        this.#touch(job);
        if (job.hasNext) this.#enqueue(job);
      }
    }
  }

  lost(task: Task, blamed: boolean, reason: string): void {
    const tries = (this.#inFlight.get(task) ?? 0) + (blamed ? 1 : 0);
    this.#inFlight.delete(task);
    const jobs = task.works.map(({ owner }) => owner as Job).filter(({ place }) => place >= 0);
    if (jobs.length === 0) return;
    if (tries >= mostTries) {
      for (const job of jobs) this.#reject(job, exhausted(task.name, tries, reason));
      return;
    }
    // Of calls that were joined, one may be the cause: each has its own fate from here on.
    for (const one of blamed ? task.apart() : [task]) this.#again.push({ task: one, tries });
  }

  unable(reason: string): void {
    this.#unable = true;
    this.warnings.push(`No worker could be started, so calls run on the calling thread: ${reason}`);
    void this.#dismiss();
    this.awake();
  }

  // Turns.

  /** A turn soon: after other calls that are made in the same breath. */
  #schedule(): void {
    if (this.#scheduled || this.#inTurn || this.#postponed) return;
    this.#scheduled = true;
    // Two hops, so that whoever awaits a result in a function of its own, and then calls again, comes in time.
    queueMicrotask(() =>
      queueMicrotask(() => {
        this.#scheduled = false;
        if (!this.#inTurn && !this.#postponed) this.#turn();
      }),
    );
  }

  /**
   * The rest of a turn after the event loop has had its own. Whatever calls for a turn meanwhile has it then: two in one go would block the loop for twice the time.
   * What a message or a caller began goes on two steps later, since the first comes before the timers.
   */
  #postpone(late: boolean): void {
    this.#postponed = true;
    const turn = () => {
      this.#postponed = false;
      this.#turn(true);
    };
    later(late ? turn : () => later(turn));
  }

  /** Reads what is done, hands out what fits, and goes to sleep. */
  #turn(late = false): void {
    this.#inTurn = true;
    try {
      const end = performance.now() + turnMilliseconds;
      do {
        this.#awake = false;
        if (!this.#ensureCrew()) break;
        const over = this.#work(this.#crew as Crew, end);
        this.#report();
        if (over) {
          this.#postpone(late);
          return;
        }
      } while (this.#awake);
    } finally {
      this.#inTurn = false;
    }
    this.#relax();
  }

  /** @returns Whether time is up, and there is more. */
  #work(crew: Crew, end: number): boolean {
    let over = false;
    const enough = () => {
      over ||= performance.now() > end;
      return over;
    };
    crew.collect(enough);
    // `init` may have chosen another binary: what was begun is ended with this one, what comes waits for it.
    while (!over && crew.room > 0 && this.#binary === this.#crews.binary) {
      const attempt = this.#nextAttempt();
      if (attempt === undefined) break;
      this.#inFlight.set(attempt.task, attempt.tries);
      if (attempt.task.isLight && crew.doHere !== undefined) crew.doHere(attempt.task);
      else crew.submit(attempt.task);
      enough();
    }
    crew.announce();
    if (!over && this.#inFlight.size > 0) {
      const more = this.#sources.length > 0 || this.#again.length > 0;
      const alone = this.#jobs.length === 1;
      // Somebody waits for a call's last tasks while others go on; a single call waits for all of them.
      const urgent = (task: Task) => !alone && task.works.some((work) => !work.hasNext);
      crew.rest(more, urgent);
    }
    return over;
  }

  #nextAttempt(): Attempt | undefined {
    for (;;) {
      const again = this.#again.shift();
      if (again !== undefined) {
        if (again.task.works.some((work) => !work.cancelled)) return again;
        continue;
      }
      const source = this.#sources.shift();
      if (source === undefined) return undefined;
      const task = source.hasNext ? source.next() : undefined;
      // Behind all others: everybody in turn.
      if (source.hasNext) this.#sources.push(source);
      else source.queued = false;
      if (task !== undefined) return { task, tries: 0 };
    }
  }

  #enqueue(source: Source): void {
    if (source.queued) return;
    source.queued = true;
    this.#sources.push(source);
  }

  #lotOf(operation: Operation, key: number, work: Work): Lot {
    let lots = this.#lots.get(operation);
    if (lots === undefined) {
      lots = new Map();
      this.#lots.set(operation, lots);
    }
    let lot = lots.get(key);
    if (lot === undefined) {
      // Keys are few in a program; one that makes them up as it goes must not fill memory.
      if (lots.size > 1000) for (const [old, { hasNext }] of lots) if (!hasNext) lots.delete(old);
      lot = new Lot(operation.cpu.join, joinBudget(this.mode), this.#settings.threads);
      lots.set(key, lot);
    }
    lot.add(work);
    return lot;
  }

  /** Tells calls how far they have come, and settles those that are done. `silently`: those that want to be told wait for the next time. */
  #report(silently = false): void {
    const touched = this.#touched.splice(0);
    for (const job of touched) {
      const { work, context } = job;
      job.touched = false;
      if (silently && context.onProgress !== undefined) {
        this.#touch(job);
        continue;
      }
      if (job.place < 0) continue;
      const complete = work.done === work.total && !job.looking;
      // The end is told when it is one: numbers that are still looked at may yet be refused.
      if (context.onProgress !== undefined && work.done > job.reported && (complete || work.done < work.total)) {
        job.reported = work.done;
        try {
          context.onProgress({ done: work.done, total: work.total });
        } catch (error) {
          this.#abort(job, error);
          continue;
        }
      }
      if (complete && job.place >= 0) this.#resolve(job);
    }
  }

  /**
   * Tasks of a lot that is full, while whoever makes calls is still at it: threads are at work sooner, and what calls are made of is garbage before a collector has
   * had to move it. Calls nothing of the caller's.
   */
  #handOut(lot: Lot): void {
    const crew = this.#crew;
    // Whoever else waits has the turn that comes.
    if (crew === undefined || this.#inTurn || this.#postponed || this.#sources.length > 1) return;
    if (this.#again.length > 0 || this.#binary !== this.#crews.binary) return;
    this.#inTurn = true;
    try {
      crew.collect(never);
      this.#report(true);
      while (lot.isFull && crew.room > 0) {
        const task = lot.next();
        if (task === undefined) break;
        this.#inFlight.set(task, 0);
        crew.submit(task);
      }
      crew.announce();
    } finally {
      this.#inTurn = false;
    }
  }

  #touch(job: Job): void {
    if (job.touched) return;
    job.touched = true;
    this.#touched.push(job);
  }

  #resolve(job: Job): void {
    this.#remove(job);
    try {
      job.resolve(job.operation.result(job.call));
    } catch (error) {
      job.reject(error);
    }
  }

  #reject(job: Job, reason: unknown): void {
    if (job.place < 0) return;
    this.#remove(job);
    job.reject(reason);
  }

  /** Takes a job from the list; the last takes its place. */
  #remove(job: Job): void {
    const last = this.#jobs.pop() as Job;
    if (last !== job) {
      this.#jobs[job.place] = last;
      last.place = job.place;
    }
    job.place = -1;
    job.work.cancelled = true;
    if (job.onAbort !== undefined) job.context.signal?.removeEventListener("abort", job.onAbort);
  }

  #abort(job: Job, reason: unknown): void {
    this.#reject(job, reason);
    this.#crew?.cancel((task) => task.works.every((work) => work.cancelled));
    this.#schedule();
  }

  /** A kernel met numbers that are not finite: which, if any, is looked for besides. */
  #suspect(job: Job): void {
    const look = job.work.suspect();
    if (look === undefined) return;
    job.looking = true;
    const part = () => {
      if (job.work.cancelled) return;
      try {
        if (!look.next().done) {
          later(part);
          return;
        }
      } catch (error) {
        this.#reject(job, error);
        this.#schedule();
        return;
      }
      job.looking = false;
      this.#touch(job);
      this.#schedule();
    };
    part();
  }

  async #check(check: Iterator<void>, operation: Operation, call: CheckedCall, context: CallContext): Promise<unknown> {
    this.#checking += 1;
    try {
      while (!check.next().done) {
        await new Promise<void>((resolve) => later(resolve));
        context.signal?.throwIfAborted();
      }
      // Before it is no longer counted as looked at: a pool that is being closed waits for what it counts.
      return this.#start(operation, call, context);
    } finally {
      this.#checking -= 1;
      if (this.#size === 0) this.#relax();
    }
  }

  // Threads.

  /** Whether there is a crew to work with; if not, one is being made, and a turn follows. */
  #ensureCrew(): boolean {
    if (this.#crew !== undefined && this.#binary !== this.#crews.binary && this.#inFlight.size === 0)
      void this.#dismiss();
    if (this.#crew !== undefined) {
      clearTimeout(this.#idle);
      this.#hold(true);
      return true;
    }
    if (this.#jobs.length > 0 && !this.#preparing) void this.#prepare();
    return false;
  }

  async #prepare(): Promise<void> {
    this.#preparing = true;
    const { binary } = this.#crews;
    try {
      const crew = await (this.#unable ? this.#crews.fallBack(this) : this.#crews.make(this.#settings.threads, this));
      this.#crew = crew;
      this.#binary = binary;
      this.#held = true;
    } catch (error) {
      for (const job of [...this.#jobs]) this.#reject(job, error);
    } finally {
      this.#preparing = false;
    }
    this.awake();
  }

  #hold(needed: boolean): void {
    if (this.#held === needed) return;
    this.#held = needed;
    this.#crew?.hold(needed);
  }

  /** Nothing to do: nothing keeps the process alive, and after a while threads end. */
  #relax(): void {
    if (this.#size > 0) return;
    for (const resolve of this.#whenEmpty.splice(0)) resolve();
    this.#hold(false);
    clearTimeout(this.#idle);
    if (this.#crew === undefined || this.#settings.idleTimeout === Number.POSITIVE_INFINITY) return;
    this.#idle = setTimeout(() => {
      if (this.#size === 0) void this.#dismiss();
    }, this.#settings.idleTimeout);
    (this.#idle as { unref?: () => void }).unref?.();
  }

  async #dismiss(): Promise<void> {
    const crew = this.#crew;
    this.#crew = undefined;
    this.#replacedBefore += crew?.replaced ?? 0;
    await crew?.close();
  }
}
