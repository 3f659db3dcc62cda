// The queue: BullMQ on Redis.

import { type ConnectionOptions, Queue } from "bullmq";
import type { Outcome } from "./compute.ts";
import type { Job } from "./job.ts";

export const queueName = "path-signature";

/** Commands wait until Redis is there again, however long that takes. */
export function connectionTo(url: string): ConnectionOptions {
  const { hostname, port, username, password, pathname, protocol } = new URL(url);
  return {
    host: hostname,
    port: Number(port || 6379),
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
    ...(pathname.length > 1 && { db: Number(pathname.slice(1)) }),
    ...(protocol === "rediss:" && { tls: {} }),
    maxRetriesPerRequest: null,
    retryStrategy: (times: number) => Math.min(100 * times, 2_000),
  };
}

export function openQueue(url: string): Queue<Job, Outcome> {
  const queue = new Queue<Job, Outcome>(queueName, {
    connection: connectionTo(url),
    defaultJobOptions: {
      attempts: 3,
      backoff: { type: "exponential", delay: 1_000 },
      // The files say what is done.
      removeOnComplete: { count: 1_000 },
      removeOnFail: false,
    },
  });
  // Without a listener an error that a later try mends would end the process.
  queue.on("error", (error) => console.error(`redis: ${error.message}`));
  return queue;
}
