// Every error that a caller can cause: its class, code, argument, the value given and the values
// accepted; that `out` is untouched; and that the next call works. The tables are in errors/.

import { afterAll, describe, expect, test } from "vitest";
import {
  info,
  init,
  isPathSignatureError,
  PathSignatureError,
  type PathSignatureErrorCode,
  signatureSize,
} from "../ts/index.ts";
import { bindSignature } from "../ts/operations/signature.ts";
import { onlyModules, Runtime } from "../ts/wasm/runtime.ts";
import { ofGradients } from "./errors/gradients.ts";
import { ofNumbers } from "./errors/numbers.ts";
import { ofOptions } from "./errors/options.ts";
import { ofPaths } from "./errors/paths.ts";
import { call, depth, path, R, type Row, row, T, withNaN } from "./errors/row.ts";
import { fakeModule } from "./fake.ts";

const table = [...ofPaths, ...ofOptions, ...ofNumbers, ...ofGradients];

const codesSeen = new Set<PathSignatureErrorCode>();

function check(error: unknown, one: Row) {
  expect(error).toBeInstanceOf(PathSignatureError);
  expect(isPathSignatureError(error)).toBe(true);
  expect(error).toBeInstanceOf(Error);
  expect(error).toBeInstanceOf(one.kind);
  if (one.kind === T) expect(error).toBeInstanceOf(TypeError);
  if (one.kind === R) expect(error).toBeInstanceOf(RangeError);
  const found = error as PathSignatureError;
  expect(found.name).toBe(one.kind.name);
  expect(found.code).toBe(one.code);
  expect(found.argument).toBe(one.argument);
  if (typeof one.given === "string") expect(found.given).toBe(one.given);
  else expect(found.given).toMatch(one.given);
  if (typeof one.accepted === "string") expect(found.accepted).toBe(one.accepted);
  else expect(found.accepted).toMatch(one.accepted);
  for (const part of [found.argument, found.given, found.accepted]) expect(found.message).toContain(part);
  codesSeen.add(found.code);
}

const expectWorks = () => expect([...call(path, { depth }).data]).toEqual([1, 1, 0.5, 1, 0, 0.5]);

function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

async function rejected(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("calls", () => {
  test("the table has no name twice", () => {
    expect(new Set(table.map((one) => one.name)).size).toBe(table.length);
  });

  test.each(table)("$name: $code", (one) => {
    check(thrown(one.call), one);
    expectWorks();
  });
});

describe("init", () => {
  const initAny = init as unknown as (given?: unknown) => Promise<unknown>;
  const sources = "a WebAssembly.Module, bytes, a Response, a URL or a string with one";
  const rows: Row[] = [
    row(
      "an unknown variant",
      () => initAny({ variant: "avx" }),
      T,
      "VARIANT_INVALID",
      "options.variant",
      '"avx"',
      '"simd" or "relaxed"',
    ),
    row(
      "an unknown option",
      () => initAny({ variants: "simd" }),
      T,
      "OPTION_UNKNOWN",
      "options.variants",
      '"variants"',
      "one of variant, source",
    ),
    row("a number", () => initAny(3), T, "SOURCE_TYPE", "source", "3", sources),
    row("a Map", () => initAny(new Map()), T, "SOURCE_TYPE", "source", "a Map", sources),
    row(
      "bytes of something else",
      () => initAny(new Uint8Array(8)),
      PathSignatureError,
      "INIT_FAILED",
      "source",
      "a Uint8Array of length 8",
      sources,
    ),
    row(
      "another module",
      () => initAny(new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))),
      PathSignatureError,
      "INIT_FAILED",
      "source",
      "a module (custom)",
      "a binary of this library",
    ),
    row(
      "a Response that says no",
      () => initAny(new Response("gone", { status: 404, statusText: "Not Found" })),
      PathSignatureError,
      "INIT_FAILED",
      "source",
      "a Response",
      sources,
    ),
    row(
      "a file that is not there",
      () => initAny(new URL("file:///no/such/file.wasm")),
      PathSignatureError,
      "INIT_FAILED",
      "source",
      '"file:///no/such/file.wasm"',
      sources,
    ),
    row(
      "a string that is no URL",
      () => initAny("no url"),
      PathSignatureError,
      "INIT_FAILED",
      "source",
      '"no url"',
      sources,
    ),
    row(
      "a promise that fails",
      () => initAny(Promise.reject(new Error("offline"))),
      PathSignatureError,
      "INIT_FAILED",
      "source",
      "a Promise",
      sources,
    ),
  ];

  test.each(rows)("$name: $code", async (one) => {
    const before = info();
    const error = await rejected(one.call() as Promise<unknown>);
    const { message } = error as Error;
    // Loading errors have messages of their own form; the rest is as for calls.
    if (one.code === "INIT_FAILED") {
      expect(error).toBeInstanceOf(PathSignatureError);
      expect(error).not.toBeInstanceOf(TypeError);
      expect(error).toMatchObject({ code: one.code, argument: one.argument, given: one.given, accepted: one.accepted });
      expect(message).toMatch(/^The WebAssembly binary .*could not be (loaded|instantiated)/);
      expect((error as Error).cause).toBeInstanceOf(Error);
      codesSeen.add(one.code);
    } else check(error, one);
    expectWorks();
    expect(info().variant).toBe(before.variant);
  });
});

describe("faults of the engine", () => {
  test("an engine without relaxed SIMD refuses that binary", async () => {
    const { validate } = WebAssembly;
    WebAssembly.validate = (bytes) => (bytes as Uint8Array).length < 35 && validate(bytes);
    try {
      const error = await rejected(init({ variant: "relaxed" }));
      expect(error).toMatchObject({ code: "VARIANT_UNSUPPORTED", argument: "options.variant", given: '"relaxed"' });
      codesSeen.add("VARIANT_UNSUPPORTED");
    } finally {
      WebAssembly.validate = validate;
    }
    expectWorks();
  });

  test("an engine without SIMD is told so", () => {
    const { validate } = WebAssembly;
    WebAssembly.validate = () => false;
    try {
      const lonely = bindSignature(new Runtime({ compile: onlyModules }));
      const error = thrown(() => lonely(path, { depth }));
      expect(error).toMatchObject({ code: "SIMD_UNSUPPORTED", name: "PathSignatureError" });
      expect((error as Error).message).toMatch(/128-bit SIMD/);
      codesSeen.add("SIMD_UNSUPPORTED");
    } finally {
      WebAssembly.validate = validate;
    }
  });

  test("an entry without bytes asks for a source", async () => {
    const runtime = new Runtime({ compile: onlyModules });
    expect(thrown(() => bindSignature(runtime)(path, { depth }))).toMatchObject({ code: "SOURCE_MISSING" });
    expect(await rejected(runtime.init("simd", undefined))).toMatchObject({ code: "SOURCE_MISSING" });
    expect(await rejected(runtime.init(undefined, "x.wasm"))).toMatchObject({ code: "SOURCE_TYPE" });
    codesSeen.add("SOURCE_MISSING");
  });

  test("a binary that cannot have memory says so, and works once it can", async () => {
    const runtime = new Runtime({ compile: onlyModules });
    await runtime.init(
      undefined,
      await fakeModule({
        allocate: "(select (i32.const 1024) (i32.const 0) (i32.lt_u (local.get 0) (i32.const 70000)))",
      }),
    );
    const fake = bindSignature(runtime);
    const large = { data: new Float64Array(20_000), shape: [10_000, 2] };
    const error = thrown(() => fake(large, { depth }));
    expect(error).toMatchObject({ code: "OUT_OF_MEMORY", name: "PathSignatureError", argument: "paths" });
    expect((error as Error).message).toMatch(/gave no \d MiB of WebAssembly memory/);
    expect([...fake(path, { depth }).data]).toEqual([0, 0, 0, 0, 0, 0]);
    codesSeen.add("OUT_OF_MEMORY");
  });

  test("a kernel that fails or traps is told apart from bad input, and a trapped instance is replaced", async () => {
    const failing = new Runtime({ compile: onlyModules });
    await failing.init(undefined, await fakeModule({ run: "(i32.const -5)" }));
    const error = thrown(() => bindSignature(failing)(path, { depth }));
    expect(error).toMatchObject({ code: "INTERNAL", given: "paths (1, 3, 2), depth 2" });
    expect((error as Error).message).toMatch(/code -5.*please report/);

    const trapping = new Runtime({ compile: onlyModules });
    await trapping.init(undefined, await fakeModule({ run: "(unreachable)" }));
    const broken = trapping.loaded;
    const trapped = thrown(() => bindSignature(trapping)(path, { depth }));
    expect(trapped).toMatchObject({ code: "INTERNAL" });
    expect((trapped as Error).cause).toBeInstanceOf(WebAssembly.RuntimeError);
    expect(trapping.loaded).toBeUndefined();
    expect(trapping.instance()).not.toBe(broken);
    expect(trapping.latest?.variant).toBe("custom");
    codesSeen.add("INTERNAL");
  });
});

describe("what an error leaves behind", () => {
  test("`out` is not touched, also where the fault is in the last of many blocks", () => {
    const shape = [4000, 20, 3];
    const data = new Float32Array(4000 * 60);
    data[data.length - 1] = Number.NaN;
    for (const deep of [2, 5]) {
      for (const stream of [false, true]) {
        const count = 4000 * signatureSize(3, deep) * (stream ? 19 : 1);
        if (count > 2e7) continue;
        const out = new Float32Array(count).fill(7);
        expect(thrown(() => call({ data, shape }, { depth: deep, stream, out }))).toMatchObject({
          code: "NOT_FINITE",
          given: "NaN at path 3999, point 19, channel 2",
          position: { path: 3999, point: 19, channel: 2 },
        });
        expect(out.every((x) => x === 7)).toBe(true);
      }
    }
  });

  test("a fault in a path that is cut in time is found where it is", () => {
    const data = new Float64Array(100_000 * 2);
    data[150_001] = Number.NaN;
    for (const inverse of [false, true]) {
      expect(thrown(() => call({ data, shape: [100_000, 2] }, { depth, inverse }))).toMatchObject({
        code: "NOT_FINITE",
        position: { path: 0, point: 75_000, channel: 1 },
      });
    }
    expectWorks();
  });

  test("the first of several is named", () => {
    const data = new Float32Array(12).fill(Number.NaN, 5);
    expect(thrown(() => call({ data, shape: [2, 3, 2] }, { depth }))).toMatchObject({
      position: { path: 0, point: 2, channel: 1 },
    });
  });

  test("what overflows is no error, with or without the check", () => {
    const large = [[-1e308], [1e308], [-1e308]];
    expect(call(large, { depth: 1 }).data[0]).not.toBeNaN();
    expect(call([[0], [1e200]], { depth }).data[1]).toBe(Number.POSITIVE_INFINITY);
    expect(call([[-1.7e308], [1.7e308]], { depth: 1 }).data[0]).toBe(Number.POSITIVE_INFINITY);
    expectWorks();
  });

  test("checkFinite: false lets everything through", () => {
    expect(call(withNaN(3), { depth, checkFinite: false }).data[1]).toBeNaN();
    expect([...call(withNaN(3), { depth, checkFinite: false }).data.slice(6)]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(call([[0], [1e39]], { depth: 1, dtype: "float32", checkFinite: false }).data[0]).toBe(
      Number.POSITIVE_INFINITY,
    );
    expectWorks();
  });

  test("points that do not count may hold anything", () => {
    const { data, shape } = withNaN(11);
    expect([...call({ data, shape }, { depth, lengths: [3, 2] }).data]).toEqual(new Array(12).fill(0));
  });

  test("a getter that throws is the caller's error, and the next call works", () => {
    const mine = new Error("mine");
    const bad = {
      get data(): number[] {
        throw mine;
      },
      shape: [1, 1],
    };
    expect(thrown(() => call(bad, { depth }))).toBe(mine);
    expectWorks();
  });

  test("a call from inside a getter does not disturb the outer one", () => {
    const sly = new Proxy([1, 0], {
      get: (target, key) => {
        if (key === "0") call({ data: new Float64Array(20_000).fill(3), shape: [100, 100, 2] }, { depth: 6 });
        return Reflect.get(target, key) as unknown;
      },
    });
    expect([...call([[0, 0], sly, [1, 1]], { depth }).data]).toEqual([1, 1, 0.5, 1, 0, 0.5]);
  });
});

/** Codes of engines, which test/engine covers. */
type EngineCode =
  | "ENGINE_OPTION"
  | "ENGINE_OPTION_TYPE"
  | "OPERATION_UNKNOWN"
  | "QUEUE_FULL"
  | "ENGINE_CLOSED"
  | "BLOCK_FAILED";

/** Codes of augmentations and masks, which test/augmentations.test.ts covers. */
type AugmentCode = "AUGMENT_TYPE" | "AUGMENT_RANGE";

/** Codes of streams and windows, which test/streams.test.ts and test/windows.test.ts cover. */
type StreamCode =
  | `WINDOWS_${string}`
  | "WINDOW_INVALID"
  | "POP_RANGE"
  | "COUNT_INVALID"
  | "STREAM_CLOSED"
  | `SNAPSHOT_${string}`;

/** Codes of chosen words, which test/select.test.ts covers. */
type SelectCode = "SELECT_TYPE" | "SELECT_RANGE";

/** Codes of the family `algebra`, which test/algebra-errors.test.ts covers. */
type AlgebraCode = "ROWS_TYPE" | "ROWS_SHAPE" | "SCALAR_TERM_INVALID";

/** Codes of the family `kernels`, which test/signature-kernel-errors.test.ts covers. */
type KernelCode = "KERNEL_OPTION" | "KERNEL_OPTION_TYPE" | "KERNEL_SHAPE" | "KERNEL_OVERFLOW" | "KERNEL_NOT_POSITIVE";

/** Codes of log-signatures, which test/log-signature.test.ts covers. */
type LogCode = "BASIS_INVALID" | "PRECISION_INVALID";

/** Codes of readers of tables and files, which test/arrow.test.ts and test/io.test.ts cover. */
type TableCode = "TABLE_TYPE" | "MISSING_VALUE" | "MISSING_INVALID" | "FILE_FORMAT" | "PEER_MISSING";

/** Codes of pipelines, which test/features.test.ts covers. */
type FeatureCode = "FEATURES_OPTION" | "NOT_FITTED";

afterAll(() => {
  // Compiles only if it names every code; test/gpu and test/dispatch cover those of GPUs and of
  // dispatch.
  type Other =
    | EngineCode
    | AlgebraCode
    | KernelCode
    | StreamCode
    | TableCode
    | LogCode
    | AugmentCode
    | FeatureCode
    | SelectCode;
  type Elsewhere = Other | `GPU_${string}` | "TENSOR_ON_GPU" | "COSTS_INVALID" | "CLOCK_FROZEN";
  const every: Record<Exclude<PathSignatureErrorCode, Elsewhere>, true> = {
    PATHS_TYPE: true,
    PATHS_RANK: true,
    SHAPE_INVALID: true,
    SHAPE_MISMATCH: true,
    STRIDED: true,
    RAGGED_ROW: true,
    EMPTY_PATH: true,
    ELEMENT_TYPE: true,
    DETACHED_BUFFER: true,
    INPUT_DETACHED: true,
    OPTION_TYPE: true,
    OPTION_UNKNOWN: true,
    DEPTH_INVALID: true,
    CHANNELS_INVALID: true,
    SIZE_TOO_LARGE: true,
    DTYPE_INVALID: true,
    LAYOUT_INVALID: true,
    ALGORITHM_INVALID: true,
    LENGTHS_TYPE: true,
    LENGTHS_COUNT: true,
    LENGTHS_RANGE: true,
    BASEPOINT_TYPE: true,
    BASEPOINT_SHAPE: true,
    INITIAL_TYPE: true,
    INITIAL_SHAPE: true,
    INITIAL_SCALAR: true,
    COTANGENT_TYPE: true,
    COTANGENT_SHAPE: true,
    OUT_TYPE: true,
    OUT_LENGTH: true,
    NOT_FINITE: true,
    NOT_REPRESENTABLE: true,
    LEVEL_INVALID: true,
    WORD_INVALID: true,
    VARIANT_INVALID: true,
    VARIANT_UNSUPPORTED: true,
    SIMD_UNSUPPORTED: true,
    SOURCE_TYPE: true,
    SOURCE_MISSING: true,
    INIT_FAILED: true,
    OUT_OF_MEMORY: true,
    INTERNAL: true,
  };
  const missing = Object.keys(every).filter((code) => !codesSeen.has(code as PathSignatureErrorCode));
  expect(missing, "codes that no test causes").toEqual([]);
});
