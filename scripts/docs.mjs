// Builds the documentation site into target/site, offline, from the Markdown files and the built
// package. Does nothing if nothing changed.
//
//   npm run docs                          builds
//   npm run docs -- --serve [--port N]    builds, then serves it until Ctrl-C
//
// What was built can be copied to any folder of any static host.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { at } from "./lib/project.mjs";
import { build, siteFolder } from "./lib/site.mjs";
import { Fault, main, say } from "./lib/terminal.mjs";

function options() {
  try {
    return parseArgs({ options: { serve: { type: "boolean" }, port: { type: "string", default: "4173" } } }).values;
  } catch (error) {
    throw new Fault(error.message);
  }
}

await main(async () => {
  const { serve, port } = options();
  if (!(await build())) say("✓ site: nothing changed");
  say(`  in ${siteFolder}`);
  if (!serve) return 0;
  const vite = createRequire(at("site", "node_modules", "vitepress", "package.json")).resolve("vite");
  const { preview } = await import(pathToFileURL(vite).href);
  const server = await preview({
    configFile: false,
    root: at("target"),
    build: { outDir: siteFolder },
    preview: { port: Number(port) },
    logLevel: "warn",
  });
  say(`  ${server.resolvedUrls.local[0]}    (Ctrl-C ends it)`);
  await new Promise((done) => process.once("SIGINT", done));
  await server.close();
  return 0;
});
