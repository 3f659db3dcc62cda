// Reads a body chunk by chunk, decompressed, and stops as soon as it is larger than allowed: neither a long body nor a small one that
// unfolds into a long one is ever held.

import { Problem } from "./problem.ts";

const encodings: Record<string, CompressionFormat> = { gzip: "gzip", deflate: "deflate" };

function decoded(request: Request, body: ReadableStream<Uint8Array<ArrayBuffer>>) {
  const encoding = request.headers.get("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding === "identity" || encoding === "") return body;
  const format = Object.hasOwn(encodings, encoding) ? encodings[encoding] : undefined;
  if (!format)
    throw new Problem(415, "content-encoding", "Bodies may be compressed by gzip or deflate, or not at all.");
  return body.pipeThrough(new DecompressionStream(format));
}

/** A body's bytes. @throws Problem 400, 413, 415 */
export async function readBody(request: Request, mostBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const tooLong = () => new Problem(413, "body", `A body may have ${mostBytes} bytes, decompressed.`);
  if (Number(request.headers.get("content-length") ?? 0) > mostBytes) throw tooLong();
  if (!request.body) return new Uint8Array(0);
  const reader = decoded(request, request.body as ReadableStream<Uint8Array<ArrayBuffer>>).getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      throw new Problem(400, "body", `The body ends before its end, or its compression is broken: ${error}`);
    });
    if (done) break;
    length += value.length;
    if (length > mostBytes) {
      // Whoever sends goes on sending otherwise; that it fails to stop is no one's concern here.
      reader.cancel().catch(() => undefined);
      throw tooLong();
    }
    chunks.push(value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
