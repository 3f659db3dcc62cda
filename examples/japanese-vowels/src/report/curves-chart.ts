// Two utterances as curves: one small chart per channel with both utterances, in the units of the
// paths.

import * as Plot from "@observablehq/plot";
import { chart } from "./chart.ts";
import type { Html } from "./html.ts";
import type { Specimen } from "./specimen.ts";

/** Most charts shown. */
export const mostChannels = 16;
const columns = 4;

/** Fits a window of 1200 pixels with a scroll bar. */
const width = 1120;
/** Plot's own format writes 0.4 as 400m. */
const number = (value: number): string => String(Number(value.toPrecision(6))).replace("-", "−");

const strokes = ["var(--first)", "var(--second)"];
const dashes = ["", "5 3"];

export function curvesChart(specimens: readonly Specimen[], channels: readonly string[]): Html {
  const shown = channels.slice(0, mostChannels);
  const rows = Math.ceil(shown.length / columns);
  const points = specimens.flatMap(({ path }, s) =>
    path.flatMap(([time, ...values]) =>
      shown.map((channel, c) => ({ s, channel, time: time as number, value: values[c] as number })),
    ),
  );
  type Point = (typeof points)[number];
  const column = (channel: string) => shown.indexOf(channel) % columns;
  const row = (channel: string) => Math.floor(shown.indexOf(channel) / columns);
  const facet = { fx: ({ channel }: Point) => column(channel), fy: ({ channel }: Point) => row(channel) };
  const titles = shown.map((channel) => ({ channel }));
  return chart("Two utterances as curves, channel by channel", {
    width,
    height: 90 + 130 * rows,
    marginLeft: 52,
    marginRight: 16,
    marginTop: 24,
    marginBottom: 48,
    fx: { axis: null, padding: 0.14 },
    fy: { axis: null, padding: 0.2 },
    x: {
      label: "time, from first to last frame",
      labelAnchor: "center",
      labelArrow: "none",
      ticks: [0, 0.5, 1],
      tickFormat: number,
      inset: 4,
    },
    y: {
      label: "value ÷ standard deviation",
      labelAnchor: "center",
      labelArrow: "none",
      ticks: 4,
      tickFormat: number,
      nice: true,
    },
    marks: [
      Plot.ruleY([0], { stroke: "var(--ink)", strokeOpacity: 0.25 }),
      ...specimens.map((_, s) =>
        Plot.line(
          points.filter((point) => point.s === s),
          {
            ...facet,
            x: "time",
            y: "value",
            stroke: strokes[s] as string,
            strokeWidth: 2,
            strokeDasharray: dashes[s] as string,
            marker: "none",
          },
        ),
      ),
      Plot.text(titles, {
        fx: ({ channel }: { channel: string }) => column(channel),
        fy: ({ channel }: { channel: string }) => row(channel),
        text: "channel",
        frameAnchor: "top-left",
        dy: -14,
        fontWeight: 600,
      }),
    ],
  });
}
