// Which cases of the tables a host runs. Deno has an implementation of its own and runs all of
// them. Chromium's is Dawn, which runs all of them in Node on the same driver (dawn.test.ts,
// limits.test.ts): there each kernel, option and cut is run once more, since only the way from a
// page to the implementation differs. Sweeps run everything everywhere.

import { level } from "../level.ts";
import { everyGpuGradientCase, gpuGradientCases } from "./gradient-table.ts";
import { largeCases, limitCases } from "./limits.ts";
import { everyGpuLogCase, gpuLogCases } from "./log-table.ts";
import { repeatedGradients, repeatedLogarithms, repeatedSignatures } from "./selection.ts";
import { everyGpuCase, gpuCases } from "./table.ts";

export type Host = "chromium" | "deno";

const whole = {
  signatures: gpuCases,
  gradients: gpuGradientCases,
  logarithms: gpuLogCases,
  limits: [...limitCases, ...largeCases],
};

const repeated = {
  signatures: repeatedSignatures(everyGpuCase),
  gradients: repeatedGradients(everyGpuGradientCase),
  logarithms: repeatedLogarithms(everyGpuLogCase),
  // The table with the smallest bindings, and every limit by itself.
  limits: whole.limits.filter(({ name }) => level === "all" || !/^bindings of (65536|16640) /.test(name)),
};

export const tablesOf = { chromium: repeated, deno: whole } as const;
