// Contents of the shipped binaries (dist/wasm) of all families, read from their disassembly. An
// engine rejects a whole module for one unknown opcode, so a stray one in `simd` would break the
// library on every older engine. Results are not checked here.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { prefixed } from "../scripts/lib/families.mjs";
import { functions } from "../ts/wasm/abi.ts";
import { Instance } from "../ts/wasm/instance.ts";
import { familyOf, variantOf } from "../ts/wasm/probe.ts";
import { families } from "./inlined.ts";

const folder = join(import.meta.dirname, "..", "dist", "wasm");
const variants = ["simd", "relaxed", "threads"] as const;
type Variant = (typeof variants)[number];

/**
 * One line for each import, export and memory in the WebAssembly text format; the set of opcodes.
 */
interface Contents {
  readonly opcodes: ReadonlySet<string>;
  readonly imports: readonly string[];
  readonly exports: readonly string[];
  readonly memories: readonly string[];
}

type Wabt = Awaited<ReturnType<typeof wabtInit>>;
let wabt: Wabt;

/** All features enabled: an opcode that the disassembler does not understand would be missed. */
const everything = {
  annotations: true,
  bulk_memory: true,
  code_metadata: true,
  exceptions: true,
  extended_const: true,
  function_references: true,
  gc: true,
  memory64: true,
  multi_memory: true,
  multi_value: true,
  mutable_globals: true,
  reference_types: true,
  relaxed_simd: true,
  sat_float_to_int: true,
  sign_extension: true,
  simd: true,
  tail_call: true,
  threads: true,
};

interface Shipped {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly module: WebAssembly.Module;
  readonly contents: Contents;
}

function contentsOf(module: ReturnType<Wabt["readWasm"]>): Contents {
  // Flat format, so that each instruction begins its own line; function names, which may be
  // anything, begin none.
  const lines = module
    .toText({ foldExprs: false, inlineExport: false })
    .split("\n")
    .map((line) => line.trim());
  const starting = (...heads: string[]) => lines.filter((line) => heads.some((head) => line.startsWith(head)));
  return {
    opcodes: new Set(
      lines.map((line) => /^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*/.exec(line)?.[0]).filter((word) => word !== undefined),
    ),
    imports: starting("(import "),
    exports: starting("(export "),
    memories: [...starting("(memory "), ...starting("(import ").filter((line) => line.includes("(memory "))],
  };
}

const disassemble = (bytes: Uint8Array) => contentsOf(wabt.readWasm(bytes, everything));

const simdOpcodes = ({ opcodes }: Contents) => [...opcodes].filter((name) => /^(v128|[if]\d+x\d+)\./.test(name));
const relaxedOpcodes = ({ opcodes }: Contents) => [...opcodes].filter((name) => name.includes(".relaxed_"));
const atomicOpcodes = ({ opcodes }: Contents) => [...opcodes].filter((name) => /(^|\.)atomic\./.test(name));
const sharedMemories = ({ memories }: Contents) => memories.filter((line) => /\bshared\b/.test(line));

/** Exported functions other than those of wasm-bindgen and the linker. */
const ownFunctions = ({ exports }: Contents) =>
  exports
    .map((line) => /^\(export "([^"]+)" \(func /.exec(line)?.[1])
    .filter((name) => name !== undefined && !name.startsWith("__"))
    .sort();

beforeAll(async () => {
  wabt = await wabtInit();
});

describe.each(families)("of the family %s", (family) => {
  let shipped: Record<Variant, Shipped>;
  beforeAll(() => {
    const read = (variant: Variant) => {
      const bytes = new Uint8Array(readFileSync(join(folder, `${prefixed(family, variant)}.wasm`)));
      return { bytes, module: new WebAssembly.Module(bytes), contents: disassemble(bytes) };
    };
    shipped = { simd: read("simd"), relaxed: read("relaxed"), threads: read("threads") };
  });

  it("says which family and variant each is", () => {
    const told = (variant: Variant) => [familyOf(shipped[variant].module), variantOf(shipped[variant].module)];
    expect(told("simd")).toEqual([family, "simd"]);
    expect(told("relaxed")).toEqual([family, "relaxed"]);
    expect(told("threads")[0]).toBe(family);
  });

  describe("simd", () => {
    it("has SIMD multiplication and addition in both precisions", () => {
      expect(simdOpcodes(shipped.simd.contents)).toEqual(
        expect.arrayContaining(["v128.load", "v128.store", "f32x4.mul", "f32x4.add", "f64x2.mul", "f64x2.add"]),
      );
    });

    it("has not one relaxed or atomic opcode and no shared memory", () => {
      expect(relaxedOpcodes(shipped.simd.contents)).toEqual([]);
      expect(atomicOpcodes(shipped.simd.contents)).toEqual([]);
      expect(sharedMemories(shipped.simd.contents)).toEqual([]);
    });
  });

  describe("relaxed", () => {
    it("has relaxed multiply-add in both precisions", () => {
      expect(relaxedOpcodes(shipped.relaxed.contents)).toEqual(
        expect.arrayContaining(["f32x4.relaxed_madd", "f64x2.relaxed_madd"]),
      );
    });

    it("has no atomic opcode and no shared memory", () => {
      expect(atomicOpcodes(shipped.relaxed.contents)).toEqual([]);
      expect(sharedMemories(shipped.relaxed.contents)).toEqual([]);
    });
  });

  describe("threads", () => {
    it("has SIMD, relaxed multiply-add and atomics", () => {
      expect(simdOpcodes(shipped.threads.contents)).toEqual(
        expect.arrayContaining(["v128.load", "f32x4.mul", "f64x2.mul"]),
      );
      expect(relaxedOpcodes(shipped.threads.contents)).toEqual(
        expect.arrayContaining(["f32x4.relaxed_madd", "f64x2.relaxed_madd"]),
      );
      expect(atomicOpcodes(shipped.threads.contents)).toEqual(
        expect.arrayContaining(["i32.atomic.rmw.cmpxchg", "memory.atomic.wait32", "memory.atomic.notify"]),
      );
    });

    it("imports its one memory, shared and bounded by 1 GiB", () => {
      const { memories } = shipped.threads.contents;
      expect(memories).toHaveLength(1);
      expect(memories[0]).toMatch(/^\(import .* \(memory .* 16384 shared\)\)$/);
    });
  });

  describe("the boundary", () => {
    it("is the same set of functions in all three", () => {
      const simd = ownFunctions(shipped.simd.contents);
      expect(simd).toEqual(expect.arrayContaining([...functions]));
      expect(ownFunctions(shipped.relaxed.contents)).toEqual(simd);
      expect(ownFunctions(shipped.threads.contents)).toEqual(simd);
    });

    it("has the types of numbers only, the same in all three", () => {
      const types = (variant: Variant) => {
        const module = wabt.readWasm(shipped[variant].bytes, everything);
        const lines = module.toText({ foldExprs: false, inlineExport: true }).split("\n");
        return functions.map((name) => {
          const line = lines.find((text) => text.includes(`(export "${name}")`)) ?? "";
          const [, parameters = "", result = ""] =
            /\(type \d+\)(?: \(param ([^)]*)\))?(?: \(result ([^)]*)\))?/.exec(line) ?? [];
          return `${name}(${parameters})${result && `: ${result}`}`;
        });
      };
      const simd = types("simd");
      expect(simd).toContain("release(i32 i32)");
      expect(simd).toContain("run(i32): i32");
      expect(types("relaxed")).toEqual(simd);
      expect(types("threads")).toEqual(simd);
    });

    it.each(["simd", "relaxed"] as const)(
      "%s exports its memory and imports nothing that instance.ts does not give",
      (variant) => {
        const { module, contents } = shipped[variant];
        expect(contents.imports.filter((line) => !/ "__wbindgen_\w+" \(func /.test(line))).toEqual([]);
        expect(new Instance(module, variant).kernels.memory).toBeInstanceOf(WebAssembly.Memory);
      },
    );

    it("threads imports its memory besides, and nothing else", () => {
      const { imports } = shipped.threads.contents;
      expect(imports.filter((line) => !/ "__wbindgen_\w+" \(func /.test(line))).toHaveLength(1);
    });
  });
});

describe("the inspection itself", () => {
  const assemble = (text: string) =>
    wabt.parseWat("forbidden.wat", text, everything).toBinary({ write_debug_names: true }).buffer;

  it("finds a relaxed opcode", () => {
    const binary = assemble(
      `(module (func $f (param v128) (result v128) local.get 0 local.get 0 local.get 0 f32x4.relaxed_madd))`,
    );
    expect(relaxedOpcodes(disassemble(binary))).toEqual(["f32x4.relaxed_madd"]);
  });

  it("finds an atomic opcode and a shared memory", () => {
    const binary = assemble(
      `(module (import "env" "memory" (memory 1 2 shared))
        (func (result i32) i32.const 0 i32.const 1 i32.atomic.rmw.add) (func atomic.fence))`,
    );
    expect(atomicOpcodes(disassemble(binary)).sort()).toEqual(["atomic.fence", "i32.atomic.rmw.add"]);
    expect(sharedMemories(disassemble(binary))).toHaveLength(1);
  });

  it("is not misled by names", () => {
    const binary = assemble(`(module (func $f32x4.relaxed_madd (export "i32.atomic.load") (param $atomic.fence i32)))`);
    const contents = disassemble(binary);
    expect([relaxedOpcodes(contents), atomicOpcodes(contents), simdOpcodes(contents)]).toEqual([[], [], []]);
  });

  it("refuses a binary that imports what instance.ts does not give", () => {
    const binary = new Uint8Array(assemble(`(module (import "env" "now" (func)) (memory (export "memory") 1))`));
    expect(() => new Instance(new WebAssembly.Module(binary), "simd")).toThrow(/env\.now/);
  });
});
