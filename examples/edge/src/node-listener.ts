// Adapts a function from Request to Response, the interface of all other servers, to a listener for
// node:http.

import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";

/**
 * The body of a message, with backpressure. A reader that stops in the middle must not break the
 * connection, which carries the response: the rest is discarded, and the connection stays usable.
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
  // fetch requires `duplex` where a body is a stream; the DOM types lack it.
  const init = { method, headers: fields, body: bodiless ? null : body, duplex: "half" };
  return new Request(new URL(url, `http://${headers.host ?? "localhost"}`), init as RequestInit);
}

/** A listener that sends what `handle` returns, and nothing to a client that has gone. */
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
      // handle() turns every error into a response, so this is not a valid request (a malformed URL
      // or Host).
      letGo();
      if (!response.headersSent) response.writeHead(400);
      response.end();
    }
  };
}
