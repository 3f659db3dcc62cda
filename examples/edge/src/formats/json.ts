// JSON bodies and responses: nested arrays, `[[0, 1], [2, 3]]` for a path or an array of such for a
// batch, whose paths may differ in length; or an object `{ "paths": … }` around them. The library
// validates the contents of the arrays in short bodies, and json-scan.ts in long ones.

import type { Paths, SignatureRows } from "path-signature";
import { Problem } from "../problem.ts";
import type { Body } from "../ragged.ts";
import { scanJson } from "./json-scan.ts";

/** Longer text is read by a scanner; the objects of a text this long take little memory. */
const shortBytes = 2 ** 16;

/** @throws Problem 400, 413, 422 */
export function decodeJson(bytes: Uint8Array): Body {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (bytes.length <= shortBytes) value = JSON.parse(text);
  } catch (error) {
    throw new Problem(400, "body", `The body is no JSON: ${(error as Error).message}`);
  }
  if (bytes.length > shortBytes) return scanJson(text);
  if (typeof value !== "object" || value === null)
    throw new Problem(422, "body", "The body must be nested arrays, or an object with `paths`.");
  if (Array.isArray(value)) return { paths: value as Paths };
  const other = Object.keys(value).find((key) => key !== "paths");
  if (other !== undefined)
    throw new Problem(
      422,
      other.slice(0, 60),
      "An object may have `paths` and nothing else; options come in the query.",
    );
  const { paths } = value as { paths?: unknown };
  if (!Array.isArray(paths)) throw new Problem(422, "paths", "`paths` must be nested arrays.");
  return { paths: paths as unknown as Paths };
}

/** Numbers in a piece of text. */
const pieceNumbers = 2048;

function* piecesOf(head: string, data: Float32Array | Float64Array): Generator<string> {
  yield head.replace(/}$/, ',"data":[');
  for (let at = 0; at < data.length; at += pieceNumbers)
    yield (at === 0 ? "" : ",") + data.subarray(at, at + pieceNumbers).join();
  yield "]}";
}

/**
 * The text of an answer, in pieces.
 * @throws Problem 422 where a coefficient is infinite, which JSON cannot express
 */
export function encodeJson(result: SignatureRows, { ids, names }: Body): Iterable<string> {
  const { shape, dtype, channels, depth, data } = result;
  if (!data.every(Number.isFinite))
    throw new Problem(422, "paths", "A coefficient is too large for its number type; ask for Arrow to see which.");
  return piecesOf(JSON.stringify({ shape, dtype, channels, depth, names, ids }), data);
}
