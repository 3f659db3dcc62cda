// The report: one self-contained HTML page with the loss curve, the accuracy and the most frequent
// confusions. Opens from disk and makes no network request.

import * as Plot from "@observablehq/plot";
import type { Info } from "path-signature";
import { type Confusion, percent } from "../../japanese-vowels/src/confusion.ts";
import { chart } from "../../japanese-vowels/src/report/chart.ts";
import { confusionChart } from "../../japanese-vowels/src/report/confusion-chart.ts";
import { Html, html } from "../../japanese-vowels/src/report/html.ts";
import { style } from "../../japanese-vowels/src/report/style.ts";
import { depth, units } from "./model.ts";
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
  const last = epochs.at(-1) as Epoch;
  const figure = (name: string, value: string, note: string) =>
    html`<div><dt>${name}</dt><dd>${value}<small>${note}</small></dd></div>`;
  const lossCurve = curve(
    "Loss of the training set by epoch",
    epochs,
    ({ loss }) => loss,
    { type: "log", label: "loss" },
    "var(--first)",
  );
  const accuracyCurve = curve(
    "Accuracy of the test set by epoch",
    epochs,
    ({ accuracy }) => 100 * accuracy,
    { label: "right, %", nice: true },
    "var(--second)",
  );
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Japanese Vowels: a network with a signature inside</title>
<style>${new Html(style)}</style>
<h1>Japanese Vowels: a network with a signature inside</h1>
<p>Each frame goes through a dense layer of ${units} channels; the path that they make, time beside it, from the
origin, becomes its signature to depth ${depth}; a second dense layer names the speaker.
All ${weights} weights, those before the signature too, are learned by gradient descent.</p>
<dl>${[
    figure("Test accuracy", `${percent(confusion)} %`, `${confusion.right} of ${confusion.total} utterances`),
    figure("Loss", last.loss.toPrecision(3), `from ${(epochs[0] as Epoch).loss.toPrecision(3)} in the first epoch`),
    figure(
      "Training",
      `${seconds.toFixed(1)} s`,
      `${epochs.length} epochs, ${steps} steps of ${((1e3 * seconds) / steps).toFixed(1)} ms, tests included`,
    ),
    figure("Variant", library.variant, `path-signature ${library.version}, TensorFlow.js on one thread`),
    figure("Seed", `${seed}`, "the same numbers on every run"),
  ]}</dl>
<h2>Loss, epoch by epoch</h2>
<p class="quiet">Cross-entropy of the training set with the penalty on large weights, on a logarithmic scale.</p>
<div class="scroll">${lossCurve}</div>
<h2>Accuracy of the test set</h2>
<p class="quiet">Never looked at while learning: nothing is chosen by it.</p>
<div class="scroll">${accuracyCurve}</div>
<h2>Who was taken for whom</h2>
<p class="quiet">Held-out utterances, a row for each speaker; a cell's strength is its share of the row.</p>
<div class="scroll">${confusionChart(confusion)}</div>
<footer><p>Data: ${source}</p></footer>
</html>
`.text;
}

function curve(
  label: string,
  epochs: readonly Epoch[],
  value: (epoch: Epoch) => number,
  y: Plot.ScaleOptions,
  stroke: string,
): Html {
  const points = epochs.map((epoch, i) => ({ epoch: i + 1, value: value(epoch) }));
  return chart(label, {
    width: 860,
    height: 280,
    marginLeft: 60,
    marginBottom: 44,
    x: { label: "epoch", labelAnchor: "center", labelArrow: "none", domain: [1, Math.max(2, epochs.length)] },
    y: { labelAnchor: "center", labelArrow: "none", grid: true, ...y },
    marks: [
      Plot.line(points, { x: "epoch", y: "value", stroke, strokeWidth: 2 }),
      Plot.dot(points, { x: "epoch", y: "value", fill: stroke, r: 2 }),
    ],
  });
}
