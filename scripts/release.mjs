// Releases a version: writes it to package.json and package-lock.json, dates the changelog, builds,
// packs as npm would publish, commits and tags. It publishes nothing: that is done from the tag, by
// a workflow with an identity, since npm's provenance says where a package was built.
//
//   node scripts/release.mjs VERSION [--dry-run]
//
// `--dry-run` changes nothing and packs what the last build left; VERSION is then by default the
// one of package.json. `npm run check` does that.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { at, packageJson, pinnedNode } from "./lib/project.mjs";
import { released } from "./lib/release.mjs";
import { command, Fault, main, say, step } from "./lib/terminal.mjs";

const run = (file, ...args) => command(file, args, { cwd: at() });
const git = async (...args) => (await run("git", ...args)).trim();

/** What `npm publish` would send. Asks no registry, and runs no scripts: the build is ready. */
async function pack() {
  const options = ["--dry-run", "--provenance", "--access=public", "--ignore-scripts", "--offline", "--json"];
  const output = await run("npm", "publish", ...options);
  const [{ version, entryCount, unpackedSize, files }] = Object.values(
    JSON.parse(output.slice(output.indexOf("{"), output.lastIndexOf("}") + 1)),
  );
  if (existsSync(at("dist")) && !files.some(({ path }) => path === "dist/index.js"))
    throw new Fault("The package would be published without dist/index.js.", "npm run build");
  return `path-signature ${version}: ${entryCount} files, ${(unpackedSize / 1e6).toFixed(1)} MB`;
}

await main(async () => {
  const { values, positionals } = parseArgs({ options: { "dry-run": { type: "boolean" } }, allowPositionals: true });
  const isDry = values["dry-run"] === true;
  const version = positionals[0] ?? (isDry ? packageJson().version : undefined);
  if (version === undefined || positionals.length > 1)
    throw new Fault("Give one version.", "node scripts/release.mjs 1.2.3");
  const names = ["package.json", "package-lock.json", "CHANGELOG.md"];
  const texts = Object.fromEntries(names.map((name) => [name, readFileSync(at(name), "utf8")]));
  const tags = (await git("tag", "--list", "v*")).split("\n").filter(Boolean);
  const date = new Date().toISOString().slice(0, 10);
  const next = released(texts, version, tags, date);
  if (isDry) {
    await step("npm publish (dry run)", pack);
    return;
  }
  if (await git("status", "--porcelain")) throw new Fault("The working tree has changes.", "git status");
  for (const name of names) writeFileSync(at(name), next[name]);
  await step("build", () => run(pinnedNode, at("scripts", "build.mjs")).then(() => undefined));
  await step("npm publish (dry run)", pack);
  await git("commit", "--quiet", "--message", `Release ${version}`, ...names);
  await git("tag", "--annotate", `v${version}`, "--message", `path-signature ${version}`);
  say(`Next: git push --follow-tags, then in the workflow of the tag: npm publish --provenance --access public`);
});
