// How logarithms of signatures lie in workgroups, and what they take: the counterpart of
// crates/kernels/src/ops/log_signature/program.rs. Pure arithmetic; kernels/logarithm.wgsl.ts
// computes them.
//
// On the CPU signatures are known on followed words only, so everything there follows from Lyndon
// words. Here whole signatures are there, and identity (1) of docs/log-signatures.md is used on all
// words below the top level: as many invocations as a level has words, one barrier a level, and
// nothing is read that says what to do. On the top level only words that coordinates need are
// computed.

import { countCoefficients } from "../input/size.ts";
import { countCoordinates, type LogSignatureBasis } from "../operations/log-signature-labels.ts";
import type { WorkgroupLimits } from "./layout.ts";

/** How the kernel of logarithms lies in a workgroup. */
export interface LogLayout {
  readonly channels: number;
  readonly depth: number;
  readonly basis: LogSignatureBasis;
  /** Levels that have to be computed: with one channel all but the first are zero. */
  readonly levels: number;
  /** Signatures of a workgroup. */
  readonly rows: number;
  /** Numbers that a signature's logarithm needs on the way. */
  readonly values: number;
  /** Words of the top level that are kept among them, for coordinates in brackets. */
  readonly kept: number;
}

export const logInvocations = 64;
/** Words of the top level that each invocation computes, where signatures are small. */
const wordsEach = 4;
/** The workgroup memory that every device has. */
const usualStorage = 16384;

/** Where E_m begins among the values of a row; E_0 is the logarithm, the last what follows. */
export function logOffsets(channels: number, levels: number): number[] {
  const offsets = [0];
  for (let m = 0; m < levels; m++) offsets.push(offsets[m]! + countCoefficients(channels, levels - (m || 1)));
  return offsets;
}

/** Words of the top level that coordinates depend on. */
function topWords(channels: number, levels: number, basis: LogSignatureBasis): number {
  const all = countCoordinates(channels, levels, basis);
  return levels === 1 ? all : all - countCoordinates(channels, levels - 1, basis);
}

/** The layout; `undefined` where one signature's numbers do not fit the memory of a workgroup. */
export function logLayoutOf(
  channels: number,
  depth: number,
  basis: LogSignatureBasis,
  { maxComputeWorkgroupStorageSize }: Pick<WorkgroupLimits, "maxComputeWorkgroupStorageSize">,
): LogLayout | undefined {
  const levels = channels === 1 ? 1 : depth;
  const top = topWords(channels, levels, basis);
  const kept = basis === "lyndon" || basis === "hall" ? top : 0;
  // At least one, so that there is an array.
  const values = Math.max(1, logOffsets(channels, levels).at(-1)! + kept);
  if (4 * values > maxComputeWorkgroupStorageSize) return undefined;
  const fitting = Math.floor(usualStorage / 4 / values);
  const rows = Math.max(1, Math.min(logInvocations, fitting, Math.floor((wordsEach * logInvocations) / top)));
  return { channels, depth, basis, levels, rows, values, kept };
}

/** Multiply-adds of a logarithm; reading a coefficient counts as one. */
export function logOperations(channels: number, depth: number, basis: LogSignatureBasis): number {
  const levels = channels === 1 ? 1 : depth;
  let sum = topWords(channels, levels, basis) * levels;
  for (let k = 1; k < levels; k++) sum += channels ** k * k * (levels - k + 1);
  return sum;
}
