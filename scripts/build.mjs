// Builds everything that is published and that the sources need: the three binaries, then the bundle. Says what it does in
// one line per step and skips what is current. Run by `npm run build`, which brings missing tools first (setup.mjs).
//
//   node scripts/build.mjs [--only wasm|js] [--variant simd|relaxed|threads]… [--wasm-opt] [--force]

import { parseArgs } from "node:util";
import * as bundle from "./lib/bundle.mjs";
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
  const plans = chosen.map((variant) => wasm.plan(variant, toolchain, { wasmOpt }));
  const stale = plans.filter((one) => force || !one.current);
  // At once: while one links or waits for its last crate, the other uses the second core.
  await Promise.all(stale.map(({ variant, build }) => step(`wasm ${variant}`, build)));
  for (const { variant } of plans) wasm.place(variant);
  return stale.length;
}

async function buildJs({ force }) {
  bundle.writeVersion();
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
      writePlanConstants();
      if (chosen.only !== "js") made += await buildWasm(chosen);
      if (chosen.only !== "wasm") made += await buildJs(chosen);
      if (made === 0) say("✓ build: nothing changed");
    },
    () => say("  … waiting for another build in this folder"),
  );
});
