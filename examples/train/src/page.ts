// The page of a training report: self-contained HTML, with figures and curves. Opens from disk and
// makes no network request.

import * as Plot from "@observablehq/plot";
import { chart } from "../../japanese-vowels/src/report/chart.ts";
import { Html, html } from "../../japanese-vowels/src/report/html.ts";
import { style } from "../../japanese-vowels/src/report/style.ts";
import type { Epoch } from "./train.ts";

export interface Page {
  readonly title: string;
  readonly lead: Html;
  /** Name, value and note of each. */
  readonly figures: readonly (readonly [name: string, value: string, note: string])[];
  readonly sections: readonly { readonly title: string; readonly note: string; readonly chart: Html }[];
  readonly source: string;
}

export function pageOf({ title, lead, figures, sections, source }: Page): string {
  const items = figures.map(
    ([name, value, note]) => html`<div><dt>${name}</dt><dd>${value}<small>${note}</small></dd></div>`,
  );
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${new Html(style)}</style>
<h1>${title}</h1>
<p>${lead}</p>
<dl>${items}</dl>
${sections.map(
  (section) => html`<h2>${section.title}</h2>
<p class="quiet">${section.note}</p>
<div class="scroll">${section.chart}</div>
`,
)}<footer><p>Data: ${source}</p></footer>
</html>
`.text;
}

/** A line of a chart: its colour, and a value for each epoch. */
export interface Curve {
  readonly stroke: string;
  readonly epochs: readonly Epoch[];
}

/** A chart of one number by epoch, of one training or of several. */
export function curves(
  label: string,
  all: readonly Curve[],
  value: (epoch: Epoch) => number,
  y: Plot.ScaleOptions,
): Html {
  const most = Math.max(2, ...all.map(({ epochs }) => epochs.length));
  return chart(label, {
    width: 860,
    height: 280,
    marginLeft: 60,
    marginBottom: 44,
    x: { label: "epoch", labelAnchor: "center", labelArrow: "none", domain: [1, most] },
    y: { labelAnchor: "center", labelArrow: "none", grid: true, ...y },
    marks: all.flatMap(({ stroke, epochs }) => {
      const points = epochs.map((epoch, i) => ({ epoch: i + 1, value: value(epoch) }));
      return [
        Plot.line(points, { x: "epoch", y: "value", stroke, strokeWidth: 2 }),
        Plot.dot(points, { x: "epoch", y: "value", fill: stroke, r: 2 }),
      ];
    }),
  });
}
