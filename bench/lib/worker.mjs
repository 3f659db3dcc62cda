// A long-lived process that measures: started on a core of its own, asked one thing at a time by a line of JSON, answering by one. What it can be asked
// is in workers/ours.mjs and workers/peers.py. Neither starts a computation by itself, so that of all processes one runs at a time.

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
   * @param {Record<string, string>} environment on top of this process's own
   * @param {{ pin?: boolean }} options whether it is held on the measuring core
   */
  constructor(name, command, environment = {}, { pin = true } = {}) {
    this.name = name;
    const [program, ...args] = pin ? pinned(command) : command;
    this.#process = spawn(program, args, { env: { ...process.env, ...environment }, stdio: ["pipe", "pipe", "pipe"] });
    this.#process.stderr.setEncoding("utf8").on("data", (text) => {
      this.#errors = (this.#errors + text).slice(-4000);
    });
    // A write to a process that died; the missing reply says so better.
    this.#process.stdin.on("error", () => {});
    this.#process.on("error", (error) => {
      this.#errors += error.message;
    });
    this.#replies = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** Sends a request and gives the reply's fields. @throws with the worker's own message if it could not do it. */
  async ask(op, fields = {}) {
    const id = ++this.#asked;
    this.#process.stdin.write(`${JSON.stringify({ id, op, ...fields })}\n`);
    for (;;) {
      const { value: line, done } = await this.#replies.next();
      if (done) throw new Error(`${this.name} ended while asked to ${op}: ${this.#errors.trim() || "it said nothing"}`);
      // Libraries print to stdout as they like; replies are the lines that carry this request's number.
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
