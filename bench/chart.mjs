// Draws the charts of a result into one SVG, by Observable Plot in a DOM without a browser. Reads a
// result, measures nothing.

import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { rowName, topLevel } from "./grid.mjs";
import { hornerMultiplyAdds } from "./lib/counts.mjs";
import { limit, peakShare, speedup } from "./targets.mjs";

const width = 960;
const colors = {
  "ours, relaxed": "#1f6feb",
  "ours, simd": "#8ab4f8",
  "ours, Horner": "#d29922",
  "the limit": "#8c959f",
};
const color = (names) => ({ domain: names, range: names.map((name) => colors[name]), legend: false });

/** Speed relative to pySigLib, one line per row of the grid and of the single paths. */
function peersPanel({ rows }) {
  const shown = rows.filter((row) => ["grid", "one path"].includes(row.group) && row.times.pysiglib);
  const forms = { "ours, relaxed": "relaxed", "ours, Horner": "relaxed horner", "ours, simd": "simd" };
  const dots = shown.flatMap((row) =>
    Object.entries(forms)
      .filter(([, label]) => row.times[label])
      .map(([form, label]) => ({ row: rowName(row), form, speedup: speedup(row, "pysiglib", label) })),
  );
  if (!dots.length) return undefined;
  const names = Object.keys(forms).filter((form) => dots.some((dot) => dot.form === form));
  return {
    title: "Times faster than native pySigLib, from typed array to typed array",
    names,
    plot: {
      height: 60 + 22 * shown.length,
      marginLeft: 130,
      x: { type: "log", grid: true, label: "times faster →", tickFormat: (x) => `${x}×` },
      y: { label: null, domain: shown.map(rowName) },
      color: color(names),
      marks: [Plot.ruleX([1], { stroke: "#cf222e" }), Plot.dot(dots, { x: "speedup", y: "row", fill: "form", r: 5 })],
    },
  };
}

/** Share of the multiply-add peak, kernels alone. */
function kernelsPanel({ rows }) {
  const shown = rows.filter((row) => row.group === "grid" || row.group === "odd shapes");
  if (!shown.length) return undefined;
  const name = ({ channels, depth }) => `(${channels},${depth})`;
  const bars = shown.map((row) => ({ shape: name(row), share: 100 * peakShare(row, "horner") }));
  return {
    title: "Plain Horner kernel, share of the measured multiply-add peak",
    names: ["ours, Horner"],
    plot: {
      height: 280,
      marginLeft: 60,
      x: { label: null, domain: shown.map(name) },
      y: { grid: true, domain: [0, 100], label: "↑ % of peak" },
      marks: [
        Plot.barY(bars, { x: "shape", y: "share", fill: colors["ours, Horner"] }),
        Plot.ruleY([85], { stroke: "#cf222e", strokeDasharray: "4 3" }),
        Plot.ruleY([0]),
      ],
    },
  };
}

/**
 * Cost per multiply-add along one series, with its limit; `lines` connect the points of one shape.
 */
function scalingPanel(rows, title, label, x, lines = true) {
  const points = rows.flatMap((row) => {
    const multiplyAdds = row.batch * (row.points - 1) * hornerMultiplyAdds(row.channels, row.depth);
    const at = (form, seconds) => ({ x: x(row), form, cost: (1e9 * seconds) / multiplyAdds });
    return [at("ours, relaxed", row.times.relaxed.min), at("the limit", limit(row))];
  });
  if (!points.length) return undefined;
  const names = ["ours, relaxed", "the limit"];
  return {
    title,
    names,
    plot: {
      height: 280,
      marginLeft: 60,
      x: { type: "log", grid: true, label: `${label} →` },
      y: { type: "log", grid: true, label: "↑ ns per multiply-add", ticks: 6, tickFormat: String },
      color: color(names),
      marks: [
        Plot.line(lines ? points : [], { x: "x", y: "cost", stroke: "form", strokeWidth: 1.5 }),
        Plot.dot(points, { x: "x", y: "cost", fill: "form", r: 3.5 }),
      ],
    },
  };
}

function panels({ peers, kernels, scaling }) {
  return [
    peers && peersPanel(peers),
    kernels && kernelsPanel(kernels),
    ...(scaling
      ? [
          scalingPanel(
            scaling.series.batch,
            "Cost against the batch (200 points, d = 4, N = 4)",
            "paths",
            (row) => row.batch,
          ),
          scalingPanel(
            scaling.series.points,
            "Cost against the length (32 paths, d = 4, N = 4)",
            "points",
            (row) => row.points,
          ),
          scalingPanel(
            scaling.series.size,
            "Cost against the size of the top level (64 paths, 200 points)",
            "d^N",
            topLevel,
            false,
          ),
        ]
      : []),
  ].filter(Boolean);
}

/** An SVG of everything in a result that can be drawn, or undefined if there is nothing. */
export function chart(result) {
  const { document } = parseHTML("<!doctype html><body></body>");
  const drawn = panels(result.parts);
  if (!drawn.length) return undefined;
  const pieces = [];
  let y = 16;
  for (const { title, names, plot } of drawn) {
    pieces.push(`<text x="16" y="${y + 14}" font-size="15" font-weight="600">${escapeXml(title)}</text>`);
    y += 22;
    if (names.length > 1) {
      pieces.push(legend(names, y));
      y += 20;
    }
    const svg = Plot.plot({ ...plot, width, document, style: { background: "transparent" } });
    svg.setAttribute("x", "0");
    svg.setAttribute("y", String(y));
    pieces.push(svg.outerHTML);
    y += plot.height + 24;
  }
  const partial = result.complete ? "" : ": not a full run, not to be quoted";
  const caption = `${result.machine.name}, ${result.date}${partial}`;
  pieces.push(`<text x="16" y="${y + 6}" font-size="12" fill="#57606a">${escapeXml(caption)}</text>`);
  y += 20;
  const attributes = [
    'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"',
    `width="${width}" height="${y}" viewBox="0 0 ${width} ${y}" font-family="system-ui, sans-serif"`,
  ];
  return `<svg ${attributes.join(" ")}>
<rect width="100%" height="100%" fill="white"/>
${pieces.join("\n")}
</svg>
`;
}

function legend(names, y) {
  let x = 16;
  return names
    .map((name) => {
      const piece =
        `<circle cx="${x + 5}" cy="${y + 7}" r="5" fill="${colors[name]}"/><text x="${x + 15}" ` +
        `y="${y + 11}" font-size="12">${escapeXml(name)}</text>`;
      x += 40 + 7 * name.length;
      return piece;
    })
    .join("");
}

const escapeXml = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
