// The benchmark on a GPU: path-signature through Dawn, pySigLib and Keras Sig on CUDA, on one card
// in one run. Started by
//
//   npm run bench -- gpu [--rows 4x4,8x3] [--peers pysiglib_cuda,…|none] [--quick] [--software]
//
// which installs everything, peers included. Without a GPU, or with --software, it is a smoke test
// on SwiftShader, whose numbers are not results. Writes bench/results/gpu-ADAPTER-DATE.json and a
// page beside it.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { hasGpu } from "../../scripts/lib/webgpu.mjs";
import { rowName, topLevel } from "../grid.mjs";
import { signatureSize } from "../lib/counts.mjs";
import { fullPlan, interleave, quickPlan } from "../lib/interleave.mjs";
import { codeMeasured, machine, node24, root } from "../lib/machine.mjs";
import { makePaths, writeRaw } from "../lib/paths.mjs";
import { Progress } from "../lib/progress.mjs";
import { levelErrors, levelScales, onePassHorner } from "../lib/reference.mjs";
import { environment, makeVenv } from "../lib/venv.mjs";
import { Worker } from "../lib/worker.mjs";
import { gpuMarkdown, gpuTargetTable } from "./report.mjs";
import { rowsFor } from "./rows.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Peers, and the Python environment that contains them. */
const peerEnvironments = {
  pysiglib_cuda: environment("gpu/.venv-torch", "gpu/requirements-torch.txt"),
  keras_sig_torch: environment("gpu/.venv-torch", "gpu/requirements-torch.txt"),
  keras_sig_jax: environment("gpu/.venv-jax", "gpu/requirements-jax.txt"),
};

/**
 * Largest error of a float32 result, relative to the size of its level: rounding reaches a
 * hundredth of it, a wrong term ten times as much.
 */
const tolerance = 1e-3;

function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      rows: { type: "string" },
      peers: { type: "string" },
      quick: { type: "boolean", default: false },
      software: { type: "boolean", default: false },
    },
  });
  const known = Object.keys(peerEnvironments);
  const peers = values.peers === undefined ? known : values.peers.split(",").filter((name) => name !== "none");
  const unknown = peers.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`--peers ${unknown}: give some of ${known.join(", ")}, or none`);
  return { ...values, peers, whole: !values.quick && values.rows === undefined && values.peers === undefined };
}

class GpuBench {
  #folder = mkdtempSync(join(tmpdir(), "path-signature-bench-gpu-"));
  #workers = new Map();
  #keys = 0;

  constructor({ isSoftware, quick, peers, progress }) {
    this.isSoftware = isSoftware;
    this.quick = quick;
    this.peers = peers;
    this.progress = progress;
  }

  async worker(name) {
    const known = this.#workers.get(name);
    if (known) return known;
    const command =
      name === "ours"
        ? [node24(), here("worker.mjs"), this.isSoftware ? "software" : "hardware"]
        : [await this.#python(name), here("peers.py"), name];
    // Drivers have threads of their own, so no process is pinned.
    const worker = new Worker(name, command, {}, { pin: false });
    this.#workers.set(name, worker);
    worker.hello = await worker.ask("hello");
    return worker;
  }

  async #python(name) {
    await makeVenv((line) => this.progress.note(line), peerEnvironments[name]);
    return peerEnvironments[name].python;
  }

  /** The peers that can run here, and the reasons why others cannot. */
  async findPeers() {
    const found = [];
    const missing = {};
    for (const name of this.peers) {
      try {
        await this.worker(name);
        found.push(name);
      } catch (error) {
        missing[name] = error.message;
        await this.end(name);
        this.progress.note(`${name} does not run here: ${error.message.split("\n")[0]}`);
      }
    }
    return { found, missing };
  }

  async end(name) {
    await this.#workers.get(name)?.close();
    this.#workers.delete(name);
  }

  async measureRow(row, peers) {
    const data = makePaths("random walk", row);
    const file = join(this.#folder, "paths.f32");
    writeRaw(file, data);
    const references = referencesOf(row, data);
    const errors = {};
    const failed = {};
    const contestants = [];
    const add = async (label, name, fields) => {
      try {
        const worker = await this.worker(name);
        const key = `call-${this.#keys++}`;
        const { batch, points, channels, depth } = row;
        await worker.ask("prepare", { key, file, batch, points, channels, depth, ...fields });
        const contestant = { label, worker, key };
        errors[label] = await this.#check(contestant, row, references);
        contestants.push(contestant);
      } catch (error) {
        // A wrong result of ours ends the run; a row that a peer cannot do is noted.
        if (name === "ours") throw error;
        failed[label] = error.message;
        await this.end(name);
      }
    };
    await add("resident", "ours", { subject: "resident" });
    await add("resident horner", "ours", { subject: "resident", algorithm: "horner" });
    await add("end to end", "ours", { subject: "end to end" });
    for (const name of peers) await add(name, name, {});
    const times = await interleave(contestants, this.quick ? quickPlan : fullPlan);
    const queued = {};
    const kernel = {};
    for (const { label, worker, key } of contestants) {
      const calls = Math.max(4, Math.min(this.quick ? 4 : 200, Math.ceil(0.2 / times[label].min)));
      const runs = [];
      for (let i = 0; i < 3; i++) runs.push((await worker.ask("queued", { key, calls })).seconds);
      queued[label] = Math.min(...runs);
      if (worker.name === "ours")
        kernel[label] = (await worker.ask("kernel", { key, calls: Math.min(calls, 20) })).seconds;
      await worker.ask("forget", { key });
    }
    rmSync(file, { force: true });
    return { ...row, times, queued, kernel, errors, ...(Object.keys(failed).length && { failed }) };
  }

  /** The largest error of some paths' signatures. @throws if they are wrong */
  async #check({ label, worker, key }, { channels, depth }, references) {
    const file = join(this.#folder, "rows.f64");
    await worker.ask("rows", { key, file, paths: references.map(({ path }) => path) });
    const bytes = readFileSync(file);
    rmSync(file);
    const numbers = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
    const size = signatureSize(channels, depth);
    if (numbers.length !== references.length * size) throw new Error(`${label} gives ${numbers.length} numbers`);
    let largest = 0;
    for (const [i, { signature, scales }] of references.entries()) {
      const row = numbers.subarray(i * size, (i + 1) * size);
      largest = Math.max(largest, ...levelErrors(row, signature, scales, channels));
    }
    if (!(largest < tolerance)) throw new Error(`${label} is wrong: relative error ${largest}`);
    return largest;
  }

  async close() {
    this.progress.stop();
    await Promise.all([...this.#workers.values()].map((worker) => worker.close()));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  versions() {
    return Object.fromEntries([...this.#workers].map(([name, { hello }]) => [name, hello.versions]));
  }
}

function referencesOf(row, data) {
  const { batch, points, channels, depth } = row;
  const some = topLevel(row) * points > 2e6 || points > 5000 ? [0, batch - 1] : [0, 1, batch >> 1, batch - 1];
  return [...new Set(some.filter((path) => path >= 0 && path < batch))].map((path) => {
    const own = data.subarray(path * points * channels, (path + 1) * points * channels);
    const signature = onePassHorner(own, channels, depth);
    return { path, signature, scales: levelScales(own, channels, depth, signature) };
  });
}

const slug = (text) =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");

export async function runGpuBench(args) {
  const options = readOptions(args);
  const isSoftware = options.software || !hasGpu();
  const progress = new Progress();
  const bench = new GpuBench({
    isSoftware,
    quick: options.quick || isSoftware,
    peers: isSoftware ? [] : options.peers,
    progress,
  });
  process.once("SIGINT", () => bench.close().finally(() => process.exit(130)));
  try {
    const ours = await bench.worker("ours");
    const { adapter, features, subgroupSize, limits } = ours.hello;
    const name = adapter.description || adapter.device || adapter.architecture || adapter.vendor || "unnamed";
    progress.note(`adapter: ${name}${adapter.isFallbackAdapter ? " (software: its numbers are not results)" : ""}`);
    const { found, missing } = await bench.findPeers();
    const rows = rowsFor({ isQuick: options.quick || isSoftware, filter: options.rows });
    const peak = await ours.ask("peak", { share: isSoftware ? 1 / 4096 : 1 });
    const whole = options.whole && !isSoftware && Object.keys(missing).length === 0;
    const date = new Date().toISOString().slice(0, 10);
    const kind = whole ? "" : isSoftware || options.quick ? "-quick" : "-partial";
    const file = join(root, "bench/results", `gpu-${slug(name)}-${date}${kind}.json`);
    mkdirSync(join(root, "bench/results"), { recursive: true });
    const result = {
      format: 1,
      date,
      adapter: { ...adapter, name, features, subgroupSize, limits },
      machine: machine(),
      code: codeMeasured(),
      versions: bench.versions(),
      whole,
      missing,
      peakMultiplyAdds: peak.perSecond,
      rows: [],
    };
    progress.begin("gpu", rows.length);
    for (const row of rows) {
      progress.row(rowName(row));
      result.rows.push(await bench.measureRow(row, found));
      // Written after every row, so that an interrupted run keeps its results.
      writeFileSync(
        file,
        `${JSON.stringify(result, (_, x) => (typeof x === "number" ? Number(x.toPrecision(7)) : x), 1)}\n`,
      );
      progress.step();
    }
    progress.stop();
    const page = file.replace(/\.json$/, ".md");
    writeFileSync(page, gpuMarkdown(result));
    process.stdout.write(
      `\n${gpuTargetTable(result)}\n\n${[file, page].map((path) => relative(root, path)).join("\n")}\n`,
    );
    if (!whole) process.stdout.write("Not a full run on a GPU with all peers: these numbers are not to be quoted.\n");
  } finally {
    await bench.close();
  }
}
