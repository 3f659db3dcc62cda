// Writes package.json's `exports` from the table of entries (lib/entries.mjs). Run it after a
// change of that table or of the sources that it names; test/packaging detects when it is needed.
//
//   node scripts/exports.mjs

import { writeFileSync } from "node:fs";
import { exportsField } from "./lib/entries.mjs";
import { at, packageJson } from "./lib/project.mjs";

writeFileSync(at("package.json"), `${JSON.stringify({ ...packageJson(), exports: exportsField() }, undefined, 2)}\n`);
