// What all parts of the benchmark share: processes, inputs, the sampling plan, and how a contestant
// is prepared, checked and timed.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rowKey, topLevel } from "../grid.mjs";
import { signatureSize } from "./counts.mjs";
import { fullPlan, interleave, quickPlan } from "./interleave.mjs";
import { node24 } from "./machine.mjs";
import { makeLengths, makePaths, writeRaw } from "./paths.mjs";
import { levelErrors, levelScales, onePassHorner } from "./reference.mjs";
import { makeVenv, python } from "./venv.mjs";
import { Worker } from "./worker.mjs";

const script = (name) => fileURLToPath(new URL(`../workers/${name}`, import.meta.url));

/**
 * Largest error of a float32 result on a random walk, relative to the size of its level. Rounding
 * reaches 1e-5 at 10 000 points; a wrong or missing term shows as 1e-2 or more.
 */
const tolerance = 1e-3;

export class Bench {
  #workers = new Map();
  #folder = mkdtempSync(join(tmpdir(), "path-signature-bench-"));
  #files = new Map();
  #keys = 0;

  /**
   * @param {{ quick: boolean, rows: (row: import("../grid.mjs").Row) => boolean, peers: string[],
   *   progress: import("./progress.mjs").Progress }} given
   */
  constructor({ quick, rows, peers, progress }) {
    this.quick = quick;
    this.rows = rows;
    this.peers = peers;
    this.progress = progress;
    this.plan = quick ? quickPlan : fullPlan;
  }

  /**
   * The process of "relaxed", "simd" or a peer, started on first use; `hello` is its description of
   * itself.
   */
  async worker(name) {
    if (!this.#workers.has(name)) {
      const ours = name === "relaxed" || name === "simd";
      if (!ours) await makeVenv((line) => this.progress.note(line));
      const command = ours ? [node24(), "--expose-gc", script("ours.mjs"), name] : [python, script("peers.py"), name];
      const worker = new Worker(name, command);
      this.#workers.set(name, worker);
      worker.hello = await worker.ask("hello");
    }
    return this.#workers.get(name);
  }

  /** A folder for the files of this run, deleted when the benchmark closes. */
  get folder() {
    return this.#folder;
  }

  /** Versions of everything that has run so far. */
  versions() {
    return Object.fromEntries(
      [...this.#workers].map(([name, { hello }]) => [
        name,
        { ...hello.versions, ...(hello.python && { python: hello.python }) },
      ]),
    );
  }

  /** Ends a process; the next use starts a new one. */
  async restart(name) {
    await this.#workers.get(name)?.close();
    this.#workers.delete(name);
  }

  /** The paths of a row as numbers and as a raw file. */
  input(row, kind = "random walk", seed = 1) {
    const key = `${kind} ${row.batch}×${row.points}×${row.channels} ${seed}`;
    if (!this.#files.has(key)) {
      // Inputs take tens of megabytes, so only one is kept.
      for (const { file } of this.#files.values()) rmSync(file, { force: true });
      this.#files.clear();
      const data = makePaths(kind, row, seed);
      const file = join(this.#folder, `paths-${this.#keys++}.f32`);
      writeRaw(file, data);
      this.#files.set(key, { data, file });
    }
    return this.#files.get(key);
  }

  /** The lengths of a ragged row as numbers and as a raw file. */
  lengths(row) {
    const lengths = makeLengths(row);
    const lengthsFile = join(this.#folder, `lengths-${rowKey(row)}.u32`);
    writeRaw(lengthsFile, lengths);
    return { lengths, lengthsFile };
  }

  /**
   * Prepares a call in a process.
   * @param {string} label as in the result
   * @param {string} name the process
   * @param {object} request a row, an input's `file`, and for our processes a `subject` of
   *   workers/subjects.mjs with its options
   */
  async prepare(label, name, request) {
    const worker = await this.worker(name);
    const key = `call-${this.#keys++}`;
    const { data: _, ...fields } = request;
    await worker.ask("prepare", { key, ...fields });
    return { label, worker, key };
  }

  /** The result of a prepared call. */
  async result({ worker, key }) {
    const file = join(this.#folder, "result.f64");
    await worker.ask("result", { key, file });
    const bytes = readFileSync(file);
    rmSync(file);
    return new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
  }

  /** Reference signatures of some paths of a row, spread over the batch. */
  reference(row, data) {
    const { batch, points, channels, depth } = row;
    // Large signatures are slow here; the first, the last and one between are enough to find errors
    // of lanes, tails and blocks.
    const wanted = topLevel(row) * points > 2e6 ? [0, batch - 1] : [0, 1, batch >> 1, batch - 2, batch - 1];
    return [...new Set(wanted.filter((b) => b >= 0 && b < batch))].map((b) => {
      const path = data.subarray(b * points * channels, (b + 1) * points * channels);
      const signature = onePassHorner(path, channels, depth);
      return { path: b, signature, scales: levelScales(path, channels, depth, signature) };
    });
  }

  /**
   * The largest relative error of a prepared call's result.
   * @throws if the result is wrong, so that wrong results are never timed.
   */
  async check(contestant, { batch, channels, depth }, references) {
    const numbers = await this.result(contestant);
    const size = signatureSize(channels, depth);
    if (numbers.length !== batch * size)
      throw new Error(`${contestant.label} gives ${numbers.length} numbers instead of ${batch * size}`);
    let largest = 0;
    for (const { path, signature, scales } of references) {
      const errors = levelErrors(numbers.subarray(path * size, (path + 1) * size), signature, scales, channels);
      largest = Math.max(largest, ...errors);
    }
    if (!(largest < tolerance)) throw new Error(`${contestant.label} is wrong: relative error ${largest}`);
    return largest;
  }

  /** Seconds per call of prepared contestants, sampled in turn; they are released afterwards. */
  async time(contestants, plan = this.plan) {
    try {
      return await interleave(contestants, plan);
    } finally {
      await this.forget(contestants);
    }
  }

  async forget(contestants) {
    for (const { worker, key } of contestants) await worker.ask("forget", { key });
  }

  /** Whether the package's build has the option `algorithm`. */
  async choosesAlgorithm() {
    return (await (await this.worker("relaxed")).ask("features")).algorithms;
  }

  async close() {
    this.progress.stop();
    await Promise.all([...this.#workers.values()].map((worker) => worker.close()));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
