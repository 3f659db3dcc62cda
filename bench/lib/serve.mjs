// A contestant's side of the conversation with the bench (worker.mjs is the other): one request a line, one reply a line, until the input ends.

import { createInterface } from "node:readline";

/** Answers requests by `operations`, by name; what one throws becomes the reply. */
export async function serve(operations) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, op, ...fields } = JSON.parse(line);
    let reply;
    try {
      reply = await operations[op](fields);
    } catch (error) {
      reply = { error: error instanceof Error ? error.message : String(error) };
    }
    process.stdout.write(`${JSON.stringify({ id, ...reply })}\n`);
  }
}
