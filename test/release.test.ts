// What a release changes (scripts/lib/release.mjs), on texts; `npm run check` does a dry run of the
// whole.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { at } from "../scripts/lib/project.mjs";
import { released } from "../scripts/lib/release.mjs";

const texts = {
  "package.json": '{ "name": "p", "version": "0.1.0" }',
  "package-lock.json":
    '{ "version": "0.1.0", "packages": { "": { "version": "0.1.0" }, "a": { "version": "0.1.0" } } }',
  "CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n- News.\n\n## 0.0.9 – 2026-01-01\n\n- Old.\n",
};

test("writes the version and dates the changelog", () => {
  const next = released(texts, "0.2.0", ["v0.0.9", "v0.1.0", "other"], "2026-12-01");
  expect(JSON.parse(next["package.json"])).toEqual({ name: "p", version: "0.2.0" });
  expect(JSON.parse(next["package-lock.json"])).toEqual({
    version: "0.2.0",
    packages: { "": { version: "0.2.0" }, a: { version: "0.1.0" } },
  });
  expect(next["CHANGELOG.md"]).toBe(
    "# Changelog\n\n## Unreleased\n\n## 0.2.0 – 2026-12-01\n\n- News.\n\n## 0.0.9 – 2026-01-01\n\n- Old.\n",
  );
});

test("a first release may have the version that package.json has", () => {
  expect(JSON.parse(released(texts, "0.1.0", [], "2026-12-01")["package.json"]).version).toBe("0.1.0");
});

test("refuses what is no version, is not new, or has no news", () => {
  const of =
    (version: string, tags: string[] = [], changed = {}) =>
    () =>
      released({ ...texts, ...changed }, version, tags, "2026-12-01");
  expect(of("1.0")).toThrow(/no version/);
  expect(of("v1.0.0")).toThrow(/no version/);
  expect(of("0.0.10")).toThrow(/before 0.1.0/);
  expect(of("0.1.0", ["v0.1.0"])).toThrow(/not above 0.1.0/);
  expect(of("0.9.9", ["v0.10.0"])).toThrow(/not above 0.10.0/);
  expect(of("0.2.0", [], { "CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n## 0.1.0\n\n- Old.\n" })).toThrow(
    /nothing/,
  );
});

test("the files of this repository can be released", () => {
  const names = ["package.json", "package-lock.json", "CHANGELOG.md"];
  const own = Object.fromEntries(names.map((name) => [name, readFileSync(at(name), "utf8")]));
  const next = released(own, "999.0.0", [], "2026-12-01");
  // Nothing but the version changes.
  expect(next["package.json"]!.replace("999.0.0", JSON.parse(own["package.json"]!).version)).toBe(own["package.json"]);
  expect(next["package-lock.json"]!.replaceAll("999.0.0", JSON.parse(own["package.json"]!).version)).toBe(
    own["package-lock.json"],
  );
});
