// JSON bodies and responses: nested arrays, `[[0, 1], [2, 3]]` for a path or an array of such for a
// batch, whose paths may differ in length; or an object `{ "paths": … }` around them. The library
// validates the contents of the arrays.

import type { Paths, Signature } from "path-signature";
import { limits } from "../limits.ts";
import { Problem } from "../problem.ts";
import type { Body } from "../ragged.ts";

const quote = 0x22;
const backslash = 0x5c;
const isOpening = (byte: number) => byte === 0x5b || byte === 0x7b;
const isClosing = (byte: number) => byte === 0x5d || byte === 0x7d;

/** Bodies up to this size cannot nest deeply enough to matter. */
const harmlessBytes = 2 ** 16;

/**
 * A parser's memory grows with nesting, so long text that nests deeper than paths do is not parsed.
 */
function checkNesting(bytes: Uint8Array): void {
  if (bytes.length <= harmlessBytes) return;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (inString) {
      if (byte === backslash) i++;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    else if (isClosing(byte)) depth--;
    else if (isOpening(byte) && ++depth > limits.nesting)
      throw new Problem(400, "body", `Nothing here nests more than ${limits.nesting} deep.`);
  }
}

/** @throws Problem 400 */
export function decodeJson(bytes: Uint8Array): Body {
  checkNesting(bytes);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Problem(400, "body", `The body is no JSON: ${(error as Error).message}`);
  }
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

/** @throws Problem 422 where a coefficient is infinite, which JSON cannot express */
export function encodeJson(result: Signature): Response {
  const { shape, dtype, channels, depth, data } = result;
  if (!data.every(Number.isFinite))
    throw new Problem(422, "paths", "A coefficient is too large for its number type; ask for Arrow to see which.");
  return Response.json({ shape, dtype, channels, depth, data: Array.from(data) });
}
