// Training from the command line to the report: reads, trains, prints, writes. Each step has a file
// of its own.

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import "@tensorflow/tfjs-backend-cpu";
import { env, setBackend } from "@tensorflow/tfjs-core";
import { info, init } from "path-signature";
import { confusion, percent } from "../../japanese-vowels/src/confusion.ts";
import { Fault, quote } from "../../japanese-vowels/src/fault.ts";
import { Progress } from "../../japanese-vowels/src/progress.ts";
import { readRecordings } from "../../japanese-vowels/src/recordings.ts";
import { toTensors } from "./data.ts";
import { makeModel } from "./model.ts";
import { reportPage } from "./report.ts";
import { type Epoch, learn } from "./train.ts";

const folder = join(import.meta.dirname, "..");
const data = join(folder, "..", "japanese-vowels", "data");
const source =
  "M. Kudo, J. Toyama, M. Shimbo, “Multidimensional curve classification using passing-through " +
  "regions”, Pattern Recognition Letters 20 (1999) 1103–1111; UCI Machine Learning Repository, CC BY " +
  "4.0.";

const usage = `Usage: npm run train -- [options]

Trains a small network with a signature inside on Japanese Vowels, and writes a report.

  --epochs N      passes over the training set (default 40)
  --seed N        of weights and of the order of batches (default 1)
  --report FILE   where the HTML report goes (default examples/train/output/report.html)
  --help          this text`;

/** npm changes to the package's folder, but users mean paths relative to their own. */
const here = process.env.INIT_CWD ?? process.cwd();

function readArguments(given: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...given],
      options: {
        epochs: { type: "string", default: "40" },
        seed: { type: "string", default: "1" },
        report: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
    const whole = (name: "epochs" | "seed", least: number): number => {
      const number = Number(values[name]);
      if (!/^\d+$/.test(values[name]) || !Number.isSafeInteger(number) || number < least) {
        throw new Fault(`--${name} takes a whole number from ${least} on, not ${quote(values[name])}.\n\n${usage}`, 2);
      }
      return number;
    };
    const report = values.report === undefined ? join(folder, "output", "report.html") : resolve(here, values.report);
    return { epochs: whole("epochs", 1), seed: whole("seed", 0), report, help: values.help };
  } catch (error) {
    if (error instanceof TypeError && "code" in error)
      throw new Fault(`${error.message.split(". ")[0]}.\n\n${usage}`, 2);
    throw error;
  }
}

/** @returns the exit code. */
export async function main(given: readonly string[]): Promise<number> {
  let progress: Progress | undefined;
  try {
    const { epochs, seed, report, help } = readArguments(given);
    if (help) {
      console.log(usage);
      return 0;
    }
    progress = new Progress(4);
    const read = async (name: string) => {
      progress?.begin(`reading ${name}.csv`);
      return readRecordings(join(data, `${name}.csv`), (part) => progress?.part(part));
    };
    const [train, test] = [await read("train"), await read("test")];

    // In Node, TensorFlow.js recommends its native backend; this example uses the browser's.
    env().set("IS_NODE", false);
    await setBackend("cpu");
    await init({ variant: "simd" });
    const tensors = toTensors(train, test);
    const { length, channels, names } = tensors;
    const model = makeModel({ length, channels, speakers: names.length }, seed);
    progress.begin("learning");
    const training = await learn(model, tensors, epochs, seed, (done) => progress?.part(done));

    progress.begin("report");
    const table = confusion(names, tensors.test.speakers, training.predicted);
    const page = reportPage({
      training,
      confusion: table,
      library: info(),
      weights: model.countParams(),
      seed,
      source,
    });
    await mkdir(dirname(report)).catch(() => {});
    await writeFile(report, page).catch((error: Error) => {
      throw new Fault(`Cannot write the report to ${quote(report)}: ${error.message}`);
    });
    progress.end();

    const last = training.epochs.at(-1) as Epoch;
    const file = relative(here, report);
    console.log(
      [
        "Japanese Vowels: a network with a signature inside\n",
        `Utterances   ${tensors.train.speakers.length} to learn from, ${tensors.test.speakers.length} held out`,
        `Weights      ${model.countParams()}`,
        `Training     ${epochs} epochs, ${training.steps} steps, ${training.seconds.toFixed(1)} s`,
        `Loss         ${last.loss.toPrecision(3)}, from ${(training.epochs[0] as Epoch).loss.toPrecision(3)}`,
        `Accuracy     ${table.right} of ${table.total} right (${percent(table)} %)`,
        `Tensors      ${training.tensors[0]} after the first epoch, ${training.tensors[1]} after the last`,
        `Report       ${file.startsWith("..") ? report : file}`,
      ].join("\n"),
    );
    return 0;
  } catch (error) {
    progress?.end();
    if (!(error instanceof Fault)) throw error;
    console.error(error.message);
    return error.exitCode;
  }
}
