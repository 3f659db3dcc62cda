// A thousand malformed bodies, over HTTP, to the service in a real workerd. Every one gets a
// response other than a server error, memory stays below an isolate's limit, and later requests are
// computed correctly.

import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { signature } from "path-signature";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Consumer } from "../../../test/packaging/consumer.ts";
import { requireHost } from "../../../test/runtimes/hosts.ts";
import { limits } from "../src/limits.ts";
import { arrowOf, columnsOf, csvOf, jsonOf, somePaths, types } from "./bodies.ts";
import { makeServiceProject, type Service, startInWorkerd } from "./service.ts";

const bodies = 1000;
/**
 * Memory of a Cloudflare isolate: how much the process may grow, V8's heap and everything beside
 * it.
 */
const mostBytes = 128 * 2 ** 20;

// workerd by itself sets no limit, and V8 then collects garbage late. The heap is limited to half
// of an isolate's memory; exceeding it ends the process, and the test with it.
process.env.MINIFLARE_WORKERD_V8_FLAGS = "--max-heap-size=64";

let project: Consumer;
let service: Service;
beforeAll(async () => {
  project = await makeServiceProject();
  service = await startInWorkerd(project);
});
afterAll(async () => {
  await service.close();
  project.close();
});

const text = new TextEncoder();
const good = somePaths([12, 5, 8], 3);
const valid: Record<keyof typeof types, Uint8Array[]> = {
  json: [text.encode(jsonOf(good)), text.encode(jsonOf({ paths: good }))],
  csv: [text.encode(csvOf(good))],
  arrow: [arrowOf(good), arrowOf(good, "float32"), columnsOf(good[0]!)],
};

type Bytes = Uint8Array<ArrayBuffer>;
type Change = (bytes: Bytes) => Bytes;

/** A valid body with a few bytes changed, cut off or left out, which falsifies its metadata. */
const mutated = (body: Uint8Array): fc.Arbitrary<Uint8Array> => {
  const at = fc.nat(body.length - 1);
  const words = fc.constantFrom(0x7fffffff, 0x80000000, 0xffffffff, 0x10000000);
  const change = fc.oneof(
    fc.tuple(at, fc.nat(255)).map(
      ([i, byte]): Change =>
        (bytes) =>
          bytes.fill(byte, i, i + 1),
    ),
    fc.tuple(at, words).map(
      ([i, word]): Change =>
        (bytes) => {
          // flatbuffers align lengths and offsets to four bytes.
          const place = i & ~3;
          if (place + 4 <= bytes.length) new DataView(bytes.buffer).setUint32(place, word, true);
          return bytes;
        },
    ),
    at.map(
      (i): Change =>
        (bytes) =>
          bytes.slice(0, i),
    ),
    fc.tuple(at, at).map(
      ([i, j]): Change =>
        (bytes) =>
          Uint8Array.from([...bytes.slice(0, i), ...bytes.slice(j)]),
    ),
  );
  return fc
    .array(change, { minLength: 1, maxLength: 4 })
    .map((changes) => changes.reduce((bytes, one) => one(bytes), Uint8Array.from(body)));
};

/** Valid JSON of the wrong types. */
const wrongJson = fc
  .oneof(
    fc.jsonValue({ maxDepth: 6 }),
    fc.array(fc.array(fc.oneof(fc.double(), fc.string(), fc.constant(null), fc.constant({}), fc.array(fc.double())))),
    fc.record({ paths: fc.jsonValue(), __proto__: fc.jsonValue() }, { noNullPrototype: true }),
    fc.constantFrom({ paths: { data: [1, 2], shape: [1, 2] } }, { paths: { length: 2 ** 31 } }, { paths: null }),
  )
  .map((value) => text.encode(JSON.stringify(value) ?? "undefined"));

/**
 * Text that expands when parsed: brackets, long rows, long numbers, many tiny paths, up to the
 * limits and beyond.
 */
const large = fc
  .tuple(
    fc.constantFrom(
      "[",
      "[[",
      "[],",
      "[[],",
      '{"a":',
      "[1],",
      "[[1],[2]],",
      "1,",
      "1\n",
      "1e308,",
      ",",
      '"',
      "\\",
      "9",
      "\n",
    ),
    fc.integer({ min: 1, max: 1_100_000 }),
    fc.constantFrom("", "[", "[["),
    fc.constantFrom("", "]", "[1]]", "[[1]]]"),
  )
  .map(([piece, length, before, after]) =>
    text.encode(before + piece.repeat(Math.ceil(length / piece.length)) + after),
  );

const words = [
  "NaN",
  "Infinity",
  "-Infinity",
  "1e999",
  "0x10",
  "--1",
  "null",
  "",
  " ",
  "1;2",
  "'",
  '"1"',
  "é",
  "\u0000",
];
const wrongCsv = fc
  .array(fc.array(fc.oneof(fc.double().map(String), fc.constantFrom(...words)), { maxLength: 70 }), { maxLength: 40 })
  .map((lines) => text.encode(lines.map((cells) => cells.join(",")).join("\n")));

const anyBody: fc.Arbitrary<[string, Uint8Array]> = fc.oneof(
  ...Object.entries(valid).map(([name, bodies]) =>
    fc.tuple(fc.constant(types[name as keyof typeof types]), fc.oneof(...bodies.map(mutated))),
  ),
  // False Arrow metadata is the most dangerous, so there is more of it.
  fc.tuple(fc.constant(types.arrow), fc.oneof(...valid.arrow.map(mutated))),
  fc.tuple(fc.constant(types.json), wrongJson),
  fc.tuple(fc.constant(types.csv), wrongCsv),
  fc.tuple(fc.constantFrom(...Object.values(types)), fc.uint8Array({ maxLength: 2000 })),
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(types.json, types.csv), large) },
);

/** Unchanged; compressed; compressed and cut off; labelled as compressed. */
const packed = fc.constantFrom(
  (body: Uint8Array) => ({ body, headers: {} }),
  (body: Uint8Array) => ({ body, headers: {} }),
  (body: Uint8Array) => ({ body: gzipSync(body), headers: { "content-encoding": "gzip" } }),
  (body: Uint8Array) => ({ body: gzipSync(body).subarray(0, -5), headers: { "content-encoding": "gzip" } }),
  (body: Uint8Array) => ({ body, headers: { "content-encoding": "deflate" } }),
);

const query = fc
  .record({
    depth: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 6 }) }, fc.integer(), fc.constant(12)),
    more: fc.constantFrom(
      "",
      "&stream=1",
      "&basepoint=1&inverse=1",
      "&dtype=float32&scalarTerm=1",
      "&stream=1&dtype=float32",
    ),
  })
  .map(({ depth, more }) => `depth=${depth}${more}`);

async function post(search: string, body: Uint8Array, headers: Record<string, string>): Promise<Response> {
  const url = `${service.origin}/signature?${search}`;
  return fetch(url, { method: "POST", body: body as Uint8Array<ArrayBuffer>, headers });
}

/** Bytes of memory that this process's workerd holds now, and the most that it has held. */
function memory(): { now: number; peak: number } | undefined {
  if (process.platform !== "linux") return undefined;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
      if (/^Name:\s+workerd/m.test(status) && field("PPid") === process.pid)
        return { now: field("VmRSS") * 1024, peak: field("VmHWM") * 1024 };
    } catch {
      // Ended in the meantime.
    }
  }
  throw new Error("no workerd runs");
}

async function expectRight(): Promise<void> {
  const response = await post("depth=3", valid.json[0]!, { "content-type": types.json });
  const { data } = (await response.json()) as { data: number[] };
  const expected = signature(good, { depth: 3 }).data;
  expect(data.length).toBe(expected.length);
  for (const [i, x] of expected.entries()) expect(data[i]).toBeCloseTo(x, 12);
}

const allowed = new Set([200, 400, 406, 413, 415, 422]);

it(`${bodies} hostile bodies`, { timeout: 300_000 }, async ({ skip }) => {
  requireHost("workerd", skip);
  await expectRight();
  await (await post("depth=2", valid.arrow[0]!, { "content-type": types.arrow, accept: types.arrow })).arrayBuffer();
  const idle = memory();
  const seen = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(
      anyBody,
      packed,
      query,
      fc.constantFrom(types.json, types.arrow),
      async (sent, pack, search, accept) => {
        const { body, headers } = pack(sent[1]);
        const response = await post(search, body, { "content-type": sent[0], accept, ...headers });
        const answer = await response.text();
        seen.set(response.status, (seen.get(response.status) ?? 0) + 1);
        expect(allowed, answer.slice(0, 500)).toContain(response.status);
        if (response.status !== 200) {
          const problem = JSON.parse(answer) as Record<string, unknown>;
          expect(problem.argument).toBeTypeOf("string");
          expect(problem.detail).toBeTypeOf("string");
        }
      },
    ),
    { numRuns: bodies },
  );
  // The bodies were of all kinds: some that can be computed, and some for every kind of problem.
  for (const status of [200, 400, 413, 422]) expect(seen.get(status) ?? 0, `status ${status}`).toBeGreaterThan(0);
  await expectRight();
  const after = memory();
  if (idle && after) expect(after.peak - idle.now).toBeLessThan(mostBytes);
});

it("as many large bodies at once as a browser would send", { timeout: 120_000 }, async ({ skip }) => {
  requireHost("workerd", skip);
  const idle = memory();
  const large = ["[],", "[1],", "[[1],[2]],", "[1,2,3],"].map((piece) =>
    text.encode(`[${piece.repeat(Math.floor((limits.bodyBytes - 20) / piece.length))}[1]]`),
  );
  const answers = await Promise.all(
    Array.from({ length: 6 * 4 }, (_, i) => post("depth=2", large[i % 4]!, { "content-type": types.json })),
  );
  // Only the valid path can be computed.
  for (const [i, answer] of answers.entries())
    expect([[422], [200], [413, 422], [422]][i % 4]).toContain(answer.status);
  await expectRight();
  const after = memory();
  if (idle && after) expect(after.peak - idle.now).toBeLessThan(mostBytes);
});
