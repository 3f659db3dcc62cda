// What parts of the fuzz suite share that make each case from a seed of its own: shrinking, sizes,
// and the text of scripts.

import { random } from "../paths.ts";

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

/** The text of the generator, without types, for scripts that stand alone. */
export const randomText = String(random);
