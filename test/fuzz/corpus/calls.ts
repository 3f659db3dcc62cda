// Calls that once failed, by name, one for each defect that was found: what is wrong with it now,
// `undefined` if nothing is. Those of the edge service are in edge.ts, and of its clients in
// ../edge/clients.ts.

import { isDeepStrictEqual } from "node:util";
import * as core from "../../../ts/index.ts";
import { random } from "../../paths.ts";
import { within } from "../../uncaught.ts";
import { replay as lose } from "../device-loss.ts";
import { modes, optionsOf } from "../engines.ts";

interface Resizable extends ArrayBuffer {
  resize(bytes: number): void;
  transfer(): ArrayBuffer;
}
type Found = string | undefined;

const wrong = (actual: unknown, wanted: unknown): Found =>
  isDeepStrictEqual(actual, wanted) ? undefined : `${String(actual)} for ${String(wanted)}`.slice(0, 300);

/** The code of what a call throws, or is rejected with. */
async function codeOf(call: () => unknown): Promise<string> {
  try {
    await call();
    return "no error";
  } catch (error) {
    return core.isPathSignatureError(error) ? error.code : `it threw ${String(error)}`;
  }
}

/** A buffer that is damaged while a call is under way, beside calls of others, in every mode. */
async function damagedUnderWay(damage: (buffer: Resizable) => void): Promise<Found> {
  const next = random(1);
  const shape = [200, 50, 4];
  for (const mode of modes) {
    const engine = await core.createEngine(optionsOf(mode));
    const bytes = 4 * 40_000;
    const buffer = new (ArrayBuffer as unknown as new (bytes: number, options: object) => Resizable)(bytes, {
      maxByteLength: bytes,
    });
    const data = new Float32Array(buffer).map(() => next() - 0.5);
    new Float32Array(buffer).set(data);
    const sound = { data, shape };
    const pending = codeOf(() => engine.signature({ data: new Float32Array(buffer), shape }, { depth: 4 }));
    const innocent = engine.signature(sound, { depth: 3 });
    damage(buffer);
    const found =
      wrong(await within(5, pending), "INPUT_DETACHED") ??
      wrong((await innocent).data, core.signature(sound, { depth: 3 }).data) ??
      wrong(await within(2, engine.close()), undefined);
    if (found !== undefined) return `${mode}: ${found}`;
  }
  return undefined;
}

/** Numbers whose own `length` says something else. */
const lying = (count: number, length: number): Float64Array =>
  Object.defineProperty(new Float64Array(count).fill(1), "length", { value: length });

const twoPoints = [[0], [2]];

/** The largest error of a gradient, of the root mean square. */
function errorOfGradient(path: Float32Array, channels: number, depth: number): number {
  const next = random(2);
  const shape = [path.length / channels, channels];
  const cotangent = Float32Array.from({ length: core.signatureSize(channels, depth) }, () => next() - 0.5);
  const { data } = core.signatureVjp({ data: path, shape }, cotangent, { depth }).paths;
  const wide = { data: Float64Array.from(path), shape };
  const exact = core.signatureVjp(wide, Float64Array.from(cotangent), { depth }).paths.data;
  const inside = exact.subarray(channels, -channels);
  const rms = Math.sqrt(inside.reduce((sum, x) => sum + x * x, 0) / inside.length);
  return inside.reduce((most, x, i) => Math.max(most, Math.abs(x - data[i + channels]!)), 0) / rms;
}

/** Back and forth where `isBack` says so, else a line of small steps. */
function zigzag(length: number, isBack: (t: number) => boolean): Float32Array {
  const next = random(3);
  const path = new Float32Array(2 * length);
  for (let i = 2; i < path.length; i++) {
    const [t, c] = [i >> 1, i & 1];
    const turn = (t % 2 ? 20 : -20) * (1 + 0.2 * c) + (next() - 0.5) / 50;
    path[i] = path[i - 2]! + (isBack(t) ? turn : 0.05 * (1 + c));
  }
  return path;
}

const accurate = (path: Float32Array): Found => {
  const error = errorOfGradient(path, 2, 6);
  return error < 1e-5 ? undefined : `the gradient is ${error} of its RMS off`;
};

/** The loss of a device under a call with two points. */
const loseOne = (given: Pick<Parameters<typeof lose>[0], "source" | "losses" | "moment">): Promise<Found> =>
  lose({
    ...given,
    fallback: "cpu",
    late: 0,
    kinds: [{ operation: "signature", depth: 2, stream: false, points: 2 }],
    requests: [{ kind: 0, batch: 1, output: "cpu" }],
  });

export const callCorpus: Readonly<Record<string, () => Found | Promise<Found>>> = {
  "a buffer that is detached under way": () => damagedUnderWay((buffer) => void buffer.transfer()),
  "a buffer that shrinks under way": () => damagedUnderWay((buffer) => buffer.resize(64)),
  "a workerFactory whose promise never settles": async () => {
    const engine = await core.createEngine({ threads: 2, workerFactory: () => new Promise(() => undefined) as never });
    const pending = codeOf(() => engine.signature(twoPoints, { depth: 2 }));
    const closed = await within(2, engine.close({ abort: true }));
    return wrong(closed, undefined) ?? wrong(await within(5, pending), "ENGINE_CLOSED");
  },
  "a length that claims too much": () =>
    wrong([...core.signature({ data: lying(2, 4000), shape: [2, 1] }, { depth: 1 }).data], [0]),
  "a length that claims too little": async () => {
    const code = await codeOf(() => core.signature({ data: lying(80_000, 2), shape: [2, 1] }, { depth: 1 }));
    return wrong(code, "SHAPE_MISMATCH") ?? wrong([...core.signature(twoPoints, { depth: 2 }).data], [2, 2]);
  },
  "a length that is no whole number": async () => {
    const list = new Proxy([0, 1], { get: (all, name) => (name === "length" ? 1.5 : Reflect.get(all, name)) });
    const code = await codeOf(() => core.signature({ data: list, shape: [2, 1] }, { depth: 1 }));
    return code.startsWith("it threw") || code === "no error" ? code : undefined;
  },
  "names on Object.prototype": () => {
    const names = { stream: true, inverse: true, lengths: [1], basepoint: true, data: 1, shape: [3] };
    try {
      for (const [name, value] of Object.entries(names))
        Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
      return wrong([...core.signature(twoPoints, { depth: 2 }).data], [2, 2]);
    } finally {
      for (const name of Object.keys(names)) Reflect.deleteProperty(Object.prototype, name);
    }
  },
  "9000 points of one channel, alone and in a batch": () => {
    const next = random(4);
    const data = Float64Array.from({ length: 9000 }, () => next() - 0.5);
    const options = { depth: 4, stream: true };
    const alone = core.signature({ data, shape: [9000, 1] }, options).data;
    const both = core.signature({ data: Float64Array.from([...data, ...data]), shape: [2, 9000, 1] }, options).data;
    return wrong(both.subarray(alone.length), alone);
  },
  // Takes a quarter of a minute where the work grows with the square of the depth.
  "one channel at depth 1000000": () => {
    const initial = new Float64Array(1e6);
    return wrong(core.signature(twoPoints, { depth: 1e6, initial }).data.subarray(0, 3), Float64Array.of(2, 2, 4 / 3));
  },
  "NaN between two points, with checkFinite: false": () =>
    wrong([...core.signature([[0], [Number.NaN], [2]], { depth: 2, checkFinite: false }).data], [NaN, NaN]),
  "gradients: back and forth for nine tenths, then a line": () => accurate(zigzag(200, (t) => t < 180)),
  "gradients: back and forth for a fifth, anywhere": () => accurate(zigzag(200, (t) => t % 50 > 39)),
  "a device that is lost as it is opened": () =>
    loseOne({ source: "own", losses: 100, moment: { method: "createShaderModule", nth: 1, when: "before" } }),
  // Buffers of the block stayed in use.
  "a device that is lost as results are read": () =>
    loseOne({ source: "given", losses: 1, moment: { method: "getMappedRange", nth: 1, when: "before" } }),
  "a device that is lost once results are mapped": () =>
    loseOne({ source: "given", losses: 1, moment: { method: "getMappedRange", nth: 1, when: "after" } }),
};
