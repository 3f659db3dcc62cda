// The log-ODE example as a user starts it, on the built package: what both networks learn, that it
// is reproducible, what it writes; and the windows by themselves. Needs dist (npm run build).

import "@tensorflow/tfjs-backend-cpu";
import { dispose, env, setBackend, type Tensor2D, type Tensor3D, tensor2d, tensor3d } from "@tensorflow/tfjs-core";
import { logSignature } from "path-signature";
import { beforeAll, describe, expect, it } from "vitest";
import { exampleOf, expectPage, number, testsOfProgram } from "../train/program-tests.ts";
import { depth, segments, toWindows } from "./src/windows.ts";

const example = exampleOf(import.meta.dirname);

describe("on Japanese Vowels", () => {
  let stdout: string;
  let report: string;

  beforeAll(async () => {
    ({ stdout, report } = await example.report());
  });

  it("gets at least 96 % of the test set right from windows, 90 % from frames", () => {
    expect(number(stdout, /Windows +(\d+) of 370/)).toBeGreaterThanOrEqual(0.96 * 370);
    expect(number(stdout, /Frames +(\d+) of 370/)).toBeGreaterThanOrEqual(0.9 * 370);
  });

  it("reads fewer rows than there are frames, and keeps no tensors", () => {
    expect(number(stdout, /Windows.*, (\d+) rows/)).toBe(Math.ceil((number(stdout, /Frames.*, (\d+) rows/) - 1) / 7));
    expect(stdout).toMatch(/Tensors +(\d+) after the first epoch, \1 after the last/);
  });

  it("writes a report with the curves and the matrix that asks nothing of the network", () => {
    expectPage(report);
  });
});

testsOfProgram(example, "log-ode", /Windows +(\d+ of).*\nFrames +(\d+ of)/);

it("a window is its log-signature from the origin, with time; zeros are padding", async () => {
  env().set("IS_NODE", false);
  await setBackend("cpu");
  const [length, channels] = [12, 2];
  const lengths = [12, 6, 1];
  const points = lengths.map((count, i) =>
    Array.from({ length }, (_, t) =>
      t < count ? [Math.sin(3 * t + i), Math.cos(t * t + i)].map(Math.fround) : [0, 0],
    ),
  );
  const paths: Tensor3D = tensor3d(points);
  const classes: Tensor2D = tensor2d([[1], [1], [1]]);
  const examples = { paths, classes, speakers: [0, 0, 0], lengths };
  const found = toWindows({ train: examples, test: examples, length, channels, names: ["one"] });
  expect([found.length, found.channels]).toEqual([2, 6]);
  const rows = found.train.paths.arraySync();
  const windowOf = (i: number, from: number, to: number) => {
    const path = Array.from({ length: to - from }, (_, t) => [(from + t) / 10, ...points[i]![from + t]!]);
    return [...logSignature(path, { depth, basepoint: true }).data];
  };
  const wanted = [
    [windowOf(0, 0, segments + 1), windowOf(0, segments, 12)],
    [windowOf(1, 0, 6), new Array(6).fill(0)],
    [windowOf(2, 0, 1), new Array(6).fill(0)],
  ];
  for (const [i, all] of wanted.entries())
    for (const [k, row] of all.entries()) for (const [c, x] of row.entries()) expect(rows[i]![k]![c]).toBeCloseTo(x, 5);
  dispose([paths, classes, found.train.paths, found.test.paths]);
});
