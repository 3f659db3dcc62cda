// Colours of numbers and of what is drawn, in light and in dark. Positive numbers are teal,
// negative ones orange: told apart by people who do not tell red from green.

export interface Palette {
  readonly background: string;
  readonly grid: string;
  readonly ink: string;
  readonly quiet: string;
  readonly positive: string;
  readonly negative: string;
  readonly arrow: string;
  readonly before: string;
}

const light: Palette = {
  background: "#ffffff",
  grid: "#e5e7eb",
  ink: "#1f2937",
  quiet: "#5b6472",
  positive: "#0b7a75",
  negative: "#c2410c",
  arrow: "#7c3aed",
  before: "#b4bac4",
};

const dark: Palette = {
  background: "#1b1b1f",
  grid: "#34343c",
  ink: "#e5e7eb",
  quiet: "#a3a3ad",
  positive: "#2dd4bf",
  negative: "#fb923c",
  arrow: "#c4b5fd",
  before: "#5b5b66",
};

const isDark = () => document.documentElement.classList.contains("dark");

export const palette = (): Palette => (isDark() ? dark : light);

type Rgb = readonly [number, number, number];

const rgb = (colour: string): Rgb =>
  [1, 3, 5].map((i) => Number.parseInt(colour.slice(i, i + 2), 16)) as unknown as Rgb;

/** The colour of a number from −1 to 1, as 0xAABBGGRR for image data. */
export function shades(): (value: number) => number {
  const { background, positive, negative } = palette();
  const [none, above, below] = [rgb(background), rgb(positive), rgb(negative)];
  // The square root shows small numbers beside large ones.
  const table = Uint32Array.from({ length: 511 }, (_, i) => {
    const value = (i - 255) / 255;
    const end = value < 0 ? below : above;
    const share = Math.sqrt(Math.abs(value));
    const [r, g, b] = none.map((from, c) => Math.round(from + ((end[c] as number) - from) * share)) as [
      number,
      number,
      number,
    ];
    return (255 << 24) | (b << 16) | (g << 8) | r;
  });
  return (value) => table[Math.round(Math.max(-1, Math.min(1, value)) * 255) + 255] as number;
}

/** Calls `work` when the page changes between light and dark. */
export function onScheme(work: () => void): MutationObserver {
  const observer = new MutationObserver(work);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
  return observer;
}
