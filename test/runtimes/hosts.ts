// What of the matrix can be run on this machine, and what happens to what cannot: a skip that says why, and a failure in CI.

import { expect } from "vitest";
import { browser } from "../../scripts/lib/browsers.mjs";
import { runtime, runtimes } from "../../scripts/lib/runtimes.mjs";

const browsers = ["chromium", "firefox", "webkit"];

/** Why something that a row needs is missing, or undefined. */
export function missing(need: string | undefined): string | undefined {
  if (need === undefined) return undefined;
  if (runtimes.includes(need)) {
    return runtime(need) ? undefined : `npm has brought no ${need} for ${process.platform}-${process.arch}`;
  }
  if (!browsers.includes(need)) throw new Error(`nobody knows how to find ${need}`);
  return browser(need) ? undefined : `${need} is not installed (scripts/lib/browsers.mjs names its packages)`;
}

/** Skips a test whose host is missing; in CI nothing may be missing. */
export function requireHost(need: string | undefined, skip: (condition: boolean, note?: string) => void): void {
  const reason = missing(need);
  if (process.env.CI) expect(reason, "in CI every runtime has to be there").toBeUndefined();
  skip(reason !== undefined, reason);
}
