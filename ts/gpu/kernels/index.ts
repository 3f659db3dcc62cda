// The kernels: a name, bindings and a source for each. Sources are written when a pipeline is made.

import type { FlowLayout } from "../flow-layout.ts";
import type { Layout } from "../layout.ts";
import type { LogLayout } from "../logarithm.ts";
import type { BindingKind, Kernel } from "../pipelines.ts";
import { bracketSource } from "./bracket.wgsl.ts";
import { chenSource } from "./chen.wgsl.ts";
import { contractSource, type Side } from "./contract.wgsl.ts";
import { depthTwoSource } from "./depth-two.wgsl.ts";
import { endsSource } from "./ends.wgsl.ts";
import { finiteSource } from "./finite.wgsl.ts";
import { flowSource } from "./flow.wgsl.ts";
import { logarithmSource } from "./logarithm.wgsl.ts";
import { recoverySource } from "./recovery.wgsl.ts";
import { streamSource, wholeSource } from "./signature.wgsl.ts";
import { streamGradientsSource } from "./stream-gradients.wgsl.ts";
import { transportSource } from "./transport.wgsl.ts";

type Bindings = readonly BindingKind[];

/** points, lengths, basepoints, initials, out, found, listed. */
const pathBindings: Bindings = ["read", "read", "read", "read", "write", "write", "read"];
/** The same with the state after a block in place of the list. */
const stateBindings: Bindings = ["read", "read", "read", "read", "write", "write", "write"];
/** left, right, out. */
const chenBindings: Bindings = ["read", "read", "write"];
/** cotangents, factors, out, found. */
const contractBindings: Bindings = ["read", "read", "write", "write"];
/** signatures, table, out. */
const logBindings: Bindings = ["read", "read", "write"];
/** before, signatures, after. */
const transportBindings: Bindings = ["read", "read", "write"];
/** before, after. */
const bracketBindings: Bindings = ["read", "write"];
/** points, lengths, basepoints, functional, out, out_basepoint. */
const pointsBindings: Bindings = ["read", "read", "read", "write", "write", "write"];
/** points, lengths, basepoints, functional, out, signatures, cotangents, initials. */
const streamBindings: Bindings = ["read", "read", "read", "write", "write", "read", "read", "read"];

/** Pipelines belong to a device, and with it layouts: channels and depth are name enough. */
const kernel = (
  title: string,
  { channels, depth }: { readonly channels: number; readonly depth: number },
  bindings: Bindings,
  source: () => string,
  detail = "",
): Kernel => ({ name: `${title}, ${channels} channels, depth ${depth}${detail}`, bindings, source });

/** Whole paths and pieces of them may lie in workgroups differently: a kernel each. */
export const wholeKernel = (layout: Layout): Kernel => {
  const { gathers, share, tracks, invocations } = layout;
  const title = gathers ? "walk and products" : "walk";
  return kernel(title, share, pathBindings, () => wholeSource(layout), `, ${tracks} in ${invocations}`);
};

export const prunedKernel = (layout: Layout): Kernel =>
  kernel("pruned walk", layout.share, pathBindings, () => wholeSource(layout, true));

export const recoveryKernel = (channels: number, depth: number): Kernel =>
  kernel("recovery", { channels, depth }, pathBindings, () => recoverySource(channels, depth));

export const streamKernel = (layout: Layout, writesState = false): Kernel =>
  kernel(writesState ? "stream and state" : "stream", layout.share, writesState ? stateBindings : pathBindings, () =>
    streamSource(layout, writesState),
  );

export const chenKernel = (channels: number, depth: number): Kernel =>
  kernel("products", { channels, depth }, chenBindings, () => chenSource(channels, depth));

export const endsKernel = (channels: number, depth: number, writesState = false): Kernel =>
  kernel(writesState ? "ends and state" : "ends", { channels, depth }, writesState ? stateBindings : pathBindings, () =>
    endsSource(channels, depth, writesState),
  );

export const finiteKernel = (channels: number): Kernel => ({
  name: `finite, ${channels} channels`,
  bindings: pathBindings,
  source: () => finiteSource(channels),
});

export const contractKernel = (side: Side, channels: number, depth: number): Kernel =>
  kernel(`contraction on the ${side}`, { channels, depth }, contractBindings, () =>
    contractSource(side, channels, depth),
  );

export const logarithmKernel = (layout: LogLayout): Kernel =>
  kernel("logarithms", layout, logBindings, () => logarithmSource(layout), `, ${layout.basis}`);

export const bracketKernel = (channels: number, depth: number): Kernel =>
  kernel("brackets", { channels, depth }, bracketBindings, () => bracketSource(channels, depth));

export const transportKernel = (channels: number, depth: number): Kernel =>
  kernel("transport", { channels, depth }, transportBindings, () => transportSource(channels, depth));

export const flowKernel = (layout: FlowLayout): Kernel =>
  kernel("gradients", layout, pointsBindings, () => flowSource(layout));

export const depthTwoKernel = (channels: number, depth: number): Kernel =>
  kernel("gradients", { channels, depth }, pointsBindings, () => depthTwoSource(channels, depth));

export const streamGradientsKernel = (channels: number, depth: number): Kernel =>
  kernel("gradients of streams", { channels, depth }, streamBindings, () => streamGradientsSource(channels, depth));
