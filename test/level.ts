// How much of the tables is run. `npm test` runs the cases that meet every kernel, every option and every pair of options; `npm test -- --all`, which CI
// adds where kernels changed, also the sweeps, which repeat what those prove on other shapes; `npm test -- --quick` is for the time between two edits.

export type Level = "quick" | "usual" | "all";

/** Read by name, so that bundles for other hosts have it written in (test/gpu/conformance.test.ts). */
export const level: Level = (process.env.TEST_LEVEL as Level | undefined) ?? "usual";

/** What a case shows. */
export interface Shown {
  /** What it is in the table for. */
  readonly features: readonly string[];
  /** What has to be made for it, and is there for other cases that need the same: a kernel to compile. */
  readonly needs?: string;
}

/** A case that needs what no case before did costs so many times one that does not. */
const making = 4;

/** Of cases those that have a feature which none chosen before has; each time the case that adds most for what it costs. */
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

/** Every two of a case's properties together: what is wrong only in a combination of two is met as well. */
export function pairsOf(properties: Readonly<Record<string, string | number | boolean>>): string[] {
  const all = Object.entries(properties).map(([name, value]) => `${name} ${value}`);
  return all.flatMap((one, i) => all.slice(i).map((other) => (one === other ? one : `${one}, ${other}`)));
}

/** What stands for a sweep, in its order; behind it the rest where everything is run. */
export function chosenOf<Case>(
  cases: readonly Case[],
  shownBy: (one: Case) => Shown,
  at: Level = level,
): readonly Case[] {
  const chosen = new Set(covering(cases, shownBy));
  const few = cases.filter((one) => chosen.has(one));
  return at === "all" ? [...few, ...cases.filter((one) => !chosen.has(one))] : few;
}
