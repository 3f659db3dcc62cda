// Reads and decompresses a body, and stops as soon as it exceeds the limit. Neither a long body nor
// a small one that decompresses to a long one is ever held in memory.

import { shortBytes } from "./budget.ts";
import { limits } from "./limits.ts";
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

const tooLong = () => new Problem(413, "body", `A body may have ${limits.bodyBytes} bytes, decompressed.`);
const tooSlow = () => new Problem(408, "body", `A body has to arrive within ${limits.bodyMs / 1000} seconds.`);

const cutOff = (error: unknown) =>
  new Problem(400, "body", `The body ends before its end, or its compression is broken: ${error}`);

/** Reads a stream into memory for `expected` bytes. @throws Problem 413, and the stream's errors */
async function collect(reader: ReadableStreamDefaultReader<Uint8Array>, expected: number) {
  const bytes = new Uint8Array(expected);
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return bytes.subarray(0, length);
    if (length + value.length > expected) throw tooLong();
    bytes.set(value, length);
    length += value.length;
  }
}

/** Bytes that a body may need: its length if that is known, else the most. @throws Problem 413 */
export function expectedBytes(request: Request): number {
  const given = request.headers.get("content-length");
  if (given !== null && !(Number(given) <= limits.bodyBytes)) throw tooLong();
  return given === null || request.headers.has("content-encoding") ? limits.bodyBytes : Number(given);
}

/** Reads a body. @throws Problem 400, 408, 413, 415 */
export async function readBody(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  const compression = compressionOf(request);
  const body = request.body as ReadableStream<Uint8Array<ArrayBuffer>> | null;
  if (!body) return new Uint8Array(0);
  const expected = expectedBytes(request);
  // The server enforces content-length, so a short body can be read at once, which is several times
  // cheaper. A longer one would be held twice for a moment.
  const reader =
    expected <= shortBytes
      ? undefined
      : (compression ? body.pipeThrough(new DecompressionStream(compression)) : body).getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(tooSlow()), limits.bodyMs);
  });
  try {
    return await Promise.race([
      late,
      reader ? collect(reader, expected) : request.arrayBuffer().then((buffer) => new Uint8Array(buffer)),
    ]);
  } catch (error) {
    // Stops the sender. Failure to stop it does not matter here.
    reader?.cancel().catch(() => undefined);
    throw error instanceof Problem ? error : cutOff(error);
  } finally {
    clearTimeout(timer);
  }
}
