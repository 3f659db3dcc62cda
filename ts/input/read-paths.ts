// Paths as they were read, whatever container they came in.

import type { DTypeIndex, Kind, NumericView } from "./arrays.ts";
import type { Augmented } from "./augment/augmented.ts";
import type { Resident } from "./resident.ts";

/** What paths are windows of. */
export interface WindowsOf {
  readonly of: ReadPaths;
  /** Windows of each path; others, behind them, are the identity. */
  readonly counts: Uint32Array;
  /** Windows of a path, as many as the path with most has. */
  readonly perPath: number;
  /** The points of a window and from one to the next, where all windows are alike. */
  readonly sliding: { readonly length: number; readonly step: number } | undefined;
  /** What basepoints were given: none or the origin, one for all paths, or one for each. */
  basepoint: "none" | "shared" | "own";
}

/** Normalised paths. */
export class ReadPaths {
  /** All numbers. Plain arrays become a Float64Array. */
  view: NumericView;
  kind: Kind;
  /** Leading dimensions: none for a single path. */
  lead: readonly number[];
  /** Number of paths: the product of the leading dimensions. */
  batch: number;
  /** Points of the longest path. */
  points: number;
  channels: number;
  /** The number type that the input suggests. */
  dtype: DTypeIndex;
  /**
   * For a ragged batch: the index of the first point of each path, and the end. Points are stored
   * without padding. For windows: the index of the first point of each. Otherwise path i starts at
   * point i * points.
   */
  starts: Float64Array | undefined;
  /** Location of the numbers if they are on a device; `view` is then empty. */
  resident: Resident | undefined;
  /** Set where the paths are windows of others. */
  windows: WindowsOf | undefined;
  /**
   * Set where the paths are augmentations of others: points and channels are then those of the
   * augmented paths, `view` still holds what was given, and `starts` is not set.
   */
  augmented: Augmented | undefined;
  /** Names of the channels, where the input has them. */
  names: readonly string[] | undefined;

  constructor(
    view: NumericView,
    kind: Kind,
    lead: readonly number[],
    batch: number,
    points: number,
    channels: number,
    dtype: DTypeIndex,
    starts: Float64Array | undefined,
  ) {
    this.view = view;
    this.kind = kind;
    this.lead = lead;
    this.batch = batch;
    this.points = points;
    this.channels = channels;
    this.dtype = dtype;
    this.starts = starts;
    this.resident = undefined;
    this.windows = undefined;
    this.augmented = undefined;
    this.names = undefined;
  }
}

/** Number of points of path i of a ragged batch. */
export const pointsOf = (starts: Float64Array, i: number): number => (starts[i + 1] as number) - (starts[i] as number);
