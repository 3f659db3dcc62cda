// The report: one page with the loss curve, the accuracy and the most frequent confusions.

import type { Info } from "path-signature";
import { type Confusion, percent } from "../../japanese-vowels/src/confusion.ts";
import { confusionChart } from "../../japanese-vowels/src/report/confusion-chart.ts";
import { html } from "../../japanese-vowels/src/report/html.ts";
import { depth, units } from "./model.ts";
import { curves, pageOf } from "./page.ts";
import type { Epoch, Training } from "./train.ts";

export interface Report {
  readonly training: Training;
  readonly confusion: Confusion;
  readonly library: Info;
  readonly weights: number;
  readonly seed: number;
  readonly source: string;
}

export function reportPage({ training, confusion, library, weights, seed, source }: Report): string {
  const { epochs, seconds, steps } = training;
  const [first, last] = [epochs[0], epochs.at(-1)] as [Epoch, Epoch];
  return pageOf({
    title: "Japanese Vowels: a network with a signature inside",
    lead: html`Each frame goes through a dense layer of ${units} channels; the path that they make, time beside
it, from the origin, becomes its signature to depth ${depth}; a second dense layer names the speaker.
All ${weights} weights, those before the signature too, are learned by gradient descent.`,
    figures: [
      ["Test accuracy", `${percent(confusion)} %`, `${confusion.right} of ${confusion.total} utterances`],
      ["Loss", last.loss.toPrecision(3), `from ${first.loss.toPrecision(3)} in the first epoch`],
      [
        "Training",
        `${seconds.toFixed(1)} s`,
        `${epochs.length} epochs, ${steps} steps of ${((1e3 * seconds) / steps).toFixed(1)} ms, tests included`,
      ],
      ["Variant", library.variant, `path-signature ${library.version}, TensorFlow.js on one thread`],
      ["Seed", `${seed}`, "the same numbers on every run"],
    ],
    sections: [
      {
        title: "Loss, epoch by epoch",
        note: "Cross-entropy of the training set with the penalty on large weights, on a logarithmic scale.",
        chart: curves("Loss of the training set by epoch", [{ stroke: "var(--first)", epochs }], ({ loss }) => loss, {
          type: "log",
          label: "loss",
        }),
      },
      {
        title: "Accuracy of the test set",
        note: "Never looked at while learning: nothing is chosen by it.",
        chart: curves(
          "Accuracy of the test set by epoch",
          [{ stroke: "var(--second)", epochs }],
          ({ accuracy }) => 100 * accuracy,
          { label: "right, %", nice: true },
        ),
      },
      {
        title: "Who was taken for whom",
        note: "Held-out utterances, a row for each speaker; a cell's strength is its share of the row.",
        chart: confusionChart(confusion),
      },
    ],
    source,
  });
}
