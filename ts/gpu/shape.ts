// The shape of a call: all that plans and costs depend on. Pure counting.

import type { Call } from "../input/call.ts";
import type { Algorithm } from "../input/options.ts";
import { countCoefficients } from "../input/size.ts";
import { HORNER, PRUNED, SCALAR_TERM } from "../wasm/abi.ts";

/** The shape of a call, as far as its plan and its cost depend on it. */
export interface CallShape {
  /** Paths. */
  readonly batch: number;
  /** Points of the longest path. */
  readonly points: number;
  readonly channels: number;
  readonly depth: number;
  /** Whether every prefix's signature is wanted. Default false. */
  readonly stream?: boolean | undefined;
  /** Whether a basepoint comes before each path: one step more. Default false. */
  readonly basepoint?: boolean | undefined;
  /** Whether paths continue signatures. Default false. */
  readonly initial?: boolean | undefined;
  /** Whether rows begin with a scalar term. Default true, which needs more memory. */
  readonly scalarTerm?: boolean | undefined;
  /** Default "auto". */
  readonly algorithm?: Algorithm | undefined;
  /** Points of all paths together, where they differ in length. Default batch × points. */
  readonly totalPoints?: number | undefined;
  /** Pieces of a path's time where they are not to be chosen, for measurements. */
  readonly pieces?: number | undefined;
}

/** Where a call's numbers are, and where its result is wanted. */
export interface Residency {
  readonly input: "cpu" | "gpu";
  readonly output: "cpu" | "gpu";
}

/** What follows from a shape. */
export interface Sizes {
  /** Steps of the longest path. */
  readonly steps: number;
  /** Points and steps of all paths. */
  readonly totalPoints: number;
  readonly totalSteps: number;
  /** Numbers of a signature without its scalar term, and of a row. */
  readonly size: number;
  readonly row: number;
  /** Signatures returned for each path. */
  readonly rows: number;
}

export function sizesOf(shape: CallShape): Sizes {
  const { batch, points, channels, depth, stream = false, basepoint = false, scalarTerm = true } = shape;
  const { totalPoints = batch * points } = shape;
  const size = countCoefficients(channels, depth);
  const steps = points - (basepoint ? 0 : 1);
  return {
    steps,
    totalPoints,
    totalSteps: totalPoints - (basepoint ? 0 : batch),
    size,
    row: size + (scalarTerm ? 1 : 0),
    rows: stream ? steps : 1,
  };
}

/** The shape of a call that was read. */
export function callShapeOf(call: Call): CallShape {
  const { batch, points, channels, depth, stream, basepoint, initial, lengths, bits } = call;
  return {
    batch,
    points,
    channels,
    depth,
    stream,
    basepoint: basepoint !== undefined,
    initial: initial !== undefined,
    scalarTerm: (bits & SCALAR_TERM) !== 0,
    algorithm: (bits & HORNER) !== 0 ? "horner" : (bits & PRUNED) !== 0 ? "pruned" : "auto",
    totalPoints: lengths?.reduce((sum, n) => sum + n, 0),
  };
}
