// A contestant's side of the protocol (worker.mjs is the other): one request per line, one reply
// per line, until the input ends.

import { createInterface } from "node:readline";

/** Answers requests by the named `operations`; an error that one throws becomes the reply. */
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
