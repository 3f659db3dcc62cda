// A worker: takes jobs one at a time and runs them on an engine's threads. The event loop stays
// free, so locks are renewed however long a job takes.

import { hostname } from "node:os";
import { type Job as QueuedJob, UnrecoverableError, Worker } from "bullmq";
import { createEngine, init } from "path-signature";
import { type Outcome, runJob } from "./compute.ts";
import { Fault, reasonOf } from "./fault.ts";
import type { Job } from "./job.ts";
import { connectionTo, openQueue, queueName } from "./queue.ts";
import { openDatabase } from "./table.ts";

export interface WorkOptions {
  readonly redis: string;
  readonly threads: number;
  /** A job whose lock was not renewed for as long is given to another worker. */
  readonly lockMs: number;
  /** How long a job at hand may go on after the first signal to stop. */
  readonly graceMs: number;
  /** Whether to end when no jobs are left. */
  readonly drain: boolean;
}

/** Times that a job may lose its worker before it counts as what kills workers. */
const mostStalls = 5;
const progressMs = 500;
const pollMs = 250;

export async function work(options: WorkOptions): Promise<{ readonly done: number; readonly failed: number }> {
  const { redis, threads, lockMs, graceMs } = options;
  // The binary that gives the same bits on every processor: a job may run again on another machine.
  await init({ variant: "simd" });
  const engine = await createEngine({ threads });
  const database = await openDatabase(threads);
  const counts = { done: 0, failed: 0 };

  const run = async (queued: QueuedJob<Job, Outcome>, _: string | undefined, lost?: AbortSignal): Promise<Outcome> => {
    let told = Date.now();
    const onProgress = (done: number, total: number): void => {
      if (Date.now() - told < progressMs) return;
      told = Date.now();
      queued.updateProgress({ done, total }).catch(() => {});
    };
    try {
      return await runJob(queued.data, { engine, database, signal: lost, onProgress });
    } catch (error) {
      // Another try would meet the same input.
      if (error instanceof Fault) throw new UnrecoverableError(error.message);
      throw error;
    }
  };

  const worker = new Worker<Job, Outcome>(queueName, run, {
    connection: connectionTo(redis),
    lockDuration: lockMs,
    stalledInterval: lockMs,
    maxStalledCount: mostStalls,
    // The queue says which process has a job.
    name: `${hostname()}:${process.pid}`,
    drainDelay: 1,
  });
  worker.on("completed", () => counts.done++);
  worker.on("failed", (job, error) => {
    counts.failed++;
    console.error(`${job?.id ?? "a job"} failed: ${error.message}`);
  });
  worker.on("error", (error) => console.error(`worker: ${error.message}`));
  // Another worker may have the job by now.
  worker.on("lockRenewalFailed", (ids: string[]) => {
    for (const id of ids) worker.cancelJob(id, "its lock was lost");
  });
  console.log(`working with ${threads} threads`);

  await new Promise<void>((end) => {
    let isStopping = false;
    const stop = async (): Promise<void> => {
      if (isStopping) return;
      isStopping = true;
      const timer = setTimeout(() => worker.cancelAllJobs("the worker stops"), graceMs);
      await worker.close();
      clearTimeout(timer);
      end();
    };
    process.on("SIGTERM", stop).on("SIGINT", stop);
    if (options.drain) whenDrained(redis, () => isStopping).then(stop);
  });
  await engine.close();
  database.closeSync();
  return counts;
}

/** Resolves when no job waits, runs, or will be tried again. */
async function whenDrained(redis: string, isOver: () => boolean): Promise<void> {
  const queue = openQueue(redis);
  while (!isOver()) {
    try {
      const { waiting = 0, active = 0, delayed = 0 } = await queue.getJobCounts("waiting", "active", "delayed");
      if (waiting + active + delayed === 0) break;
    } catch (error) {
      console.error(`redis: ${reasonOf(error)}`);
    }
    await new Promise((done) => setTimeout(done, pollMs));
  }
  await queue.close();
}
