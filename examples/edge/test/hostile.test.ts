// A thousand malformed bodies, over HTTP, to the service in a real workerd. Every one gets a
// response other than a server error, memory stays below an isolate's limit, and later requests are
// computed correctly.

import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { signature } from "path-signature";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Consumer } from "../../../test/packaging/consumer.ts";
import { requireHost } from "../../../test/runtimes/hosts.ts";
import { limits } from "../src/limits.ts";
import { types } from "./bodies.ts";
import { anyBody, good, packed, query, valid } from "./hostile-bodies.ts";
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
    new TextEncoder().encode(`[${piece.repeat(Math.floor((limits.bodyBytes - 20) / piece.length))}[1]]`),
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
