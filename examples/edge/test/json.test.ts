// Long JSON bodies, which a scanner reads: the same numbers as JSON.parse and the library give, and
// problems that say where the mistake is.

import fc from "fast-check";
import { signature } from "path-signature";
import { describe, expect, it } from "vitest";
import { decodeJson } from "../src/formats/json.ts";
import { scanJson } from "../src/formats/json-scan.ts";
import { Problem } from "../src/problem.ts";

const numbers = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }).map((x) => x.toFixed(8)),
  fc
    .tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.nat(25))
    .map(([n, places]) => `${n}.${"0".repeat(places)}1`),
  fc.constantFrom("0", "-0", "1E2", "0.5e+3", "-1.25e-3", "9007199254740993", "0.1", "1e999", "123456789012345.6"),
);
const points = fc
  .integer({ min: 1, max: 3 })
  .chain((channels) => fc.array(fc.array(numbers, { minLength: channels, maxLength: channels }), { minLength: 1 }));
const space = fc.constantFrom("", " ", "\n", "\t\r\n ");
const text = (items: readonly string[], gap: string): string => `[${gap}${items.join(`${gap},${gap}`)}${gap}]`;

const dataOf = (json: string) => (scanJson(json).paths as unknown as { data: Float64Array }).data;

describe("long JSON", () => {
  it("holds the numbers that JSON.parse finds", () => {
    fc.assert(
      fc.property(points, space, fc.boolean(), (path, gap, inObject) => {
        const one = text(
          path.map((point) => text(point, gap)),
          gap,
        );
        const json = inObject ? `${gap}{${gap}"paths"${gap}:${gap}${one}${gap}}${gap}` : `${gap}${one}${gap}`;
        const wanted = (JSON.parse(one) as number[][]).flat();
        expect([...dataOf(json)].every((x, i) => Object.is(x, wanted[i]))).toBe(true);
        expect(dataOf(json).length).toBe(wanted.length);
      }),
    );
  });

  it("gives the signatures of a batch of paths that differ in length", () => {
    const paths = [
      [[0, 1]],
      [
        [2, 3],
        [0.5, 1e-3],
        [7, 8],
      ],
      [
        [1, 1],
        [2, 1],
      ],
    ];
    const long = JSON.stringify(paths) + " ".repeat(2 ** 16);
    const { paths: found, lengths } = decodeJson(new TextEncoder().encode(long));
    expect(signature(found, { depth: 3, lengths: lengths! }).data).toEqual(signature(paths, { depth: 3 }).data);
  });

  it.each<[string, number, string]>([
    ["", 400, "character 0"],
    ["[[1,2],[3,4]", 400, "character 12"],
    ["[[1,2],[3,4]]]", 400, "character 13"],
    ["[[1,2],,[3,4]]", 400, "character 7"],
    ["[[1,2,]]", 400, "character 6"],
    ["[[01]]", 400, "character 3"],
    ["[[1.]]", 400, "character 3"],
    ["[[.5]]", 400, "character 2"],
    ["[[+5]]", 400, "character 2"],
    ["[[0x10]]", 400, "character 3"],
    ["[[1]] x", 400, "character 6"],
    ['{"paths":[[1]]', 400, "character 14"],
    ['{"other":[[1]]}', 422, "character 0"],
    ["7", 422, "character 0"],
    ["[]", 422, "an empty array"],
    ["[[1],[]]", 422, "an empty array"],
    ["[[1,2],[3]]", 422, "a point of 1 numbers, the first has 2"],
    ['[[1,"2"]]', 422, "something else than a number"],
    ["[[1,null]]", 422, "something else than a number"],
    ["[[[1],[2]],[3]]", 422, "something else than an array"],
    ["[[[[1]]]]", 422, "something else than a number"],
    [`${"[".repeat(1e6)}`, 422, "something else than a number"],
  ])("%s is a problem", (json, status, detail) => {
    let problem: unknown;
    try {
      scanJson(json);
    } catch (error) {
      problem = error;
    }
    expect(problem).toBeInstanceOf(Problem);
    expect((problem as Problem).status).toBe(status);
    expect((problem as Problem).message).toContain(detail);
  });
});
