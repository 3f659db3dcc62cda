// The report: one self-contained HTML page that opens from disk and makes no network request.

import { mistakes, percent } from "../confusion.ts";
import { baselineRule, type Experiment, type Outcome, pipelineRule } from "../identify.ts";
import { confusionChart, mostClasses } from "./confusion-chart.ts";
import { curvesChart, mostChannels } from "./curves-chart.ts";
import { Html, html } from "./html.ts";
import { coefficients, deepestLevel, mostLetters, signatureChart } from "./signature-chart.ts";
import { type Specimen, specimens } from "./specimen.ts";
import { style } from "./style.ts";

export interface Report {
  readonly title: string;
  /** Source of the data, if it has to be stated. */
  readonly source: string | undefined;
  readonly experiment: Experiment;
  readonly outcome: Outcome;
}

export function reportPage({ title, source, experiment, outcome }: Report): string {
  const shown = specimens(experiment, outcome);
  const page = html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}: who speaks?</title>
<style>${new Html(style)}</style>
<h1>${title}: who speaks?</h1>
${figures(experiment, outcome)}
${confusionSection(outcome)}
${curvesSection(shown, experiment)}
${signatureSection(shown, experiment, outcome)}
<footer>
  <p>Made with path-signature ${outcome.library.version}. ${source === undefined ? "" : `Data: ${source}`}</p>
</footer>
</html>
`;
  return page.text;
}

const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

function figures({ train, test, channels, depth, rule }: Experiment, outcome: Outcome): Html {
  const { confusion, baseline, pipeline, signatures, where, paths, library, signatureMs, startMs, penalty } = outcome;
  const size = signatures.data.length / paths.length;
  const figure = (name: string, value: string, note: string) =>
    html`<div><dt>${name}</dt><dd>${value}<small>${note}</small></dd></div>`;
  return html`<p>A classifier learned from ${train.length} utterances who is speaking, and was tested on
${test.length} held out (${rule}). Each utterance is a path: its ${channels.length} channels, each divided by its
standard deviation in the training set, and time, from the origin. What the classifier sees of a path is its
signature to depth ${depth}, ${size} numbers.</p>
<dl>${[
    figure("Accuracy", `${percent(confusion)} %`, `${confusion.right} of ${confusion.total} utterances`),
    figure("Pipeline", `${percent(pipeline)} %`, `${pipeline.right} of ${pipeline.total}: ${pipelineRule}`),
    figure("Baseline", `${percent(baseline)} %`, `${baseline.right} of ${baseline.total}: ${baselineRule}`),
    figure("Speakers", `${confusion.classes.length}`, `chance: ${(100 / confusion.classes.length).toFixed(1)} %`),
    figure("Signatures", ms(signatureMs), `${paths.length} paths in one call, the first; started in ${ms(startMs)}`),
    figure("Computed by", where, `path-signature ${library.version}, ${signatures.dtype}`),
    figure("Ridge penalty", `${Number(penalty.toPrecision(3))}`, "by leave-one-out, training set only"),
  ]}</dl>`;
}

function confusionSection({ confusion }: Outcome): Html {
  const wrong = mistakes(confusion);
  const said =
    wrong.length === 0
      ? "No utterance was taken for another speaker's."
      : `Off the diagonal: ${wrong
          .slice(0, 4)
          .map(({ truth, predicted, count }) => `speaker ${truth} taken for ${predicted} (${count})`)
          .join(", ")}${wrong.length > 4 ? ", …" : "."}`;
  const part =
    confusion.classes.length > mostClasses ? ` Shown are the ${mostClasses} speakers with the most mistakes.` : "";
  return html`<h2>Who was taken for whom</h2>
<p class="quiet">Held-out utterances, one row per speaker; the strength of a cell is its share of the row.
${said}${part}</p>
<div class="scroll">${confusionChart(confusion)}</div>`;
}

const name = ({ speaker, utterance, predicted }: Specimen): string =>
  `Speaker ${speaker}, utterance ${utterance} (identified as ${predicted})`;

function curvesSection(shown: readonly Specimen[], { channels }: Experiment): Html {
  const keys = ["first", "second"];
  const left = channels.length - mostChannels;
  const omitted = left > 0 ? `. ${left} more channels are not shown` : "";
  const entries = shown.map(
    (specimen, s) => html`<span><i class="${keys[s]}"></i>${name(specimen)}, ${specimen.path.length} frames</span>`,
  );
  return html`<h2>Two utterances as curves</h2>
<p class="quiet">One chart for each channel; the lengths differ in frames${omitted}.</p>
<p class="key">${entries}</p>
<div class="scroll">${curvesChart(shown, channels)}</div>`;
}

function signatureSection(shown: readonly Specimen[], { channels, depth }: Experiment, { signatures }: Outcome): Html {
  const letters = ["time", ...channels];
  const levels = Array.from({ length: Math.min(depth, deepestLevel) }, (_, i) => i + 1);
  const omitted = [
    depth > deepestLevel ? `levels above ${deepestLevel}` : "",
    letters.length > mostLetters ? `letters from ${mostLetters} on` : "",
  ].filter(Boolean);
  return html`<h2>Their signatures, word by word</h2>
<p class="quiet">Letter 0 is time, the others are the channels. The word (i) is how far channel i gets from the origin;
the word (i,j) is ∫∫ dxⁱ dxʲ with i first in time. Each level has one scale for both utterances.${
    omitted.length > 0 ? ` Not shown: ${omitted.join(", ")}.` : ""
  }</p>
${levels.map((level) => {
  const cells = shown.map(({ index }) => coefficients(signatures, index, level));
  const largest = cells.flat().reduce((most, { value }) => Math.max(most, Math.abs(value)), 0);
  const charts = shown.map((specimen, s) => {
    const label = `Level ${level} of the signature of ${name(specimen)}`;
    const chart = signatureChart(label, cells[s] ?? [], letters, largest);
    return html`<div><h3>${name(specimen)}</h3><div class="scroll">${chart}</div></div>`;
  });
  return html`<h3>Level ${level}</h3>
<p class="key"><span>−${largest.toPrecision(3)} <i class="ramp"></i> ${largest.toPrecision(3)}</span></p>
<div class="pair">${charts}</div>`;
})}`;
}
