// Measures the edge service: cold start, warm requests, throughput beside plain JavaScript, memory
// over many requests. Writes bench/results/edge-MACHINE-DATE.json and the table in its README.
// Needs Linux and an otherwise idle machine.
//
//   npm run build && node examples/edge/bench/run.mjs [--quick]

import { mkdirSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join, relative } from "node:path";
import { canPin, leaveMeasuringCore, machine, root } from "../../../bench/lib/machine.mjs";
import { startWorker } from "../../../test/runtimes/workerd.ts";
import { arrowOf, jsonOf, somePaths, types } from "../test/bodies.ts";
import { drawEdge } from "./table.mjs";
import { makeBundles, processorSeconds, residentBytes, startAlone, workerdOf } from "./workers.mjs";

const quick = process.argv.includes("--quick");
const counts = quick
  ? { cold: 3, warmUp: 500, warm: 2000, seconds: 1, memory: 5000 }
  : { cold: 25, warmUp: 5000, warm: 20_000, seconds: 8, memory: 50_000 };

/** Rounds of warm requests; processor time is their median. */
const rounds = 5;

const one = { body: Buffer.from(jsonOf(somePaths([100], 3)[0])), type: types.json, accept: types.json };
const many = {
  body: Buffer.from(arrowOf(somePaths(Array(64).fill(100), 3), "float32")),
  type: types.arrow,
  accept: types.arrow,
};

const agent = () => new Agent({ keepAlive: true, maxSockets: 1 });

/** Sends a body over a kept-alive connection. node:http costs the client less than fetch. */
function send(connection, origin, { body, type, accept }) {
  return new Promise((done, fail) => {
    const headers = { "content-type": type, accept, "content-length": body.length };
    const sent = request(
      `${origin}/signature?depth=3`,
      { agent: connection, method: "POST", headers, setHost: true },
      (response) => {
        let bytes = 0;
        response.on("data", (chunk) => {
          bytes += chunk.length;
        });
        response.on("end", () =>
          response.statusCode === 200 ? done(bytes) : fail(new Error(`status ${response.statusCode}`)),
        );
      },
    );
    sent.on("error", fail);
    sent.end(body);
  });
}

const sorted = (values) => [...values].sort((a, b) => a - b);
const quantile = (values, q) => sorted(values)[Math.min(values.length - 1, Math.floor(q * values.length))];

/**
 * From starting a process to its first response, in turn; a worker that does nothing shows
 * workerd's own share.
 */
async function measureCold(bundles) {
  const times = { nothing: [], plain: [], service: [] };
  for (let i = 0; i < counts.cold; i++) {
    for (const [name, all] of Object.entries(times)) {
      const worker = await startAlone(bundles[name]);
      const connection = agent();
      await send(connection, worker.origin, one);
      const answered = performance.now();
      all.push({ total: answered - worker.started, answer: answered - worker.listening });
      connection.destroy();
      await worker.close();
    }
  }
  const median = (name, part) =>
    quantile(
      times[name].map((time) => time[part]),
      0.5,
    );
  return {
    runs: counts.cold,
    workerdAlone: median("nothing", "total"),
    firstAnswer: median("service", "total") - median("nothing", "total") + median("nothing", "answer"),
    compileAndInstantiate: median("service", "total") - median("plain", "total"),
  };
}

/** One request after the other over one connection. */
async function measureWarm(origin, pid) {
  const connection = agent();
  for (let i = 0; i < counts.warmUp; i++) await send(connection, origin, one);
  const times = [];
  const processor = [];
  // In rounds, since the processor clock has a resolution of ten milliseconds only.
  for (let round = 0; round < rounds; round++) {
    const before = processorSeconds(pid);
    for (let i = 0; i < counts.warm / rounds; i++) {
      const begin = performance.now();
      await send(connection, origin, one);
      times.push(performance.now() - begin);
    }
    processor.push(((processorSeconds(pid) - before) * 1e3 * rounds) / counts.warm);
  }
  connection.destroy();
  return {
    requests: counts.warm,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    processor: quantile(processor, 0.5),
    processorRounds: processor,
  };
}

async function measureAlone(bundle) {
  const worker = await startAlone(bundle);
  const measured = await measureWarm(worker.origin, worker.pid);
  await worker.close();
  return measured;
}

/** As many requests as one core serves, over eight connections. */
async function measureThroughput(bundle) {
  const worker = await startAlone(bundle);
  const connections = Array.from({ length: 8 }, agent);
  const load = async (seconds) => {
    const end = performance.now() + seconds * 1e3;
    let requests = 0;
    const loop = async (connection) => {
      for (; performance.now() < end; requests++) await send(connection, worker.origin, many);
    };
    const begin = performance.now();
    await Promise.all(connections.map(loop));
    return requests / ((performance.now() - begin) / 1e3);
  };
  await load(Math.max(1, counts.seconds / 4));
  const perSecond = await load(counts.seconds);
  for (const connection of connections) connection.destroy();
  await worker.close();
  return perSecond;
}

/**
 * V8's heap limit where memory is measured. workerd sets no limit by itself, and a heap that may
 * grow does grow, whatever runs in it. Isolates of a host that sets a limit (128 MB at Cloudflare)
 * collect garbage in time.
 */
const heapMebibytes = 32;

/** Memory after every tenth of many requests. */
async function measureMemory(bundle) {
  const worker = await startAlone(bundle, [`--max-heap-size=${heapMebibytes}`]);
  const connection = agent();
  const held = [];
  for (let i = 1; i <= counts.memory; i++) {
    await send(connection, worker.origin, one);
    if (i % (counts.memory / 10) === 0) held.push(residentBytes(worker.pid));
  }
  connection.destroy();
  await worker.close();
  return { requests: counts.memory, heapMebibytes, held };
}

const say = (text) => process.stderr.write(`${text}\n`);

leaveMeasuringCore();
const { bundles, close } = await makeBundles();
try {
  const where = machine();
  const date = new Date().toISOString().slice(0, 10);
  say("cold starts");
  const cold = await measureCold(bundles);
  say("warm requests");
  const warmAlone = await measureAlone(bundles.service);
  const nothing = await measureAlone(bundles.nothing);
  const miniflare = await startWorker(bundles.service);
  const warm = await measureWarm((await miniflare.ready).origin, workerdOf(process.pid));
  await miniflare.dispose();
  say("throughput");
  const throughput = {
    service: await measureThroughput(bundles.service),
    plain: await measureThroughput(bundles.plain),
  };
  say("memory");
  const memory = await measureMemory(bundles.service);
  const result = { date, machine: where, pinned: canPin, quick, cold, warm, warmAlone, nothing, throughput, memory };
  const file = join(root, "bench/results", `edge-${where.slug}-${date}${quick ? "-quick" : ""}.json`);
  mkdirSync(join(root, "bench/results"), { recursive: true });
  writeFileSync(file, `${JSON.stringify(result, undefined, 1)}\n`);
  say(`\n${drawEdge(result, relative(root, file))}\n\n${relative(root, file)}`);
} finally {
  close();
}
