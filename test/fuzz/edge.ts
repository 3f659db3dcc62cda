// Fuzzing of the edge service on Node: Arrow streams with falsified words, bodies of all kinds that
// are no paths, bytes that are no HTTP, and clients that behave badly. No request may end the
// service, get a server error or no answer, or make it grow by more than an isolate's memory.

import fc from "fast-check";
import { types } from "../../examples/edge/test/bodies.ts";
import { anyBody, packed, query } from "../../examples/edge/test/hostile-bodies.ts";
import { random } from "../paths.ts";
import { edgeCorpus } from "./corpus/edge.ts";
import { arrowWordCase, arrowWords } from "./edge/arrow-words.ts";
import { clients, open, receive } from "./edge/clients.ts";
import { faultOf, type Request, rawScriptOf, scriptOf } from "./edge/requests.ts";
import { mostGrowth, Server } from "./edge/server.ts";
import type { Bounds, Failure, Outcome, Part } from "./part.ts";

/** The service, started again after a failure. */
class Session {
  #server: Server | undefined;
  /** Where the sweep over Arrow's words is. */
  sweep: number;

  constructor(seed: number) {
    this.sweep = seed % arrowWords;
  }

  async server(): Promise<Server> {
    if (this.#server?.alive) return this.#server;
    this.#server = await Server.start();
    // Everything is loaded and compiled before its memory is compared.
    for (let i = 0; i < 200; i++) await faultOf(this.#server, arrowWordCase(i));
    this.#server.settle();
    this.#server.takeGrowth();
    return this.#server;
  }

  async close(): Promise<void> {
    await this.#server?.close();
    this.#server = undefined;
  }
}

type Found = { cases: number; failures: Failure[] };
type Source = (session: Session, seed: number, most: number) => Promise<Found>;

/** Requests at once. */
const lanes = 8;

const words: Source = async (session, seed, most) => {
  const count = Math.min(most, 400);
  for (let done = 0; done < count; done += lanes) {
    const server = await session.server();
    const requests = Array.from({ length: Math.min(lanes, count - done) }, () => arrowWordCase(session.sweep++));
    const faults = await Promise.all(requests.map((request) => faultOf(server, request)));
    if (faults.every((fault) => fault === undefined)) continue;
    // Alone, on a service that is sound: the others may have failed for it.
    for (const request of requests) {
      await session.close();
      const what = await faultOf(await session.server(), request);
      if (what !== undefined)
        return { cases: done + lanes, failures: [{ seed, what: `Arrow: ${what}`, script: scriptOf(request) }] };
    }
    const what = `${lanes} Arrow streams at once, and none alone: ${faults.find((fault) => fault !== undefined)}`;
    return { cases: done + lanes, failures: [{ seed, what, script: requests.map(scriptOf).join("\n") }] };
  }
  return { cases: count, failures: [] };
};

/** Cases of a generator; a failure is shrunk. */
async function generated<Case>(
  session: Session,
  { seed, cases, cases: numRuns }: { seed: number; cases: number },
  arbitrary: fc.Arbitrary<Case>,
  fault: (server: Server, one: Case) => Promise<string | undefined>,
  script: (one: Case) => string,
): Promise<Found> {
  let last = "";
  const property = fc.asyncProperty(arbitrary, async (one) => {
    const what = await fault(await session.server(), one);
    if (what === undefined) return;
    last = what;
    await session.close();
    throw new Error(what);
  });
  const { failed, counterexample, numRuns: done } = await fc.check(property, { seed, numRuns });
  const failures = failed ? [{ seed, what: last, script: script(counterexample![0]) }] : [];
  return { cases: failed ? done : cases, failures };
}

const requests = fc
  .tuple(anyBody, packed, query, fc.constantFrom(types.json, types.arrow))
  .map(([[type, bytes], pack, search, accept]): Request => {
    const { body, headers } = pack(bytes);
    return { query: search, headers: { "content-type": type, accept, ...headers }, body: Uint8Array.from(body) };
  });

const bodies: Source = (session, seed, most) =>
  generated(session, { seed, cases: Math.min(most, 200) }, requests, faultOf, scriptOf);

const pieces = [
  ...["POST", "GET", "HEAD", "BREW", " ", "/", "/signature?depth=2", "/%", "//", "*", "HTTP/1.1", "HTTP/1.0", "HTTP/9"],
  ...["\r\n", "\n", "\r", "\0", "\u00e9", ":", "host: x\r\n", "host: \u00ff/:@\r\n", "host: a\r\nhost: b\r\n"],
  ...["content-type: application/json\r\n", "accept: ;q=\r\n", "x-request-id: \t\r\n", "content-encoding: gzip\r\n"],
  ...["content-length: 9\r\n", "content-length: -1\r\n", "content-length: 0x9\r\n", "content-length: 99999999999\r\n"],
  ...["transfer-encoding: chunked\r\n", "transfer-encoding: gzip\r\n", "expect: 100-continue\r\n"],
  ...[
    "connection: upgrade\r\nupgrade: websocket\r\n",
    "connection: close\r\n",
    "cookie: a\r\n",
    `x: ${"y".repeat(9000)}\r\n`,
  ],
  ...["9\r\n[[0],[1]]\r\n", "0\r\n\r\n", "fffffffff\r\n", "-1\r\n", "[[0],[1]]", "[", "1e999"],
];
const start = "POST /signature?depth=2 HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
const rawRequests = fc
  .tuple(fc.constantFrom("", start, `${start}content-length: 9\r\n\r\n[[0],[1]]`), fc.array(fc.constantFrom(...pieces)))
  .map(([before, after]) => before + after.join(""));

async function rawFault(server: Server, text: string): Promise<string | undefined> {
  const socket = await open(server);
  socket.end(text, "latin1");
  const answer = await receive(socket, 15_000);
  if (!server.alive) return `the service ended: ${server.complaint}`;
  if (!socket.closed) return `the connection stays open: ${answer.slice(0, 300)}`;
  return /HTTP\/1\.1 5\d\d/.test(answer) ? `a server error: ${answer.slice(0, 300)}` : undefined;
}

const raw: Source = (session, seed, most) =>
  generated(session, { seed, cases: Math.min(most, 50) }, rawRequests, rawFault, rawScriptOf);

const named = Object.entries(edgeCorpus).map(([name, { type, body, query: search, accept, status }]) => {
  const request = { query: search ?? "depth=2", headers: { "content-type": type, accept: accept ?? "*/*" }, body };
  return { name, request, status };
});

/** Past failures. */
const corpus: Source = async (session, seed) => {
  const failures: Failure[] = [];
  for (const { name, request } of named) {
    const what = await faultOf(await session.server(), request);
    if (what === undefined) continue;
    failures.push({ seed, what: `${name}: ${what}`, script: scriptOf(request) });
    await session.close();
  }
  return { cases: named.length, failures };
};

const names = Object.keys(clients);

const badClient: Source = async (session, seed) => {
  const name = names[seed % names.length]!;
  const what = await clients[name]!(await session.server());
  const failure = { seed, what: `${name}: ${what}`, script: `// The client "${name}" of test/fuzz/edge/clients.ts.` };
  return { cases: 1, failures: what === undefined ? [] : [failure] };
};

/** One round after the other; the first is every past failure. */
const rounds: readonly [string, Source][] = [
  ["arrow", words],
  ["bodies", bodies],
  ["http", raw],
  ["client", badClient],
];

/** Failures after which a run ends. */
const mostFailures = 10;

export const part: Part = {
  name: "edge",
  quick: 5000,
  few: 1000,

  async run({
    seed,
    cases = Number.POSITIVE_INFINITY,
    seconds = Number.POSITIVE_INFINITY,
    log,
  }: Bounds): Promise<Outcome> {
    const end = performance.now() + 1000 * seconds;
    const next = random(seed);
    const session = new Session(seed);
    const failures: Failure[] = [];
    let done = 0;
    try {
      for (let round = 0; done < cases && performance.now() < end && failures.length < mostFailures; round++) {
        const [name, source] = round === 0 ? (["corpus", corpus] as const) : rounds[(round - 1) % rounds.length]!;
        const roundSeed = Math.floor(next() * 2 ** 31);
        const found = await source(session, roundSeed, cases - done);
        done += found.cases;
        failures.push(...found.failures);
        // Whatever came before, the next request is served, and memory stays within bounds.
        const growth = (await session.server()).takeGrowth();
        const what = await faultOf(await session.server(), named.find(({ status }) => status === 200)!.request);
        const script = `// npm run fuzz -- edge --seed ${seed}: round ${round}, ${name}, seed ${roundSeed}`;
        if (what !== undefined) failures.push({ seed, what: `after ${name}: ${what}`, script });
        if (growth > mostGrowth) failures.push({ seed, what: `${name}: grew by ${growth} bytes`, script });
        log?.(`${done} cases, ${failures.length} failures; ${name} ${roundSeed}: ${(growth / 2 ** 20).toFixed(0)} MiB`);
      }
    } finally {
      await session.close();
    }
    return { cases: done, failures };
  },
};
