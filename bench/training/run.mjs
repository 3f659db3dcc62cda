// The benchmark of training: one network with the same data, initial weights and order of batches,
// trained with four signature layers. Started by
//
//   npm run bench -- training [--problems 20,100,500,demo]
//     [--contestants ours,levels,keras_sig,signax] [--quick]
//
// problems.mjs has the problems. Ours and `levels` (levels.mjs) run in TensorFlow.js on its
// WebAssembly backend, the others on JAX, jitted; gradient descent. Every contestant is a process
// of its own on one core. Writes bench/results/training-MACHINE-DATE.json and a page beside it.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { leaveMeasuringCore, node24, pinned, root } from "../lib/machine.mjs";
import { writeRaw } from "../lib/paths.mjs";
import { Progress } from "../lib/progress.mjs";
import { milliseconds, openResult, replaceRow, table, times, verdict } from "../lib/results.mjs";
import { median } from "../lib/statistics.mjs";
import { makeVenv, python } from "../lib/venv.mjs";
import { problem } from "./problems.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const names = ["ours", "levels", "keras_sig", "signax"];

function joined(parts) {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

async function train(folder, contestant, { name, shape, numbers }, steps) {
  const file = join(folder, "numbers.f32");
  const spec = join(folder, "spec.json");
  writeRaw(file, joined(numbers));
  writeFileSync(spec, JSON.stringify({ ...shape, contestant, steps, warm: Math.min(20, steps >> 1), file }));
  const isPython = contestant === "keras_sig" || contestant === "signax";
  const command = isPython ? [python, here("peers.py"), spec] : [node24(), here("step.mjs"), spec];
  const [program, ...args] = pinned(command);
  const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 2 ** 24 });
  rmSync(file);
  const { seconds, layerSeconds, profiles, loss, peakBytes, versions } = JSON.parse(stdout.trim().split("\n").at(-1));
  const [step, layer] = [seconds, layerSeconds].map(median);
  const row = {
    problem: name,
    contestant,
    steps,
    step,
    fastest: Math.min(...seconds),
    layer,
    loss,
    peakBytes,
    versions,
  };
  if (profiles === undefined) return row;
  const kernels = Object.keys(profiles[0]).map((kernel) => [kernel, median(profiles.map((sums) => sums[kernel] ?? 0))]);
  return { ...row, kernels: Object.fromEntries(kernels) };
}

/**
 * Profile of our steps: the signature, forwards and backwards; TensorFlow.js's kernels; the rest,
 * which is its dispatch and its tape.
 */
function profile(rows) {
  const lines = rows
    .filter(({ contestant }) => contestant === "ours")
    .map(({ problem, step, layer, kernels }) => {
      const { PathSignature: forward, ...others } = kernels;
      const largest = Object.entries(others).sort(([, a], [, b]) => b - a);
      const sum = largest.reduce((total, [, seconds]) => total + seconds, 0);
      const named = largest.slice(0, 3).map(([kernel, seconds]) => `${kernel} ${milliseconds(seconds)}`);
      const rest = Math.max(0, step - layer - sum);
      return [
        problem,
        ...[step, forward, layer - forward, sum].map(milliseconds),
        named.join(", "),
        milliseconds(rest),
      ];
    });
  return table(
    ["ours", "step, ms", "signature", "its gradient", "tfjs kernels", "the largest of them", "tfjs besides"],
    lines,
  );
}

function report({ rows }) {
  const problems = [...new Set(rows.map(({ problem }) => problem))];
  const of = (problem, name) => rows.find((row) => row.problem === problem && row.contestant === name);
  const targets = problems.flatMap((problem) => {
    const ours = of(problem, "ours");
    if (!ours) return [];
    const lines = [];
    const baseline = of(problem, "levels");
    if (baseline && (problem === "L = 100" || problem === "L = 500")) {
      const ratio = ours.step / baseline.step;
      lines.push(verdict(`step, against tfjs ops, ${problem}`, "≤ 0.25×", times(ratio), ratio <= 0.25));
    }
    const peers = ["keras_sig", "signax"].flatMap((name) => of(problem, name)?.step ?? []);
    if (peers.length > 0 && problem === "L = 500") {
      const ratio = ours.step / Math.min(...peers);
      lines.push(verdict(`step, against the best on JAX, ${problem}`, "≤ 0.45×", times(ratio), ratio <= 0.45));
    }
    const losses = rows.filter((row) => row.problem === problem && row.steps === ours.steps).map(({ loss }) => loss);
    const spread = (Math.max(...losses) - Math.min(...losses)) / Math.abs(ours.loss);
    lines.push(verdict(`final loss, ${problem}`, "the same to 1e-3", spread.toExponential(1), spread <= 1e-3));
    return lines;
  });
  const lines = rows.map((row) => [
    `${row.problem}, ${row.contestant}`,
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
      ["problem, signature by", "step, ms", "layer alone, ms", "of the step", "peak MiB", "loss", "steps"],
      lines,
    ),
    profile: profile(rows),
  };
}

const about = [
  "Problems: L = 20, 100, 500, Keras Sig's protocol in small: Dense(7) → signature of depth 3 → Dense(10),",
  "10 features, batches of 128. demo, the network of examples/train on Japanese Vowels: Dense(24), tanh →",
  "signature of depth 2 with time and basepoint → Dense(9), 12 features, at most 29 points, batches of 30.",
  "One core each.",
].join(" ");

export async function runTrainingBench(args) {
  const { values } = parseArgs({
    args,
    options: {
      problems: { type: "string", default: "20,100,500,demo" },
      contestants: { type: "string", default: names.join() },
      quick: { type: "boolean", default: false },
    },
  });
  const contestants = values.contestants.split(",");
  const unknown = contestants.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`--contestants ${unknown}: give some of ${names.join(", ")}`);
  const problems = values.problems.split(",");
  const strange = problems.find((name) => name !== "demo" && !(Number(name) >= 2));
  if (strange !== undefined) throw new Error(`--problems ${strange}: give some of demo and lengths from 2 on`);
  leaveMeasuringCore();
  const progress = new Progress();
  if (contestants.some((name) => name === "keras_sig" || name === "signax")) {
    await makeVenv((line) => progress.note(line));
  }
  const { file, result, save } = openResult("training", values);
  result.rows ??= [];
  const folder = mkdtempSync(join(tmpdir(), "path-signature-training-"));
  progress.begin("training", problems.length * contestants.length);
  try {
    for (const given of problems) {
      const made = await problem(given);
      for (const name of contestants) {
        progress.row(`${name}, ${made.name}`);
        const row = await train(folder, name, made, values.quick ? 4 : 60);
        replaceRow(result.rows, row, ({ contestant, problem }) => `${contestant} ${problem}`);
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
    `# Bench of training: ${result.machine.name}, ${result.date}\n\n${about} Commit ` +
      `${result.code.commit}. Written by \`npm run bench -- training\`.\n\n${tables.targets}\n\n` +
      `${tables.times}\n\n“Layer alone”: the signature forwards and backwards on the network's own ` +
      `tensors.\n\n## Where our steps go\n\n${tables.profile}\n`,
  );
  process.stdout.write(
    `\n${tables.targets}\n\n${tables.times}\n\n${tables.profile}\n\n` +
      `${[file, page].map((path) => relative(root, path)).join("\n")}\n`,
  );
  if (values.quick) process.stdout.write("A smoke test: these numbers are not to be quoted.\n");
}
