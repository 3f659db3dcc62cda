// Training from the command line to the report: makes tensors, trains, prints. Each step has a file
// of its own.

import { join } from "node:path";
import { info } from "path-signature";
import { confusion, percent } from "../../japanese-vowels/src/confusion.ts";
import { toTensors } from "./data.ts";
import { makeModel } from "./model.ts";
import { runProgram, source } from "./program.ts";
import { reportPage } from "./report.ts";
import { type Epoch, learn } from "./train.ts";

const program = {
  name: "train",
  about: "Trains a small network with a signature inside on Japanese Vowels, and writes a report.",
  folder: join(import.meta.dirname, ".."),
  epochs: 40,
  stages: 1,
};

/** @returns the exit code. */
export const main = (given: readonly string[]): Promise<number> =>
  runProgram(given, program, async ({ train, test, epochs, seed, progress }) => {
    const tensors = toTensors(train, test);
    const { length, channels, names } = tensors;
    const model = makeModel({ length, channels, speakers: names.length }, seed);
    progress.begin("learning");
    const training = await learn(model, tensors, epochs, seed, (done) => progress.part(done));
    const table = confusion(names, tensors.test.speakers, training.predicted);
    const weights = model.countParams();
    const last = training.epochs.at(-1) as Epoch;
    return {
      page: reportPage({ training, confusion: table, library: info(), weights, seed, source }),
      lines: [
        "Japanese Vowels: a network with a signature inside\n",
        `Utterances   ${tensors.train.speakers.length} to learn from, ${tensors.test.speakers.length} held out`,
        `Weights      ${weights}`,
        `Training     ${epochs} epochs, ${training.steps} steps, ${training.seconds.toFixed(1)} s`,
        `Loss         ${last.loss.toPrecision(3)}, from ${(training.epochs[0] as Epoch).loss.toPrecision(3)}`,
        `Accuracy     ${table.right} of ${table.total} right (${percent(table)} %)`,
        `Tensors      ${training.tensors[0]} after the first epoch, ${training.tensors[1]} after the last`,
      ],
    };
  });
