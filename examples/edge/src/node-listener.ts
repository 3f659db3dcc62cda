// Makes a listener for node:http out of a function from Request to Response, the form that all other servers call.

import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";

/**
 * A message's body, as fast as it is read. Whoever stops reading in the middle must not break the connection, over which the answer goes:
 * the rest is let go by, and the connection can be used again.
 */
function bodyOf(message: IncomingMessage): { stream: ReadableStream; letGo(): void } {
  let open = true;
  const letGo = () => {
    open = false;
    message.resume();
  };
  const stream = new ReadableStream({
    start(controller) {
      message.on("data", (chunk: Uint8Array) => {
        if (!open) return;
        controller.enqueue(chunk);
        if ((controller.desiredSize ?? 0) <= 0) message.pause();
      });
      message.on("end", () => open && controller.close());
      message.on("error", (error) => open && controller.error(error));
    },
    pull: () => void message.resume(),
    cancel: letGo,
  });
  return { stream, letGo };
}

function toRequest(message: IncomingMessage, body: ReadableStream): Request {
  const { method = "GET", url = "/", headers } = message;
  const fields = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  const bodiless = method === "GET" || method === "HEAD";
  // `duplex` is what fetch asks for where a body is a stream; the types of the DOM do not know it.
  const init = { method, headers: fields, body: bodiless ? null : body, duplex: "half" };
  return new Request(new URL(url, `http://${headers.host ?? "localhost"}`), init as RequestInit);
}

/** A listener that answers with what `handle` returns. A client that is gone gets nothing. */
export function nodeListener(handle: (request: Request) => Promise<Response>) {
  return async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { stream, letGo } = bodyOf(message);
    try {
      const answer = await handle(toRequest(message, stream));
      letGo();
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      if (!answer.body || message.method === "HEAD") return void response.end();
      Readable.fromWeb(answer.body as NodeReadableStream).pipe(response);
    } catch {
      // handle() turns every error into an answer: this is a request that is none (a malformed URL or Host).
      letGo();
      if (!response.headersSent) response.writeHead(400);
      response.end();
    }
  };
}
