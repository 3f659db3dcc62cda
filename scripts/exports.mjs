// Writes package.json's `exports` from the table of entries (lib/entries.mjs). To be run after that
// table, or the set of sources that it names, has changed; test/packaging says when.
//
//   node scripts/exports.mjs

import { writeFileSync } from "node:fs";
import { exportsField } from "./lib/entries.mjs";
import { at, packageJson } from "./lib/project.mjs";

writeFileSync(at("package.json"), `${JSON.stringify({ ...packageJson(), exports: exportsField() }, undefined, 2)}\n`);
