// Measures signatures in this browser, on one thread and on all, with the published library.

import { createEngine, info, init, signature } from "path-signature/slim";
import { type FromMeasure, type Row, rows, type ToMeasure } from "./rows.ts";

const post = (message: FromMeasure) => postMessage(message);

/** A random walk, as in the benchmark: float32, steps of size 1/√points. */
function walk({ batch, points, channels }: Row) {
  const data = new Float32Array(batch * points * channels);
  const size = Math.sqrt(3 / points);
  for (let i = 0; i < batch; i++) {
    const start = i * points * channels;
    for (let j = channels; j < points * channels; j++)
      data[start + j] = (data[start + j - channels] as number) + size * (2 * Math.random() - 1);
  }
  return { data, shape: [batch, points, channels] };
}

/** Long enough for clocks that browsers make coarse, short enough for people who wait. */
const leastMs = 120;
const tries = 4;

/** The fastest of some tries, in ms a call; a try is as many calls as a clock can tell. */
async function fastest(call: () => unknown): Promise<number> {
  await call();
  let best = Infinity;
  for (let i = 0; i < tries; i++) {
    let calls = 0;
    const start = performance.now();
    let now = start;
    while (now - start < leastMs) {
      await call();
      calls++;
      now = performance.now();
    }
    best = Math.min(best, (now - start) / calls);
  }
  return best;
}

addEventListener("message", async ({ data: { binaries, siteBase } }: MessageEvent<ToMeasure>) => {
  globalThis.siteBase = siteBase;
  try {
    const { variant } = info();
    await init(fetch(binaries[variant as "relaxed" | "simd"]));
    await using engine = await createEngine();
    for (const [i, row] of rows.entries()) {
      const paths = walk(row);
      const options = { depth: row.depth };
      const out = signature(paths, options).data;
      const one = await fastest(() => signature(paths, { ...options, out }));
      const all = await fastest(() => engine.signature(paths, options));
      post({ row: i, one, all });
    }
    const { threads, mode } = engine.info();
    post({ done: `${variant} binary, engine: ${threads} threads, ${mode}` });
  } catch (error) {
    post({ error: error instanceof Error ? error.message : String(error) });
  }
});
