// Reads and decompresses a body, and stops as soon as it exceeds the limit. Neither a long body nor
// a small one that decompresses to a long one is ever held in memory.

import { Problem } from "./problem.ts";

const encodings: Record<string, CompressionFormat> = { gzip: "gzip", deflate: "deflate" };

/** The compression of a body, or undefined. @throws Problem 415 */
function compressionOf(request: Request): CompressionFormat | undefined {
  const encoding = request.headers.get("content-encoding")?.trim().toLowerCase() ?? "";
  if (encoding === "" || encoding === "identity") return undefined;
  const format = Object.hasOwn(encodings, encoding) ? encodings[encoding] : undefined;
  if (!format)
    throw new Problem(415, "content-encoding", "Bodies may be compressed by gzip or deflate, or not at all.");
  return format;
}

const tooLong = (mostBytes: number) => new Problem(413, "body", `A body may have ${mostBytes} bytes, decompressed.`);

const cutOff = (error: unknown) =>
  new Problem(400, "body", `The body ends before its end, or its compression is broken: ${error}`);

/** Reads a stream. @throws Problem 400, 413 */
async function collect(stream: ReadableStream<Uint8Array>, mostBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      throw cutOff(error);
    });
    if (done) break;
    length += value.length;
    if (length > mostBytes) {
      // Stops the sender. Failure to stop it does not matter here.
      reader.cancel().catch(() => undefined);
      throw tooLong(mostBytes);
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

/** Reads a body. @throws Problem 400, 413, 415 */
export async function readBody(request: Request, mostBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const compression = compressionOf(request);
  const given = request.headers.get("content-length");
  if (given !== null && !(Number(given) <= mostBytes)) throw tooLong(mostBytes);
  const body = request.body as ReadableStream<Uint8Array<ArrayBuffer>> | null;
  if (!body) return new Uint8Array(0);
  if (compression) return collect(body.pipeThrough(new DecompressionStream(compression)), mostBytes);
  if (given === null) return collect(body, mostBytes);
  // The server enforces content-length, so the body can be read at once, which is several times
  // cheaper.
  try {
    return new Uint8Array(await request.arrayBuffer());
  } catch (error) {
    throw cutOff(error);
  }
}
