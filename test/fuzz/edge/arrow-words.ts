// Arrow streams with one aligned word replaced: every word by each of sixteen values.

import { arrowOf, columnsOf, somePaths, types } from "../../../examples/edge/test/bodies.ts";
import type { Request } from "./requests.ts";

const paths = somePaths([4, 2], 2);
const streams = [arrowOf(paths), arrowOf(paths, "float32"), columnsOf(paths[0]!)];

/** Counts, lengths and offsets as they may not be. */
const values = [
  ...[0, 1, 2, 3, 4, 7, 8, 16, 255, 1000],
  ...[0x10000, 0x100000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff],
];

const words = streams.flatMap((stream) => Array.from({ length: stream.length >> 2 }, (_, word) => ({ stream, word })));
export const arrowWords = words.length * values.length;
/** Coprime to the number of cases, so that neighbours in the sweep are far from each other. */
const stride = 7919;

/** The case of an index; all cases are met in `arrowWords` indices. */
export function arrowWordCase(index: number): Request {
  const place = (index * stride) % arrowWords;
  const { stream, word } = words[Math.floor(place / values.length)]!;
  const body = Uint8Array.from(stream);
  new DataView(body.buffer).setUint32(4 * word, values[place % values.length]!, true);
  return { query: "depth=2", headers: { "content-type": types.arrow }, body };
}
