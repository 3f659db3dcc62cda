// Words as people read them, and where each stands on a heat map.

/** "x·y": letters by their channels' names. */
export const textOf = (word: readonly number[], names: readonly string[]): string =>
  word.map((letter) => names[letter] ?? `?${letter}`).join(" ");

/** The word of a text of names, or undefined. Longer names first: "x" begins "x·lead". */
export function wordOf(text: string, names: readonly string[]): number[] | undefined {
  const letters = text
    .trim()
    .split(/[\s,]+/)
    .map((name) => names.indexOf(name));
  return letters.length > 0 && letters.every((letter) => letter >= 0) ? letters : undefined;
}

/** Rows of a level's heat map are the first ⌊k/2⌋ letters, columns the others. */
export function shapeOf(channels: number, level: number): { rows: number; columns: number } {
  const rows = channels ** Math.floor(level / 2);
  return { rows, columns: channels ** level / rows };
}

/** The word with a number in its level. */
export function wordAt(index: number, channels: number, level: number): number[] {
  const word = new Array<number>(level);
  let rest = index;
  for (let i = level - 1; i >= 0; i--) {
    word[i] = rest % channels;
    rest = Math.floor(rest / channels);
  }
  return word;
}

export const indexIn = (word: readonly number[], channels: number): number =>
  word.reduce((index, letter) => index * channels + letter, 0);

/** Where a level begins in a signature. */
export function startOf(channels: number, level: number): number {
  let start = 0;
  for (let k = 1; k < level; k++) start += channels ** k;
  return start;
}

/** Four digits, with a sign that is as wide as the other. */
export const short = (value: number): string =>
  (Math.abs(value) >= 1e4 || (value !== 0 && Math.abs(value) < 1e-4)
    ? value.toExponential(2)
    : value.toPrecision(3)
  ).replace("-", "−");
