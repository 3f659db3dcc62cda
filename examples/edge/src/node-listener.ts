// Adapts a function from Request to Response, the interface of all other servers, to a listener for
// node:http. One request of a connection is handled at a time, however many the client sends at
// once, and what a client sends after a refusal is not read.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";

/** Requests of a connection that may wait. The connection of a client that sends more is closed. */
const mostWaiting = 256;
/**
 * A connection that ends while the client sends takes a response with it that the client has not
 * read yet. So it stays for a moment, and a little more is read.
 */
const lingerBytes = 2 ** 20;
const lingerMs = 1000;

/** The body of a message. It is read as the stream is, and no further. */
function bodyOf(message: IncomingMessage): ReadableStream {
  return new ReadableStream({
    start(controller) {
      message.on("data", (chunk: Uint8Array) => {
        message.pause();
        controller.enqueue(chunk);
      });
      message.on("end", () => controller.close());
      message.on("error", (error) => controller.error(error));
      message.pause();
    },
    pull: () => void message.resume(),
    cancel: () => void message.pause().removeAllListeners("data").removeAllListeners("end"),
  });
}

function toRequest(message: IncomingMessage): Request {
  const { method = "GET", url = "/", headers } = message;
  const fields = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  const bodiless = method === "GET" || method === "HEAD";
  // fetch requires `duplex` where a body is a stream; the DOM types lack it.
  const init = { method, headers: fields, body: bodiless ? null : bodyOf(message), duplex: "half" };
  return new Request(new URL(url, `http://${headers.host ?? "localhost"}`), init as RequestInit);
}

/** Reads what a client still sends, up to a bound. */
async function linger(message: IncomingMessage): Promise<void> {
  let left = lingerBytes;
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((done) => {
    timer = setTimeout(done, lingerMs);
    message.removeAllListeners("data").on("data", (chunk: Uint8Array) => {
      left -= chunk.length;
      if (left < 0) message.pause();
    });
    message.on("close", done).on("end", done).resume();
  });
  clearTimeout(timer);
  message.pause();
}

type Handle = (request: Request) => Promise<Response>;

async function respond(handle: Handle, message: IncomingMessage, response: ServerResponse): Promise<void> {
  // handle() turns every error into a response, so an error is an invalid request (a malformed URL
  // or Host).
  const answer = await Promise.resolve(message)
    .then(toRequest)
    .then(handle)
    .catch(() => new Response(null, { status: 400 }));
  const headers = Object.fromEntries(answer.headers);
  const body = message.method === "HEAD" ? null : answer.body;
  if (message.complete) {
    message.removeAllListeners("data").resume();
    response.writeHead(answer.status, headers);
    if (!body) return void response.end();
    return pipeline(Readable.fromWeb(body as NodeReadableStream), response);
  }
  // Refused before its end: the connection closes. Node does so at the end of the response, which
  // therefore waits until the client can have read the rest.
  const bytes = new Uint8Array(await answer.arrayBuffer());
  response.writeHead(answer.status, { ...headers, connection: "close", "content-length": bytes.length });
  response.flushHeaders();
  if (body) response.write(bytes);
  await linger(message);
  response.end();
}

/** A listener that sends what `handle` returns, and nothing to a client that has gone. */
export function nodeListener(handle: Handle) {
  const lines = new WeakMap<Socket, { waiting: number; last: Promise<void> }>();
  return (message: IncomingMessage, response: ServerResponse): void => {
    const { socket } = message;
    const line = lines.get(socket) ?? { waiting: 0, last: Promise.resolve() };
    lines.set(socket, line);
    if (++line.waiting > mostWaiting) return void socket.destroy();
    if (line.waiting > 1) socket.pause();
    line.last = line.last.then(async () => {
      if (socket.writable) await respond(handle, message, response).catch(() => void socket.destroy());
      if (--line.waiting <= 1) socket.resume();
    });
  };
}
