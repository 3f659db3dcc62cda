// Arguments that lie: lengths, proxies, getters that change or that detach other arguments, buffers
// that are detached or shrink. A call is refused with an error of the library, or its result is
// made of its own input alone: no number of an earlier call, and nothing written behind the arena.

import fc from "fast-check";
import { isPathSignatureError } from "../../ts/index.ts";
import { lengthOfView } from "../../ts/input/views.ts";
import { bind } from "../../ts/operations/bind.ts";
import { multiplyOperation } from "../../ts/operations/multiply.ts";
import { bindSignature } from "../../ts/operations/signature.ts";
import { bindSignatureVjp } from "../../ts/operations/signature-vjp.ts";
import { compileNow } from "../../ts/wasm/compile.ts";
import { onlyModules, Runtime } from "../../ts/wasm/runtime.ts";
import { bytesOf } from "../inlined.ts";
import { type Part, propertyPart } from "./part.ts";

const lies = ["none", "own length", "subclass", "proxy", "detached", "shrunk", "turning", "detaching"] as const;
const forms = ["float32", "float64", "int16", "bigint", "array", "nested"] as const;

/** One argument: as many numbers as it should have, in a form, with a lie. */
interface Thing {
  readonly form: (typeof forms)[number];
  readonly lie: (typeof lies)[number];
  readonly claim: number;
  /** Numbers that are missing, or too many. */
  readonly off: number;
}

interface Given {
  readonly operation: "signature" | "signatureVjp" | "multiply";
  readonly batch: number;
  readonly points: number;
  readonly channels: number;
  readonly depth: number;
  readonly stream: boolean;
  readonly data: Thing;
  readonly shape: Thing;
  readonly lengths?: Thing | undefined;
  readonly basepoint?: Thing | undefined;
  readonly initial?: Thing | undefined;
  readonly out?: Thing | undefined;
}

type List = Float32Array | Float64Array | Int16Array | BigInt64Array | number[] | number[][];

/** In every number that earlier calls stage and write; nothing else is as large. */
const marker = 1e30;
const isMarked = (x: number): boolean => Number.isNaN(x) || Math.abs(x) > 1e20;

const runtimes = new Map<string, Runtime>();
function runtimeOf(family: "core" | "algebra"): Runtime {
  const known = runtimes.get(family);
  if (known !== undefined) return known;
  const made = new Runtime({ compile: onlyModules, moduleNow: () => compileNow(bytesOf("simd", family)) });
  runtimes.set(family, made);
  return made;
}

const core = {
  signature: bindSignature(runtimeOf("core")) as (...given: readonly unknown[]) => { data: ArrayLike<number> },
  signatureVjp: bindSignatureVjp(runtimeOf("core")) as unknown as (...given: readonly unknown[]) => {
    paths: { data: ArrayLike<number> };
  },
};
const multiply = bind(runtimeOf("algebra"), multiplyOperation) as (...given: readonly unknown[]) => {
  data: ArrayLike<number>;
};

function leaveMarkers(): void {
  core.signature({ data: new Float32Array(8000).fill(marker), shape: [4000, 2] }, { depth: 1, stream: true });
  const rows = new Float64Array(6000).fill(marker);
  multiply({ data: rows, shape: [1000, 6] }, rows.subarray(0, 6), { channels: 2, depth: 2, checkFinite: false });
}

const canaryBytes = 4096;
const canaryOf = new Map<string, number[]>();

/** Blocks behind the arena, full of a pattern; says whether one was written to. */
function checkCanaries(family: "core" | "algebra"): boolean {
  const { kernels } = runtimeOf(family).instance();
  let all = canaryOf.get(family);
  if (all === undefined) {
    leaveMarkers();
    all = Array.from({ length: 4 }, () => kernels.allocate(canaryBytes) >>> 0);
    canaryOf.set(family, all);
    for (const at of all) new Uint8Array(kernels.memory.buffer, at, canaryBytes).fill(0xc5);
  }
  return all.every((at) => new Uint8Array(kernels.memory.buffer, at, canaryBytes).every((byte) => byte === 0xc5));
}

interface Resizable extends ArrayBuffer {
  resize(bytes: number): void;
  transfer(): ArrayBuffer;
}
const resizable = (bytes: number): Resizable =>
  new (ArrayBuffer as unknown as new (bytes: number, options: object) => Resizable)(bytes, {
    maxByteLength: bytes + 8,
  });

function makeList(numbers: readonly number[], form: Thing["form"], width: number): List {
  switch (form) {
    case "array":
      return [...numbers];
    case "nested":
      return Array.from({ length: Math.ceil(numbers.length / width) }, (_, i) =>
        numbers.slice(i * width, (i + 1) * width),
      );
    default: {
      const kind = { float32: Float32Array, float64: Float64Array, int16: Int16Array, bigint: BigInt64Array }[form];
      const list = new kind(resizable(numbers.length * kind.BYTES_PER_ELEMENT));
      for (const [i, x] of numbers.entries()) list[i] = form === "bigint" ? BigInt(x) : x;
      return list;
    }
  }
}

/** An argument; `victim` is one that its getters detach. */
function makeThing(
  thing: Thing,
  count: number,
  width: number,
  victim: () => unknown,
  value = (i: number) => i % 7,
): unknown {
  const { form, lie, claim, off } = thing;
  const list = makeList(
    Array.from({ length: Math.max(0, count + off) }, (_, i) => value(i)),
    form,
    width,
  );
  const buffer = (list as Float64Array).buffer as Resizable | undefined;
  switch (lie) {
    case "own length":
      return Array.isArray(list) ? list : Object.defineProperty(list, "length", { value: claim });
    case "subclass": {
      if (Array.isArray(list)) return list;
      const { constructor: kind } = list as unknown as { constructor: Float64ArrayConstructor };
      class Liar extends kind {
        override get length(): number {
          return claim;
        }
        override get byteLength(): number {
          return 8 * claim;
        }
        override get byteOffset(): number {
          return claim;
        }
      }
      return new Liar(buffer as ArrayBuffer);
    }
    case "proxy":
      return new Proxy(list, {
        get: (of, name) => (name === "length" ? claim : (Reflect.get(of, name) as unknown)),
      });
    case "turning": {
      let reads = 0;
      return new Proxy(list, {
        get: (of, name) => (name === "length" && reads++ % 2 === 1 ? claim : (Reflect.get(of, name) as unknown)),
      });
    }
    case "detached":
      buffer?.transfer();
      return list;
    case "shrunk":
      buffer?.resize(Math.floor(buffer.byteLength / 16) * 8);
      return list;
    case "detaching":
      if (!Array.isArray(list) || list.length === 0) return list;
      return Object.defineProperty([...list], list.length - 1, {
        get: () => {
          const of = victim() as { buffer?: Resizable } | undefined;
          if (of?.buffer instanceof ArrayBuffer && of.buffer.byteLength > 0) of.buffer.transfer();
          return (list as number[])[list.length - 1];
        },
      });
    default:
      return list;
  }
}

/** What is wrong with a call; `undefined` if nothing is. */
export async function replay(given: Given): Promise<string | undefined> {
  const { operation, batch, points, channels, depth, stream } = given;
  const family = operation === "multiply" ? "algebra" : "core";
  checkCanaries(family);
  leaveMarkers();
  let size = 0;
  for (let k = 1; k <= depth; k++) size += channels ** k;
  const rows = batch * (stream ? points - 1 : 1);
  let data: unknown;
  const make = (thing: Thing | undefined, count: number, width = 1, value?: (i: number) => number) =>
    thing && makeThing(thing, count, width, () => data, value);
  const options = {
    depth,
    ...(operation === "multiply" ? { channels } : { stream }),
    ...(given.basepoint && operation !== "multiply" && { basepoint: make(given.basepoint, channels) }),
    ...(given.initial && operation !== "multiply" && { initial: make(given.initial, size) }),
    ...(given.lengths && operation !== "multiply" && { lengths: make(given.lengths, batch, 1, () => points) }),
    ...(given.out && operation !== "signatureVjp" && { out: make(given.out, rows * size) }),
  };
  let result: ArrayLike<number>;
  try {
    if (operation === "multiply") {
      data = make(given.data, batch * size, size);
      const shape = make(given.shape, 2, 1, (i) => [batch, size][i] ?? 1);
      result = multiply({ data, shape }, new Float64Array(size), options).data;
    } else {
      const sizes = [batch, points, channels];
      data = make(given.data, batch * points * channels, channels);
      const isNested = given.data.form === "nested";
      const paths = isNested ? data : { data, shape: make(given.shape, 3, 1, (i) => sizes[i] ?? 1) };
      result =
        operation === "signature"
          ? core.signature(paths, options).data
          : core.signatureVjp(paths, new Float64Array(rows * size).fill(1), options).paths.data;
    }
    // Its own length may lie: it may be the hostile `out`.
    const numbers = lengthOfView(result as Float64Array);
    for (let i = 0; i < numbers; i++) {
      if (isMarked(result[i]!)) return `number ${i} of the result is ${result[i]}: of another call`;
    }
  } catch (error) {
    if (!isPathSignatureError(error)) return `it threw ${String(error)}`;
    if (error.code === "INTERNAL") return `it threw INTERNAL: ${error.message}`;
  }
  if (!checkCanaries(family)) return "it wrote behind the arena";
  const after = core.signature([[0], [2]], { depth: 2 }).data;
  return after[0] === 2 && after[1] === 2 ? undefined : `the next call gives ${Array.from(after).join(", ")}`;
}

const thing: fc.Arbitrary<Thing> = fc.record({
  form: fc.constantFrom(...forms),
  lie: fc.oneof(
    { weight: 3, arbitrary: fc.constant("none" as const) },
    { weight: 2, arbitrary: fc.constantFrom(...lies) },
  ),
  claim: fc.oneof(
    fc.integer({ min: 0, max: 100 }),
    fc.constantFrom(-1, 0.5, 2.5, 1e5, 2 ** 31, 2 ** 32, 2 ** 53, Number.MAX_VALUE),
  ),
  off: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: -5, max: 5 }) }),
});
const maybe = fc.option(thing, { nil: undefined, freq: 2 });

const arbitrary: fc.Arbitrary<Given> = fc.record({
  operation: fc.constantFrom("signature" as const, "signature" as const, "signatureVjp" as const, "multiply" as const),
  batch: fc.integer({ min: 1, max: 40 }),
  points: fc.integer({ min: 2, max: 40 }),
  channels: fc.integer({ min: 1, max: 4 }),
  depth: fc.integer({ min: 1, max: 4 }),
  stream: fc.boolean(),
  data: thing,
  shape: thing,
  lengths: maybe,
  basepoint: maybe,
  initial: maybe,
  out: maybe,
});

export const part: Part = propertyPart("hostile", { quick: 1000, few: 300 }, () => arbitrary, replay);
