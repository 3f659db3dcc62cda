// Counts of predictions against true classes.

export interface Confusion {
  /** Names of the classes, in the order of rows and columns. */
  readonly classes: readonly string[];
  /** counts[truth][prediction]. */
  readonly counts: readonly (readonly number[])[];
  readonly right: number;
  readonly total: number;
}

export function confusion(
  classes: readonly string[],
  truth: readonly number[],
  predicted: readonly number[],
): Confusion {
  const counts = classes.map(() => new Array<number>(classes.length).fill(0));
  for (const [i, row] of truth.entries()) {
    const column = predicted[i] as number;
    (counts[row] as number[])[column] = ((counts[row] as number[])[column] as number) + 1;
  }
  const right = counts.reduce((sum, row, i) => sum + (row[i] as number), 0);
  return { classes, counts, right, total: truth.length };
}

export interface Mistake {
  readonly truth: string;
  readonly predicted: string;
  readonly count: number;
}

/** Pairs of confused classes, the most frequent first. */
export function mistakes({ classes, counts }: Confusion): Mistake[] {
  const all = counts.flatMap((row, t) =>
    row.map((count, p): Mistake => ({ truth: classes[t] as string, predicted: classes[p] as string, count })),
  );
  return all
    .filter(({ truth, predicted, count }) => truth !== predicted && count > 0)
    .sort((a, b) => b.count - a.count);
}

/** The same table for the given number of classes with the most mistakes in row and column. */
export function mostMistaken(table: Confusion, most: number): Confusion {
  const { classes, counts } = table;
  if (classes.length <= most) return table;
  const wrong = classes.map((_, c) =>
    counts.reduce(
      (sum, row, t) => (t === c ? sum : sum + (row[c] as number) + ((counts[c] as number[])[t] as number)),
      0,
    ),
  );
  const kept = [...classes.keys()]
    .sort((a, b) => (wrong[b] as number) - (wrong[a] as number) || a - b)
    .slice(0, most)
    .sort((a, b) => a - b);
  return {
    ...table,
    classes: kept.map((c) => classes[c] as string),
    counts: kept.map((t) => kept.map((p) => (counts[t] as number[])[p] as number)),
  };
}

/** 99.46 for 368 of 370. */
export const percent = ({ right, total }: Confusion): string => ((100 * right) / total).toFixed(2);
