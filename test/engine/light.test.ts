// Light calls: computed on the calling thread while no other call waits, without stopping the event
// loop.

import { afterAll, beforeAll, expect, test } from "vitest";
import { createEngine, type Engine, signature } from "../../ts/index.ts";
import { random } from "../paths.ts";

const next = random(3);
const paths = { data: Float32Array.from({ length: 200 }, next), shape: [100, 2] };
const options = { depth: 4 };
const large = { data: Float32Array.from({ length: 500 * 100 * 4 }, next), shape: [500, 100, 4] };

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 2 });
  // The first call starts workers; the calling thread has a binary from here on.
  await engine.signature(large, options);
  signature(paths, options);
});
afterAll(() => engine.close());

const iteration = () => new Promise((resolve) => setTimeout(resolve, 5));

test("a light call is done at once, with the bits of the synchronous function", async () => {
  await iteration();
  const call = engine.signature(paths, options);
  expect(engine.info().calls).toBe(0);
  expect((await call).data).toEqual(signature(paths, options).data);
});

test("not while another call waits, nor with a signal or a progress listener, nor if it is long", async () => {
  await iteration();
  const other = engine.signature(large, options);
  const small = engine.signature(paths, options);
  expect(engine.info().calls).toBe(2);
  expect((await small).data).toEqual(signature(paths, options).data);
  await other;
  const { signal } = new AbortController();
  for (const more of [{ signal }, { onProgress: () => undefined }]) {
    await iteration();
    const call = engine.signature(paths, { ...options, ...more });
    expect(engine.info().calls).toBe(1);
    await call;
  }
});

test("a caller that awaits one light call after the other does not stop the event loop", async () => {
  await iteration();
  let hasContinued = false;
  const timer = setTimeout(() => {
    hasContinued = true;
  }, 0);
  let calls = 0;
  while (!hasContinued && calls < 20_000) {
    await engine.signature(paths, options);
    calls += 1;
  }
  clearTimeout(timer);
  expect(hasContinued).toBe(true);
});

test("errors reject, and later calls work", async () => {
  await iteration();
  const wrong = { data: Float32Array.of(0, 1, Number.NaN, 2), shape: [2, 2] };
  const call = engine.signature(wrong, options);
  await expect(call).rejects.toMatchObject({ code: "NOT_FINITE" });
  expect((await engine.signature(paths, options)).data).toEqual(signature(paths, options).data);
  expect(engine.info()).toMatchObject({ calls: 0, tasks: 0, warnings: [] });
});

test("a closed engine refuses", async () => {
  const here = await createEngine({ threads: 1 });
  await here.signature(large, options);
  await here.close();
  await expect(here.signature(paths, options)).rejects.toMatchObject({ code: "ENGINE_CLOSED" });
});
