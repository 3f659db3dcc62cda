// The command line: arguments and help. Opens no file.

import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { Fault, quote } from "./fault.ts";

export interface Arguments {
  /** File for training and test, to be split; undefined: Japanese Vowels. */
  readonly data: string | undefined;
  /** N, the level at which signatures are truncated. */
  readonly depth: number;
  /** Where signatures are computed. */
  readonly device: "cpu" | "webgpu";
  /** Path of the HTML report; undefined: the default path. */
  readonly report: string | undefined;
  readonly help: boolean;
}

export const usage = `Usage: npm run demo -- [options]

Learns who speaks from path signatures of recordings, and writes a report.

  --data FILE     a file of your own instead of Japanese Vowels: CSV or Parquet with one row a
                  frame and the columns utterance, speaker, frame and any number of channels, or a
                  .ts file of sktime or aeon, whose cases are utterances and labels speakers.
                  Every fourth utterance of each speaker is held out for the test.
  --depth N       level at which signatures are truncated (default 2)
  --device NAME   where signatures are computed: cpu (default), or webgpu, in float32
  --report FILE   where the HTML report goes (default examples/japanese-vowels/output/report.html)
  --help          this text`;

const usageFault = (message: string): Fault => new Fault(`${message}\n\n${usage}`, 2);

/** npm changes to the package's folder, but users mean paths relative to their own. */
export const here = process.env.INIT_CWD ?? process.cwd();

/** @throws Fault with the usage for invalid arguments. */
export function readArguments(given: readonly string[]): Arguments {
  const { data, depth, device, report, help } = parse(given);
  const number = Number(depth);
  if (!/^\d+$/.test(depth) || !Number.isSafeInteger(number) || number < 1) {
    throw usageFault(`--depth takes a whole number from 1 on, not ${quote(depth)}.`);
  }
  if (device !== "cpu" && device !== "webgpu") {
    throw usageFault(`--device takes cpu or webgpu, not ${quote(device)}.`);
  }
  return { data: file("--data", data), depth: number, device, report: file("--report", report), help };
}

function parse(given: readonly string[]) {
  try {
    return parseArgs({
      args: [...given],
      options: {
        data: { type: "string" },
        depth: { type: "string", default: "2" },
        device: { type: "string", default: "cpu" },
        report: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    if (error instanceof TypeError && "code" in error) throw usageFault(`${error.message.split(". ")[0]}.`);
    throw error;
  }
}

function file(option: string, given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  if (given === "") throw usageFault(`${option} takes the name of a file.`);
  return resolve(here, given);
}
