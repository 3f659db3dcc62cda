// The report: one self-contained HTML page with the Gram matrix as a picture, the histograms of the
// two tests, and the accuracy. Opens from disk and makes no network request.

import * as Plot from "@observablehq/plot";
import { type Confusion, percent } from "../../japanese-vowels/src/confusion.ts";
import { chart } from "../../japanese-vowels/src/report/chart.ts";
import { type Html, html, Html as Raw } from "../../japanese-vowels/src/report/html.ts";
import { style } from "../../japanese-vowels/src/report/style.ts";
import type { TwoSampleTest } from "./test.ts";

export interface Report {
  readonly speaker: string;
  readonly other: string;
  /** Kernels of the recordings of both speakers. */
  readonly gram: readonly (readonly number[])[];
  readonly same: TwoSampleTest;
  readonly changed: TwoSampleTest;
  readonly confusion: Confusion;
  readonly milliseconds: number;
  readonly kernels: number;
  readonly source: string;
}

export function reportPage({ speaker, other, gram, same, changed, confusion, ...more }: Report): string {
  const figure = (name: string, value: string, note: string) =>
    html`<div><dt>${name}</dt><dd>${value}<small>${note}</small></dd></div>`;
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Two samples of paths</title>
<style>${new Raw(style)}</style>
<h1>Two samples of paths</h1>
<p>Has the machine changed? Recordings are compared by a signature kernel; the maximum mean discrepancy of two samples
is set against those of ${same.divisions.length} random divisions of both together.</p>
<dl>${[
    figure("Unchanged", `p = ${same.p.toFixed(3)}`, `speaker ${speaker}, first against second half`),
    figure("Changed", `p = ${changed.p.toFixed(3)}`, `speaker ${speaker} against ${other}`),
    figure("Test accuracy", `${percent(confusion)} %`, `${confusion.right} of ${confusion.total} utterances`),
    figure("Kernels", `${more.milliseconds.toFixed(0)} ms`, `${more.kernels.toLocaleString("en")} pairs of paths`),
  ]}</dl>
<h2>Kernels of the recordings</h2>
<p class="quiet">Speaker ${speaker} first, then speaker ${other}: the darker, the more alike.</p>
<div class="scroll">${picture(gram)}</div>
<h2>Tests</h2>
<div class="pair">${[
    html`<div><h3>Unchanged</h3>${histogram("Discrepancies of one speaker's recordings", same)}</div>`,
    html`<div><h3>Changed</h3>${histogram("Discrepancies of two speakers' recordings", changed)}</div>`,
  ]}</div>
<footer>${more.source}</footer>
</html>
`.text;
}

/** The matrix, a cell a pair; the range of kernels is that of the matrix. */
function picture(gram: Report["gram"]): Html {
  const cells = gram.flatMap((row, i) => row.map((value, j) => ({ i, j, value })));
  const values = cells.map(({ value }) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const size = 8 * gram.length;
  return chart("Gram matrix of the recordings of two speakers", {
    width: size + 20,
    height: size + 20,
    margin: 10,
    x: { axis: null },
    y: { axis: null, reverse: true },
    marks: [
      Plot.rect(cells, {
        x1: "i",
        x2: (d) => d.i + 1,
        y1: "j",
        y2: (d) => d.j + 1,
        fill: "var(--first)",
        fillOpacity: (d) => (d.value - least) / (most - least || 1),
      }),
    ],
  });
}

/** Discrepancies of the divisions, and a line for that of the samples. */
const histogram = (label: string, { distance, divisions }: TwoSampleTest): Html =>
  chart(label, {
    width: 520,
    height: 240,
    x: { label: "squared discrepancy" },
    y: { label: "divisions" },
    marks: [
      Plot.rectY([...divisions], {
        ...Plot.binX({ y: "count" }, { x: (d: number) => d, thresholds: 40 }),
        fill: "var(--right)",
      }),
      Plot.ruleX([distance], { stroke: "var(--wrong)", strokeWidth: 2 }),
      Plot.ruleY([0]),
    ],
  });
