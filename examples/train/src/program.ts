// What the training examples have in common, from the command line to the report: arguments, the
// recordings, the backend, the progress bar, errors.

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import "@tensorflow/tfjs-backend-cpu";
import { env, setBackend } from "@tensorflow/tfjs-core";
import { init } from "path-signature";
import { Fault, quote } from "../../japanese-vowels/src/fault.ts";
import { Progress } from "../../japanese-vowels/src/progress.ts";
import { type Recordings, readRecordings } from "../../japanese-vowels/src/recordings.ts";

const data = join(import.meta.dirname, "..", "..", "japanese-vowels", "data");

/** The source of the data, for reports. */
export const source =
  "M. Kudo, J. Toyama, M. Shimbo, “Multidimensional curve classification using passing-through " +
  "regions”, Pattern Recognition Letters 20 (1999) 1103–1111; UCI Machine Learning Repository, CC BY " +
  "4.0.";

export interface Program {
  /** Its npm script. */
  readonly name: string;
  /** What it does, for the usage. */
  readonly about: string;
  /** The example's folder; its name is that below examples/. */
  readonly folder: string;
  /** Default number of epochs. */
  readonly epochs: number;
  /** Stages of the progress bar, besides reading and the report. */
  readonly stages: number;
}

export interface Run {
  readonly train: Recordings;
  readonly test: Recordings;
  readonly epochs: number;
  readonly seed: number;
  readonly progress: Progress;
}

export interface Outcome {
  /** The report. */
  readonly page: string;
  /** What is printed. */
  readonly lines: readonly string[];
}

/** npm changes to the package's folder, but users mean paths relative to their own. */
const here = process.env.INIT_CWD ?? process.cwd();

const usageOf = ({ name, about, epochs }: Program): string => `Usage: npm run ${name} -- [options]

${about}

  --epochs N      passes over the training set (default ${epochs})
  --seed N        of weights and of the order of batches (default 1)
  --report FILE   where the HTML report goes (default examples/${name}/output/report.html)
  --help          this text`;

function readArguments(given: readonly string[], program: Program) {
  const usage = usageOf(program);
  try {
    const { values } = parseArgs({
      args: [...given],
      options: {
        epochs: { type: "string", default: `${program.epochs}` },
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
    const usual = join(program.folder, "output", "report.html");
    const report = values.report === undefined ? usual : resolve(here, values.report);
    return { epochs: whole("epochs", 1), seed: whole("seed", 0), report, help: values.help };
  } catch (error) {
    if (error instanceof TypeError && "code" in error)
      throw new Fault(`${error.message.split(". ")[0]}.\n\n${usage}`, 2);
    throw error;
  }
}

/** Runs `work` between reading and the report. @returns the exit code. */
export async function runProgram(
  given: readonly string[],
  program: Program,
  work: (run: Run) => Promise<Outcome>,
): Promise<number> {
  let progress: Progress | undefined;
  try {
    const { epochs, seed, report, help } = readArguments(given, program);
    if (help) {
      console.log(usageOf(program));
      return 0;
    }
    progress = new Progress(3 + program.stages);
    const read = async (name: string) => {
      progress?.begin(`reading ${name}.csv`);
      return readRecordings(join(data, `${name}.csv`), (part) => progress?.part(part));
    };
    const [train, test] = [await read("train"), await read("test")];

    // In Node, TensorFlow.js recommends its native backend; these examples use the browser's.
    env().set("IS_NODE", false);
    await setBackend("cpu");
    await init({ variant: "simd" });
    const { page, lines } = await work({ train, test, epochs, seed, progress });

    progress.begin("report");
    await mkdir(dirname(report)).catch(() => {});
    await writeFile(report, page).catch((error: Error) => {
      throw new Fault(`Cannot write the report to ${quote(report)}: ${error.message}`);
    });
    progress.end();
    const file = relative(here, report);
    console.log([...lines, `Report       ${file.startsWith("..") ? report : file}`].join("\n"));
    return 0;
  } catch (error) {
    progress?.end();
    if (!(error instanceof Fault)) throw error;
    console.error(error.message);
    return error.exitCode;
  }
}
