// Loading the binary: not on import; lazily and synchronously at the first call; ahead of it by
// `init` from every kind of source, with any number of concurrent callers; and switching between
// variants.

import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { prefixed } from "../scripts/lib/families.mjs";
import { makePatch } from "../scripts/lib/patch.mjs";
import { loadEngine } from "../ts/entry/inline.ts";
import { applyPatch, decodeHex } from "../ts/wasm/binaries.ts";
import { Instance } from "../ts/wasm/instance.ts";
import { familyOf, supports } from "../ts/wasm/probe.ts";
import { fakeModule } from "./fake.ts";
import { bytesOf, families } from "./inlined.ts";

type Library = typeof import("../ts/index.ts");

/** A copy of the library that has not loaded anything yet. */
async function freshLibrary(): Promise<Library> {
  vi.resetModules();
  return import("../ts/index.ts");
}

const path = [
  [0, 0],
  [1, 0],
  [1, 1],
];
const right = [1, 1, 0.5, 1, 0, 0.5];
const compute = (library: Library) => [...library.signature(path, { depth: 2 }).data];

/** Number of WebAssembly operations that cost time or memory. */
const spies = {
  module: vi.spyOn(WebAssembly, "Module"),
  instance: vi.spyOn(WebAssembly, "Instance"),
  compile: vi.spyOn(WebAssembly, "compile"),
};
beforeEach(() => {
  for (const spy of Object.values(spies)) spy.mockClear();
});
afterAll(() => vi.restoreAllMocks());

const counts = () => [spies.module, spies.instance, spies.compile].map((spy) => spy.mock.calls.length);

describe("on import", () => {
  test("nothing is compiled, and info() loads nothing", async () => {
    const { info, signatureSize, words } = await freshLibrary();
    expect(signatureSize(3, 4)).toBe(120);
    expect(words(2, 1)).toEqual([[0], [1]]);
    const told = info();
    expect(told).toMatchObject({ variant: "relaxed", loaded: false, memoryBytes: 0, threads: 1 });
    expect(told.features).toEqual({ simd: true, relaxedSimd: true, sharedMemory: true });
    expect(told.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(counts()).toEqual([0, 0, 0]);
  });

  test("a call without paths loads nothing either", async () => {
    const { signature } = await freshLibrary();
    expect(signature({ data: new Float32Array(0), shape: [0, 5, 2] }, { depth: 2 }).shape).toEqual([0, 6]);
    expect(counts()).toEqual([0, 0, 0]);
  });

  test("the first call loads, at once and once", async () => {
    const library = await freshLibrary();
    expect(compute(library)).toEqual(right);
    expect(compute(library)).toEqual(right);
    expect(counts()).toEqual([1, 1, 0]);
    expect(library.info()).toMatchObject({ variant: "relaxed", loaded: true });
    expect(library.info().memoryBytes).toBeGreaterThan(0);
  });
});

describe("init()", () => {
  test("loads off the thread, once for all who ask at once or later, and calls use it", async () => {
    const library = await freshLibrary();
    const all = await Promise.all(Array.from({ length: 10 }, () => library.init()));
    await library.init();
    expect(new Set(all.map((one) => one.variant))).toEqual(new Set(["relaxed"]));
    expect(compute(library)).toEqual(right);
    expect(spies.module).not.toHaveBeenCalled();
    expect(library.info().loaded).toBe(true);
    const [, instances] = counts();
    expect(instances).toBe(1);
  });

  test("a call while init is under way does not wait for it, and both agree", async () => {
    const library = await freshLibrary();
    const pending = library.init();
    expect(compute(library)).toEqual(right);
    const { memoryBytes } = library.info();
    await pending;
    expect(library.info().memoryBytes).toBe(memoryBytes);
    expect(spies.instance).toHaveBeenCalledTimes(1);
  });

  test("back and forth between variants, each compiled once", async () => {
    const library = await freshLibrary();
    for (const variant of ["simd", "relaxed", "simd", "simd", "relaxed"] as const) {
      expect((await library.init({ variant })).variant).toBe(variant);
      expect(library.info().variant).toBe(variant);
      expect(compute(library)).toEqual(right);
    }
    expect(spies.compile).toHaveBeenCalledTimes(2);
    // Without a request nothing changes.
    await library.init({ variant: "simd" });
    expect((await library.init()).variant).toBe("simd");
    expect((await library.init({})).variant).toBe("simd");
  });

  test("of several wishes at once the latest wins, whichever is done first", async () => {
    const library = await freshLibrary();
    const compile = WebAssembly.compile.bind(WebAssembly);
    // The first takes longer.
    spies.compile.mockImplementationOnce(async (bytes) => {
      await new Promise((done) => setTimeout(done, 50));
      return compile(bytes as BufferSource);
    });
    await Promise.all([library.init({ variant: "relaxed" }), library.init({ variant: "simd" }), library.init()]);
    expect(library.info().variant).toBe("simd");
    expect(compute(library)).toEqual(right);
  });

  test("a wish that fails leaves an earlier one that succeeds", async () => {
    const library = await freshLibrary();
    const slow = library.init({ variant: "simd" });
    await expect(library.init(new Uint8Array(3))).rejects.toMatchObject({ code: "INIT_FAILED" });
    await slow;
    expect(library.info().variant).toBe("simd");
    await expect(library.init("nonsense")).rejects.toMatchObject({ code: "INIT_FAILED" });
    expect((await library.init()).variant).toBe("simd");
  });

  test("after a failure the next call and the next init work", async () => {
    const library = await freshLibrary();
    spies.compile.mockRejectedValueOnce(new WebAssembly.CompileError("no"));
    await expect(library.init()).rejects.toMatchObject({
      code: "INIT_FAILED",
      argument: "variant",
      given: '"relaxed"',
    });
    expect(library.info().loaded).toBe(false);
    await library.init();
    expect(compute(library)).toEqual(right);
  });
});

describe("init(source)", () => {
  const bytes = bytesOf("simd");
  let server: Server;
  let origin: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const type = request.url === "/right.wasm" ? "application/wasm" : "application/octet-stream";
      if (request.url === "/none.wasm") return void response.writeHead(404).end();
      response.writeHead(200, { "content-type": type }).end(bytes);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((done) => server.close(done)));

  const file = () => new URL("../dist/wasm/simd.wasm", import.meta.url);
  const sources: [string, () => unknown][] = [
    ["a module", () => new WebAssembly.Module(bytes)],
    ["bytes", () => bytes],
    ["a buffer", () => bytes.slice().buffer],
    ["a view of a part of a buffer", () => new Uint8Array([0, ...bytes, 0]).subarray(1, bytes.length + 1)],
    ["a Response of the right type", () => fetch(`${origin}/right.wasm`)],
    ["a Response, awaited", async () => await fetch(`${origin}/right.wasm`)],
    ["a Response of another type", () => fetch(`${origin}/other`)],
    ["a URL", () => new URL(`${origin}/right.wasm`)],
    ["a URL as a string", () => `${origin}/right.wasm`],
    ["a file's URL", () => file()],
    ["a file's URL as a string", () => file().href],
    ["options with bytes", () => ({ source: bytes })],
    ["options with bytes and their name", () => ({ variant: "simd", source: bytes })],
  ];

  test.each(sources)("%s", async (_, source) => {
    const library = await freshLibrary();
    const told = await library.init((await source()) as Parameters<Library["init"]>[0]);
    expect(told).toMatchObject({ variant: "simd", loaded: true });
    expect(compute(library)).toEqual(right);
  });

  test("a promise of a Response, as fetch gives it", async () => {
    const library = await freshLibrary();
    expect((await library.init(fetch(`${origin}/right.wasm`))).variant).toBe("simd");
  });

  const shipped = families.flatMap((family) =>
    (["simd", "relaxed"] as const).map((variant) => ({ family, variant, file: `${prefixed(family, variant)}.wasm` })),
  );
  test.each(shipped)("the published file $file is the inlined one", async ({ family, variant, file }) => {
    const published = await readFile(new URL(`../dist/wasm/${file}`, import.meta.url));
    expect(published.equals(Buffer.from(bytesOf(variant, family)))).toBe(true);
  });

  test("a server that has it not", async () => {
    const library = await freshLibrary();
    await expect(library.init(`${origin}/none.wasm`)).rejects.toThrow(/HTTP status 404/);
  });

  test("a module that does not say what it is", async () => {
    const library = await freshLibrary();
    expect((await library.init(await fakeModule({}))).variant).toBe("custom");
    expect(library.signature(path, { depth: 2 }).data).toEqual(new Float64Array(6));
    expect((await library.init({ variant: "simd" })).variant).toBe("simd");
    expect(compute(library)).toEqual(right);
  });

  test("a binary of another family is refused, and what ran before goes on", async () => {
    const library = await freshLibrary();
    const refusal = (found: string, wanted: string) => ({
      code: "INIT_FAILED",
      argument: "source",
      given: `a binary of the family "${found}"`,
      accepted: `a binary of the family "${wanted}"`,
      message: expect.stringContaining(`"${wanted}"`) as string,
    });
    await library.init({ variant: "simd" });
    await expect(library.init(bytesOf("relaxed", "algebra"))).rejects.toMatchObject(refusal("algebra", "core"));
    await expect(library.init({ variant: "simd", source: bytesOf("simd", "algebra") })).rejects.toMatchObject(
      refusal("algebra", "core"),
    );
    expect(library.info()).toMatchObject({ variant: "simd", loaded: true });
    expect(compute(library)).toEqual(right);
    await expect((await import("../ts/algebra.ts")).init(bytes)).rejects.toMatchObject(refusal("core", "algebra"));
  });

  test("the binary for threads is told apart", async () => {
    const library = await freshLibrary();
    const threads = new URL("../dist/wasm/threads.wasm", import.meta.url);
    await expect(library.init(threads)).rejects.toMatchObject({
      code: "INIT_FAILED",
      message: expect.stringMatching(/unknown import .*memory/) as string,
    });
  });
});

describe("another family", () => {
  test("has a binary of its own, loaded by its own init, in all variants", async () => {
    const library = await freshLibrary();
    const algebra = await import("../ts/algebra.ts");
    expect(algebra.info()).toMatchObject({ variant: "relaxed", loaded: false, memoryBytes: 0 });
    expect(counts()).toEqual([0, 0, 0]);
    await algebra.init();
    expect(counts()).toEqual([0, 1, 1]);
    expect(algebra.info()).toMatchObject({ variant: "relaxed", loaded: true });
    expect(library.info().loaded).toBe(false);
    expect((await algebra.init({ variant: "simd" })).variant).toBe("simd");
    expect((await algebra.init(bytesOf("relaxed", "algebra"))).variant).toBe("relaxed");
    expect(compute(library)).toEqual(right);
    expect(algebra.info().memoryBytes).toBeLessThan(library.info().memoryBytes);
  });

  test("the errors are those of all entries", async () => {
    const library = await freshLibrary();
    const algebra = await import("../ts/algebra.ts");
    expect(algebra.PathSignatureError).toBe(library.PathSignatureError);
  });

  test("has an engine, and for its threads a binary that shares memory", async () => {
    const { createEngine } = await import("../ts/algebra.ts");
    const engine = await createEngine({ threads: 2 });
    expect(engine.info()).toMatchObject({ variant: "relaxed", mode: "shared", workers: 0 });
    await engine.close();
  });

  test.each(families)("%s gives its engine the published binary for threads", async (family) => {
    const texts = {
      core: import("../ts/generated/core/threads.ts"),
      algebra: import("../ts/generated/algebra/threads.ts"),
      kernels: import("../ts/generated/kernels/threads.ts"),
    };
    const { default: relaxed } = await import(`../ts/generated/${family}/relaxed.ts`);
    const { sharedModule } = await loadEngine(relaxed, texts[family]);
    const module = await sharedModule!();
    expect(familyOf(module)).toBe(family);
    const memory = new WebAssembly.Memory({ initial: 64, maximum: 16384, shared: true });
    expect(new Instance(module, "threads", memory).kernels.allocate(64)).toBeGreaterThan(0);
    const published = await readFile(new URL(`../dist/wasm/${prefixed(family, "threads")}.wasm`, import.meta.url));
    expect(WebAssembly.Module.exports(module)).toEqual(WebAssembly.Module.exports(new WebAssembly.Module(published)));
  });
});

describe("an engine without relaxed SIMD", () => {
  const { validate } = WebAssembly;
  afterEach(() => {
    WebAssembly.validate = validate;
  });

  test("gets simd", async () => {
    WebAssembly.validate = (bytes) => !String(bytes).includes("253,133,2") && validate(bytes);
    expect([supports("simd"), supports("relaxed")]).toEqual([true, false]);
    const library = await freshLibrary();
    expect(library.info()).toMatchObject({ variant: "simd", features: { simd: true, relaxedSimd: false } });
    expect(compute(library)).toEqual(right);
    expect(library.info().variant).toBe("simd");
    expect((await library.init()).variant).toBe("simd");
  });

  test("without any SIMD, info() still answers", async () => {
    WebAssembly.validate = () => false;
    const library = await freshLibrary();
    expect(library.info()).toMatchObject({ variant: "none", loaded: false, features: { simd: false } });
    expect(() => compute(library)).toThrow(expect.objectContaining({ code: "SIMD_UNSUPPORTED" }) as Error);
    WebAssembly.validate = validate;
    expect(compute(library)).toEqual(right);
  });
});

describe("inlined bytes", () => {
  const text = "00ff10a9e5";
  const wanted = [0, 255, 16, 169, 229];

  test("are decoded by each means to the same", () => {
    const { Buffer: NodeBuffer } = globalThis;
    const native = Object.getOwnPropertyDescriptor(Uint8Array, "fromHex");
    try {
      delete (Uint8Array as { fromHex?: unknown }).fromHex;
      expect([...decodeHex(text)]).toEqual(wanted);
      (globalThis as { Buffer?: unknown }).Buffer = undefined;
      expect([...decodeHex(text)]).toEqual(wanted);
      const simd = bytesOf("simd");
      (Uint8Array as { fromHex?: unknown }).fromHex = (digits: string) =>
        new Uint8Array(NodeBuffer.from(digits, "hex"));
      expect([...decodeHex(text)]).toEqual(wanted);
      expect(NodeBuffer.from(simd).equals(NodeBuffer.from(bytesOf("simd")))).toBe(true);
    } finally {
      globalThis.Buffer = NodeBuffer;
      if (native) Object.defineProperty(Uint8Array, "fromHex", native);
      else delete (Uint8Array as { fromHex?: unknown }).fromHex;
    }
  });

  test("come out of any patch as they went in", () => {
    const bytes = fc.uint8Array({ maxLength: 400 }).map((one) => Buffer.from(one));
    const pieces = fc.array(fc.oneof(bytes, fc.tuple(fc.nat(400), fc.nat(400))), { maxLength: 12 });
    fc.assert(
      fc.property(bytes, pieces, (base, parts) => {
        // New bytes and pieces of the base, in any order: the input that patches are made for.
        const next = Buffer.concat(
          parts.map((part) => (Array.isArray(part) ? base.subarray(part[0], part[0] + part[1]) : part)),
        );
        expect(next.equals(Buffer.from(applyPatch(base, makePatch(base, next))))).toBe(true);
      }),
    );
  });
});
