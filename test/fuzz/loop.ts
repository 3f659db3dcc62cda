// What parts of the fuzz suite share: a run bounded by cases or by time, with a seed for each case,
// and shrinking. A part generates cases from seeds and says what is wrong with one.

/** A case that failed. `script` is a module that shows it by itself. */
export interface Failure {
  readonly seed: number;
  readonly what: string;
  readonly script: string;
}

export interface Limits {
  readonly seed: number;
  readonly cases?: number | undefined;
  readonly seconds?: number | undefined;
  readonly log: (line: string) => void;
}

/** A part of the suite: `quick` is its number of cases in `npm test`. */
export interface Part {
  readonly name: string;
  readonly quick: number;
  readonly run: (limits: Limits) => Promise<{ cases: number; failures: Failure[] }>;
}

/** Failures after which a run ends. */
const mostFailures = 20;

/** Cases seed, seed + 1, … until there are as many as wanted or the time is over. */
export async function runCases(
  { seed, cases = Number.POSITIVE_INFINITY, seconds = Number.POSITIVE_INFINITY, log }: Limits,
  one: (seed: number) => Failure | undefined | Promise<Failure | undefined>,
): Promise<{ cases: number; failures: Failure[] }> {
  if (cases === Number.POSITIVE_INFINITY && seconds === Number.POSITIVE_INFINITY)
    throw new Error("give cases or seconds");
  const failures: Failure[] = [];
  const end = performance.now() + seconds * 1000;
  let done = 0;
  for (; done < cases && performance.now() < end && failures.length < mostFailures; done++) {
    const failure = await one(seed + done);
    if (failure === undefined) continue;
    failures.push(failure);
    log(`seed ${failure.seed}: ${failure.what}`);
  }
  return { cases: done, failures };
}

/** The last of ever smaller cases that still fails, and what is wrong with it. */
export async function shrink<C>(
  failing: C,
  what: string,
  smaller: (one: C) => Iterable<C>,
  check: (one: C) => string | undefined | Promise<string | undefined>,
): Promise<{ one: C; what: string }> {
  let found = { one: failing, what };
  for (let again = true; again; ) {
    again = false;
    for (const one of smaller(found.one)) {
      const still = await check(one);
      if (still === undefined) continue;
      found = { one, what: still };
      again = true;
      break;
    }
  }
  return found;
}

/** A number of one of these kinds of sizes: mostly small, seldom near `most`. */
export const sizeUpTo = (most: number, next: () => number): number => 1 + Math.floor(next() ** 3 * most);

/** One of several. */
export const oneOf = <T>(all: readonly T[], next: () => number): T => all[Math.floor(next() * all.length)] as T;

/** The text of the generator of test/paths.ts, for scripts that stand alone. */
export const randomText = `function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x = (x + Math.imul(x ^ (x >>> 7), x | 61)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}`;
