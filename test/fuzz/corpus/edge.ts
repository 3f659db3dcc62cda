// Requests that the edge service once failed, by name. Every one is answered in a moment, and so is
// the next.

import { columnsOf, types } from "../../../examples/edge/test/bodies.ts";

export interface EdgeCase {
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly query?: string;
  readonly accept?: string;
  /** The right status. */
  readonly status: number;
}

const text = (body: string) => new TextEncoder().encode(body);

/**
 * A stream of two columns whose second message has no length: what is behind it looks like another
 * stream.
 */
function cutOpen(): Uint8Array<ArrayBuffer> {
  const bytes = columnsOf([
    [1, 1],
    [2, 2],
    [5, 3],
  ]);
  bytes.fill(0, 176, 180).set([0x6a, 0x30], 262);
  return bytes;
}

export const edgeCorpus: Readonly<Record<string, EdgeCase>> = {
  "an Arrow stream that apache-arrow reads beyond its end, until memory is gone": {
    type: types.arrow,
    body: cutOpen(),
    status: 400,
  },
  "a first line of CSV that holds a mistake, not names": { type: types.csv, body: text("O,1\n1,2\n"), status: 400 },
  "hexadecimal digits in CSV": { type: types.csv, body: text("0,1\n0x10,2\n"), status: 400 },
  "binary digits in CSV": { type: types.csv, body: text("0,1\n0b11,2\n"), status: 400 },
  "octal digits in CSV": { type: types.csv, body: text("0,1\n0o17,2\n"), status: 400 },
  "a megabyte of digits in CSV": { type: types.csv, body: text("9".repeat(2 ** 20)), status: 422 },
  "a megabyte of digits that are no number": { type: types.csv, body: text(`${"9".repeat(1e6)}x,1`), status: 400 },
  "no prefix as Arrow": {
    type: types.json,
    body: text("[[[1,2]]]"),
    query: "depth=1&stream=1",
    accept: types.arrow,
    status: 200,
  },
  "a long text of empty arrays": { type: types.json, body: text(`[${"[],".repeat(349_000)}[1]]`), status: 422 },
};
