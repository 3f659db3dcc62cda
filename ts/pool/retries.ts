// Tasks in flight. Those that were lost with a worker are retried, up to a limit.

import type { Job, Task } from "./call.ts";
import { exhausted } from "./errors.ts";

/** Attempts that may fail before a task is given up. */
const maxFailures = 3;

/** A task, and the number of workers that have failed with it. */
export interface Attempt {
  readonly task: Task;
  readonly failures: number;
}

export class TasksInFlight {
  readonly #failures = new Map<Task, number>();
  readonly #retries: Attempt[] = [];

  get size(): number {
    return this.#failures.size;
  }

  /** Tasks that wait for a retry. */
  get retries(): number {
    return this.#retries.length;
  }

  add({ task, failures }: Attempt): void {
    this.#failures.set(task, failures);
  }

  remove(task: Task): void {
    this.#failures.delete(task);
  }

  /** Schedules a retry of a lost task. @returns the error if it has failed too often */
  lose(task: Task, blamed: boolean, reason: string): Error | undefined {
    const failures = (this.#failures.get(task) ?? 0) + (blamed ? 1 : 0);
    this.remove(task);
    if (!isWanted(task)) return undefined;
    if (failures >= maxFailures) return exhausted(task.name, failures, reason);
    // Any of several coalesced jobs may be the cause, so they are retried separately.
    for (const part of blamed ? task.separate() : [task]) this.#retries.push({ task: part, failures });
    return undefined;
  }

  /**
   * Numbers of a task could not be copied. One job of several is the cause: those that have no
   * results are scheduled again, one by one. @returns the jobs that cannot go on
   */
  separate(task: Task): readonly Job[] {
    const failures = this.#failures.get(task) ?? 0;
    this.remove(task);
    if (task.jobs.length === 1) return task.jobs;
    for (const part of task.separate())
      if (part.jobs.every(({ done }) => done === 0)) this.#retries.push({ task: part, failures });
    return task.jobs.filter(({ done, total }) => done > 0 && done < total);
  }

  nextRetry(): Attempt | undefined {
    let attempt = this.#retries.shift();
    while (attempt !== undefined && !isWanted(attempt.task)) attempt = this.#retries.shift();
    return attempt;
  }
}

const isWanted = ({ jobs }: Task): boolean => jobs.some(({ cancelled }) => !cancelled);
