// Makes a listener for node:http out of a function from Request to Response, the form that all other servers call.

import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";

function toRequest(message: IncomingMessage): Request {
  const { method = "GET", url = "/", headers } = message;
  const fields = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  const body = method === "GET" || method === "HEAD" ? null : Readable.toWeb(message);
  // `duplex` is what fetch asks for where a body is a stream; the types of the DOM do not know it.
  const init = { method, headers: fields, body, duplex: "half" };
  return new Request(new URL(url, `http://${headers.host ?? "localhost"}`), init as RequestInit);
}

/** A listener that answers with what `handle` returns. A client that is gone gets nothing. */
export function nodeListener(handle: (request: Request) => Promise<Response>) {
  return async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const answer = await handle(toRequest(message));
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      if (!answer.body || message.method === "HEAD") return void response.end();
      Readable.fromWeb(answer.body as ReadableStream).pipe(response);
    } catch {
      // handle() turns every error into an answer: this is a request that is none (a malformed URL or Host).
      if (!response.headersSent) response.writeHead(400);
      response.end();
    }
  };
}
