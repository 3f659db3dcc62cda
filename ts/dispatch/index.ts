// Dispatch's door. Re-exports only.

export { type Bench, calibrate, measure } from "./calibrate.ts";
export { type Costs, type CpuCosts, cpuUnits, type GpuCosts, gpuUnits, readCosts } from "./costs.ts";
export { explanationInWords } from "./explain.ts";
export { fitCosts, type Measured, type Timed } from "./fit.ts";
export {
  type Capabilities,
  type Demand,
  type DeviceName,
  decide,
  type Explanation,
  type Plan,
  plan,
  type RuleName,
  ruleNames,
  type Verdict,
} from "./plan.ts";
export { shippedCosts } from "./shipped.ts";
export type { Trial } from "./trials.ts";
