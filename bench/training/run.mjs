// The bench of training: one network, the same data, initial weights and order of batches, trained with four signatures. Started by
//
//   npm run bench -- training [--lengths 20,100,500] [--contestants ours,levels,keras_sig,signax] [--quick]
//
// Keras Sig's protocol in small: Dense(7) → signature of depth 3 → Dense(10), 10 features, batches of 128, gradient descent. Ours and `levels` (levels.mjs) in TensorFlow.js on its WebAssembly backend, the others on
// JAX, jitted. Every contestant is a process of its own on one core. Writes bench/results/training-MACHINE-DATE.json and a page beside it.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { leaveMeasuringCore, node24, pinned, root } from "../lib/machine.mjs";
import { makePaths, writeRaw } from "../lib/paths.mjs";
import { Progress } from "../lib/progress.mjs";
import { milliseconds, openResult, replaceRow, table, times, verdict } from "../lib/results.mjs";
import { median } from "../lib/statistics.mjs";
import { makeVenv, python } from "../lib/venv.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const names = ["ours", "levels", "keras_sig", "signax"];
const shape = { batch: 128, features: 10, units: 7, outputs: 10, batches: 4, rate: 0.01 };

/** Weights, then batches of paths and what is to be learned of them, as one raw file. */
function writeNumbers(file, length) {
  const { batch, features, units, outputs, batches } = shape;
  const size = units + units ** 2 + units ** 3;
  const wave = (count, scale, phase) =>
    Float32Array.from({ length: count }, (_, i) => scale * Math.sin(12.9898 * i + phase));
  const parts = [
    wave(features * units, 0.5, 1),
    wave(units, 0.1, 2),
    wave(size * outputs, 0.1, 3),
    wave(outputs, 0.1, 4),
  ];
  for (let i = 0; i < batches; i++) {
    parts.push(makePaths("random walk", { batch, points: length, channels: features }, i + 1));
    parts.push(wave(batch * outputs, 1, i));
  }
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  writeRaw(file, all);
}

async function train(folder, contestant, length, steps) {
  const file = join(folder, `numbers-${length}.f32`);
  const spec = join(folder, "spec.json");
  writeNumbers(file, length);
  writeFileSync(spec, JSON.stringify({ ...shape, contestant, length, steps, warm: Math.min(5, steps >> 1), file }));
  const isPython = contestant === "keras_sig" || contestant === "signax";
  const command = isPython ? [python, here("peers.py"), spec] : [node24(), here("step.mjs"), spec];
  const [program, ...args] = pinned(command);
  const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 2 ** 24 });
  rmSync(file);
  const { seconds, layerSeconds, loss, peakBytes, versions } = JSON.parse(stdout.trim().split("\n").at(-1));
  const [step, layer] = [seconds, layerSeconds].map(median);
  return { contestant, length, steps, step, fastest: Math.min(...seconds), layer, loss, peakBytes, versions };
}

function report({ rows }) {
  const lengths = [...new Set(rows.map(({ length }) => length))];
  const of = (length, name) => rows.find((row) => row.length === length && row.contestant === name);
  const targets = lengths.flatMap((length) => {
    const ours = of(length, "ours");
    if (!ours) return [];
    const lines = [];
    const baseline = of(length, "levels");
    if (baseline && length >= 100) {
      const ratio = ours.step / baseline.step;
      lines.push(verdict(`step, against tfjs ops, L = ${length}`, "≤ 0.25×", times(ratio), ratio <= 0.25));
    }
    const peers = ["keras_sig", "signax"].flatMap((name) => of(length, name)?.step ?? []);
    if (peers.length > 0 && length === 500) {
      const ratio = ours.step / Math.min(...peers);
      lines.push(verdict(`step, against the best on JAX, L = ${length}`, "≤ 0.45×", times(ratio), ratio <= 0.45));
    }
    const losses = rows.filter((row) => row.length === length && row.steps === ours.steps).map(({ loss }) => loss);
    const spread = (Math.max(...losses) - Math.min(...losses)) / Math.abs(ours.loss);
    lines.push(verdict(`final loss, L = ${length}`, "the same to 1e-3", spread.toExponential(1), spread <= 1e-3));
    return lines;
  });
  const lines = rows.map((row) => [
    `${row.length}, ${row.contestant}`,
    milliseconds(row.step),
    milliseconds(row.layer),
    `${((100 * row.layer) / row.step).toFixed(0)} %`,
    (row.peakBytes / 2 ** 20).toFixed(0),
    row.loss.toPrecision(6),
    row.steps,
  ]);
  return {
    targets: table(["what", "target", "measured", "met?"], targets),
    times: table(
      ["length, signature by", "step, ms", "layer alone, ms", "of the step", "peak MiB", "loss", "steps"],
      lines,
    ),
  };
}

export async function runTrainingBench(args) {
  const { values } = parseArgs({
    args,
    options: {
      lengths: { type: "string", default: "20,100,500" },
      contestants: { type: "string", default: names.join() },
      quick: { type: "boolean", default: false },
    },
  });
  const contestants = values.contestants.split(",");
  const unknown = contestants.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`--contestants ${unknown}: give some of ${names.join(", ")}`);
  const lengths = values.lengths.split(",").map(Number);
  leaveMeasuringCore();
  const progress = new Progress();
  if (contestants.some((name) => name === "keras_sig" || name === "signax")) {
    await makeVenv((line) => progress.note(line));
  }
  const { file, result, save } = openResult("training", values);
  result.rows ??= [];
  const folder = mkdtempSync(join(tmpdir(), "path-signature-training-"));
  progress.begin("training", lengths.length * contestants.length);
  try {
    for (const length of lengths) {
      for (const name of contestants) {
        progress.row(`${name}, L = ${length}`);
        const row = await train(folder, name, length, values.quick ? 4 : 30);
        replaceRow(result.rows, row, ({ contestant, length }) => `${contestant} ${length}`);
        save();
        progress.step();
      }
    }
  } finally {
    progress.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  const tables = report(result);
  const page = file.replace(/\.json$/, ".md");
  writeFileSync(
    page,
    `# Bench of training: ${result.machine.name}, ${result.date}\n\nDense(7) → signature of depth 3 → Dense(10), 10 features, batches of 128, one core each; commit ${result.code.commit}. Written by \`npm run bench -- training\`.\n\n${tables.targets}\n\n${tables.times}\n\n“Layer alone”: the signature forwards and backwards on the network's own tensors.\n`,
  );
  process.stdout.write(
    `\n${tables.targets}\n\n${tables.times}\n\n${[file, page].map((path) => relative(root, path)).join("\n")}\n`,
  );
  if (values.quick) process.stdout.write("A smoke test: these numbers are not to be quoted.\n");
}
