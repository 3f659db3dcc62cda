// The listener for Node in this process: clients that send at once, never end, are slow or do not
// read, and the bound on the memory of all requests.

import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { handle } from "../src/handler.ts";
import { limits } from "../src/limits.ts";
import { nodeListener } from "../src/node-listener.ts";
import { types } from "./bodies.ts";

const usual = { ...limits };
let server: Server;
let sockets: Socket[];
/** Requests that are handled now, and the most that were at once. */
let [now, most] = [0, 0];

beforeEach(async () => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  [sockets, now, most] = [[], 0, 0];
  const counted = async (request: Request) => {
    most = Math.max(most, ++now);
    return handle(request).finally(() => now--);
  };
  server = createServer(nodeListener(counted)).on("connection", (socket) => sockets.push(socket));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});
afterEach(async () => {
  Object.assign(limits, usual);
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

/** Within the time of a busy machine. */
const poll = <T>(value: () => T) => expect.poll(value, { timeout: 20_000 });

const client = () => connect((server.address() as AddressInfo).port, "127.0.0.1").on("error", () => undefined);
const closed = (socket: Socket) => new Promise<void>((done) => void socket.once("close", () => done()));

/** Everything that a connection receives until it is closed. */
async function received(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
  });
  await closed(socket);
  return text;
}

const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
const head = (path: string, more: string) =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${more}\r\n`;
const whole = (path: string, body: string, more = "") =>
  `${head(path, `content-length: ${body.length}\r\n${more}`)}${body}`;

/** A small request for the signatures of 25 prefixes, 1.6 MB of numbers. */
const path = `[[0,0],[1,0]${",[1,1]".repeat(24)}]`;
const query = "/signature?depth=12&stream=1";
const send = (where: string, body: string) => {
  const headers = { "content-type": types.json, "content-length": String(body.length) };
  return handle(new Request(`http://x${where}`, { method: "POST", headers, body }));
};
const ask = () => send(query, path);

it.each([
  ["a route that is none", "/none", 404],
  ["a body that is too long", "/signature?depth=2", 413],
])("reads no further than it must after a refusal: %s", async (_, where, status) => {
  const socket = client();
  socket.write(head(where, "transfer-encoding: chunked\r\n"));
  const chunk = `10000\r\n${" ".repeat(65_536)}\r\n`;
  const pour = () => {
    while (socket.writable && socket.write(chunk));
  };
  socket.on("drain", pour);
  pour();
  expect(statuses(await received(socket))).toEqual([status]);
  // A body, what it takes not to cut off the response, and what was under way.
  expect(sockets[0]!.bytesRead).toBeLessThan(3 * limits.bodyBytes);
});

it("handles the pipelined requests of a connection one after the other", async () => {
  const socket = client();
  socket.write(whole(query, path).repeat(9) + whole(query, path, "connection: close\r\n"));
  const text = await received(socket);
  expect(statuses(text)).toEqual(Array(10).fill(200));
  expect(most).toBe(1);
});

it("closes the connection of a client that sends requests without end and reads none of the responses", async () => {
  const socket = client().pause();
  const requests = "GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(500);
  socket.write(requests);
  socket.write(requests);
  await poll(() => sockets[0]?.destroyed).toBe(true);
});

it("turns away what would need more memory than is left, until it is released", async () => {
  const held: Response[] = [];
  let last = await ask();
  for (; last.status === 200; last = await ask()) held.push(last);
  expect(held.length).toBe(Math.floor(limits.heldBytes / (8 * 25 * 8190)));
  expect(last.status).toBe(503);
  expect(last.headers.get("retry-after")).toBe("1");
  // Short bodies and responses are served all the time.
  expect((await send("/signature?depth=2", "[[0],[1]]")).status).toBe(200);
  // One is read to its end, one is given up.
  const { data } = (await held.pop()!.json()) as { data: number[] };
  expect(data.length).toBe(25 * 8190);
  held.push(await ask());
  expect((await ask()).status).toBe(503);
  await held.pop()!.body!.cancel();
  held.push(await ask());
  expect(held.at(-1)!.status).toBe(200);
  for (const response of held) await response.body?.cancel();
});

it("counts a long body while it arrives", async () => {
  Object.assign(limits, { heldBytes: 2 ** 20 });
  const socket = client();
  socket.write(head("/signature?depth=2", `content-length: ${2 ** 20}\r\n`));
  await poll(() => now).toBe(1);
  expect((await send("/signature?depth=2", " ".repeat(100_000))).status).toBe(503);
  socket.destroy();
});

it("refuses a body that does not arrive in time, and closes the connection", async () => {
  Object.assign(limits, { bodyMs: 100 });
  for (const length of [20, 100_000]) {
    const socket = client();
    socket.write(`${head("/signature?depth=2", `content-length: ${length}\r\n`)}[[`);
    expect(statuses(await received(socket))).toEqual([408]);
  }
});

/** A request for more than the buffers of a connection take, and room for one such response. */
const longPath = JSON.stringify(Array.from({ length: 500 }, (_, i) => [Math.sin(i), Math.cos(2 * i)]));
const roomForOne = { numbers: 2 ** 22, heldBytes: 2 ** 25 };

/** Resolves once the memory of a long response is there again. */
const released = () =>
  poll(async () => {
    const next = await send(query, longPath);
    await next.body?.cancel();
    return next.status;
  }).toBe(200);

it("breaks off a response that is not read in time, and releases its memory", async () => {
  Object.assign(limits, roomForOne, { answerMs: 500 });
  const socket = client().pause();
  socket.write(whole(query, longPath));
  await poll(() => sockets[0]?.destroyed).toBe(true);
  await released();
});

it("releases the memory of a response when the client goes", async () => {
  Object.assign(limits, roomForOne);
  const socket = client().pause();
  socket.write(whole(query, longPath));
  await poll(() => sockets[0]?.bytesWritten).toBeGreaterThan(0);
  expect((await send(query, longPath)).status).toBe(503);
  socket.destroy();
  await released();
});
