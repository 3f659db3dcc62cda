// path-signature in a process of its own, controlled by lines of JSON (see lib/worker.mjs): node
// ours.mjs VARIANT. Decides nothing itself.

import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { serve } from "../lib/serve.mjs";
import { wasmBytes, watchMemories } from "./memories.mjs";
import { scratchBytes, subjects } from "./subjects.mjs";

const variant = process.argv[2];
watchMemories();
const beforeImport = performance.now();
const { createSignatureStream, createSignatureStreams, info, init, logSignature, signature, ...vjps } = await import(
  "../../dist/index.js"
);
const imported = (performance.now() - beforeImport) / 1e3;

/** Prepared calls by key. */
const prepared = new Map();

/** Numbers from a raw file, in a buffer of their own as a caller's would be. */
const read = (file, Numbers = Float32Array) => {
  const bytes = readFileSync(file);
  return new Numbers(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
};

/**
 * What the thread has had of a processor, by Linux's count; other loads do not add to it. Asking
 * for the process's time brings the count up to date, which otherwise is some milliseconds old.
 */
function secondsOnProcessor() {
  try {
    process.cpuUsage();
    return Number(readFileSync("/proc/self/schedstat", "utf8").split(" ")[0]) / 1e9;
  } catch {
    return Number.NaN;
  }
}

/** Whether this build has the option `algorithm`. */
function takesAlgorithm() {
  try {
    signature({ data: new Float32Array(4), shape: [2, 2] }, { depth: 2, algorithm: "horner" });
    return true;
  } catch (error) {
    if (error.code === "OPTION_UNKNOWN") return false;
    throw error;
  }
}

const operations = {
  async hello() {
    const before = performance.now();
    await init({ variant });
    const initialised = (performance.now() - before) / 1e3;
    const { version, variant: used } = info();
    if (used !== variant) throw new Error(`asked for the ${variant} binary, got ${used}`);
    return {
      versions: { "path-signature": version, node: process.versions.node, v8: process.versions.v8 },
      imported,
      initialised,
    };
  },

  features: () => ({ algorithms: takesAlgorithm() }),

  /** `numbersOfFile`: only that many numbers from the start of the file. */
  async prepare({ key, subject, file, numbersOfFile, lengthsFile, cotangentsFile, ...fields }) {
    const data = file && read(file).slice(0, numbersOfFile);
    const lengths = lengthsFile && read(lengthsFile, Uint32Array);
    const cotangents = cotangentsFile && read(cotangentsFile);
    // A family of its own, which other parts do not load.
    const kernels = fields.otherFile && (await import("../../dist/kernels.js"));
    await kernels?.init({ variant });
    const other = fields.otherFile && read(fields.otherFile);
    const streams = { createSignatureStream, createSignatureStreams };
    const ours = { logSignature, signature, ...vjps, ...streams, kernels, variant };
    const given = { ...ours, data, other, lengths, cotangents };
    prepared.set(key, subjects[subject]({ ...given, ...fields }));
    return {};
  },

  result({ key, file }) {
    const result = prepared.get(key).result();
    writeFileSync(file, new Uint8Array(Float64Array.from(result).buffer));
    return { numbers: result.length, dtype: result instanceof Float32Array ? "float32" : "float64" };
  },

  warm({ key, seconds }) {
    const { call } = prepared.get(key);
    const until = performance.now() + 1e3 * seconds;
    let fastest = Number.POSITIVE_INFINITY;
    let calls = 0;
    for (let before = performance.now(), after; calls < 2 || before < until; before = after, calls++) {
      call();
      after = performance.now();
      fastest = Math.min(fastest, after - before);
    }
    return { fastest: fastest / 1e3, calls };
  },

  /** Seconds of each of the next calls, the first included. */
  each({ key, calls }) {
    const { call } = prepared.get(key);
    const seconds = Array.from({ length: calls }, () => {
      const before = performance.now();
      call();
      return (performance.now() - before) / 1e3;
    });
    return { seconds };
  },

  sample({ key, calls, before }) {
    const { call } = prepared.get(key);
    for (let i = 0; i < before; i++) call();
    const onProcessor = secondsOnProcessor();
    const begin = performance.now();
    for (let i = 0; i < calls; i++) call();
    const seconds = (performance.now() - begin) / 1e3;
    return { seconds, processor: secondsOnProcessor() - onProcessor };
  },

  forget({ key }) {
    prepared.get(key)?.release?.();
    prepared.delete(key);
    return {};
  },

  /** Bytes of scratch that the kernels require. */
  scratch({ channels, depth }) {
    return { bytes: scratchBytes(variant, channels, depth) };
  },

  /**
   * Memory of the process after garbage collection. Array buffers are freed some time after the
   * collection that finds them.
   */
  async memory() {
    for (let i = 0; i < 3; i++) {
      globalThis.gc?.();
      await setTimeout(20);
    }
    const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
    return { wasm: wasmBytes(), heapUsed, external, arrayBuffers, rss };
  },
};

await serve(operations);
