// Binaries with the library's exports but no mathematics, for behaviour that the real ones never
// show: failures, traps, lack of memory.

import wabt from "wabt";

/** Function bodies in WebAssembly text; parameters are locals. */
export interface FakeBodies {
  allocate?: string;
  signature?: string;
  vjp?: string;
}

/** A module whose `signature` does nothing and succeeds, unless a body is given. */
export async function fakeModule(bodies: FakeBodies): Promise<WebAssembly.Module> {
  const parameters = "i32 ".repeat(15);
  const text = `(module
    (memory (export "memory") 8)
    (func (export "allocate") (param i32) (result i32) ${bodies.allocate ?? "(i32.const 1024)"})
    (func (export "release") (param i32 i32))
    (func (export "signature_size") (param i32 i32) (result i32) (i32.const 6))
    (func (export "signature_scratch_bytes") (param i32 i32 i32 i32) (result i32) (i32.const 64))
    (func (export "combine") (param i32 i32 i32 i32 i32) (result i32) (i32.const 0))
    (func (export "signature") (param ${parameters}) (result i32) ${bodies.signature ?? "(i32.const 0)"})
    (func (export "vjp_scratch_bytes") (param i32 i32 i32 i32) (result i32) (i32.const 64))
    (func (export "vjp_carry_numbers") (param i32 i32 i32) (result i32) (i32.const 4))
    (func (export "signature_vjp") (param ${"i32 ".repeat(21)}) (result i32) ${bodies.vjp ?? "(i32.const 0)"}))`;
  const parsed = (await wabt()).parseWat("fake.wat", text);
  try {
    return new WebAssembly.Module(parsed.toBinary({}).buffer as Uint8Array<ArrayBuffer>);
  } finally {
    parsed.destroy();
  }
}
