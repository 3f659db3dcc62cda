// Devices that are lost at any moment: before or after the nth time that something is created,
// written, submitted, mapped or read, or some time later; once, several times, or always. On Dawn
// in Node. Every call ends within seconds, with right numbers or the error that says so; calls of
// others and the next one succeed, and no buffer is left.

import fc from "fast-check";
import * as core from "../../ts/index.ts";
import { openDawn } from "../gpu/implementations.ts";
import { altered } from "../gpu/small.ts";
import { random } from "../paths.ts";
import { uncaughtDuring, within } from "../uncaught.ts";
import { type Part, propertyPart } from "./part.ts";

/** Seconds after which a call hangs if nothing has happened on its device. */
const hang = 5;

const methods = [
  ...["createShaderModule", "createComputePipelineAsync", "createBindGroup", "createBuffer", "createCommandEncoder"],
  ...["pushErrorScope", "popErrorScope", "writeBuffer", "submit", "mapAsync", "getMappedRange", "unmap", "destroy"],
] as const;
type Method = (typeof methods)[number];

/** When a device is lost: at the call number `nth` of a method. */
interface Moment {
  readonly method: Method;
  readonly nth: number;
  readonly when: "before" | "after" | "microtask" | "immediate" | "timeout";
}

/** What takes kernels of its own, which every new device compiles. */
interface Kind {
  readonly operation: "signature" | "signatureVjp";
  readonly depth: number;
  readonly stream: boolean;
  readonly points: number;
}

interface Request {
  /** The number of a kind, of those that the case has. */
  readonly kind: number;
  readonly batch: number;
  readonly output: "cpu" | "gpu";
}

interface Given {
  /** Made by the library, or by the caller. */
  readonly source: "own" | "given";
  readonly fallback: "cpu" | "error";
  readonly moment: Moment;
  /** Devices that are lost, one after the other. */
  readonly losses: number;
  /** Milliseconds by which the device tells late that it was lost. */
  readonly late: number;
  readonly kinds: readonly Kind[];
  readonly requests: readonly Request[];
}

let gpu: Promise<GPU | undefined> | undefined;

/** A device that is watched, and lost when it is time. */
class Watched {
  readonly device: GPUDevice;
  /** Buffers that nobody has destroyed. */
  readonly buffers = new Set<object>();
  isLost = false;
  readonly #real: GPUDevice;
  readonly #moment: Moment | undefined;
  readonly #onCall: () => void;
  #calls = 0;

  constructor(real: GPUDevice, moment: Moment | undefined, late: number, onCall: () => void) {
    this.#real = real;
    this.#moment = moment;
    this.#onCall = onCall;
    const lost = real.lost.then(async (info) => {
      if (late > 0) await new Promise((resolve) => setTimeout(resolve, late));
      return info;
    });
    const { queue } = real;
    const asObject = queue as unknown as GPUDevice;
    this.device = altered(real, {
      lost,
      queue: altered(asObject, this.#watch(queue, ["writeBuffer", "submit"])),
      ...this.#watch(
        real,
        methods.slice(0, 7).filter((name) => name !== "createBuffer"),
      ),
      createBuffer: (descriptor: GPUBufferDescriptor) => this.#at("createBuffer", () => this.#buffer(descriptor)),
    });
  }

  lose(): void {
    this.isLost = true;
    this.#real.destroy();
  }

  /** Functions that call those of `target`. */
  #watch(target: object, names: readonly Method[]): Record<string, (...given: unknown[]) => unknown> {
    const own = target as Record<string, (...given: unknown[]) => unknown>;
    return Object.fromEntries(
      names.map((name) => {
        const call = own[name]!.bind(target);
        return [name, (...given: unknown[]) => this.#at(name, () => call(...given))];
      }),
    );
  }

  #buffer(descriptor: GPUBufferDescriptor): GPUBuffer {
    const buffer = this.#real.createBuffer(descriptor);
    this.buffers.add(buffer);
    const own = this.#watch(buffer, ["mapAsync", "getMappedRange", "unmap", "destroy"]);
    const { destroy } = own;
    // Native functions take no proxies of buffers.
    return Object.assign(buffer, own, {
      destroy: () => {
        this.buffers.delete(buffer);
        destroy!();
      },
    });
  }

  #at<T>(method: Method, work: () => T): T {
    this.#onCall();
    const moment = this.#moment;
    if (this.isLost || moment?.method !== method || ++this.#calls !== moment.nth) return work();
    const lose = () => this.lose();
    if (moment.when === "before") lose();
    if (moment.when === "microtask") queueMicrotask(lose);
    if (moment.when === "immediate") setImmediate(lose);
    if (moment.when === "timeout") setTimeout(lose, moment.nth);
    const value = work();
    if (moment.when === "after") lose();
    return value;
  }
}

const channels = 2;

interface Attempt {
  readonly wanted: ArrayLike<number>;
  run(here: core.Engine, device: "webgpu" | "cpu"): Promise<ArrayLike<number>>;
}

function attemptOf({ operation, depth, points, stream }: Kind, { batch, output }: Request, seed: number): Attempt {
  const next = random(seed);
  const data = Float32Array.from({ length: batch * points * channels }, () => next() - 0.5);
  const paths = { data, shape: [batch, points, channels] };
  const wide = { data: Float64Array.from(data), shape: paths.shape };
  if (operation === "signature") {
    const run: Attempt["run"] = async (here, device) => {
      if (output === "cpu" || device === "cpu") return (await here.signature(paths, { depth, stream, device })).data;
      const tensor = await here.signature(paths, { depth, stream, device, output: "gpu" });
      try {
        return (await tensor.toCpu()).data;
      } finally {
        tensor.destroy();
      }
    };
    return { wanted: core.signature(wide, { depth, stream }).data, run };
  }
  const rows = batch * (stream ? points - 1 : 1);
  const cotangent = Float32Array.from({ length: rows * core.signatureSize(channels, depth) }, () => next() - 0.5);
  const run: Attempt["run"] = async (here, device) => {
    if (output === "cpu" || device === "cpu")
      return (await here.signatureVjp(paths, cotangent, { depth, stream, device })).paths.data;
    const gradients = await here.signatureVjp(paths, cotangent, { depth, stream, device, output: "gpu" });
    try {
      return (await gradients.paths.toCpu()).data;
    } finally {
      gradients.destroy();
    }
  };
  return { wanted: core.signatureVjp(wide, Float64Array.from(cotangent), { depth, stream }).paths.data, run };
}

/** In float32, of small paths. */
function isRight(actual: ArrayLike<number>, wanted: ArrayLike<number>): boolean {
  let [most, off] = [1, 0];
  for (let i = 0; i < wanted.length; i++) {
    most = Math.max(most, Math.abs(wanted[i]!));
    off = Math.max(off, Math.abs(actual[i]! - wanted[i]!));
  }
  return actual.length === wanted.length && off <= 2e-5 * most;
}

/** Why a call may fail: its numbers stay on the device, or nothing else is to be tried. */
const expected = ["GPU_LOST", "GPU_UNAVAILABLE"];

async function findProblems({ source, fallback, moment, losses, late, kinds, requests }: Given): Promise<string[]> {
  gpu ??= openDawn();
  const host = await gpu;
  if (!host) throw new Error("Dawn cannot run here");
  const problems: string[] = [];
  const devices: Watched[] = [];
  let busy = performance.now();
  const open = async (descriptor?: GPUDeviceDescriptor) => {
    const real = await (await host.requestAdapter())!.requestDevice(descriptor);
    const isDoomed = devices.length < losses;
    const watched = new Watched(real, isDoomed ? moment : undefined, late, () => {
      busy = performance.now();
    });
    devices.push(watched);
    busy = performance.now();
    return watched.device;
  };
  const adapter = async () =>
    altered((await host.requestAdapter()) as unknown as GPUDevice, { requestDevice: open }) as unknown as GPUAdapter;
  const given = source === "given" ? await open() : ({ requestAdapter: adapter } as unknown as GPU);
  const engine = await core.createEngine({ gpu: given, fallback, threads: 1 });
  const other = await core.createEngine({ threads: 1 });

  /** What a call gives; "late" if nothing has happened for too long. */
  async function answer(pending: Promise<ArrayLike<number>>) {
    const settled = pending.then(
      (data) => ({ data }),
      (error: unknown) => ({ error }),
    );
    for (busy = performance.now(); ; ) {
      const outcome = await within(hang, settled);
      if (outcome !== "late" || performance.now() - busy > 1000 * hang) return outcome;
    }
  }

  async function judge(name: string, attempt: Attempt, pending: Promise<ArrayLike<number>>, mayFail: boolean) {
    const outcome = await answer(pending);
    if (outcome === "late") problems.push(`${name} hangs`);
    else if ("data" in outcome) {
      if (!isRight(outcome.data, attempt.wanted)) problems.push(`${name} is wrong`);
    } else {
      const { code } = outcome.error as { code?: string };
      if (!mayFail || !expected.includes(code ?? "")) problems.push(`${name}: ${String(outcome.error)}`);
    }
  }

  const attempts = requests.map((request, i) => attemptOf(kinds[request.kind % kinds.length]!, request, i));
  const mayFail = ({ output }: Request) => output === "gpu" || fallback === "error";
  await Promise.all(
    attempts.flatMap((attempt, i) => [
      judge(`call ${i}`, attempt, attempt.run(engine, "webgpu"), mayFail(requests[i]!)),
      judge(`call ${i} on the CPU`, attempt, attempt.run(engine, "cpu"), false),
      judge(`call ${i} of another engine`, attempt, attempt.run(other, "cpu"), false),
    ]),
  );
  // Now at the latest.
  for (const watched of devices.slice(0, losses)) watched.lose();
  await Promise.all(devices.slice(0, losses).map(({ device }) => device.lost));
  const [first] = attempts;
  // A further device may still be one that is lost.
  const isDone = source === "own" && devices.length >= losses;
  await judge("the next call", first!, first!.run(engine, "webgpu"), !isDone && mayFail(requests[0]!));
  await judge("the next call on the CPU", first!, first!.run(engine, "cpu"), false);
  const { calls, tasks, gpu: told } = engine.info();
  if (calls + tasks + told!.calls > 0) problems.push(`${calls} calls, ${tasks} tasks and ${told!.calls} are left`);
  if (told!.memory.inUse > 0) problems.push(`${told!.memory.inUse} bytes are in use`);
  for (const here of [engine, other]) if ((await within(hang, here.close())) === "late") problems.push("close hangs");
  for (const [i, { buffers }] of devices.entries())
    if (buffers.size > 0) problems.push(`${buffers.size} buffers of device ${i} are left`);
  for (const watched of devices) watched.lose();
  return problems;
}

/** What is wrong with a case; `undefined` if nothing is. Times differ from run to run. */
export async function replay(given: Given): Promise<string | undefined> {
  let problems: string[] = [];
  const uncaught = await uncaughtDuring(async () => {
    problems = await findProblems(given);
  });
  const all = [...problems, ...uncaught.map((error) => `uncaught: ${String(error)}`)];
  return all.length === 0 ? undefined : all.join("; ");
}

const arbitrary: fc.Arbitrary<Given> = fc.record({
  source: fc.oneof({ weight: 2, arbitrary: fc.constant("own" as const) }, fc.constant("given" as const)),
  fallback: fc.constantFrom("cpu", "error"),
  moment: fc.record({
    method: fc.constantFrom(...methods),
    nth: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 60 })),
    when: fc.constantFrom("before", "after", "microtask", "immediate", "timeout"),
  }),
  losses: fc.constantFrom(1, 1, 2, 100),
  late: fc.constantFrom(0, 0, 1, 50),
  kinds: fc.array(
    fc.record({
      operation: fc.constantFrom("signature", "signatureVjp"),
      // Kernels of depth 2 and for few points are compiled in half the time.
      depth: fc.constantFrom(2, 2, 2, 3),
      stream: fc.boolean(),
      points: fc.constantFrom(2, 30, 30, 30, 30, 400),
    }),
    { minLength: 1, maxLength: 2, size: "xsmall" },
  ),
  requests: fc.array(
    fc.record({ kind: fc.nat(1), batch: fc.constantFrom(1, 3, 40), output: fc.constantFrom("cpu", "gpu") }),
    { minLength: 1, maxLength: 4 },
  ),
});

export const part: Part = propertyPart("device-loss", { quick: 50, few: 12 }, () => arbitrary, replay);
