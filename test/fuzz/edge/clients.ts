// Clients of the edge service that behave badly on a connection: they send at once, do not read,
// are slow, never end, or go. Each resolves to what is wrong with the service, or to undefined.

import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import type { Server } from "./server.ts";

/** 26 points whose prefixes to depth 12 make a response of several megabytes. */
const points = `[[0,0],[1,0]${",[1,1]".repeat(24)}]`;

export function post(path: string, body: string, headers = ""): string {
  const length = /transfer-encoding|content-length/.test(headers)
    ? ""
    : `content-length: ${Buffer.byteLength(body)}\r\n`;
  return `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${length}${headers}\r\n${body}`;
}

const largeAnswer = post("/signature?depth=12&stream=1", points);

export async function open({ port }: Server): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  // Being cut off is no fault of the service.
  socket.on("error", () => undefined);
  await new Promise((done) => socket.once("connect", done).once("close", done));
  return socket;
}

/** What a connection receives until it ends or nothing comes for a while. */
export async function receive(socket: Socket, quietMs: number): Promise<string> {
  let text = "";
  let last = performance.now();
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
    last = performance.now();
  });
  socket.resume();
  while (!socket.closed && performance.now() - last < quietMs) await wait(20);
  return text;
}

const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

/** Writes until the other side closes or a bound is reached. @returns bytes written */
async function pour(socket: Socket, chunk: Buffer, most: number): Promise<number> {
  let bytes = 0;
  while (socket.writable && bytes < most) {
    bytes += chunk.length;
    if (!socket.write(chunk))
      await Promise.race([wait(3000), new Promise((done) => socket.once("drain", done).once("close", done))]);
  }
  return bytes;
}

type Client = (server: Server) => Promise<string | undefined>;

/** Bytes that the kernel's buffers may take beside what the service reads. */
const mostPoured = 32 * 2 ** 20;

const pouring =
  (path: string, status: number, headers: string, chunk: Buffer): Client =>
  async (server) => {
    const socket = await open(server);
    socket.write(post(path, "", headers));
    const [text, bytes] = await Promise.all([receive(socket, 10_000), pour(socket, chunk, 4 * mostPoured)]);
    const { closed } = socket;
    socket.destroy();
    // Who goes on sending may miss the answer, but not that the connection is closed.
    if (!closed) return `the connection stays open: ${text.slice(0, 200)}`;
    if ((statuses(text)[0] ?? status) !== status) return `answered ${text.slice(0, 200)} instead of ${status}`;
    return bytes > mostPoured ? `took ${bytes} bytes after the refusal` : undefined;
  };

const chunked = "transfer-encoding: chunked\r\n";
const chunk = Buffer.from(`10000\r\n${"[[0,1],[2,3]],  ".repeat(4096)}\r\n`);

export const clients: Readonly<Record<string, Client>> = {
  "80 pipelined requests with large responses": async (server) => {
    const socket = await open(server);
    socket.write(largeAnswer.repeat(80));
    socket.pause();
    await wait(500);
    const found = statuses(await receive(socket, 3000));
    socket.destroy();
    const other = found.find((status) => status !== 200 && status !== 503);
    if (found.length !== 80) return `${found.length} responses to 80 requests`;
    return other === undefined ? undefined : `status ${other}`;
  },

  "60 connections that do not read": async (server) => {
    const sockets = await Promise.all(Array.from({ length: 60 }, () => open(server)));
    for (const socket of sockets) socket.pause().write(largeAnswer);
    await wait(1000);
    const small = await fetch(`${server.origin}/signature?depth=2`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "[[0],[1]]",
    });
    for (const socket of sockets) socket.destroy();
    return small.status === 200 ? undefined : `a small request beside them got ${small.status}`;
  },

  "64 bodies of one mebibyte": async (server) => {
    const body = `[${"[1],".repeat(2 ** 18 - 3)}[1]]`;
    const found = await Promise.all(
      Array.from({ length: 64 }, async () => {
        const socket = await open(server);
        socket.write(post("/signature?depth=2", body, "connection: close\r\n"));
        const text = await receive(socket, 30000);
        socket.destroy();
        return statuses(text)[0] ?? 0;
      }),
    );
    // On a busy machine this process may not send 64 MiB in the time that a body has (408).
    const other = found.find((status) => ![200, 408, 503].includes(status));
    return other === undefined ? undefined : `status ${other}`;
  },

  "200 slow bodies": async (server) => {
    const sockets = await Promise.all(Array.from({ length: 200 }, () => open(server)));
    const head = post("/signature?depth=2", "").replace("length: 0", "length: 1000000");
    for (const socket of sockets) socket.write(head);
    for (let i = 0; i < 10; i++) {
      for (const socket of sockets) socket.write("[");
      await wait(20);
    }
    for (const socket of sockets) socket.destroy();
    return undefined;
  },

  "an endless body to a route that is none": pouring("/none", 404, chunked, chunk),
  "an endless body that is declared": pouring("/none", 404, "content-length: 99999999999\r\n", chunk),
  "an endless body to be computed": pouring("/signature?depth=2", 413, chunked, chunk),
  "an endless header": async (server) => {
    const socket = await open(server);
    socket.write("GET / HTTP/1.1\r\nhost: x\r\nx-a: ");
    const [text, bytes] = await Promise.all([
      receive(socket, 4000),
      pour(socket, Buffer.alloc(65536, "a"), mostPoured),
    ]);
    socket.destroy();
    // Node cuts off its own answer if the client goes on sending.
    if ((statuses(text)[0] ?? 431) !== 431) return `answered ${statuses(text)[0]}`;
    return bytes > mostPoured ? `took ${bytes} bytes` : undefined;
  },

  "endless requests whose responses are not read": async (server) => {
    const socket = await open(server);
    socket.pause();
    const some = Buffer.from("GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(100));
    const bytes = await Promise.race([pour(socket, some, 4 * mostPoured), wait(4000)]);
    socket.destroy();
    return bytes !== undefined && bytes > mostPoured ? `took ${bytes} bytes of requests` : undefined;
  },

  "100 connections that go in the middle": async (server) => {
    for (let i = 0; i < 100; i++) {
      const socket = await open(server);
      socket.write(i % 2 ? largeAnswer : largeAnswer.slice(0, 60 + i));
      await wait(i % 5);
      if (i % 3) socket.resetAndDestroy();
      else socket.destroy();
    }
    return undefined;
  },
};
