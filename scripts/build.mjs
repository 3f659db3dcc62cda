// Builds everything that is published and that the sources need: three binaries per family, the
// entry modules, then the bundle. Prints one line per step and skips what is up to date. Run by
// `npm run build`, which installs missing tools first (setup.mjs).
//
//   node scripts/build.mjs [--only wasm|js] [--variant simd|relaxed|threads]… [--wasm-opt]
//     [--force]

import { parseArgs } from "node:util";
import * as bundle from "./lib/bundle.mjs";
import { writeEngines } from "./lib/engine-modules.mjs";
import { writeEntries } from "./lib/entry-modules.mjs";
import { prefixed } from "./lib/families.mjs";
import { exclusively } from "./lib/lock.mjs";
import { writePlanConstants } from "./lib/plan-constants.mjs";
import { at } from "./lib/project.mjs";
import { remembered } from "./lib/rust.mjs";
import { Fault, main, say, step } from "./lib/terminal.mjs";
import { variants } from "./lib/variants.mjs";
import * as wasm from "./lib/wasm.mjs";

function options() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: "string" },
        variant: { type: "string", multiple: true },
        "wasm-opt": { type: "boolean", default: false },
        force: { type: "boolean", default: false },
      },
    });
    const chosen = values.variant ?? Object.keys(variants);
    const unknown = chosen.find((name) => !(name in variants));
    if (unknown) throw new Error(`--variant ${unknown}: the variants are ${Object.keys(variants).join(", ")}`);
    if (values.only !== undefined && !["wasm", "js"].includes(values.only))
      throw new Error(`--only ${values.only}: give wasm or js`);
    return { ...values, chosen };
  } catch (error) {
    throw new Fault(error.message);
  }
}

async function buildWasm({ chosen, "wasm-opt": wasmOpt, force }) {
  const toolchain = remembered();
  if (!toolchain) throw new Fault("No Rust toolchain has been chosen for the build yet.", "npm run setup");
  wasm.prepare();
  const stale = chosen.map((variant) =>
    wasm.plan(variant, toolchain, { wasmOpt }).filter((one) => force || !one.current),
  );
  // Variants in parallel: while one links or waits for its last crate, the other uses the second
  // core.
  await Promise.all(
    stale.map(async (binaries) => {
      for (const { family, variant, build } of binaries) await step(`wasm ${prefixed(family, variant)}`, build);
    }),
  );
  for (const variant of chosen) wasm.place(variant);
  return stale.flat().length;
}

async function buildJs({ force }) {
  await bundle.writeWorkerSource();
  const plan = bundle.plan();
  if (!force && plan.current) return 0;
  await step("bundle", plan.build);
  return 1;
}

await main(async () => {
  const chosen = options();
  await exclusively(
    at("target", ".build-lock"),
    async () => {
      let made = 0;
      bundle.writeVersion();
      writeEntries();
      writeEngines();
      writePlanConstants();
      if (chosen.only !== "js") made += await buildWasm(chosen);
      if (chosen.only !== "wasm") made += await buildJs(chosen);
      if (made === 0) say("✓ build: nothing changed");
    },
    () => say("  … waiting for another build in this folder"),
  );
});
