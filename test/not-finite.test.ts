// `checkFinite: false`: a coefficient is finite if and only if no letter of its word has a number
// that is not finite in a point that it depends on. Others keep their bits. On this thread and on
// engines, for every algorithm and wherever a path is cut.

import { afterAll, describe, expect, test } from "vitest";
import { createEngine, type Engine, init, type Paths, signature } from "../ts/index.ts";
import { random } from "./paths.ts";

/** The letters of coefficient number `index`. */
function lettersOf(index: number, channels: number): number[] {
  let words = channels;
  let depth = 1;
  for (; index >= words; depth++) {
    index -= words;
    words *= channels;
  }
  return Array.from({ length: depth }, (_, k) => Math.floor(index / channels ** k) % channels);
}

const engines: Engine[] = [];
afterAll(() => Promise.all(engines.map((engine) => engine.close())));

test("the smallest case", () => {
  expect([...signature([[0], [Number.NaN], [2]], { depth: 2, checkFinite: false }).data]).toEqual([NaN, NaN]);
  expect([...signature([[Number.NaN]], { depth: 2, checkFinite: false }).data]).toEqual([0, 0]);
});

describe.each(["simd", "relaxed"] as const)("%s", (variant) => {
  test.each([
    { channels: 1, depth: 3, length: 20 },
    { channels: 1, depth: 4, length: 9000 },
    { channels: 3, depth: 1, length: 30 },
    { channels: 2, depth: 2, length: 300 },
    { channels: 9, depth: 2, length: 60 },
    { channels: 3, depth: 4, length: 400 },
    { channels: 2, depth: 6, length: 600 },
    { channels: 2, depth: 3, length: 9000 },
    { channels: 1, depth: 20, length: 9000, stream: true },
    { channels: 1, depth: 20, length: 9000, stream: true, inverse: true },
    { channels: 2, depth: 5, length: 3000, stream: true },
  ])("%o", async ({ channels, depth, length, stream = false, inverse = false }) => {
    await init({ variant });
    const engine = await createEngine({ threads: 2 });
    engines.push(engine);
    const next = random(7);
    const sound = Float64Array.from({ length: length * channels }, () => next() - 0.5);
    const options = { depth, stream, inverse, checkFinite: false };
    const paths = (data: Float64Array): Paths => ({ data, shape: [length, channels] });
    const wanted = signature(paths(sound), options).data;
    const size = stream ? wanted.length / (length - 1) : wanted.length;
    for (const [value, point] of [
      [Number.NaN, Math.floor(length / 3)],
      [Number.POSITIVE_INFINITY, 1],
      [Number.NaN, 0],
      [Number.NEGATIVE_INFINITY, length - 1],
    ] as const) {
      const channel = Math.floor(next() * channels);
      const data = sound.slice();
      data[point * channels + channel] = value;
      const reached = inverse ? length - 1 - point : point;
      for (const { data: got } of [signature(paths(data), options), await engine.signature(paths(data), options)]) {
        const wrong = Array.from(got, (x, i) => {
          const depends =
            (!stream || Math.floor(i / size) + 1 >= reached) && lettersOf(i % size, channels).includes(channel);
          return depends ? !Number.isFinite(x) : Object.is(x, wanted[i]);
        }).indexOf(false);
        expect(wrong).toBe(-1);
      }
    }
  });
});
