// Which rows of the matrix can run on this machine. The others are skipped with a reason, and fail
// in CI.

import { expect } from "vitest";
import { browser } from "../../scripts/lib/browsers.mjs";
import { runtime, runtimes } from "../../scripts/lib/runtimes.mjs";

const browsers = ["chromium", "firefox", "webkit"];

/** The reason why a requirement of a row is missing, or undefined. */
export function missing(need: string | undefined): string | undefined {
  if (need === undefined) return undefined;
  if (runtimes.includes(need)) {
    return runtime(need) ? undefined : `npm has brought no ${need} for ${process.platform}-${process.arch}`;
  }
  if (!browsers.includes(need)) throw new Error(`nobody knows how to find ${need}`);
  return browser(need) ? undefined : `${need} is not installed (scripts/lib/browsers.mjs names its packages)`;
}

/** Skips a test whose host is missing; in CI that is a failure. */
export function requireHost(need: string | undefined, skip: (condition: boolean, note?: string) => void): void {
  const reason = missing(need);
  if (process.env.CI) expect(reason, "in CI every runtime has to be there").toBeUndefined();
  skip(reason !== undefined, reason);
}
