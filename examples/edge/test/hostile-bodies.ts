// Bodies that are no paths, for tests: valid ones with falsified bytes, JSON and CSV of the wrong
// kinds, text that expands when parsed; and how they are sent.

import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { arrowOf, columnsOf, csvOf, jsonOf, somePaths, types } from "./bodies.ts";

const text = new TextEncoder();
export const good = somePaths([12, 5, 8], 3);
export const valid: Record<keyof typeof types, Uint8Array[]> = {
  json: [text.encode(jsonOf(good)), text.encode(jsonOf({ paths: good }))],
  csv: [text.encode(csvOf(good))],
  arrow: [arrowOf(good), arrowOf(good, "float32"), columnsOf(good[0]!)],
};

type Bytes = Uint8Array<ArrayBuffer>;
type Change = (bytes: Bytes) => Bytes;

/** A valid body with a few bytes changed, cut off or left out, which falsifies its metadata. */
const mutated = (body: Uint8Array): fc.Arbitrary<Uint8Array> => {
  const at = fc.nat(body.length - 1);
  const words = fc.constantFrom(0x7fffffff, 0x80000000, 0xffffffff, 0x10000000);
  const change = fc.oneof(
    fc.tuple(at, fc.nat(255)).map(
      ([i, byte]): Change =>
        (bytes) =>
          bytes.fill(byte, i, i + 1),
    ),
    fc.tuple(at, words).map(
      ([i, word]): Change =>
        (bytes) => {
          // flatbuffers align lengths and offsets to four bytes.
          const place = i & ~3;
          if (place + 4 <= bytes.length) new DataView(bytes.buffer).setUint32(place, word, true);
          return bytes;
        },
    ),
    at.map(
      (i): Change =>
        (bytes) =>
          bytes.slice(0, i),
    ),
    fc.tuple(at, at).map(
      ([i, j]): Change =>
        (bytes) =>
          Uint8Array.from([...bytes.slice(0, i), ...bytes.slice(j)]),
    ),
  );
  return fc
    .array(change, { minLength: 1, maxLength: 4 })
    .map((changes) => changes.reduce((bytes, one) => one(bytes), Uint8Array.from(body)));
};

/** Valid JSON of the wrong types. */
const wrongJson = fc
  .oneof(
    fc.jsonValue({ maxDepth: 6 }),
    fc.array(fc.array(fc.oneof(fc.double(), fc.string(), fc.constant(null), fc.constant({}), fc.array(fc.double())))),
    fc.record({ paths: fc.jsonValue(), __proto__: fc.jsonValue() }, { noNullPrototype: true }),
    fc.constantFrom({ paths: { data: [1, 2], shape: [1, 2] } }, { paths: { length: 2 ** 31 } }, { paths: null }),
  )
  .map((value) => text.encode(JSON.stringify(value) ?? "undefined"));

/**
 * Text that expands when parsed: brackets, long rows, long numbers, many tiny paths, up to the
 * limits and beyond.
 */
const large = fc
  .tuple(
    fc.constantFrom(
      "[",
      "[[",
      "[],",
      "[[],",
      '{"a":',
      "[1],",
      "[[1],[2]],",
      "1,",
      "1\n",
      "1e308,",
      ",",
      '"',
      "\\",
      "9",
      "\n",
    ),
    fc.integer({ min: 1, max: 1_100_000 }),
    fc.constantFrom("", "[", "[["),
    fc.constantFrom("", "]", "[1]]", "[[1]]]"),
  )
  .map(([piece, length, before, after]) =>
    text.encode(before + piece.repeat(Math.ceil(length / piece.length)) + after),
  );

const words = [
  "NaN",
  "Infinity",
  "-Infinity",
  "1e999",
  "0x10",
  "--1",
  "null",
  "",
  " ",
  "1;2",
  "'",
  '"1"',
  "é",
  "\u0000",
];
const wrongCsv = fc
  .array(fc.array(fc.oneof(fc.double().map(String), fc.constantFrom(...words)), { maxLength: 70 }), { maxLength: 40 })
  .map((lines) => text.encode(lines.map((cells) => cells.join(",")).join("\n")));

export const anyBody: fc.Arbitrary<[string, Uint8Array]> = fc.oneof(
  ...Object.entries(valid).map(([name, bodies]) =>
    fc.tuple(fc.constant(types[name as keyof typeof types]), fc.oneof(...bodies.map(mutated))),
  ),
  // False Arrow metadata is the most dangerous, so there is more of it.
  fc.tuple(fc.constant(types.arrow), fc.oneof(...valid.arrow.map(mutated))),
  fc.tuple(fc.constant(types.json), wrongJson),
  fc.tuple(fc.constant(types.csv), wrongCsv),
  fc.tuple(fc.constantFrom(...Object.values(types)), fc.uint8Array({ maxLength: 2000 })),
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(types.json, types.csv), large) },
);

/** Unchanged; compressed; compressed and cut off; labelled as compressed. */
export const packed = fc.constantFrom(
  (body: Uint8Array) => ({ body, headers: {} }),
  (body: Uint8Array) => ({ body, headers: {} }),
  (body: Uint8Array) => ({ body: gzipSync(body), headers: { "content-encoding": "gzip" } }),
  (body: Uint8Array) => ({ body: gzipSync(body).subarray(0, -5), headers: { "content-encoding": "gzip" } }),
  (body: Uint8Array) => ({ body, headers: { "content-encoding": "deflate" } }),
);

export const query = fc
  .record({
    depth: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 6 }) }, fc.integer(), fc.constant(12)),
    more: fc.constantFrom(
      "",
      "&stream=1",
      "&basepoint=1&inverse=1",
      "&dtype=float32&scalarTerm=1",
      "&stream=1&dtype=float32",
    ),
  })
  .map(({ depth, more }) => `depth=${depth}${more}`);
