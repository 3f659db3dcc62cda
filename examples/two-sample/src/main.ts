// Two samples from the command line to the report: reads, computes kernels, tests, classifies,
// writes. Each step has a file of its own.

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { confusion, percent } from "../../japanese-vowels/src/confusion.ts";
import { Fault, quote } from "../../japanese-vowels/src/fault.ts";
import { Progress } from "../../japanese-vowels/src/progress.ts";
import { readRecordings } from "../../japanese-vowels/src/recordings.ts";
import { kernels } from "./kernel.ts";
import { reportPage } from "./report.ts";
import { classify } from "./ridge.ts";
import { twoSampleTest } from "./test.ts";

const folder = join(import.meta.dirname, "..");
const data = join(folder, "..", "japanese-vowels", "data");
const source =
  "M. Kudo, J. Toyama, M. Shimbo, “Multidimensional curve classification using passing-through " +
  "regions”, Pattern Recognition Letters 20 (1999) 1103–1111; UCI Machine Learning Repository, CC BY " +
  "4.0.";

const usage = `Usage: npm run two-sample -- [options]

Compares samples of recordings of Japanese Vowels by signature kernels, and writes a report.

  --speaker NAME      whose recordings are compared with those of the next speaker (default 1)
  --permutations N    random divisions of a test (default 999)
  --report FILE       where the HTML report goes (default examples/two-sample/output/report.html)
  --help              this text`;

/** npm changes to the package's folder, but users mean paths relative to their own. */
const here = process.env.INIT_CWD ?? process.cwd();

function readArguments(given: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...given],
      options: {
        speaker: { type: "string", default: "1" },
        permutations: { type: "string", default: "999" },
        report: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
    const permutations = Number(values.permutations);
    if (!/^\d+$/.test(values.permutations) || permutations < 1 || permutations > 1e6) {
      const given = quote(values.permutations);
      throw new Fault(`--permutations takes a whole number from 1 to 1000000, not ${given}.\n\n${usage}`, 2);
    }
    const report = values.report === undefined ? join(folder, "output", "report.html") : resolve(here, values.report);
    return { permutations, report, speaker: values.speaker, help: values.help };
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
    const { permutations, report, speaker, help } = readArguments(given);
    if (help) {
      console.log(usage);
      return 0;
    }
    progress = new Progress(5);
    const read = async (name: string) => {
      progress?.begin(`reading ${name}.csv`);
      return readRecordings(join(data, `${name}.csv`), (part) => progress?.part(part));
    };
    const [train, test] = [await read("train"), await read("test")];
    const names = [...new Set(train.utterances.map((utterance) => utterance.speaker))];
    if (!names.includes(speaker))
      throw new Fault(`--speaker takes one of ${names.join(", ")}, not ${quote(speaker)}.\n\n${usage}`, 2);
    const other = names[(names.indexOf(speaker) + 1) % names.length] as string;

    progress.begin("kernels");
    const before = performance.now();
    const matrices = await kernels(train.utterances, test.utterances, train.channels.length, (part) =>
      progress?.part(part),
    );
    const milliseconds = performance.now() - before;

    progress.begin("tests");
    const of = (name: string) => train.utterances.flatMap((utterance, i) => (utterance.speaker === name ? [i] : []));
    const part = (rows: readonly number[]) => rows.map((i) => rows.map((j) => matrices.train[i]?.[j] as number));
    const [own, others] = [of(speaker), of(other)];
    const both = part([...own, ...others]);
    const same = twoSampleTest(part(own), own.length >> 1, permutations);
    const changed = twoSampleTest(both, own.length, permutations);
    const labels = (of: typeof train) => of.utterances.map((utterance) => names.indexOf(utterance.speaker));
    const predicted = classify(matrices.train, matrices.test, labels(train), names.length);
    const table = confusion(names, labels(test), predicted);

    progress.begin("report");
    const [m, n] = [train.utterances.length, test.utterances.length];
    const page = reportPage({
      speaker,
      other,
      gram: both,
      same,
      changed,
      confusion: table,
      milliseconds,
      kernels: (m * (m + 1)) / 2 + m * n,
      source,
    });
    await mkdir(dirname(report), { recursive: true }).catch(() => {});
    await writeFile(report, page).catch((error: Error) => {
      throw new Fault(`Cannot write the report to ${quote(report)}: ${error.message}`);
    });
    progress.end();

    const file = relative(here, report);
    console.log(
      [
        "Two samples of paths\n",
        `Recordings   ${m} and ${n} held out, ${milliseconds.toFixed(0)} ms for all kernels`,
        `Unchanged    p = ${same.p.toFixed(3)}: speaker ${speaker}, first against second half`,
        `Changed      p = ${changed.p.toFixed(3)}: speaker ${speaker} against speaker ${other}`,
        `Accuracy     ${table.right} of ${table.total} right (${percent(table)} %), by kernel ridge regression`,
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
