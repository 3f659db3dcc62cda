// A Redis of a test's own: on a free port, with append-only persistence, killed and started at
// will.

import type { ChildProcess } from "node:child_process";
import { endProgram, freePort, startProgram } from "../../../test/runtimes/browsers/driven.ts";

export class Redis {
  readonly url: string;
  readonly #arguments: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(port: number, folder: string) {
    this.url = `redis://127.0.0.1:${port}`;
    const address = ["--port", String(port), "--bind", "127.0.0.1"];
    this.#arguments = [...address, "--dir", folder, "--appendonly", "yes", "--save", ""];
  }

  static async start(folder: string): Promise<Redis> {
    const redis = new Redis(await freePort(), folder);
    await redis.start();
    return redis;
  }

  async start(): Promise<void> {
    const { process } = await startProgram("redis-server", this.#arguments, /Ready to accept connections/);
    this.#process = process;
  }

  /** By SIGKILL: it can write nothing any more. */
  async kill(): Promise<void> {
    const child = this.#process as ChildProcess;
    const gone = new Promise((done) => child.once("exit", done));
    child.kill("SIGKILL");
    await gone;
  }

  async end(): Promise<void> {
    if (this.#process !== undefined) await endProgram(this.#process);
  }
}
