// Writes package.json's `exports` and `sideEffects` from the table of entries (lib/entries.mjs).
// Run it after a change of that table or of the sources that it names; test/packaging detects when
// it is needed.
//
//   node scripts/exports.mjs

import { writeFileSync } from "node:fs";
import { exportsField, sideEffectsField } from "./lib/entries.mjs";
import { at, packageJson } from "./lib/project.mjs";

const manifest = { ...packageJson(), exports: exportsField(), sideEffects: sideEffectsField() };
writeFileSync(at("package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
