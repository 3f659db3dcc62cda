// Jobs with equal keys share a task only if they can: a key is a hash, and hashes may collide.

import { expect, test } from "vitest";
import type { Job, Task } from "../../ts/pool/call.ts";
import { Coalescing } from "../../ts/pool/coalescing.ts";

/** A job with the members that batches use. Jobs of one kind can share a task. */
function jobOf(kind: string, cost = 1000): Job & { kind: string } {
  const job = {
    kind,
    cost,
    canCoalesceWith: (other: Job) => (other as Job & { kind: string }).kind === kind,
    coalesce: (jobs: Job[]) => ({ jobs: jobs.splice(0, 3) }) as unknown as Task,
  };
  return job as unknown as Job & { kind: string };
}

test("jobs that differ though their keys are equal do not share a batch", () => {
  const coalescing = new Coalescing(2);
  const jobs = ["a", "b", "a", "c", "b", "a", "a"].map((kind) => jobOf(kind));
  const batches = new Set(jobs.map((job) => coalescing.add(job, 7, "shared")));
  expect(batches.size).toBe(3);
  const kinds: string[][] = [];
  for (const batch of batches) {
    while (batch.hasNext) kinds.push(batch.next()!.jobs.map((job) => (job as unknown as { kind: string }).kind));
  }
  expect(kinds).toEqual([["a", "a", "a"], ["a"], ["b", "b"], ["c"]]);
});

test("a batch is full when there is more than one task to be made, and empty afterwards", () => {
  const coalescing = new Coalescing(1);
  const batch = coalescing.add(jobOf("a", 50_000), 7, "shared");
  expect(batch.isFull).toBe(false);
  expect(coalescing.add(jobOf("a", 50_000), 7, "shared")).toBe(batch);
  expect(batch.isFull).toBe(true);
  expect(batch.next()?.jobs).toHaveLength(2);
  expect(batch.isFull).toBe(false);
  expect(batch.hasNext).toBe(false);
  expect(batch.next()).toBeUndefined();
  // An empty batch accepts jobs of any kind with its key.
  expect(coalescing.add(jobOf("b"), 7, "shared")).toBe(batch);
});

test("keys are any numbers", () => {
  const coalescing = new Coalescing(1);
  const keys = [0, -1, 0.5, 2 ** 53, -1e300, Number.NaN];
  const batches = keys.flatMap((key) => ["a", "b"].map((kind) => coalescing.add(jobOf(kind), key, "transfer")));
  for (let i = 0; i < batches.length; i += 2) expect(batches[i]).not.toBe(batches[i + 1]);
});
