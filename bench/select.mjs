// The benchmark of chosen words: words drawn at random, beside all words, sampled in turn. Started
// by
//
//   npm run bench -- select
//
// Writes bench/results/select-MACHINE-DATE.json and prints a table. One thread, float32; the
// fastest of many calls.

import { relative } from "node:path";
import { signatureSize } from "./lib/counts.mjs";
import { root } from "./lib/machine.mjs";
import { makePaths } from "./lib/paths.mjs";
import { milliseconds, openResult, table } from "./lib/results.mjs";

const [batch, points, turns] = [32, 257, 25];

/** Channels, depth, and the share of the words. */
const rows = [
  [8, 5, 0.01],
  [8, 5, 0.1],
  [6, 5, 0.03],
  [3, 6, 0.02],
  [16, 3, 0.02],
];

/** A share of all words, by a linear congruential generator (Knuth). */
function drawn(all, count) {
  const left = [...all];
  let state = 1;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return left.splice(Math.floor((state / 2 ** 32) * left.length), 1)[0];
  });
}

export async function runSelectBench() {
  const { signature, signatureVjp, words } = await import("../dist/index.js");
  const { file, result, save } = openResult("select", {});
  const measured = rows.map(([channels, depth, share]) => {
    const paths = { data: makePaths("random walk", { batch, points, channels }), shape: [batch, points, channels] };
    const chosen = drawn(words(channels, depth), Math.round(share * signatureSize(channels, depth)));
    const options = { depth, select: { words: chosen } };
    const cotangent = signature(paths, options).data.slice();
    const calls = {
      all: () => signature(paths, { depth }),
      chosen: () => signature(paths, options),
      gradients: () => signatureVjp(paths, cotangent, options),
    };
    const least = Object.fromEntries(Object.keys(calls).map((name) => [name, Number.POSITIVE_INFINITY]));
    for (let turn = 0; turn < turns; turn++) {
      for (const [name, call] of Object.entries(calls)) {
        const begin = performance.now();
        call();
        least[name] = Math.min(least[name], performance.now() - begin);
      }
    }
    return { channels, depth, share, words: chosen.length, milliseconds: least };
  });
  result.parts = { batch, points, rows: measured };
  save();
  const head = ["shape", "words", "all", "chosen", "chosen / all", "gradients"];
  const lines = measured.map(({ channels, depth, words, milliseconds: { all, chosen, gradients } }) => [
    `(${channels}, ${depth})`,
    words,
    milliseconds(all / 1e3),
    milliseconds(chosen / 1e3),
    (chosen / all).toFixed(3),
    milliseconds(gradients / 1e3),
  ]);
  console.log(`${table(head, lines)}\n${relative(root, file)}`);
}
