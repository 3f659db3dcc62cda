// One level of a signature as a heat map: one cell per word, labelled with the word. Level 1 is a
// row, level 2 a square with the first letter down and the second across. Deeper levels have no
// planar picture.

import * as Plot from "@observablehq/plot";
import { type Signatures, words } from "path-signature";
import { short } from "../short.ts";
import { chart, onStrength } from "./chart.ts";
import type { Html } from "./html.ts";

/** Deepest level shown. */
export const deepestLevel = 2;
/** With more letters the cells have no room for words. */
export const mostLetters = 16;

const cellSize = 34;
const longestName = 12;
/** Approximate width of a letter of the axes, in pixels. */
const letterWidth = 7;

export interface Coefficient {
  readonly word: readonly number[];
  readonly value: number;
}

/** Coefficients of one level of one signature of a batch, word by word. */
export function coefficients(signatures: Signatures, index: number, level: number): Coefficient[] {
  const view = signatures.level(level);
  return words(signatures.channels, level)
    .filter((word) => word.length === level && word.every((letter) => letter < mostLetters))
    .map((word) => ({ word, value: view.get(index, ...word) }));
}

/**
 * @param letters - names of the letters: time and the channels.
 * @param largest - the value with full opacity.
 */
export function signatureChart(
  label: string,
  cells: readonly Coefficient[],
  letters: readonly string[],
  largest: number,
): Html {
  const level = cells[0]?.word.length ?? 1;
  const domain = letters.slice(0, mostLetters).map((_, i) => i);
  const name = (letter: number) => `${letter} ${short(letters[letter] ?? "", longestName)}`;
  const names = letterWidth * domain.reduce((most, letter) => Math.max(most, name(letter).length), 0);
  const strength = ({ value }: Coefficient) => Math.min(1, Math.abs(value) / (largest || 1));
  const down = ({ word }: Coefficient) => (level === 1 ? 0 : word[0]);
  const across = ({ word }: Coefficient) => word[level - 1];
  const margin = { left: names + 30, top: 0.75 * names + 34, right: 0.75 * names, bottom: 6 };
  return chart(label, {
    width: margin.left + cellSize * domain.length + margin.right,
    height: margin.top + cellSize * (level === 1 ? 1 : domain.length) + margin.bottom,
    marginLeft: margin.left,
    marginTop: margin.top,
    marginRight: margin.right,
    marginBottom: margin.bottom,
    x: {
      domain,
      axis: "top",
      tickFormat: name,
      tickRotate: -45,
      tickSize: 0,
      label: level === 1 ? "letter" : "second letter",
      labelOffset: margin.top - 4,
      labelAnchor: "center",
      labelArrow: "none",
      padding: 0.05,
    },
    y:
      level === 1
        ? { domain: [0], axis: null, padding: 0.05 }
        : {
            domain,
            tickFormat: name,
            tickSize: 0,
            label: "first letter",
            labelOffset: margin.left - 8,
            labelAnchor: "center",
            labelArrow: "none",
            padding: 0.05,
          },
    color: { type: "identity" },
    opacity: { type: "identity" },
    marks: [
      Plot.cell(cells, {
        x: across,
        y: down,
        fill: ({ value }: Coefficient) => (value < 0 ? "var(--negative)" : "var(--positive)"),
        fillOpacity: (cell: Coefficient) => Math.max(0.03, strength(cell)),
        rx: 2,
        title: ({ word, value }: Coefficient) =>
          `${word.map((letter) => letters[letter]).join(" · ")}\nword (${word}): ${value.toPrecision(4)}`,
      }),
      Plot.text(cells, {
        x: across,
        y: down,
        text: ({ word }: Coefficient) => word.join(","),
        fill: (cell: Coefficient) => onStrength(strength(cell)),
        fontSize: 9.5,
        pointerEvents: "none",
      }),
    ],
  });
}
