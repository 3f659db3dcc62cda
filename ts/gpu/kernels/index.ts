// The kernels by name: what makes a pipeline of each. Sources are written when a pipeline is made.

import type { FlowLayout } from "../flow-layout.ts";
import type { Layout } from "../layout.ts";
import type { BindingKind, Kernel } from "../pipelines.ts";
import { bracketSource } from "./bracket.wgsl.ts";
import { chenSource } from "./chen.wgsl.ts";
import { contractSource, type Side } from "./contract.wgsl.ts";
import { depthTwoSource } from "./depth-two.wgsl.ts";
import { endsSource } from "./ends.wgsl.ts";
import { finiteSource } from "./finite.wgsl.ts";
import { flowSource } from "./flow.wgsl.ts";
import { recoverySource } from "./recovery.wgsl.ts";
import { streamSource, wholeSource } from "./signature.wgsl.ts";
import { streamGradientsSource } from "./stream-gradients.wgsl.ts";
import { transportSource } from "./transport.wgsl.ts";

/** points, lengths, basepoints, initials, out, found, listed. */
const pathBindings: readonly BindingKind[] = ["read", "read", "read", "read", "write", "write", "read"];
/** The same with the state after a block in place of the list. */
const stateBindings: readonly BindingKind[] = ["read", "read", "read", "read", "write", "write", "write"];
const chenBindings: readonly BindingKind[] = ["read", "read", "write"];
/** cotangents, factors, out, found. */
const contractBindings: readonly BindingKind[] = ["read", "read", "write", "write"];
/** before, signatures, after. */
const transportBindings: readonly BindingKind[] = ["read", "read", "write"];
/** before, after. */
const bracketBindings: readonly BindingKind[] = ["read", "write"];
/** points, lengths, basepoints, functional, out, out_basepoint. */
const pointsBindings: readonly BindingKind[] = ["read", "read", "read", "write", "write", "write"];

/** points, lengths, basepoints, functional, out, signatures, cotangents, initials. */
const streamBindings: readonly BindingKind[] = ["read", "read", "read", "write", "write", "read", "read", "read"];

/** Layouts depend on the device's limits, and pipelines are a device's own: channels and depth are name enough. */
const shape = (channels: number, depth: number): string => `${channels} channels, depth ${depth}`;

/** Whole paths and pieces of them may lie in workgroups differently: a kernel each. */
export const wholeKernel = (layout: Layout): Kernel => ({
  name: `walk${layout.gathers ? " and products" : ""}, ${shape(layout.share.channels, layout.share.depth)}, ${layout.tracks} in ${layout.invocations}`,
  bindings: pathBindings,
  source: () => wholeSource(layout),
});

export const prunedKernel = (layout: Layout): Kernel => ({
  name: `pruned walk, ${shape(layout.share.channels, layout.share.depth)}`,
  bindings: pathBindings,
  source: () => wholeSource(layout, true),
});

export const recoveryKernel = (channels: number, depth: number): Kernel => ({
  name: `recovery, ${shape(channels, depth)}`,
  bindings: pathBindings,
  source: () => recoverySource(channels, depth),
});

export const streamKernel = (layout: Layout, writesState = false): Kernel => ({
  name: `stream${writesState ? " and state" : ""}, ${shape(layout.share.channels, layout.share.depth)}`,
  bindings: writesState ? stateBindings : pathBindings,
  source: () => streamSource(layout, writesState),
});

export const chenKernel = (channels: number, depth: number): Kernel => ({
  name: `products, ${shape(channels, depth)}`,
  bindings: chenBindings,
  source: () => chenSource(channels, depth),
});

export const endsKernel = (channels: number, depth: number, writesState = false): Kernel => ({
  name: `ends${writesState ? " and state" : ""}, ${shape(channels, depth)}`,
  bindings: writesState ? stateBindings : pathBindings,
  source: () => endsSource(channels, depth, writesState),
});

export const finiteKernel = (channels: number): Kernel => ({
  name: `finite, ${channels} channels`,
  bindings: pathBindings,
  source: () => finiteSource(channels),
});

export const contractKernel = (side: Side, channels: number, depth: number): Kernel => ({
  name: `contraction on the ${side}, ${shape(channels, depth)}`,
  bindings: contractBindings,
  source: () => contractSource(side, channels, depth),
});

export const bracketKernel = (channels: number, depth: number): Kernel => ({
  name: `brackets, ${shape(channels, depth)}`,
  bindings: bracketBindings,
  source: () => bracketSource(channels, depth),
});

export const transportKernel = (channels: number, depth: number): Kernel => ({
  name: `transport, ${shape(channels, depth)}`,
  bindings: transportBindings,
  source: () => transportSource(channels, depth),
});

export const flowKernel = (layout: FlowLayout): Kernel => ({
  name: `gradients, ${shape(layout.channels, layout.depth)}`,
  bindings: pointsBindings,
  source: () => flowSource(layout),
});

export const depthTwoKernel = (channels: number, depth: number): Kernel => ({
  name: `gradients, ${shape(channels, depth)}`,
  bindings: pointsBindings,
  source: () => depthTwoSource(channels, depth),
});

export const streamGradientsKernel = (channels: number, depth: number): Kernel => ({
  name: `gradients of streams, ${shape(channels, depth)}`,
  bindings: streamBindings,
  source: () => streamGradientsSource(channels, depth),
});
