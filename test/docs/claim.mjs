// Checks what a comment beside a statement of a sample says.

import { deepStrictEqual } from "node:assert";

const plain = (value) =>
  ArrayBuffer.isView(value) ? Array.from(value) : typeof value === "object" ? JSON.parse(JSON.stringify(value)) : value;

/** Numbers to six digits: samples show what people read. */
const rounded = (value) =>
  typeof value === "number" ? Number(value.toPrecision(6)) : Array.isArray(value) ? value.map(rounded) : value;

export function claim(actual, stated, line) {
  deepStrictEqual(rounded(plain(actual)), rounded(stated), `line ${line}`);
}
