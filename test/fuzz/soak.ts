// Memory and the event loop over very many calls of every operation, on this thread and on an
// engine. There is no short form: memory needs time to show that it grows.

import { createHistogram } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createEngine as createAlgebraEngine } from "../../ts/algebra.ts";
import * as core from "../../ts/index.ts";
import { arity, functions, makeRow, operations, rowSize } from "../algebra-cases.ts";
import { random } from "../paths.ts";
import { mainTimes, tellsTimes } from "../scheduling.ts";
import { type Failure, type Part, repeat } from "./part.ts";

/** Calls between two looks at the memory. */
const callsOfStep = 2000;
/**
 * Fewer looks say nothing about a slope, which is that of the second half: the heap moves by 0.3 MB
 * from one to the next, as much as may be added in 30,000 calls.
 */
const fewest = 25;
const mostBytesPer100k = 2 ** 20;
/** Milliseconds of delay of the event loop, at most. */
const mostDelay = 20;
/** Milliseconds between two looks at it. */
const delayInterval = 5;

/**
 * Delays of the event loop: by how much timers are late, without the time in which this thread
 * waited for a CPU that other processes had. What is left is the library's, and the garbage
 * collector's, on a loaded machine too.
 */
class Delays {
  readonly own = createHistogram();
  readonly all = createHistogram();
  #timer: ReturnType<typeof setTimeout> | undefined;

  enable(): void {
    const [begin, { waited }] = [performance.now(), mainTimes()];
    this.#timer = setTimeout(() => {
      const late = performance.now() - begin - delayInterval;
      const record = (to: typeof this.own, milliseconds: number) =>
        to.record(1 + Math.max(0, Math.round(1000 * milliseconds)));
      record(this.all, late);
      record(this.own, late - 1000 * (mainTimes().waited - waited));
      this.enable();
    }, delayInterval);
  }

  disable(): void {
    clearTimeout(this.#timer);
  }
}

/** Milliseconds that one in a hundred exceeds. */
const p99 = (histogram: ReturnType<typeof createHistogram>): number => Math.round(histogram.percentile(99) / 100) / 10;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

type Loose = Record<string, (...given: readonly unknown[]) => unknown>;

/** The slope of the least squares line, bytes for each call. */
function slopeOf(points: readonly (readonly [calls: number, bytes: number])[]): number {
  const mean = (k: 0 | 1) => points.reduce((sum, point) => sum + point[k], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const [xy, xx] = points.reduce(([p, q], [a, b]) => [p + (a - x) * (b - y), q + (a - x) ** 2], [0, 0]);
  return xx! > 0 ? xy! / xx! : 0;
}

/** The arguments of a call by the name of its function. */
function callOf(next: () => number): readonly [name: string, isAlgebra: boolean, given: readonly unknown[]] {
  const [channels, depth, batch] = [1 + Math.floor(next() * 4), 1 + Math.floor(next() * 4), 1 + Math.floor(next() * 5)];
  const name = operations[Math.floor(next() * operations.length)]!;
  if (next() < 0.5) {
    const shape = { channels, depth, scalarTerm: next() < 0.5 };
    const rows = () => ({
      data: Float64Array.from(Array.from({ length: batch }, () => makeRow(name, shape, next)).flat()),
      shape: [batch, rowSize(shape)],
    });
    const operands = Array.from({ length: arity(name) }, rows);
    return next() < 0.5 ? [name, true, [...operands, shape]] : [`${name}Vjp`, true, [...operands, rows(), shape]];
  }
  const points = 2 + Math.floor(next() * (next() < 0.01 ? 5000 : 40));
  const data = Float32Array.from({ length: batch * points * channels }, () => next() - 0.5);
  const paths = { data, shape: [batch, points, channels] };
  const options = { depth, stream: next() < 0.3, scalarTerm: next() < 0.3 };
  if (next() < 0.5) return ["signature", false, [paths, options]];
  const rows = batch * (options.stream ? points - 1 : 1);
  const width = core.signatureSize(channels, depth, { scalarTerm: options.scalarTerm });
  return ["signatureVjp", false, [paths, new Float32Array(rows * width).fill(1), options]];
}

/** Whether a call takes long: those are made on an engine. */
const isLarge = ([paths]: readonly unknown[]): boolean =>
  ((paths as { data: ArrayLike<number> }).data?.length ?? 0) > 2000;

export const part: Part = {
  name: "soak",
  quick: 0,
  async run(bounds) {
    const next = random(bounds.seed);
    const engine = (await core.createEngine({ threads: 2 })) as unknown as Loose;
    const algebra = (await createAlgebraEngine({ threads: 2 })) as unknown as Loose;
    /** Bytes that are held: on the heap, in buffers, in engines. The rest is the host's. */
    const held: [number, number][] = [];
    const resident: [number, number][] = [];
    let calls = 0;
    const delays = new Delays();
    delays.enable();
    const { cases } = await repeat(bounds, async (_, most) => {
      const count = Math.min(callsOfStep, most);
      let waiting: unknown[] = [];
      for (let i = 0; i < count; i++) {
        const [name, isAlgebra, given] = callOf(next);
        const isHere = next() < 0.5 && !isLarge(given);
        if (isHere) ((isAlgebra ? functions : core) as unknown as Loose)[name]!(...given);
        else waiting.push((isAlgebra ? algebra : engine)[name]!(...given));
        // What a call takes of this thread is its own delay.
        if (isHere) await new Promise(setImmediate);
        if (i % 20 < 19) continue;
        await Promise.all(waiting);
        waiting = [];
      }
      await Promise.all(waiting);
      calls += count;
      delays.disable();
      for (let i = 0; i < 2; i++) {
        collect();
        await new Promise(setImmediate);
      }
      const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
      const inEngines = [engine, algebra].reduce(
        (sum, one) => sum + (one as unknown as core.Engine).info().memoryBytes,
        0,
      );
      held.push([calls, heapUsed + arrayBuffers + inEngines + core.info().memoryBytes]);
      resident.push([calls, rss]);
      delays.enable();
      return { cases: count, failures: [] };
    });
    delays.disable();
    await (engine as unknown as core.Engine).close();
    await (algebra as unknown as core.Engine).close();
    const half = <T>(all: readonly T[]) => all.slice(all.length >> 1);
    const figures = {
      bytesPer100k: Math.round(1e5 * slopeOf(half(held))),
      residentBytesPer100k: Math.round(1e5 * slopeOf(half(resident))),
      residentBytes: resident.at(-1)?.[1] ?? 0,
      eventLoopDelayP99: p99(delays.own),
      /** With waits for a CPU that other processes had. */
      eventLoopDelayP99WithWaits: p99(delays.all),
    };
    const failures: Failure[] = [];
    const { seed } = bounds;
    const script = `npm run fuzz -- soak --seed ${seed}`;
    if (half(held).length >= fewest && figures.bytesPer100k > mostBytesPer100k)
      failures.push({ seed, what: `memory grows by ${figures.bytesPer100k} bytes in 100000 calls`, script });
    if (tellsTimes && figures.eventLoopDelayP99 > mostDelay)
      failures.push({ seed, what: `one delay in a hundred is over ${figures.eventLoopDelayP99} ms`, script });
    return { cases, failures, figures };
  },
};
