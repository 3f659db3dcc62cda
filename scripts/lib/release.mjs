// What a release changes in files: versions, and the heading of the changelog. Texts in, texts out.

import { Fault } from "./terminal.mjs";

const pattern = /^(\d+)\.(\d+)\.(\d+)$/;

const numbersOf = (version) => pattern.exec(version)?.slice(1).map(Number);

function isLess(a, b) {
  const [x, y] = [numbersOf(a), numbersOf(b)];
  const at = x.findIndex((n, i) => n !== y[i]);
  return at >= 0 && x[at] < y[at];
}

const withVersion = (text, change) => {
  const manifest = JSON.parse(text);
  change(manifest);
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
};

/**
 * The files of a release, by their names.
 * @param tags - tags of earlier releases, `v1.2.3`
 * @throws Fault for a version that is none or not above all others, or if there is nothing to tell
 */
export function released(texts, version, tags, date) {
  if (!numbersOf(version)) throw new Fault(`${version} is no version: three numbers, as 1.2.3.`);
  const { version: current } = JSON.parse(texts["package.json"]);
  if (isLess(version, current)) throw new Fault(`${version} comes before ${current} of package.json.`);
  const latest = tags.map((tag) => tag.slice(1)).find((tag) => numbersOf(tag) && !isLess(tag, version));
  if (latest !== undefined) throw new Fault(`${version} is not above ${latest}, which has been released.`);
  const changelog = texts["CHANGELOG.md"];
  const notes = changelog.split(/^## /m).find((section) => section.startsWith("Unreleased\n"));
  if (!notes?.slice("Unreleased".length).trim()) throw new Fault("CHANGELOG.md has nothing below `## Unreleased`.");
  return {
    "package.json": withVersion(texts["package.json"], (manifest) => {
      manifest.version = version;
    }),
    "package-lock.json": withVersion(texts["package-lock.json"], (lock) => {
      lock.version = version;
      lock.packages[""].version = version;
    }),
    "CHANGELOG.md": changelog.replace("## Unreleased\n", `## Unreleased\n\n## ${version} – ${date}\n`),
  };
}
