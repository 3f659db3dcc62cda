// `path-signature info` and `path-signature bench`.

import { availableParallelism, cpus } from "node:os";
import { createEngine, info, init, logSignature, signature } from "../index.ts";
import type { Values } from "./arguments.ts";
import type { Summary } from "./features.ts";

/** Optional packages, and what they are for. */
const packages: readonly (readonly [string, () => Promise<unknown>])[] = [
  ["@duckdb/node-api", () => import("@duckdb/node-api")],
  ["apache-arrow", () => import("apache-arrow")],
  ["fflate", () => import("fflate")],
  ["hyparquet", () => import("hyparquet")],
  ["webgpu", () => import("webgpu")],
];

export async function information(): Promise<Summary> {
  await init();
  const { version, variant, features } = info();
  const there = await Promise.all(
    packages.map(
      async ([name, load]) =>
        [
          name,
          await load().then(
            () => true,
            () => false,
          ),
        ] as const,
    ),
  );
  return {
    ...{ version, node: process.versions.node, platform: `${process.platform} ${process.arch}` },
    ...{ processor: cpus()[0]?.model ?? "unknown", threads: availableParallelism(), binary: variant },
    ...{ sharedMemory: features.sharedMemory, packages: Object.fromEntries(there) },
  };
}

/** Paths, points, channels, depth. */
const shapes: readonly (readonly [number, number, number, number])[] = [
  [1, 100, 3, 3],
  [256, 100, 3, 3],
  [256, 1000, 2, 4],
  [256, 1000, 4, 4],
  [32, 1000, 8, 4],
];

/** Milliseconds for each shape. */
const patience = 400;

/** The shortest time of a call in milliseconds, over many. */
async function shortest(call: () => unknown, signal: AbortSignal): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  const start = performance.now();
  for (let runs = 0; runs < 5 || performance.now() - start < patience; runs++) {
    signal.throwIfAborted();
    const begin = performance.now();
    await call();
    least = Math.min(least, performance.now() - begin);
  }
  return least;
}

export async function bench(values: Values, signal: AbortSignal): Promise<Summary> {
  const threads = values.threads();
  await using engine = await createEngine({ threads, device: "cpu" });
  const rows: Record<string, number | string>[] = [];
  for (const [paths, points, channels, depth] of shapes) {
    const data = Float32Array.from({ length: paths * points * channels }, (_, i) => ((i * 7919) % 1009) / 1009);
    const tensor = { data, shape: [paths, points, channels] };
    const options = { depth };
    rows.push({
      shape: `${paths}×${points}×${channels}^${depth}`,
      signature: await shortest(() => signature(tensor, options), signal),
      logSignature: await shortest(() => logSignature(tensor, options), signal),
      threads: await shortest(() => engine.signature(tensor, options), signal),
    });
  }
  const { version, variant } = info();
  return { version, binary: variant, processor: cpus()[0]?.model ?? "unknown", unit: "milliseconds a call", rows };
}
