// Selects the cases of the tables that every implementation runs by default: the fewest that cover
// every kind of every kernel, every kind of cut, and every pair of options. The others,
// `npm test -- --all`, run the same kernels on other shapes.

import { type KernelPlan, planKernels } from "../../ts/gpu/kernel-plan.ts";
import { logLayoutOf } from "../../ts/gpu/logarithm.ts";
import { isObstacle } from "../../ts/gpu/obstacle.ts";
import { signatureVjp } from "../../ts/gpu/operations/signature-vjp.ts";
import type { LogSignatureBasis } from "../../ts/operations/log-signature-labels.ts";
import { type Case, optionsOf } from "../cases.ts";
import { chosenOf, eachOf, type Level, pairsOf, type Shown } from "../level.ts";
import { defaultLimits } from "./default-limits.ts";

type GradientCase = Case & { readonly pieces?: number };
type LogCase = Case & { readonly basis: LogSignatureBasis };

/**
 * The form of a case, and its cut into blocks, parts or segments of time, combined with each
 * option.
 */
function ownOf({ basepoint, form, initial, inverse, lead, name }: Case): string[] {
  const own = /^(blocks|long|cut)/.test(name) ? [name.split(",")[0]!] : [];
  const across = own
    .filter((words) => words.includes("cut in time"))
    .flatMap((words) => [`${words}, basepoint ${basepoint}, initial ${initial}`, `${words}, inverse ${inverse}`]);
  return [`form ${form}`, `leading dimensions ${lead.length}`, ...own, ...across];
}

/** Sizes that determine the kernel. */
function sizesOf(one: Case) {
  const { channels, depth, lengths, stream, algorithm, basepoint } = one;
  const points = Math.max(...lengths);
  const steps = points - (basepoint === "none" ? 1 : 0);
  return { channels, depth, batch: lengths.length, steps, stream, algorithm, points };
}

/**
 * Number of steps from a kernel's point of view: less than a tile, a tile, several; and whether a
 * path has no step.
 */
const timeOf = (steps: number, tile: number): string =>
  steps < 1 ? "no step" : steps < tile ? "part of a tile" : steps === tile ? "a tile" : "tiles";

/**
 * Properties that change the source of a walk beyond its numbers, and how its pieces are combined.
 */
function kindOf({ kernel, layout, pieces, followed, wholeLayout }: KernelPlan): string {
  if (!layout) return kernel;
  const { share, shares, tracks, workgroups, vector, slice, gathers } = layout;
  const several = tracks > 1 ? "of several tracks" : workgroups > 1 ? "of several workgroups" : "some";
  return [
    kernel,
    `levels ${Math.min(3, share.levels)}`,
    `rows ${share.rows < share.channels}`,
    `columns ${share.columns < share.channels}`,
    `vector ${vector}`,
    `slice ${slice > 0}`,
    `shares ${shares === 1 ? "one" : several}`,
    `gathers ${gathers}`,
    `pieces ${pieces === 1 ? "one" : gathers && pieces <= tracks ? "of a workgroup" : "several"}`,
    `followed ${followed !== undefined}`,
    `whole ${wholeLayout !== undefined}`,
  ].join(", ");
}

/** Pipelines are created per shape. */
const needsOf = ({ channels, depth, stream }: Case): string => `${channels} ${depth} ${stream}`;

function shownBySignature(one: Case): Shown {
  const sizes = sizesOf(one);
  const plan = planKernels(sizes, defaultLimits)!;
  const time = timeOf(sizes.steps, plan.layout?.tile ?? 1);
  const features = [kindOf(plan), ...pairsOf({ kernel: plan.kernel, time, ...optionsOf(one) }), ...ownOf(one)];
  return { features, needs: needsOf(one) };
}

function planOfGradient(one: GradientCase) {
  const { basepoint, initial, pieces } = one;
  const shape = { ...sizesOf(one), basepoint: basepoint !== "none", initial: initial !== "none", pieces };
  return signatureVjp.plan(shape, { input: "cpu", output: "cpu" }, defaultLimits);
}

function shownByGradient(one: GradientCase): Shown {
  const { depth } = one;
  const sizes = sizesOf(one);
  const plan = planOfGradient(one);
  if (isObstacle(plan)) return { features: [one.name] };
  const { kernel, flow, forward, pieces } = plan;
  const place =
    flow && `${flow.inRegisters}, tracks ${flow.tracks > 1}, pairs ${flow.pairs > flow.invocations}, tile ${flow.tile}`;
  const time = timeOf(sizes.steps, flow?.tile ?? 1);
  const features = [
    `${kernel}, ${place}, pieces ${pieces > 1}, depth ${Math.min(4, depth)}`,
    `${kernel}, signatures: ${forward.kernel}`,
    ...pairsOf({ kernel: pieces > 1 ? `${kernel} in pieces` : kernel, time, ...optionsOf(one) }),
    ...ownOf(one),
  ];
  return { features, needs: needsOf(one) };
}

function shownByLogarithm(one: LogCase): Shown {
  const { basis, channels, depth } = one;
  const { kernel, pieces } = planKernels(sizesOf(one), defaultLimits)!;
  const { rows, kept } = logLayoutOf(channels, depth, basis, defaultLimits)!;
  const own = `rows ${rows > 1}, kept ${kept > 0}, depth ${Math.min(5, depth)}, channels ${channels === 1}`;
  // What paths are like is the kernels' of signatures; logarithms see rows.
  const { stream, ragged, basepoint, initial, inverse } = optionsOf(one);
  const options = [`ragged ${ragged}, stream ${stream}`, `inverse ${inverse}`, `${basepoint}`, `initial ${initial}`];
  return {
    features: [own, `${own}, basis ${basis}`, `${kernel}, in pieces ${pieces > 1}`, `${basis}, ${stream}`, ...options],
    needs: `${needsOf(one)} ${basis}`,
  };
}

/** The cases of log-signatures to run. */
export const chosenLogarithms = <C extends LogCase>(cases: readonly C[], at?: Level) =>
  chosenOf(cases, shownByLogarithm, at);

/** Cuts depend on the kinds of input and output, hardly on kernels. */
function shownByCut(one: Case): Shown {
  const { kernel } = planKernels(sizesOf(one), defaultLimits)!;
  const options = eachOf(optionsOf(one));
  const { initial, basepoint, ragged } = optionsOf(one);
  return {
    features: [`kernel ${kernel}`, ...options, ...pairsOf({ initial, basepoint, ragged }), ...ownOf(one)],
    needs: needsOf(one),
  };
}

/** The cases to run on devices that report small limits. */
export const chosenForCuts = <C extends Case>(cases: readonly C[]) => chosenOf(cases, shownByCut);

/**
 * The next three select for a host whose implementation runs the chosen cases elsewhere: each
 * kernel by its name, each option, each form and cut.
 */
export const repeatedSignatures = <C extends Case>(cases: readonly C[]) => chosenOf(cases, shownByCut);

export const repeatedGradients = <C extends GradientCase>(cases: readonly C[]) =>
  chosenOf(cases, (one) => {
    const plan = planOfGradient(one);
    const kernel = isObstacle(plan) ? one.name : `${plan.kernel}, pieces ${plan.pieces > 1}`;
    return { features: [kernel, ...eachOf(optionsOf(one)), ...ownOf(one)], needs: needsOf(one) };
  });

export const repeatedLogarithms = <C extends LogCase>(cases: readonly C[]) =>
  chosenOf(cases, (one) => {
    const { kernel, pieces } = planKernels(sizesOf(one), defaultLimits)!;
    const features = [`${kernel}, pieces ${pieces > 1}`, `basis ${one.basis}`, ...eachOf(optionsOf(one))];
    return { features, needs: `${needsOf(one)} ${one.basis}` };
  });

/** The cases of signatures to run. */
export const chosenSignatures = <C extends Case>(cases: readonly C[], at?: Level) =>
  chosenOf(cases, shownBySignature, at);

/** The cases of gradients to run. */
export const chosenGradients = <C extends GradientCase>(cases: readonly C[], at?: Level) =>
  chosenOf(cases, shownByGradient, at);
