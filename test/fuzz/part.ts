// What the parts of the fuzz suite have in common: how long one runs, and how a failure is
// reported.

import fc from "fast-check";

/** A failure, and a script that repeats it: for `node --input-type=module`, from the repository. */
export interface Failure {
  readonly seed: number;
  readonly what: string;
  readonly script: string;
}

export interface Outcome {
  readonly cases: number;
  readonly failures: readonly Failure[];
  /** Further figures, for the results of a long run. */
  readonly figures?: Readonly<Record<string, number>>;
}

/** How long to run: so many cases, or so many seconds. */
export interface Bounds {
  readonly seed: number;
  readonly cases?: number;
  readonly seconds?: number;
  readonly log?: (line: string) => void;
}

export interface Part {
  readonly name: string;
  /** Cases in `npm test -- --all`. */
  readonly quick: number;
  /** Cases in `npm test`, some seconds: random cases repeat each other. By default the same. */
  readonly few?: number;
  run(bounds: Bounds): Promise<Outcome>;
}

/** More failures say nothing new. */
const mostFailures = 20;
/** Cases of one seed. */
const chunk = 50;
/** Seconds between two lines of the log. */
const pause = 10;

/** The script that calls `replay` of a part. */
export const scriptOf = (part: string, given: unknown): string =>
  `import { replay } from "./test/fuzz/${part}.ts"; console.log(await replay(${JSON.stringify(given)}));`;

/** Runs steps of some cases each until the bounds are met. */
export async function repeat(
  { seed, cases = Number.POSITIVE_INFINITY, seconds = Number.POSITIVE_INFINITY, log }: Bounds,
  step: (seed: number, most: number) => Promise<Outcome>,
): Promise<Outcome> {
  const begin = performance.now();
  const failures: Failure[] = [];
  let [done, logged] = [0, begin];
  for (let i = 0; done < cases && failures.length < mostFailures; i++) {
    const now = performance.now();
    if (now - begin > 1000 * seconds) break;
    if (now - logged > 1000 * pause) {
      log?.(`${done} cases, ${failures.length} failures`);
      logged = now;
    }
    const outcome = await step((seed + i) >>> 0, cases - done);
    done += outcome.cases;
    failures.push(...outcome.failures);
  }
  return { cases: done, failures };
}

/** Runs a case for each of the seeds seed, seed + 1, … until the bounds are met. */
export const runCases = (
  bounds: Bounds,
  one: (seed: number) => Failure | undefined | Promise<Failure | undefined>,
): Promise<Outcome> =>
  repeat(bounds, async (seed) => {
    const failure = await one(seed);
    return { cases: 1, failures: failure === undefined ? [] : [failure] };
  });

/**
 * A part whose cases are values: generated and, after a failure, shrunk by fast-check.
 * @param judge - says what is wrong with a case, `undefined` if nothing is
 * @param arbitraryOf - the cases of a seed
 */
export const propertyPart = <Case>(
  name: string,
  lengths: Pick<Part, "quick" | "few">,
  arbitraryOf: (seed: number) => fc.Arbitrary<Case>,
  judge: (given: Case) => Promise<string | undefined>,
): Part => ({
  name,
  ...lengths,
  run: (bounds) =>
    repeat(bounds, async (seed, most) => {
      let cases = 0;
      let what = "";
      const property = fc.asyncProperty(arbitraryOf(seed), async (given) => {
        if (what === "") cases++;
        const found = await judge(given);
        if (found !== undefined) what = found;
        return found === undefined;
      });
      const { failed, counterexample } = await fc.check(property, { seed, numRuns: Math.min(chunk, most) });
      return { cases, failures: failed ? [{ seed, what, script: scriptOf(name, counterexample?.[0]) }] : [] };
    }),
});
