// The engine's effect on its process: how long the event loop is blocked while a gigabyte is
// computed, and the memory held after ten thousand calls.

import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createEngine } from "../../dist/index.js";
import { makePaths } from "../lib/paths.mjs";
import { seconds, warm } from "./timing.mjs";

/**
 * Seconds that the calling thread has waited for a processor, as Linux counts them; more threads
 * than cores take turns. The thread's processor time is of no use here: its resolution is four
 * milliseconds.
 */
function waited() {
  try {
    return Number(readFileSync("/proc/self/schedstat", "utf8").split(" ")[1]) / 1e9;
  } catch {
    return 0;
  }
}

/**
 * The longest time between two ticks of a timer of one millisecond, in all and without the time in
 * which the thread waited for a processor. The latter blocks the loop.
 */
async function longestWait(work) {
  let [last, lastWaited, most, mostOwn, turns] = [performance.now(), waited(), 0, 0, 0];
  const timer = setInterval(() => {
    const [now, nowWaited] = [performance.now(), waited()];
    const passed = (now - last) / 1e3;
    most = Math.max(most, passed);
    mostOwn = Math.max(mostOwn, passed - (nowWaited - lastWaited));
    [last, lastWaited] = [now, nowWaited];
    turns += 1;
  }, 1);
  const spent = await seconds(work);
  clearInterval(timer);
  return { seconds: spent, most, mostOwn, turns };
}

export async function measureLoop({ progress, quick }) {
  progress.note("event loop, 1 GB");
  const engine = await createEngine({ threads: 2 });
  await warm(engine, 2);
  const batch = quick ? 2000 : 210_000;
  const some = makePaths("random walk", { batch: 1000, points: 200, channels: 6, depth: 2 }, 1);
  const data = new Float32Array(batch * 1200);
  for (let at = 0; at < data.length; at += some.length)
    data.set(some.subarray(0, Math.min(some.length, data.length - at)), at);
  const paths = { data, shape: [batch, 200, 6] };
  // The same in an idle process.
  const nothing = await longestWait(() => wait(1000));
  const runs = [];
  for (let i = 0; i < 3; i++) runs.push(await longestWait(() => engine.signature(paths, { depth: 2 })));
  await engine.close();
  return { bytes: data.byteLength, nothing, runs };
}

export async function measureMemory({ progress, quick }) {
  progress.note("memory, 10 000 calls");
  const engine = await createEngine({ threads: 2 });
  const shapes = [
    [1, 100, 3, 3],
    [64, 100, 4, 3],
    [500, 50, 4, 3],
    [1, 5000, 2, 3],
  ].map(([batch, points, channels, depth]) => ({
    depth,
    paths: { data: makePaths("random walk", { batch, points, channels, depth }, 1), shape: [batch, points, channels] },
  }));
  setFlagsFromString("--expose_gc");
  const collect = runInNewContext("gc");
  const look = async () => {
    for (let i = 0; i < 3; i++) {
      collect();
      await wait(20);
    }
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    return { rss, heapUsed, arrayBuffers, engine: engine.info().memoryBytes };
  };
  const calls = quick ? 200 : 10_000;
  const run = async (count) => {
    for (let i = 0; i < count; i += 20) {
      await Promise.all(
        Array.from({ length: 20 }, (_, k) => {
          const { paths, depth } = shapes[k % shapes.length];
          return engine.signature(paths, { depth });
        }),
      );
    }
  };
  await run(quick ? 100 : 5000);
  const before = await look();
  await run(calls);
  const after = await look();
  await engine.close();
  return { calls, before, after };
}
