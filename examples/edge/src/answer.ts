// Responses with numbers. A long one is made and sent piece by piece, as the client reads it, and
// broken off if it is not read in time.

import { shortBytes } from "./budget.ts";
import { limits } from "./limits.ts";

/** What a response is made of: bytes, or pieces of text. */
export type Content = Uint8Array<ArrayBuffer> | Iterable<string>;

function* piecesOf(content: Content): Generator<Uint8Array> {
  if (content instanceof Uint8Array)
    for (let at = 0; at < content.length; at += shortBytes) yield content.subarray(at, at + shortBytes);
  else {
    const encoder = new TextEncoder();
    for (const text of content) yield encoder.encode(text);
  }
}

/**
 * @param bytes - about how many bytes the content holds.
 * @param release - called once the response holds nothing any more.
 */
export function answer(content: Content, type: string, bytes: number, release: () => void): Response {
  const init = { headers: { "content-type": type } };
  if (bytes <= shortBytes) {
    release();
    return new Response(content instanceof Uint8Array ? content : [...content].join(""), init);
  }
  const pieces = piecesOf(content);
  let timer: ReturnType<typeof setTimeout>;
  const end = () => {
    clearTimeout(timer);
    release();
  };
  const source: UnderlyingDefaultSource<Uint8Array> = {
    start(controller) {
      timer = setTimeout(() => {
        release();
        controller.error(new Error("The response was not read in time."));
      }, limits.answerMs);
    },
    pull(controller) {
      const { done, value } = pieces.next();
      if (!done) return controller.enqueue(value);
      end();
      controller.close();
    },
    cancel: end,
  };
  return new Response(new ReadableStream(source, { highWaterMark: 0 }), init);
}
