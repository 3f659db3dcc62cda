// Observable Plot without a browser: charts as SVG text. Colours are the page's CSS variables, so
// that a chart follows the light or dark theme; values are opacities over the page's background.

import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { Html } from "./html.ts";

/**
 * Text colour on a cell of the given opacity, 0 … 1. Between the limits dark text reads better both
 * on a light and on a dark page. The limits follow from the page's colours (contrast of 3.5 and
 * more on every background).
 */
export function onStrength(strength: number): string {
  if (strength < 0.62) return "var(--ink)";
  return strength < 0.78 ? "var(--dark-ink)" : "var(--on-colour)";
}

/** @param label - text alternative of the chart. */
export function chart(label: string, options: Plot.PlotOptions): Html {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const svg = Plot.plot({
    style: { fontFamily: "inherit", fontSize: "12px", background: "none", color: "var(--ink)" },
    ...options,
    document: document as unknown as Document,
  });
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  return new Html(svg.outerHTML);
}
