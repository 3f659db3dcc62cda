// The service for tests: a copy of this folder as a project of its own with the packed library,
// started on each host.

import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { runtime } from "../../../scripts/lib/runtimes.mjs";
import { Consumer, nodes, root } from "../../../test/packaging/consumer.ts";
import { endProgram, freePort, startProgram } from "../../../test/runtimes/browsers/driven.ts";
import { bundleWorker, startWorker } from "../../../test/runtimes/workerd.ts";

/** The running service. */
export interface Service {
  /** Its URL, without a slash at the end. */
  readonly origin: string;
  /** The serving process, where it is a separate one. */
  readonly pid?: number | undefined;
  close(): Promise<void>;
}

const here = join(import.meta.dirname, "..");

/** The project: the service's sources and the dependencies in its package.json. */
export async function makeServiceProject(): Promise<Consumer> {
  const project = new Consumer();
  await project.install();
  for (const name of ["src", "serve.ts", "wrangler.jsonc", "package.json"])
    cpSync(join(here, name), join(project.folder, name), { recursive: true });
  mkdirSync(join(project.folder, "node_modules"), { recursive: true });
  for (const name of ["apache-arrow", "flatbuffers"])
    symlinkSync(join(root, "node_modules", name), join(project.folder, "node_modules", name));
  return project;
}

/** In a real workerd, from the bundle that wrangler makes for deployment. */
export async function startInWorkerd(project: Consumer, onLog?: (line: string) => void): Promise<Service> {
  const bundle = await bundleWorker(project.folder, "wrangler.jsonc");
  const miniflare = await startWorker(bundle, { onLog });
  const url = await miniflare.ready;
  return { origin: url.origin, close: () => miniflare.dispose() };
}

const servers: Record<string, () => [string, string[]]> = {
  node: () => [nodes["Node 24"], []],
  deno: () => [
    runtime("deno")!,
    ["run", "--quiet", "--no-prompt", "--node-modules-dir=manual", "--allow-net", "--allow-read", "--allow-env"],
  ],
  bun: () => [runtime("bun")!, []],
};

/** With serve.ts, on a runtime's own server. */
export async function startOn(host: string, project: Consumer): Promise<Service> {
  const [program, args] = servers[host]!();
  const port = await freePort();
  const script = join(project.folder, "serve.ts");
  const { process } = await startProgram(program, [...args, script, String(port)], /"listening"/);
  return { origin: `http://127.0.0.1:${port}`, pid: process.pid, close: () => endProgram(process) };
}

export const hosts = ["workerd", ...Object.keys(servers)];

export const start = (host: string, project: Consumer): Promise<Service> =>
  host === "workerd" ? startInWorkerd(project) : startOn(host, project);
