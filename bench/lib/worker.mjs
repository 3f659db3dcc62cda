// A long-lived measuring process: started on a core of its own, given one request at a time as a
// line of JSON, replying with another. workers/ours.mjs and workers/peers.py define the requests.
// Neither computes without a request, so only one process runs at a time.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { pinned } from "./machine.mjs";

export class Worker {
  #process;
  #replies;
  #errors = "";
  #asked = 0;

  /**
   * @param {string} name as in error messages
   * @param {string[]} command program and arguments
   * @param {Record<string, string>} environment in addition to this process's own
   * @param {{ pin?: boolean }} options whether it is pinned to the measuring core
   */
  constructor(name, command, environment = {}, { pin = true } = {}) {
    this.name = name;
    const [program, ...args] = pin ? pinned(command) : command;
    this.#process = spawn(program, args, { env: { ...process.env, ...environment }, stdio: ["pipe", "pipe", "pipe"] });
    this.#process.stderr.setEncoding("utf8").on("data", (text) => {
      this.#errors = (this.#errors + text).slice(-4000);
    });
    // A write to a dead process; the missing reply is reported instead.
    this.#process.stdin.on("error", () => {});
    this.#process.on("error", (error) => {
      this.#errors += error.message;
    });
    this.#replies = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /**
   * Sends a request and returns the fields of the reply. @throws with the worker's own message if
   * it failed.
   */
  async ask(op, fields = {}) {
    const id = ++this.#asked;
    this.#process.stdin.write(`${JSON.stringify({ id, op, ...fields })}\n`);
    for (;;) {
      const { value: line, done } = await this.#replies.next();
      if (done) throw new Error(`${this.name} ended while asked to ${op}: ${this.#errors.trim() || "it said nothing"}`);
      // Libraries print to stdout too; a reply is a line with the number of this request.
      const reply = parse(line);
      if (reply?.id !== id) continue;
      if (reply.error) throw new Error(`${this.name}: ${reply.error}`);
      return reply;
    }
  }

  /** Ends the process and waits for it. */
  async close() {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "close");
    this.#process.stdin.end();
    const stuck = setTimeout(() => this.#process.kill("SIGKILL"), 5000);
    await ended;
    clearTimeout(stuck);
  }
}

function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
