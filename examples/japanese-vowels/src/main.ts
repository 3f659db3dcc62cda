// The demo from its command line to its report: reads, identifies, prints, writes. Each step has a
// file of its own.

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { isPathSignatureError } from "path-signature";
import { here, readArguments, usage } from "./arguments.ts";
import { describeExperiment, describeOutcome } from "./console.ts";
import { signaturesOn } from "./device.ts";
import { Fault, quote } from "./fault.ts";
import { readAny } from "./formats.ts";
import { type Experiment, identify } from "./identify.ts";
import { Progress } from "./progress.ts";
import { reportPage } from "./report/page.ts";
import { holdOut } from "./split.ts";

const folder = join(import.meta.dirname, "..");
const japaneseVowels = {
  title: "Japanese Vowels",
  train: join(folder, "data", "train.csv"),
  test: join(folder, "data", "test.csv"),
  rule: "the data set's own training and test sets",
  source:
    "M. Kudo, J. Toyama, M. Shimbo, “Multidimensional curve classification using passing-through regions”, Pattern " +
    "Recognition Letters 20 (1999) 1103–1111; UCI Machine Learning Repository, CC BY 4.0.",
};

/** @returns the exit code. */
export async function main(given: readonly string[]): Promise<number> {
  let progress: Progress | undefined;
  try {
    const { data, depth, device, report = join(folder, "output", "report.html"), help } = readArguments(given);
    if (help) {
      console.log(usage);
      return 0;
    }
    // One stage for each file, and three more.
    progress = new Progress((data === undefined ? 2 : 1) + 3);
    const experiment = await read(data, depth, progress);
    const outcome = await identify(experiment, signaturesOn(device), progress);
    progress.begin("report");
    const title = data === undefined ? japaneseVowels.title : display(data);
    const source = data === undefined ? japaneseVowels.source : undefined;
    await write(report, reportPage({ title, source, experiment, outcome }));
    progress.end();

    console.log(`${title}: who speaks?\n`);
    console.log(describeExperiment(experiment));
    console.log(describeOutcome(outcome));
    console.log(`\nReport       ${display(report)}`);
    return 0;
  } catch (error) {
    progress?.end();
    // The library's errors concern the arguments, such as a depth that is too large.
    if (!(error instanceof Fault) && !isPathSignatureError(error)) throw error;
    console.error(error.message);
    return error instanceof Fault ? error.exitCode : 1;
  }
}

async function read(data: string | undefined, depth: number, progress: Progress): Promise<Experiment> {
  const file = async (path: string) => {
    progress.begin(`reading ${display(path)}`);
    return readAny(path, (part) => progress.part(part));
  };
  if (data !== undefined) {
    const recordings = await file(data);
    return { ...holdOut(recordings), channels: recordings.channels, depth };
  }
  const train = await file(japaneseVowels.train);
  const test = await file(japaneseVowels.test);
  return { train: train.utterances, test: test.utterances, rule: japaneseVowels.rule, channels: train.channels, depth };
}

async function write(file: string, text: string): Promise<void> {
  try {
    // Creates at most the last folder, so that a misspelt path is an error. Fails, harmlessly,
    // where the folder exists.
    await mkdir(dirname(file)).catch(() => {});
    await writeFile(file, text);
  } catch (error) {
    throw new Fault(`Cannot write the report to ${quote(file)}: ${error instanceof Error ? error.message : error}`);
  }
}

/** The shortest form of a path, as seen from the user's folder. */
function display(file: string): string {
  const short = relative(here, file);
  return short.startsWith("..") ? file : short;
}
