// Binaries with the library's exports but no mathematics, for behaviour that the real ones never
// show: failures, traps, lack of memory.

import wabt from "wabt";

/** Function bodies in WebAssembly text; parameters are locals. */
export interface FakeBodies {
  allocate?: string;
  run?: string;
}

/** A module whose `run` does nothing and succeeds, unless a body is given. */
export async function fakeModule(bodies: FakeBodies): Promise<WebAssembly.Module> {
  const text = `(module
    (memory (export "memory") 8)
    (func (export "allocate") (param i32) (result i32) ${bodies.allocate ?? "(i32.const 1024)"})
    (func (export "release") (param i32 i32))
    (func (export "run") (param i32) (result i32) ${bodies.run ?? "(i32.const 0)"})
    (func (export "scratch") (param i32) (result i32) (i32.const 64))
    (func (export "state_numbers") (param i32) (result i32) (i32.const 4)))`;
  const parsed = (await wabt()).parseWat("fake.wat", text);
  try {
    return new WebAssembly.Module(parsed.toBinary({}).buffer as Uint8Array<ArrayBuffer>);
  } finally {
    parsed.destroy();
  }
}
