// The edge service in a process of its own, on the package in this clone: its memory, and its end.

import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodes, root } from "../../packaging/consumer.ts";
import { endProgram, freePort } from "../../runtimes/browsers/driven.ts";

/** The memory of an isolate: what live objects may add. */
const isolate = 128 * 2 ** 20;

/**
 * V8 starts a collection once array buffers have grown by 64 MiB. Until then the buffers of sockets
 * and bodies that nothing refers to any more stay in the resident size, which is what is measured.
 */
const uncollected = 64 * 2 ** 20;

/** How much the resident size of the process may grow. A leak passes it within some rounds. */
export const mostGrowth = isolate + uncollected;

/** As in the service's own `npm start`: small objects are collected early. */
const flags = ["--max-semi-space-size=4"];

export class Server {
  readonly port: number;
  readonly #child: ChildProcess;
  /** The last that it wrote on stderr. */
  complaint = "";
  #idle = 0;

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.#child = child;
    child.stderr!.on("data", (chunk: Buffer) => {
      this.complaint = (this.complaint + chunk).slice(-2000);
    });
  }

  static async start(): Promise<Server> {
    const port = await freePort();
    const script = join(root, "examples", "edge", "main.mjs");
    const child = spawn(nodes["Node 24"], [...flags, script, String(port)], { stdio: ["ignore", "pipe", "pipe"] });
    const server = new Server(port, child);
    await new Promise<void>((done, fail) => {
      child.stdout.on("data", (chunk: Buffer) => chunk.includes('"listening"') && done());
      child.on("error", fail);
      child.on("exit", (code) => fail(new Error(`The service ended with ${code}: ${server.complaint}`)));
    });
    return server;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** A field of the process's memory in bytes; undefined where there is no /proc. */
  #memory(field: "VmRSS" | "VmHWM"): number | undefined {
    if (process.platform !== "linux" || !this.alive) return undefined;
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
    return Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)?.[1]) * 1024;
  }

  /** Takes what the process holds now for what it holds at rest. */
  settle(): void {
    this.#idle = this.#memory("VmRSS") ?? 0;
  }

  /** Most bytes beyond those at rest since the last call. */
  takeGrowth(): number {
    const peak = this.#memory("VmHWM");
    if (peak === undefined) return 0;
    writeFileSync(`/proc/${this.#child.pid}/clear_refs`, "5");
    return peak - this.#idle;
  }

  close(): Promise<void> {
    return endProgram(this.#child);
  }
}
