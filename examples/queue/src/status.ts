// What became of the jobs of a run, and another try of those that failed.

import { existsSync } from "node:fs";
import { readManifest } from "./enqueue.ts";
import { partFile } from "./output.ts";
import { openQueue } from "./queue.ts";

export interface Status {
  readonly jobs: number;
  readonly done: number;
  readonly waiting: number;
  readonly active: number;
  readonly failed: readonly { readonly name: string; readonly reason: string }[];
}

export async function status(out: string, redis: string): Promise<Status> {
  const jobs = await readManifest(out);
  const own = new Set(jobs.map(({ name }) => name));
  const queue = openQueue(redis);
  try {
    const { waiting = 0, delayed = 0, active = 0 } = await queue.getJobCounts("waiting", "delayed", "active");
    const failed = (await queue.getFailed())
      .filter(({ id }) => own.has(id as string))
      .map(({ id, failedReason }) => ({ name: id as string, reason: failedReason }));
    const done = jobs.filter(({ name }) => existsSync(partFile(out, name))).length;
    return { jobs: jobs.length, done, waiting: waiting + delayed, active, failed };
  } finally {
    await queue.close();
  }
}

/** Puts the failed jobs of a run into the queue again. @returns how many */
export async function retry(out: string, redis: string): Promise<number> {
  const own = new Set((await readManifest(out)).map(({ name }) => name));
  const queue = openQueue(redis);
  try {
    const failed = (await queue.getFailed()).filter(({ id }) => own.has(id as string));
    for (const job of failed) await job.retry("failed", { resetAttemptsMade: true });
    return failed.length;
  } finally {
    await queue.close();
  }
}
