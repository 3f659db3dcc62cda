// The confusion matrix: true speakers in rows, predicted ones in columns; the opacity of a cell is
// its share of the row.

import * as Plot from "@observablehq/plot";
import { type Confusion, mostMistaken } from "../confusion.ts";
import { short } from "../short.ts";
import { chart, onStrength } from "./chart.ts";
import type { Html } from "./html.ts";

/** Above this number of classes only some are shown. */
export const mostClasses = 40;
/** Size of rows and columns in pixels, smaller where there are many. */
const cellSizes = { few: 42, many: 28 };
const few = 16;
/** Keeps a single mistake among hundreds visible. */
const faintest = 0.25;
const longestName = 16;
/** Approximate width of a letter, in pixels. */
const letter = 7;

export function confusionChart(confusion: Confusion): Html {
  const { classes, counts } = mostMistaken(confusion, mostClasses);
  const totals = new Map(
    confusion.classes.map((name, t) => [name, (confusion.counts[t] ?? []).reduce((a, b) => a + b, 0)]),
  );
  const cells = counts.flatMap((row, t) =>
    row.map((count, p) => ({
      truth: classes[t] as string,
      predicted: classes[p] as string,
      count,
      strength: count === 0 ? 0.04 : faintest + (1 - faintest) * (count / (totals.get(classes[t] as string) ?? count)),
      colour: count === 0 ? "var(--ink)" : t === p ? "var(--right)" : "var(--wrong)",
    })),
  );
  type Cell = (typeof cells)[number];
  const cellSize = classes.length > few ? cellSizes.many : cellSizes.few;
  const clip = (name: string) => short(name, longestName);
  const names = letter * classes.reduce((most, name) => Math.max(most, clip(name).length), 0);
  // Names wider than a column are rotated.
  const turned = names > cellSize - 8;
  const room = { left: names + 46, top: (turned ? names : 14) + 46, right: 8, bottom: 8 };
  return chart("Confusion matrix", {
    width: room.left + cellSize * classes.length + room.right,
    height: room.top + cellSize * classes.length + room.bottom,
    marginLeft: room.left,
    marginTop: room.top,
    marginRight: room.right,
    marginBottom: room.bottom,
    x: {
      domain: classes,
      axis: "top",
      tickFormat: clip,
      tickRotate: turned ? -90 : 0,
      tickSize: 0,
      label: "speaker identified",
      labelAnchor: "center",
      labelArrow: "none",
      labelOffset: room.top - 6,
      padding: 0.06,
    },
    y: {
      domain: classes,
      tickFormat: clip,
      tickSize: 0,
      label: "speaker",
      labelAnchor: "center",
      labelArrow: "none",
      labelOffset: room.left - 14,
      padding: 0.06,
    },
    color: { type: "identity" },
    opacity: { type: "identity" },
    marks: [
      Plot.cell(cells, {
        x: "predicted",
        y: "truth",
        fill: "colour",
        fillOpacity: "strength",
        rx: 3,
        title: ({ truth, predicted, count }: Cell) => `speaker ${truth}, identified as ${predicted}: ${count}`,
      }),
      Plot.text(cells, {
        filter: ({ count }: Cell) => count > 0,
        x: "predicted",
        y: "truth",
        text: ({ count }: Cell) => String(count),
        fill: ({ strength }: Cell) => onStrength(strength),
        fontSize: 13,
        pointerEvents: "none",
      }),
    ],
  });
}
