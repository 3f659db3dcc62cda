// How much of the tables is run. `npm test` runs the cases that cover every kernel, every option
// and every pair of options. `npm test -- --all`, which CI adds if kernels changed, also runs the
// sweeps, which repeat them on other shapes. `npm test -- --quick` is for quick runs between edits.

export type Level = "quick" | "usual" | "all";

/** Read by name, so that bundles for other hosts have it inlined (test/gpu/conformance.test.ts). */
export const level: Level = (process.env.TEST_LEVEL as Level | undefined) ?? "usual";

/** Selection criteria of a case. */
export interface Shown {
  /** Features that the case covers. */
  readonly features: readonly string[];
  /** Resources that the case needs and that later cases reuse: a kernel to compile. */
  readonly needs?: string;
}

/** Cost of a case that needs a new resource, relative to one that does not. */
const making = 4;

/**
 * A subset of cases that covers all features. Greedy: each time the case that adds most for its
 * cost.
 */
export function covering<Case>(cases: readonly Case[], shownBy: (one: Case) => Shown): Case[] {
  const left = new Map(
    cases.map((one) => {
      const { features, needs } = shownBy(one);
      return [one, { features: new Set(features), needs }];
    }),
  );
  const made = new Set<string | undefined>([undefined]);
  const chosen: Case[] = [];
  for (;;) {
    let best: Case | undefined;
    let most = 0;
    for (const [one, { features, needs }] of left) {
      const worth = features.size / (made.has(needs) ? 1 : making);
      if (worth > most) [best, most] = [one, worth];
    }
    if (best === undefined) return chosen;
    chosen.push(best);
    const { features: met, needs } = left.get(best)!;
    made.add(needs);
    left.delete(best);
    for (const { features } of left.values()) for (const feature of met) features.delete(feature);
  }
}

/** All pairs of a case's properties, to detect faults that need a combination of two. */
export function pairsOf(properties: Readonly<Record<string, string | number | boolean>>): string[] {
  const all = eachOf(properties);
  return all.flatMap((one, i) => all.slice(i).map((other) => (one === other ? one : `${one}, ${other}`)));
}

/** A case's properties, each by itself. */
export const eachOf = (properties: Readonly<Record<string, string | number | boolean>>): string[] =>
  Object.entries(properties).map(([name, value]) => `${name} ${value}`);

/** The subset for a sweep, in order; if everything is run, followed by the other cases. */
export function chosenOf<Case>(
  cases: readonly Case[],
  shownBy: (one: Case) => Shown,
  at: Level = level,
): readonly Case[] {
  const chosen = new Set(covering(cases, shownBy));
  const few = cases.filter((one) => chosen.has(one));
  return at === "all" ? [...few, ...cases.filter((one) => !chosen.has(one))] : few;
}
