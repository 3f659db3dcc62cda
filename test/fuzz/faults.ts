// Engines under attack: workers that are ended at random, factories that throw, exit or lie,
// buffers that are detached, shrunk or grown at three moments, calls that are aborted, engines that
// are closed under way. Every call ends within seconds, with the right bits or an error of its own;
// nothing is left uncaught, and `close` is quick.

import { Worker } from "node:worker_threads";
import * as core from "../../ts/index.ts";
import { Nursery } from "../engine/workers.ts";
import { random } from "../paths.ts";
import { uncaughtDuring, within } from "../uncaught.ts";
import { type Mode, modes, optionsOf } from "./engines.ts";
import { type Failure, type Outcome, type Part, repeat, scriptOf } from "./part.ts";

/** Seconds after which a call hangs, and `close` is late. */
const hang = 5;
const slowClose = 2;
/** Calls of a session, and of a client that makes one after the other. */
const callsOfSession = 60;
const clients = 8;

interface Resizable extends ArrayBuffer {
  resize(bytes: number): void;
  transfer(): ArrayBuffer;
}
type Numbers = Float32Array | Float64Array;

/** Numbers in a buffer that can be detached, shrunk and grown. */
function numbers(count: number, next: () => number, single: boolean): Numbers {
  const bytes = count * (single ? 4 : 8);
  const made = new (ArrayBuffer as unknown as new (bytes: number, options: object) => Resizable)(bytes, {
    maxByteLength: bytes + 4096,
  });
  // Of fixed length, and of one that follows the buffer's.
  const fixed = next() < 0.5 ? count : undefined;
  const view = single ? new Float32Array(made, 0, fixed) : new Float64Array(made, 0, fixed);
  for (let i = 0; i < count; i++) view[i] = Math.fround(next() - 0.5);
  return view;
}

const damages = {
  detach: (buffer: Resizable) => void buffer.transfer(),
  shrink: (buffer: Resizable) => buffer.resize(Math.floor(buffer.byteLength / 16) * 8),
  grow: (buffer: Resizable) => buffer.resize(buffer.byteLength + 64),
};

/** A call: its arguments by name, and how it is made. */
interface Attempt {
  readonly views: Record<string, Numbers>;
  readonly expected: Uint8Array;
  run(here: core.Engine, more: { signal?: AbortSignal }): Promise<Numbers>;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Numbers): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
const copyOf = (view: Numbers): Uint8Array => bytesOf(view.slice());

function makeAttempt(next: () => number): Attempt {
  const single = next() < 0.5;
  const isLarge = next() < 0.2;
  const isLong = next() < 0.1;
  const channels = 1 + Math.floor(next() * 4);
  const depth = 1 + Math.floor(next() * 4);
  const batch = isLong ? 1 : 1 + Math.floor(next() * (isLarge ? 300 : 6));
  const points = isLong ? 10_000 : 2 + Math.floor(next() * (isLarge ? 60 : 20));
  const size = core.signatureSize(channels, depth);
  const stream = next() < 0.2;
  const shape = [batch, points, channels];
  const data = numbers(batch * points * channels, next, single);
  const views: Record<string, Numbers> = { paths: data };
  const options: Record<string, unknown> = { depth, stream, dtype: single ? "float32" : "float64" };
  const add = (name: string, count: number, wrap: (view: Numbers) => unknown) => {
    const view = numbers(count, next, single);
    views[`options.${name}`] = view;
    options[name] = wrap(view);
  };
  if (next() < 0.3) add("basepoint", batch * channels, (data) => ({ data, shape: [batch, channels] }));
  if (next() < 0.3) add("initial", batch * size, (data) => ({ data, shape: [batch, size] }));
  const ahead = options.basepoint === undefined ? 1 : 0;
  const rows = batch * (stream ? points - ahead : 1);
  if (next() < 0.25) {
    const cotangent = numbers(rows * size, next, single);
    views.cotangent = cotangent;
    const gradients = core.signatureVjp as unknown as (...given: readonly unknown[]) => { paths: { data: Numbers } };
    return {
      views,
      expected: copyOf(gradients({ data, shape }, cotangent, options).paths.data),
      run: async (here, more) => {
        const call = here.signatureVjp as unknown as (...given: unknown[]) => ReturnType<typeof gradients>;
        return (await call({ data, shape }, cotangent, { ...options, ...more })).paths.data;
      },
    };
  }
  const signature = core.signature as unknown as (...given: readonly unknown[]) => { data: Numbers };
  const expected = copyOf(signature({ data, shape }, options).data);
  if (next() < 0.3) add("out", rows * size, (view) => view);
  return {
    views,
    expected,
    run: async (here, more) => {
      const call = here.signature as unknown as typeof signature;
      return (await call({ data, shape }, { ...options, ...more })).data;
    },
  };
}

const liars: readonly (() => unknown)[] = [
  () => {
    throw new Error("forbidden");
  },
  () => Promise.reject(new Error("not today")),
  () => undefined,
  () => ({}),
  () => ({
    on() {},
    off() {},
    postMessage() {},
    terminate: () => Promise.reject(new Error("never")),
    ref() {},
    unref() {},
  }),
  () => new Worker("process.exit(3)", { eval: true }),
  () => new Worker("throw new Error('broken')", { eval: true }),
  () => new Worker(`require("node:worker_threads").parentPort.on("message", () => process.exit(0))`, { eval: true }),
];

interface Session {
  readonly seed: number;
  readonly calls: number;
}

interface Report {
  readonly problems: string[];
  readonly kills: number;
  readonly damaged: number;
  readonly rejected: number;
}

async function session({ seed, calls }: Session): Promise<Report> {
  const next = random(seed);
  const mode: Mode = modes[seed % modes.length]!;
  const nursery = new Nursery();
  const problems: string[] = [];
  const count = { kills: 0, damaged: 0, rejected: 0 };
  const lies = next() < 0.3 ? 0.3 : 0;
  // A liar that says nothing is only noticed after ten seconds.
  const patience = hang + (lies > 0 ? 12 : 0);
  const workerFactory = () => (next() < lies ? liars[Math.floor(next() * liars.length)]!() : nursery.start());
  const engine = await core.createEngine({
    workerFactory: workerFactory as () => core.WorkerLike,
    ...optionsOf(mode),
    coalesce: next() < 0.7,
  });
  let isClosing = false;
  let isOver = false;

  async function one(i: number): Promise<void> {
    const attempt = makeAttempt(next);
    const controller = new AbortController();
    const reason = new Error(`call ${i} is not wanted any more`);
    const aborts = next() < 0.05;
    const names = Object.keys(attempt.views);
    const victim = next() < 0.5 ? names[Math.floor(next() * names.length)] : undefined;
    const how = (["detach", "shrink", "grow"] as const)[Math.floor(next() * 3)]!;
    const moments = [(work: () => void) => work(), setImmediate, (work: () => void) => setTimeout(work, next() * 5)];
    const when = moments[Math.floor(next() * 3)]!;
    const pending = attempt.run(engine, aborts ? { signal: controller.signal } : {});
    let isDamaged = false;
    if (victim !== undefined)
      when(() => {
        isDamaged = true;
        damages[how](attempt.views[victim]!.buffer as unknown as Resizable);
      });
    if (aborts) setImmediate(() => controller.abort(reason));
    const outcome = await within(
      patience,
      pending.then(
        (data) => ({ data }),
        (error: unknown) => ({ error }),
      ),
    );
    const name = `call ${i} (${mode}, ${victim === undefined ? "whole" : `${how} ${victim}`})`;
    if (victim !== undefined) count.damaged++;
    if (outcome === "late") problems.push(`${name} hangs`);
    else if ("data" in outcome) {
      // An `out` that was damaged after the end is not looked at.
      if (victim === "options.out" && isDamaged) return;
      const found = bytesOf(outcome.data);
      if (found.length !== attempt.expected.length || Buffer.compare(found, attempt.expected) !== 0)
        problems.push(`${name} is wrong`);
    } else {
      count.rejected++;
      const { error } = outcome;
      const { code, argument } = error as { code?: string; argument?: string };
      const isRight =
        (aborts && error === reason) ||
        (isClosing && code === "ENGINE_CLOSED") ||
        code === "BLOCK_FAILED" ||
        (code === "INPUT_DETACHED" && argument === victim && how !== "grow");
      if (!isRight) problems.push(`${name}: ${String(error)}`);
    }
  }

  const killing = (async () => {
    while (!isOver && mode !== "calling thread") {
      await new Promise((resolve) => setTimeout(resolve, 5 + next() * 30));
      if (isOver || nursery.ready.size === 0) continue;
      await nursery.kill(next());
      count.kills++;
    }
  })();
  let begun = 0;
  const client = async () => {
    while (begun < calls && !isClosing) await one(begun++);
  };
  const all = Promise.all(Array.from({ length: clients }, client));
  if (next() < 0.3) {
    await new Promise((resolve) => setTimeout(resolve, next() * 200));
    isClosing = true;
    const abort = next() < 0.5;
    // Without it, calls are completed first.
    const closed = await within(abort ? slowClose : patience, engine.close({ abort }));
    if (closed === "late") problems.push(`close under way is late (${mode}, abort: ${abort})`);
  }
  await all;
  isOver = true;
  await killing;
  const { tasks, calls: left } = engine.info();
  if (left !== 0) problems.push(`${left} calls and ${tasks} tasks are left (${mode})`);
  isClosing = true;
  if ((await within(slowClose, engine.close())) === "late") problems.push(`close is late (${mode})`);
  return { problems, ...count };
}

/** What is wrong with a session; empty if nothing is. Times differ from run to run. */
export async function replay(given: Session): Promise<Report> {
  let report: Report = { problems: [], kills: 0, damaged: 0, rejected: 0 };
  const uncaught = await uncaughtDuring(async () => {
    report = await session(given);
  });
  return { ...report, problems: [...report.problems, ...uncaught.map((error) => `uncaught: ${String(error)}`)] };
}

export const part: Part = {
  name: "faults",
  quick: 1000,
  few: 200,
  async run(bounds) {
    const figures = { kills: 0, damaged: 0, rejected: 0 };
    await core.init({ variant: "relaxed" });
    const outcome: Outcome = await repeat(bounds, async (seed, most) => {
      const given = { seed, calls: Math.min(callsOfSession, most) };
      const { problems, kills, damaged, rejected } = await replay(given);
      figures.kills += kills;
      figures.damaged += damaged;
      figures.rejected += rejected;
      const failures: Failure[] = [];
      if (problems.length > 0)
        failures.push({ seed, what: problems.slice(0, 5).join("; "), script: scriptOf("faults", given) });
      return { cases: given.calls, failures };
    });
    return { ...outcome, figures };
  },
};
