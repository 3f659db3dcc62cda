// The interface of a browser for tests, however it is controlled; and starting and ending programs
// that listen.

import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";

export interface Driven {
  readonly version: string;
  navigate(url: string): Promise<unknown>;
  close(): Promise<unknown>;
}

/** Time-out of a browser's start. */
const patienceMs = 60_000;

export interface Started {
  readonly process: ChildProcess;
  /** The match of `pattern`. */
  readonly found: RegExpExecArray;
}

/** Starts a program, and resolves as soon as its output matches. */
export function startProgram(
  program: string,
  args: readonly string[],
  pattern: RegExp,
  env: Record<string, string> = {},
): Promise<Started> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  return new Promise((done, fail) => {
    let output = "";
    const give = (why: string) => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      fail(new Error(`${program} ${why}:\n${output}`));
    };
    const timer = setTimeout(() => give("did not start"), patienceMs);
    const read = (chunk: Buffer) => {
      output += chunk;
      const found = pattern.exec(output);
      if (!found) return;
      clearTimeout(timer);
      done({ process: child, found });
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("error", (error) => give(error.message));
    child.on("exit", (code) => give(`ended with ${code}`));
  });
}

/** Ends a program, forcibly if necessary. */
export async function endProgram(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once("exit", done));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 3_000);
  await gone;
  clearTimeout(timer);
}

/** A free port, for programs that cannot choose and report one. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}
