// The constants of a machine from the times of calls on it. Pure.

import { type DeviceLimits, isObstacle, measuredOperation } from "../gpu/index.ts";
import { type Costs, type CpuCosts, cpuUnitNames, type GpuCosts, gpuUnitNames } from "./costs.ts";
import { unitsWhereFull } from "./estimate.ts";
import { fitLogarithms, median } from "./least-squares.ts";
import { shippedCosts } from "./shipped.ts";
import type { Trial } from "./trials.ts";

/** A call and the seconds that it took. */
export interface Timed extends Trial {
  readonly seconds: number;
}

/** What was measured of a machine. `JSON.stringify` keeps all of it. */
export interface Measured {
  readonly machine: string;
  readonly date: string;
  readonly cpu: readonly Timed[];
  readonly gpu?:
    | { readonly adapter: string; readonly limits: DeviceLimits; readonly calls: readonly Timed[] }
    | undefined;
}

/** The constants of a machine. */
export function fitCosts({ machine, date, cpu, gpu }: Measured): Costs {
  const fitted = gpu && fitGpu(gpu);
  return { version: 1, machine, date, cpu: fitCpu(cpu), ...(fitted && { gpu: fitted }) };
}

function fitCpu(timed: readonly Timed[]): CpuCosts {
  const plain = timed.filter(({ dtype, threads }) => dtype === "float32" && threads === 1);
  const units = plain.map((one) => {
    const counted = measuredOperation.cpuUnits(one);
    return cpuUnitNames.map((name) => counted[name]);
  });
  const { constants } = fitLogarithms({
    units,
    seconds: plain.map(({ seconds }) => seconds),
    likely: cpuUnitNames.map((name) => shippedCosts.cpu.seconds[name]),
  });
  const inWide = pairsOf(
    plain,
    timed.filter(({ dtype }) => dtype === "float64"),
  );
  const alone: CpuCosts = {
    seconds: named(cpuUnitNames, constants.map(rounded)),
    float64: rounded(median(inWide.map(({ one, other }) => other.seconds / one.seconds)) ?? shippedCosts.cpu.float64),
    threadsCall: 0,
    threadsEfficiency: 0,
  };
  const [small, large] = pairsOf(
    plain,
    timed.filter(({ threads }) => threads > 1),
  );
  if (!small || !large) return alone;
  const threadsCall = Math.max(0, small.other.seconds - small.one.seconds);
  const speedup = large.one.seconds / Math.max(large.other.seconds - threadsCall, 1e-9);
  const threadsEfficiency = Math.min(1, Math.max(0, (speedup - 1) / (large.other.threads - 1)));
  return { ...alone, threadsCall: rounded(threadsCall), threadsEfficiency: rounded(threadsEfficiency) };
}

/** Calls that are among both, in float64 or on more threads the second time. */
function pairsOf(timed: readonly Timed[], others: readonly Timed[]) {
  const nameOf = ({ batch, points, channels, depth, stream = false }: Timed) =>
    [batch, points, channels, depth, stream].join();
  const known = new Map(timed.map((one) => [nameOf(one), one]));
  return others.flatMap((other) => {
    const one = known.get(nameOf(other));
    return one ? [{ one, other }] : [];
  });
}

/** Sizes of a device that are tried: no API tells what fills it. */
const fillings = [1, 64, 256, 1024, 4096, 16384, 65536];

function fitGpu({ adapter, limits, calls }: NonNullable<Measured["gpu"]>): GpuCosts | undefined {
  const counted = calls.flatMap((one) => {
    const plan = measuredOperation.plan(one, one.residency, limits);
    if (isObstacle(plan)) return [];
    return [{ counts: measuredOperation.gpuCounts(one, one.residency, plan), seconds: one.seconds }];
  });
  if (counted.length === 0) return undefined;
  const fits = fillings.map((invocationsToFill) => {
    const fit = fitLogarithms({
      // Of several blocks some of it overlaps, which is left out: trials have one.
      units: counted.map(({ counts }) => {
        const units = unitsWhereFull(counts, invocationsToFill);
        return gpuUnitNames.map((name) => units[name]);
      }),
      seconds: counted.map(({ seconds }) => seconds),
      likely: gpuUnitNames.map((name) => shippedCosts.gpu.seconds[name]),
    });
    return { ...fit, invocationsToFill };
  });
  const { constants, invocationsToFill } = fits.reduce((a, b) => (b.loss < a.loss ? b : a));
  return { adapter, seconds: named(gpuUnitNames, constants.map(rounded)), invocationsToFill };
}

const rounded = (x: number): number => Number(x.toPrecision(4));
const named = <Name extends string>(names: readonly Name[], values: readonly number[]): Record<Name, number> =>
  Object.fromEntries(names.map((name, i) => [name, values[i]!])) as Record<Name, number>;
