// Workers for the benchmark: the service as wrangler bundles it, the same with plain JavaScript
// instead of the library, and a worker that does nothing. Each can be started in a bare workerd.

import { spawn } from "node:child_process";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pinned } from "../../../bench/lib/machine.mjs";
import { runtime } from "../../../scripts/lib/runtimes.mjs";
import { bundleWorker, compatibilityDate } from "../../../test/runtimes/workerd.ts";
import { makeServiceProject } from "../test/service.ts";

const plain = join(import.meta.dirname, "plain-signature.ts");

/** A project with the three bundles; `close` deletes it. */
export async function makeBundles() {
  const project = await makeServiceProject();
  const base = { compatibility_date: compatibilityDate, send_metrics: false };
  project.write("nothing.mjs", "export default { fetch: async (request) => new Response(await request.text()) };");
  project.write("nothing.json", JSON.stringify({ ...base, name: "nothing", main: "nothing.mjs" }));
  cpSync(plain, join(project.folder, "plain-signature.ts"));
  const alias = { "path-signature": "./plain-signature.ts" };
  project.write("plain.json", JSON.stringify({ ...base, name: "plain", main: "src/worker.ts", alias }));
  const bundles = {};
  for (const [name, config] of [
    ["service", "wrangler.jsonc"],
    ["plain", "plain.json"],
    ["nothing", "nothing.json"],
  ])
    bundles[name] = await bundleWorker(project.folder, config);
  return { bundles, close: () => project.close() };
}

/** Configuration of a bare workerd for a bundle: no proxy and no other worker in front. */
function configure(bundle, v8Flags) {
  const modules = readdirSync(bundle)
    .filter((name) => /\.(js|wasm)$/.test(name))
    .sort((a) => (a.endsWith(".js") ? -1 : 1))
    .map((name) => `(name = "${name}", ${name.endsWith(".js") ? "esModule" : "wasm"} = embed "${name}")`);
  const config = join(bundle, "config.capnp");
  writeFileSync(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
  v8Flags = [${v8Flags.map((flag) => JSON.stringify(flag)).join(", ")}]
);
const main :Workerd.Worker = (modules = [${modules.join(", ")}], compatibilityDate = "${compatibilityDate}");
`,
  );
  return config;
}

/**
 * Starts a bare workerd on the measuring core. `started` is the time of the start, `listening` the
 * time when it reported that it listens.
 */
export async function startAlone(bundle, v8Flags = []) {
  const config = configure(bundle, v8Flags);
  const started = performance.now();
  const [program, ...args] = pinned([runtime("workerd"), "serve", config, "--control-fd=3"]);
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit", "pipe"] });
  const port = await new Promise((done, fail) => {
    let said = "";
    child.stdio[3].on("data", (chunk) => {
      said += chunk;
      const found = /"port":(\d+)/.exec(said);
      if (found) done(Number(found[1]));
    });
    child.on("exit", (code) => fail(new Error(`workerd ended with ${code}`)));
  });
  const listening = performance.now();
  return {
    started,
    listening,
    origin: `http://127.0.0.1:${port}`,
    // taskset replaces itself with the program that it starts.
    pid: child.pid,
    async close() {
      const gone = new Promise((done) => child.once("exit", done));
      child.kill("SIGKILL");
      await gone;
    },
  };
}

/** Seconds of processor time that a process has used. */
export function processorSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Bytes of memory that a process holds. */
export const residentBytes = (pid) =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) * 1024;

/** The workerd that a process started; Miniflare starts one. */
export function workerdOf(parent) {
  return readdirSync("/proc").find((pid) => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      return /^Name:\s+workerd/m.test(status) && Number(/^PPid:\s+(\d+)/m.exec(status)[1]) === parent;
    } catch {
      return false;
    }
  });
}
