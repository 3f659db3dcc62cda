// Workers for tests: bundled by wrangler, as for deployment, and run by Miniflare, which starts a
// real workerd.

import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Log, LogLevel, Miniflare, type MiniflareOptions, type WorkerdStructuredLog } from "miniflare";
import { nodes, root } from "../packaging/consumer.ts";

const wrangler = join(root, "node_modules", "wrangler", "bin", "wrangler.js");

/** Options of a test worker. */
export const compatibilityDate = "2026-01-01";

/**
 * Bundles the worker of a configuration file into a folder below the project.
 * @returns The folder of the bundle.
 */
export async function bundleWorker(project: string, config: string): Promise<string> {
  const out = join(project, `${config.replace(/\W+/g, "-")}-bundle`);
  const args = ["deploy", "--dry-run", "--outdir", out, "--config", config];
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG: "warn", CI: "true" };
  await promisify(execFile)(nodes["Node 24"], [wrangler, ...args], { cwd: project, env });
  return out;
}

export interface WorkerOptions {
  /** Receives the worker's `console.log` output, line by line. */
  readonly onLog?: ((line: string) => void) | undefined;
  /** Further options of Miniflare. */
  readonly miniflare?: Partial<MiniflareOptions>;
}

/** Starts a bundle, whose main module is its only JavaScript file. Call `dispose` afterwards. */
export async function startWorker(bundle: string, options: WorkerOptions = {}): Promise<Miniflare> {
  const names = readdirSync(bundle).filter((name) => /\.(js|wasm)$/.test(name));
  const main = names.find((name) => name.endsWith(".js"));
  if (main === undefined) throw new Error(`${bundle} holds no JavaScript`);
  const modules = Object.fromEntries(
    names.map((name) => [
      name,
      name === main
        ? { type: "esm" as const, contents: readFileSync(join(bundle, name), "utf8") }
        : { type: "wasm" as const, contents: new Uint8Array(readFileSync(join(bundle, name))) },
    ]),
  );
  const miniflare = new Miniflare({
    log: new Log(LogLevel.ERROR),
    logRequests: false,
    enableDevRegistry: false,
    telemetry: { enabled: false },
    workers: [{ config: { name: "worker", compatibilityDate, manifest: { mainModule: main, modules } } }],
    handleStructuredLogs: ({ message }: WorkerdStructuredLog) => options.onLog?.(message),
    ...options.miniflare,
  });
  await miniflare.ready;
  return miniflare;
}
