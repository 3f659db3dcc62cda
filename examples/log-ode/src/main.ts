// From the command line to the report: the same network on log-signatures of windows and on the
// plain frames.

import { join } from "node:path";
import { info } from "path-signature";
import { type Confusion, confusion, percent } from "../../japanese-vowels/src/confusion.ts";
import { type Data, toTensors } from "../../train/src/data.ts";
import { runProgram, source } from "../../train/src/program.ts";
import { learn, type Training } from "../../train/src/train.ts";
import { makeModel } from "./model.ts";
import { reportPage } from "./report.ts";
import { toWindows } from "./windows.ts";

/** One network, learned. */
export interface Learned {
  readonly training: Training;
  readonly confusion: Confusion;
  readonly weights: number;
  /** Rows that the recurrent layer reads of the longest utterance, and numbers in each. */
  readonly shape: readonly [rows: number, numbers: number];
}

const program = {
  name: "log-ode",
  about: "Trains a small recurrent network on log-signatures of windows and on plain frames of Japanese Vowels.",
  folder: join(import.meta.dirname, ".."),
  epochs: 30,
  stages: 2,
};

/** @returns the exit code. */
export const main = (given: readonly string[]): Promise<number> =>
  runProgram(given, program, async ({ train, test, epochs, seed, progress }) => {
    const frames = toTensors(train, test);
    const learnFrom = async (stage: string, data: Data): Promise<Learned> => {
      progress.begin(stage);
      const model = makeModel(data, seed);
      const training = await learn(model, data, epochs, seed, (done) => progress.part(done));
      const table = confusion(data.names, data.test.speakers, training.predicted);
      return { training, confusion: table, weights: model.countParams(), shape: [data.length, data.channels] };
    };
    const windows = await learnFrom("learning from windows", toWindows(frames));
    const plain = await learnFrom("learning from frames", frames);
    const line = (name: string, { training, confusion, weights, shape }: Learned) =>
      `${name}   ${confusion.right} of ${confusion.total} right (${percent(confusion)} %), ` +
      `${shape[0]} rows of ${shape[1]}, ${weights} weights, ${training.seconds.toFixed(1)} s`;
    const [first, last] = windows.training.tensors;
    return {
      page: reportPage({ windows, plain, library: info(), seed, source }),
      lines: [
        "Japanese Vowels: a recurrent network on log-signatures of windows\n",
        `Utterances   ${frames.train.speakers.length} to learn from, ${frames.test.speakers.length} held out`,
        line("Windows   ", windows),
        line("Frames    ", plain),
        `Tensors      ${first} after the first epoch, ${last} after the last`,
      ],
    };
  });
