// Every error of the functions of the tensor algebra: its class, code, argument and texts; that
// `out` is unchanged; and that the next call works. One table.

import { describe, expect, test } from "vitest";
import {
  exp,
  expVjp,
  isPathSignatureError,
  multiply,
  PathSignatureRangeError,
  PathSignatureTypeError,
} from "../ts/algebra.ts";
import { functions, operations } from "./algebra-cases.ts";

/** Untyped calls, as from JavaScript. */
type Loose = (...args: unknown[]) => { data: Float64Array };

describe("bad input", () => {
  const options = { channels: 2, depth: 2 };
  const row = [1, 2, 3, 4, 5, 6];
  const rows = [row, row, row];
  const withScalar = { ...options, scalarTerm: true };
  const names = operations.flatMap((name) => [name, `${name}Vjp`] as const);
  const isVjp = (name: string): boolean => name.endsWith("Vjp");
  const letters = (name: string): string[] => (name.startsWith("multiply") ? ["a", "b"] : ["a"]);

  const detached = (count: number): Float64Array => {
    const array = new Float64Array(count);
    structuredClone(array.buffer, { transfer: [array.buffer] });
    return array;
  };

  /** Valid arguments except for one. */
  function argumentsOf(name: string, changes: Record<string, unknown>): unknown[] {
    const good: Record<string, unknown> = {
      a: rows,
      b: rows,
      cotangent: { data: rows.flat(), shape: [3, 6] },
      options,
    };
    const all = { ...good, ...changes };
    return [...letters(name), ...(isVjp(name) ? ["cotangent"] : []), "options"].map((argument) => all[argument]);
  }

  interface Refusal {
    readonly title: string;
    readonly names: readonly string[];
    readonly changes: (name: string) => Record<string, unknown>;
    readonly code: string;
    readonly argument: string;
    readonly message: string | RegExp;
  }
  const table: Refusal[] = [];
  const refuse = (
    which: readonly string[],
    title: string,
    changes: Record<string, unknown> | ((name: string) => Record<string, unknown>),
    code: string,
    argument: string,
    message: string | RegExp,
  ): void => {
    const of = typeof changes === "function" ? changes : () => changes;
    table.push({ title, names: which, changes: of, code, argument, message });
  };

  for (const letter of ["a", "b"]) {
    const which = names.filter((name) => letters(name).includes(letter));
    const bad = (title: string, value: unknown, code: string, argument: string, message: string | RegExp): void =>
      refuse(which, `${letter} is ${title}`, { [letter]: value }, code, letter + argument, message);
    const forms =
      "must be a tensor { data, shape } of shape (…batch, size), " +
      "nested arrays (batch, size), or the numbers of one row";
    for (const [value, words] of [
      [undefined, "undefined"],
      [null, "null"],
      [3, "3"],
      ["row", '"row"'],
    ] as const)
      bad(words, value, "ROWS_TYPE", "", `${letter} ${forms}; got ${words}`);
    bad("a Map", new Map(), "ROWS_TYPE", "", `${letter} ${forms}; got a Map`);
    bad("without shape", { data: row }, "ROWS_TYPE", "", `${letter} ${forms}; got an object with data`);
    bad(
      "data of a function",
      { data: () => 1, shape: [6] },
      "ROWS_TYPE",
      ".data",
      /must be a typed array or an array of numbers; got a function/,
    );
    bad(
      "of a shape that is a number",
      { data: row, shape: 6 },
      "ROWS_TYPE",
      ".shape",
      /must be an array of at most 64 whole numbers; got 6/,
    );
    bad(
      "of a broken shape",
      { data: row, shape: [1.5, 6] },
      "SHAPE_INVALID",
      ".shape[0]",
      /must be a whole number from 0 on; got 1.5/,
    );
    bad(
      "too few numbers",
      { data: row, shape: [3, 6] },
      "SHAPE_MISMATCH",
      ".data",
      `${letter}.data must be 18 numbers, as shape (3, 6) says; got 6 numbers`,
    );
    bad(
      "with too few strides",
      { data: rows.flat(), shape: [3, 6], strides: [1] },
      "STRIDED",
      ".strides",
      /must be whole numbers, one for each dimension/,
    );
    bad(
      "a row of the wrong width",
      [1, 2, 3],
      "ROWS_SHAPE",
      "",
      /must be of shape \(6\).*; got 3 numbers without a shape/,
    );
    bad("empty", [], "ROWS_SHAPE", "", /must be of shape \(6\).*; got 0 numbers without a shape/);
    bad("a typed array of the wrong width", new Float32Array(7), "ROWS_SHAPE", "", /got 7 numbers without a shape/);
    bad(
      "rows of the wrong width",
      rows.map(() => [1, 2]),
      "ROWS_SHAPE",
      "",
      `${letter} must be of shape (6) or (3, 6); got nested arrays of shape (3, 2)`,
    );
    bad(
      "ragged",
      [row, row, [1]],
      "ROWS_SHAPE",
      "",
      `${letter} must be of shape (6) or (3, 6); got an array of length 1 at 2 after rows of length 6`,
    );
    bad(
      "a tensor of the wrong width",
      { data: rows.flat().slice(0, 6), shape: [3, 2] },
      "ROWS_SHAPE",
      "",
      `${letter} must be of shape (6) or (3, 6); got a tensor of shape (3, 2)`,
    );
    bad(
      "of text",
      [row, row, [1, 2, "3", 4, 5, 6]],
      "ELEMENT_TYPE",
      "[2][2]",
      `${letter}[2][2] must be a number; got "3"`,
    );
    bad(
      "detached",
      detached(6),
      "DETACHED_BUFFER",
      "",
      /must be one that is attached; got a typed array whose buffer is detached/,
    );
    bad(
      "a tensor of a detached array",
      { data: detached(18), shape: [3, 6] },
      "DETACHED_BUFFER",
      ".data",
      /must be one that is attached/,
    );
    bad(
      "NaN somewhere",
      [row, row, [1, 2, Number.NaN, 4, 5, 6]],
      "NOT_FINITE",
      "",
      `${letter} must be finite numbers (or say checkFinite: false); got NaN at row 2, index 2`,
    );
  }
  refuse(
    ["multiply", "multiplyVjp"],
    "b is infinite in a shared row",
    { b: [1, 2, 3, 4, 5, Number.POSITIVE_INFINITY] },
    "NOT_FINITE",
    "b",
    "b must be finite numbers (or say checkFinite: false); got Infinity at index 5",
  );
  refuse(
    ["multiply", "multiplyVjp"],
    "batches differ",
    { b: [row, row] },
    "ROWS_SHAPE",
    "b",
    "b must be of shape (6) or (3, 6), as a is; got a batch of shape (2)",
  );
  refuse(
    names,
    "numbers beyond float32",
    { a: [row, [1e300, 0, 0, 0, 0, 0], row], options: { ...options, dtype: "float32" } },
    "NOT_REPRESENTABLE",
    "a",
    /within the range of float32.*; got 1e\+300 at row 1, index 0/,
  );

  const vjps = names.filter(isVjp);
  refuse(
    vjps,
    "no cotangent",
    { cotangent: undefined },
    "COTANGENT_TYPE",
    "cotangent",
    "cotangent must be a tensor { data, shape } of the result's shape, " +
      "or as many numbers in a flat array; got undefined",
  );
  refuse(vjps, "a cotangent of text", { cotangent: "1" }, "COTANGENT_TYPE", "cotangent", /got "1"/);
  refuse(
    vjps,
    "cotangent data of text",
    { cotangent: { data: "1", shape: [3, 6] } },
    "COTANGENT_TYPE",
    "cotangent.data",
    /got "1"/,
  );
  refuse(
    vjps,
    "a cotangent of another shape",
    { cotangent: { data: row, shape: [6] } },
    "COTANGENT_SHAPE",
    "cotangent",
    "cotangent must be of shape (3, 6), as the result is; got a tensor of shape (6)",
  );
  refuse(
    vjps,
    "a cotangent of too few numbers",
    { cotangent: row },
    "COTANGENT_SHAPE",
    "cotangent",
    "cotangent must be of shape (3, 6), as the result is; got 6 numbers",
  );
  refuse(
    vjps,
    "a cotangent with a string",
    { cotangent: [...new Array(17).fill(0), "1"] },
    "ELEMENT_TYPE",
    "cotangent[17]",
    /must be a number; got "1"/,
  );
  refuse(vjps, "a detached cotangent", { cotangent: detached(18) }, "DETACHED_BUFFER", "cotangent", /attached/);
  refuse(
    vjps,
    "NaN in a cotangent",
    { cotangent: [...new Array(16).fill(0), Number.NaN, 0] },
    "NOT_FINITE",
    "cotangent",
    "cotangent must be finite numbers (or say checkFinite: false); got NaN at row 2, index 4",
  );
  refuse(
    vjps,
    "out",
    { options: { ...options, out: new Float64Array(18) } },
    "OPTION_UNKNOWN",
    "options.out",
    /gradients are new arrays\. Accepted: one of channels, depth, scalarTerm, dtype, checkFinite$/,
  );

  const option = (title: string, value: unknown, code: string, argument: string, message: string | RegExp): void =>
    refuse(names, title, { options: value }, code, argument, message);
  option(
    "no options",
    undefined,
    "OPTION_TYPE",
    "options",
    "options must be an object such as { channels: 2, depth: 3 }; got undefined",
  );
  option("options of text", "2", "OPTION_TYPE", "options", /got "2"/);
  option(
    "an option of paths",
    { ...options, stream: true },
    "OPTION_UNKNOWN",
    "options.stream",
    /^options.stream: "stream" is an option of signature .*Accepted: one of channels, depth, /,
  );
  option(
    "an option of engines",
    { ...options, signal: undefined },
    "OPTION_UNKNOWN",
    "options.signal",
    /"signal" is an option/,
  );
  for (const bad of [undefined, 0, -1, 1.5, Number.NaN, "2", null]) {
    const words = typeof bad === "string" ? JSON.stringify(bad) : String(bad);
    option(
      `channels ${words}`,
      { depth: 2, channels: bad },
      "CHANNELS_INVALID",
      "options.channels",
      `options.channels must be a whole number from 1 on; got ${words}`,
    );
    option(
      `depth ${words}`,
      { channels: 2, depth: bad },
      "DEPTH_INVALID",
      "options.depth",
      `options.depth must be a whole number from 1 on; got ${words}`,
    );
  }
  option(
    "more coefficients than there can be",
    { channels: 2, depth: 40 },
    "SIZE_TOO_LARGE",
    "options.depth",
    /depth 40 of 2 channels/,
  );
  option(
    "a number type that is none",
    { ...options, dtype: "int8" },
    "DTYPE_INVALID",
    "options.dtype",
    'options.dtype must be "float32" or "float64"; got "int8"',
  );
  option(
    "scalarTerm: 1",
    { ...options, scalarTerm: 1 },
    "OPTION_TYPE",
    "options.scalarTerm",
    "options.scalarTerm must be true or false; got 1",
  );
  option(
    "checkFinite: null",
    { ...options, checkFinite: null },
    "OPTION_TYPE",
    "options.checkFinite",
    /true or false; got null/,
  );

  const output = (title: string, out: unknown, code: string, message: string | RegExp): void =>
    refuse([...operations], title, { options: { ...options, out } }, code, "options.out", message);
  output(
    "out that is no array",
    {},
    "OUT_TYPE",
    /must be a Float64Array, as the dtype says; got an object without keys/,
  );
  output(
    "out of another number type",
    new Float32Array(18),
    "OUT_TYPE",
    'options.out must be a Float64Array, as the dtype says (or say dtype: "float32"); got a Float32Array of length 18',
  );
  output(
    "out that is too short",
    new Float64Array(17),
    "OUT_LENGTH",
    "options.out must be of 18 numbers, for a result of shape (3, 6); got 17 numbers",
  );
  output("detached out", detached(18), "DETACHED_BUFFER", /attached/);

  for (const [name, bad, accepted] of [
    ["inverse", 0, "not 0"],
    ["inverse", -0, "not 0"],
    ["log", 0, "positive"],
    ["log", -2, "positive"],
  ] as const) {
    const a = [
      [1, ...row],
      [1, ...row],
      [bad, ...row],
    ];
    const message = `a must be rows whose scalar term is ${accepted}; got the scalar term ${bad} of row 2`;
    const cotangent = new Array(21).fill(0);
    refuse(
      [name, `${name}Vjp`],
      `scalar term ${bad}`,
      { a, cotangent, options: withScalar },
      "SCALAR_TERM_INVALID",
      "a",
      message,
    );
  }
  refuse(
    ["inverse", "log"],
    "a scalar term that is 0 as a float32",
    { a: [1e-60, ...row], options: { ...withScalar, dtype: "float32" } },
    "SCALAR_TERM_INVALID",
    "a",
    /got the scalar term 0 of row 0$/,
  );

  const cases = table.flatMap((one) => one.names.map((name) => ({ ...one, name })));
  test.each(cases)("$name: $title", ({ name, changes, code, argument, message }) => {
    const run = functions[name as keyof typeof functions] as Loose;
    const given = argumentsOf(name, changes(name));
    // Results that are written nowhere else.
    const at = given.length - 1;
    const asked = given[at] as Record<string, unknown> | undefined;
    const out = new Float64Array(18).fill(7);
    if (!isVjp(name) && typeof asked === "object" && !("out" in asked) && !("dtype" in asked))
      given[at] = { ...asked, out };
    let caught: unknown;
    try {
      run(...given);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ code, argument });
    expect(isPathSignatureError(caught)).toBe(true);
    expect(caught instanceof PathSignatureTypeError || caught instanceof PathSignatureRangeError).toBe(true);
    const said = (caught as Error).message;
    if (typeof message === "string") expect(said).toBe(message);
    else expect(said).toMatch(message);
    expect(out.every((x) => x === 7)).toBe(true);
    expect([...(functions.exp as Loose)([1, 2], { channels: 2, depth: 1 }).data]).toEqual([1, 2]);
    expect(() => run(...argumentsOf(name, {}))).not.toThrow();
  });

  test("positions say row and index", () => {
    const bad = [row, [1, 2, 3, Number.NaN, 5, 6]];
    const caught = (work: () => unknown): unknown => {
      try {
        return work();
      } catch (error) {
        return (error as { position: unknown }).position;
      }
    };
    expect(caught(() => exp(bad, options))).toEqual({ row: 1, index: 3 });
    expect(caught(() => expVjp(rows, bad.flat().concat(row), options))).toEqual({ row: 1, index: 3 });
    expect(caught(() => multiply(rows, bad[1]!, options))).toEqual({ index: 3 });
  });

  test("what a getter throws is the caller's, and a getter may call", () => {
    const mine = new Error("mine");
    const bad = {
      shape: [6],
      get data(): number[] {
        throw mine;
      },
    };
    expect(() => exp(bad, options)).toThrow(mine);
    const sly = {
      shape: [6],
      get data(): number[] {
        multiply(rows, rows, options);
        return row;
      },
    };
    expect(exp(sly, options).data).toEqual(exp(row, options).data);
  });
});
