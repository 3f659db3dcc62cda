// The service over HTTP, the same on every host: in a real workerd, and on the servers of Node,
// Deno and Bun. Results are compared with those of the library in this process.

import { gzipSync } from "node:zlib";
import { tableFromIPC } from "apache-arrow";
import { init, type SignatureOptions, signature } from "path-signature";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { edgeCorpus } from "../../../test/fuzz/corpus/edge.ts";
import type { Consumer } from "../../../test/packaging/consumer.ts";
import { missing, requireHost } from "../../../test/runtimes/hosts.ts";
import { limits } from "../src/limits.ts";
import { arrowOf, columnsOf, csvOf, jsonOf, type Points, somePaths, types } from "./bodies.ts";
import { hosts, makeServiceProject, type Service, start, startInWorkerd } from "./service.ts";

let project: Consumer;
beforeAll(async () => {
  project = await makeServiceProject();
  await init();
});
afterAll(() => project.close());

const need = (host: string) => (host === "node" ? "node24" : host);

describe.each(hosts)("on %s", (host) => {
  let service: Service | undefined;
  beforeAll(async () => {
    if (missing(need(host)) === undefined) service = await start(host, project);
  });
  afterAll(() => service?.close());

  /** A test that needs the host. */
  const on = (name: string, work: () => Promise<void>) =>
    it(name, async ({ skip }) => {
      requireHost(need(host), skip);
      await work();
    });

  const post = (query: string, body: BodyInit, headers: Record<string, string>) =>
    fetch(`${service!.origin}/signature?${query}`, { method: "POST", body, headers });

  const ragged = somePaths([20, 3, 1, 57], 3);
  const even = somePaths([15, 15, 15], 2, 7);

  /**
   * Relaxed multiply-adds may round differently in another engine; the paths have a size of
   * about 1.
   */
  const close = (found: Iterable<number>, paths: unknown, options: SignatureOptions) => {
    const { data } = signature(paths as Points[], options);
    const got = [...found];
    expect(got.length).toBe(data.length);
    expect(Math.max(...data.map((x, i) => Math.abs(got[i]! - x)))).toBeLessThan(1e-12);
  };

  const json = { "content-type": types.json };
  const csv = { "content-type": types.csv };
  const path = jsonOf(even[0]);

  interface JsonAnswer {
    ids?: string[];
    names?: string[];
    shape: number[];
    dtype: string;
    channels: number;
    depth: number;
    data: number[];
  }

  on("answers JSON with JSON", async () => {
    const response = await post("depth=3", jsonOf(ragged), { "content-type": types.json });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    const answer = (await response.json()) as JsonAnswer;
    expect(answer).toMatchObject({ shape: [4, 39], dtype: "float64", channels: 3, depth: 3 });
    close(answer.data, ragged, { depth: 3 });
  });

  on("takes one path, and paths in an object", async () => {
    const json = { "content-type": "application/json; charset=utf-8" };
    const one = (await (await post("depth=2", jsonOf(ragged[0]), json)).json()) as JsonAnswer;
    expect(one.shape).toEqual([12]);
    close(one.data, ragged[0], { depth: 2 });
    const named = (await (await post("depth=2", jsonOf({ paths: ragged }), json)).json()) as JsonAnswer;
    close(named.data, ragged, { depth: 2 });
  });

  on("takes every option", async () => {
    const query = "depth=2&stream=true&basepoint=1&inverse&scalarTerm=true&dtype=float64";
    const answer = (await (await post(query, jsonOf(even), { "content-type": types.json })).json()) as JsonAnswer;
    expect(answer.shape).toEqual([3, 15, 7]);
    close(answer.data, even, { depth: 2, stream: true, basepoint: true, inverse: true, scalarTerm: true });
    const single = await post("depth=2&dtype=float32", jsonOf(even), { "content-type": types.json });
    expect(((await single.json()) as JsonAnswer).dtype).toBe("float32");
  });

  on("takes CSV with and without paths", async () => {
    const batch = (await (await post("depth=3", csvOf(ragged), { "content-type": types.csv })).json()) as JsonAnswer;
    expect(batch.shape).toEqual([4, 39]);
    close(batch.data, ragged, { depth: 3 });
    const lines = even[0]!.map((point) => point.join(",")).join("\r\n");
    const one = (await (await post("depth=3", lines, { "content-type": types.csv })).json()) as JsonAnswer;
    expect(one.shape).toEqual([14]);
    close(one.data, even[0], { depth: 3 });
  });

  on("groups the lines of CSV by their path, and gives the ids back", async () => {
    const [a, b] = [somePaths([4], 2)[0]!, somePaths([3], 2, 9)[0]!];
    const point = (id: string, path: Points, i: number) => `${path[i]![0]},${id},${path[i]![1]}`;
    const lines = ["x,Path,y", point("b", b, 0), point("a", a, 0), point("a", a, 1), point("b", b, 1)];
    lines.push(point("a", a, 2), point("b", b, 2), point("a", a, 3));
    const headers = { "content-type": types.csv };
    const answer = (await (await post("depth=3", lines.join("\n"), headers)).json()) as JsonAnswer;
    expect(answer).toMatchObject({ shape: [2, 14], ids: ["b", "a"], names: ["x", "y"] });
    close(answer.data, [b, a], { depth: 3 });
    const table = tableFromIPC(
      await (await post("depth=3", lines.join("\n"), { ...headers, accept: types.arrow })).arrayBuffer(),
    );
    expect([...table.getChild("path")!]).toEqual(["b", "a"]);
    close(
      [...table.getChild("signature")!].flatMap((row) => [...(row as Iterable<number>)]),
      [b, a],
      { depth: 3 },
    );
  });

  on("takes a first line of CSV for what it is said to be", async () => {
    const send = async (said: string, body: string) =>
      (await (await post("depth=1", body, { "content-type": `text/csv${said}` })).json()) as JsonAnswer;
    expect(await send("; header=present", "2020,2021\n0,1\n1,3\n")).toMatchObject({
      names: ["2020", "2021"],
      data: [1, 2],
    });
    expect(await send("", "2020,2021\n0,1\n")).toMatchObject({ data: [-2020, -2020] });
    expect(await send("; header=absent", "x,y\n0,1\n1,3\n")).toMatchObject({ status: 400, argument: "line 1" });
  });

  on("streams long responses", async () => {
    const [long] = somePaths([20], 2, 3);
    const options = { depth: 11, stream: true };
    const answer = (await (
      await post("depth=11&stream=1", jsonOf(long), { "content-type": types.json })
    ).json()) as JsonAnswer;
    expect(answer.shape).toEqual([19, 4094]);
    close(answer.data, long, options);
    const headers = { "content-type": types.json, accept: types.arrow };
    const table = tableFromIPC(await (await post("depth=11&stream=1", jsonOf(long), headers)).arrayBuffer());
    expect((table.getChild("signature")!.get(0) as Iterable<unknown> & { length: number }).length).toBe(19);
  });

  on("is alive after requests that it once failed", async () => {
    for (const [name, { type, body, query, accept, status }] of Object.entries(edgeCorpus)) {
      const response = await post(query ?? "depth=2", body, { "content-type": type, accept: accept ?? "*/*" });
      expect([name, response.status]).toEqual([name, status]);
      expect((await post("depth=2", path, json)).status).toBe(200);
    }
  });

  on("takes Arrow and gives Arrow", async () => {
    const headers = { "content-type": types.arrow, accept: types.arrow };
    for (const [paths, shape] of [
      [ragged, [4, 39]],
      [even, [3, 14]],
    ] as const) {
      const response = await post("depth=3", arrowOf(paths), headers);
      expect(response.headers.get("content-type")).toBe(types.arrow);
      const table = tableFromIPC(new Uint8Array(await response.arrayBuffer()));
      expect(table.numRows).toBe(shape[0]);
      const rows = [...table.getChild("signature")!].map((row) => [...(row as Iterable<number>)]);
      expect(rows[0]!.length).toBe(shape[1]);
      close(rows.flat(), paths, { depth: 3 });
    }
  });

  on("takes columns of Arrow, float32 as such, and gives prefixes as lists", async () => {
    const one = await post("depth=2", columnsOf(ragged[3]!), { "content-type": types.arrow });
    const answer = (await one.json()) as JsonAnswer;
    expect(answer.shape).toEqual([12]);
    close(answer.data, ragged[3], { depth: 2 });
    const headers = { "content-type": types.arrow, accept: `${types.json};q=0.5, ${types.arrow}` };
    const stream = await post("depth=2&stream=true", arrowOf(even, "float32"), headers);
    const table = tableFromIPC(new Uint8Array(await stream.arrayBuffer()));
    expect(String(table.schema.fields[0]!.type)).toMatch(/List.*FixedSizeList\[6\].*Float32/);
    expect(table.numRows).toBe(3);
    expect((table.getChild("signature")!.get(0) as Iterable<unknown> & { length: number }).length).toBe(14);
  });

  on("takes compressed bodies", async () => {
    const body = gzipSync(jsonOf(ragged));
    const response = await post("depth=3", body, { "content-type": types.json, "content-encoding": "gzip" });
    close(((await response.json()) as JsonAnswer).data, ragged, { depth: 3 });
  });

  const bomb = gzipSync(Buffer.alloc(64 * 2 ** 20, "[1,2],"));
  it.for<[string, string, BodyInit, Record<string, string>, number, string]>([
    ["no depth", "", path, json, 400, "depth"],
    ["a depth that is no number", "depth=three", path, json, 400, "depth"],
    ["a depth twice", "depth=2&depth=3", path, json, 400, "depth"],
    ["an unknown parameter", "depth=2&stram=1", path, json, 400, "stram"],
    ["a flag that is none", "depth=2&stream=maybe", path, json, 400, "stream"],
    ["half a body", "depth=2", path.slice(0, -2), json, 400, "body"],
    ["nested too deeply", "depth=2", `${"[".repeat(50_000)}${"]".repeat(50_000)}`, json, 422, "paths"],
    ["nested deeply", "depth=2", `${"[".repeat(20_000)}${"]".repeat(20_000)}`, json, 422, "paths"],
    ["no UTF-8", "depth=2", new Uint8Array([0x5b, 0xff, 0x5d]), json, 400, "body"],
    ["words in CSV", "depth=2", "x,y\n0,1\n1,zwei\n", csv, 400, "line 3"],
    ["a ragged line in CSV", "depth=2", "0,1\n1\n", csv, 400, "line 2"],
    ["a mistake in the first line of CSV", "depth=2", "0,l\n1,2\n", csv, 400, "line 1"],
    ["nothing but mistakes there", "depth=2", "1.O,2.O\n1,2\n", csv, 400, "line 1"],
    ["a column without a name", "depth=2", "x,\n1,2\n", csv, 400, "line 1"],
    ["two columns of paths", "depth=2", "path,path\n1,2\n", csv, 400, "line 1"],
    ["a path without an id", "depth=2", "path,x\n,2\n", csv, 400, "line 2"],
    ["no Arrow", "depth=2", "ARROW1", { "content-type": types.arrow }, 400, "body"],
    ["half of Arrow", "depth=2", arrowOf(even).slice(0, 300), { "content-type": types.arrow }, 400, "body"],
    ["broken compression", "depth=2", "no gzip", { ...json, "content-encoding": "gzip" }, 400, "body"],
    ["nothing acceptable", "depth=2", path, { ...json, accept: "image/png" }, 406, "accept"],
    ["a long body", "depth=2", `[${"[1,2],".repeat(200_000)}[1,2]]`, json, 413, "body"],
    ["a bomb", "depth=2", bomb, { ...json, "content-encoding": "gzip" }, 413, "body"],
    ["a long answer", "depth=12", jsonOf(somePaths([9, 9], 5)), json, 413, "depth"],
    ["much work", "depth=12", jsonOf([somePaths([30_000], 2)[0]]), json, 413, "body"],
    ["another media type", "depth=2", path, { "content-type": "text/plain" }, 415, "content-type"],
    ["no media type", "depth=2", new Uint8Array(3), {}, 415, "content-type"],
    ["another compression", "depth=2", path, { ...json, "content-encoding": "br" }, 415, "content-encoding"],
    ["a depth beyond the limit", `depth=${limits.depth + 1}`, path, json, 422, "depth"],
    ["depth 0", "depth=0", path, json, 422, "depth"],
    ["too many channels", "depth=1", jsonOf([Array(65).fill(0)]), json, 422, "paths"],
    ["a flat array", "depth=2", "[1,2,3]", json, 422, "paths"],
    ["points of different channels", "depth=2", "[[1,2],[3]]", json, 422, "paths[1]"],
    ["a word among numbers", "depth=2", '[[1,2],[3,"4"]]', json, 422, "paths[1]"],
    ["no number", "depth=2", "0,1\nNaN,2\n", csv, 422, "paths"],
    ["another key", "depth=2", '{"path":[[1]]}', json, 422, "path"],
    ["an empty batch", "depth=2", "[]", json, 422, "paths"],
    ["an overflow", "depth=2", "[[0],[1e300],[-1e300]]", json, 422, "paths"],
  ])("%s is a problem that names what is wrong", async ([, query, body, headers, status, argument], { skip }) => {
    requireHost(need(host), skip);
    const response = await post(query, body, { ...headers, "x-request-id": "test-1" });
    const problem = (await response.json()) as Record<string, unknown>;
    expect({ ...problem, status: response.status }).toMatchObject({ status, requestId: "test-1" });
    expect(problem.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(response.headers.get("x-request-id")).toBe("test-1");
    expect(problem.argument).toEqual(expect.stringMatching(new RegExp(`^${argument.replace(/[[\]]/g, "\\$&")}`)));
    expect(String(problem.detail).length).toBeGreaterThan(10);
  });

  on("has a page, its description, and nothing else", async () => {
    const page = await fetch(`${service!.origin}/`);
    expect(page.headers.get("content-type")).toMatch(/^text\/html/);
    expect(page.headers.get("content-security-policy")).not.toContain("unsafe");
    expect(await page.text()).toContain("<form");
    const description = (await (await fetch(`${service!.origin}/openapi.json`)).json()) as {
      openapi: string;
      paths: Record<string, Record<string, { parameters: { name: string }[] }>>;
    };
    expect(description.openapi).toBe("3.1.0");
    expect(description.paths["/signature"]!.post!.parameters.map(({ name }) => name)).toContain("depth");
    expect((await fetch(`${service!.origin}/none`)).status).toBe(404);
    expect((await fetch(`${service!.origin}/signature`)).status).toBe(405);
    expect((await fetch(`${service!.origin}/`, { method: "HEAD" })).status).toBe(200);
    const ids = await Promise.all([1, 2].map(async () => (await fetch(service!.origin)).headers.get("x-request-id")));
    expect(new Set(ids).size).toBe(2);
  });
});

it("logs one line a request, with the id that the client gets", async ({ skip }) => {
  requireHost("workerd", skip);
  const lines: Record<string, unknown>[] = [];
  const service = await startInWorkerd(project, (line) => lines.push(JSON.parse(line) as Record<string, unknown>));
  try {
    const url = `${service.origin}/signature?depth=2`;
    const send = (body: string, headers = {}) =>
      fetch(url, { method: "POST", body, headers: { "content-type": types.json, ...headers } });
    const fine = await send("[[0],[1]]");
    const wrong = await send("[[0],[1,2]]", { "x-request-id": "mine" });
    // An id that would break the format of the log is replaced.
    const strange = await send("[[0],[1]]", { "x-request-id": "x".repeat(99) });
    await expect.poll(() => lines.length).toBe(3);
    const ids = [fine, wrong, strange].map(({ headers }) => headers.get("x-request-id"));
    expect(lines.map(({ requestId }) => requestId)).toEqual(ids);
    expect(ids[1]).toBe("mine");
    expect(ids[2]).toMatch(/^[\w-]{36}$/);
    expect(lines[0]).toEqual({ requestId: ids[0], method: "POST", path: "/signature", query: "?depth=2", status: 200 });
    expect(lines[1]).toMatchObject({ status: 422, argument: "paths[1]", code: "RAGGED_ROW" });
  } finally {
    await service.close();
  }
});
