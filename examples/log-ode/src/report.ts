// The report: both networks side by side, in figures and curves, and the confusions of the first.

import type { Info } from "path-signature";
import { percent } from "../../japanese-vowels/src/confusion.ts";
import { confusionChart } from "../../japanese-vowels/src/report/confusion-chart.ts";
import { html } from "../../japanese-vowels/src/report/html.ts";
import { curves, pageOf } from "../../train/src/page.ts";
import type { Learned } from "./main.ts";
import { units } from "./model.ts";
import { depth, segments } from "./windows.ts";

export interface Report {
  readonly windows: Learned;
  readonly plain: Learned;
  readonly library: Info;
  readonly seed: number;
  readonly source: string;
}

export function reportPage({ windows, plain, library, seed, source }: Report): string {
  const both = [
    { stroke: "var(--first)", epochs: windows.training.epochs },
    { stroke: "var(--second)", epochs: plain.training.epochs },
  ];
  const accuracy = (name: string, { confusion, weights, shape }: Learned) =>
    [name, `${percent(confusion)} %`, `${shape[0]} rows of ${shape[1]} numbers, ${weights} weights`] as const;
  const seconds = ({ training }: Learned) => `${training.seconds.toFixed(1)} s`;
  return pageOf({
    title: "Japanese Vowels: a recurrent network on log-signatures of windows",
    lead: html`An utterance is cut into windows of ${segments} segments. Of each the network reads the
log-signature to depth ${depth}, from the origin and with time among the channels: where it ends, and the areas
that it swept on the way. A recurrent layer of ${units} numbers reads window after window, a dense layer names
the speaker. Beside it the same network on the plain frames.`,
    figures: [
      accuracy("Windows", windows),
      accuracy("Frames", plain),
      ["Training", seconds(windows), `on windows, tests included; ${seconds(plain)} on frames`],
      ["Variant", library.variant, `path-signature ${library.version}, TensorFlow.js on one thread`],
      ["Seed", `${seed}`, "the same numbers on every run"],
    ],
    sections: [
      {
        title: "Loss, epoch by epoch",
        note: "Of the training set, on a logarithmic scale: windows in the first colour, frames in the second.",
        chart: curves("Loss of the training set by epoch", both, ({ loss }) => loss, { type: "log", label: "loss" }),
      },
      {
        title: "Accuracy of the test set",
        note: "Never looked at while learning. The same colours.",
        chart: curves("Accuracy of the test set by epoch", both, ({ accuracy }) => 100 * accuracy, {
          label: "right, %",
          nice: true,
        }),
      },
      {
        title: "Who was taken for whom, by windows",
        note: "Held-out utterances, a row for each speaker; a cell's strength is its share of the row.",
        chart: confusionChart(windows.confusion),
      },
    ],
    source,
  });
}
