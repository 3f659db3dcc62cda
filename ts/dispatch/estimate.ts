// Seconds that a call takes: units times what each costs. Pure arithmetic.

import type { CallShape, GpuCounts, GpuOperation, GpuPlan, Residency } from "../gpu/index.ts";
import type { CpuCosts, GpuCosts, GpuUnit, PerUnit } from "./costs.ts";

/** Seconds, and what they are made of. */
export interface Estimate {
  readonly seconds: number;
  readonly parts: Readonly<Record<string, number>>;
}

/** Parts that take no time are left out. */
function estimate(parts: Record<string, number>): Estimate {
  const some = Object.entries(parts).filter(([, seconds]) => seconds !== 0);
  return { seconds: some.reduce((sum, [, seconds]) => sum + seconds, 0), parts: Object.fromEntries(some) };
}

const priced = <Unit extends string>(units: PerUnit<Unit>, seconds: PerUnit<Unit>): Record<Unit, number> => {
  const parts = {} as Record<Unit, number>;
  for (const unit in units) parts[unit] = units[unit] * seconds[unit];
  return parts;
};

/** Seconds on the CPU. */
export function cpuSeconds(
  operation: GpuOperation,
  shape: CallShape,
  dtype: "float32" | "float64",
  threads: number,
  costs: CpuCosts,
): Estimate {
  const parts: Record<string, number> = priced(operation.cpuUnits(shape), costs.seconds);
  // A path is computed by one thread.
  const used = Math.max(1, Math.min(threads, shape.batch));
  const factor = (dtype === "float64" ? costs.float64 : 1) / (1 + (used - 1) * costs.threadsEfficiency);
  for (const unit of Object.keys(parts)) if (unit !== "call") parts[unit]! *= factor;
  return estimate({ ...parts, ...(used > 1 && { threads: costs.threadsCall }) });
}

/** Seconds on a GPU. */
export function gpuSeconds(
  operation: GpuOperation,
  shape: CallShape,
  residency: Residency,
  plan: GpuPlan,
  costs: GpuCosts,
): Estimate {
  const counts = operation.gpuCounts(shape, residency, plan);
  const parts = priced(unitsWhereFull(counts, costs.invocationsToFill), costs.seconds);
  // Upload, kernels and download of several blocks overlap: the longest of the three counts.
  const { upload, download, launch: _, dispatch: __, block: ___, ...computed } = parts;
  const stages = [upload, download, Object.values(computed).reduce((a, b) => a + b, 0)];
  const shorter = stages.reduce((a, b) => a + b) - Math.max(...stages);
  return estimate({ ...parts, overlapped: -shorter * (1 - 1 / counts.blocks) });
}

const ofWalks = ["staged", "walk", "step", "handed", "stream", "gather"] as const;
const ofProducts = ["products", "recovery"] as const;

/** Units that a full device would do in the same time. */
export function unitsWhereFull(
  { units, walking, multiplying }: GpuCounts,
  invocationsToFill: number,
): Record<GpuUnit, number> {
  const full = { ...units };
  for (const unit of ofWalks) full[unit] *= Math.max(1, invocationsToFill / Math.max(1, walking));
  for (const unit of ofProducts) full[unit] *= Math.max(1, invocationsToFill / Math.max(1, multiplying));
  return full;
}
