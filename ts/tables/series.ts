// What readers of tables and files return: paths that `signature` and the other functions take.

import type { PointsInput } from "../input/containers.ts";

/** What identifies a path in a table. */
export type Id = string | number | bigint | boolean;

/**
 * Paths of a table or a file, an input of `signature`: points of (channels) float64 numbers one
 * after the other, those of path i from offsets[i] to offsets[i + 1] − 1.
 */
export interface Series extends PointsInput {
  readonly data: Float64Array;
  readonly offsets: Float64Array;
  /** Names of the channels. */
  readonly channels: readonly string[];
  /** What identifies each path, in the order of the paths. */
  readonly ids: readonly Id[];
}
