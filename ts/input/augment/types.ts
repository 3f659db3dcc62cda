// Augmentations of paths and masks of points, as options name them. Types only.

import type { NumericView } from "../arrays.ts";
import type { TensorInput } from "../paths.ts";

/**
 * A number or a flag for each point, or for each number of each point: (length) or (length,
 * channels) for all paths, or (…batch, length) and so on, nested, as a tensor or flat. A ragged
 * batch has them one path after the other.
 */
export type PerPoint = NumericView | TensorInput | readonly (number | boolean | PerPoint)[];

/**
 * What is done to a path before its signature is computed. An option `augment` is a list of them,
 * in the order in which they are applied; each works on what the one before it gives. New channels
 * come behind those that are there.
 */
export type Augmentation =
  | AugmentationName
  /**
   * A channel `time`, from 0 at the first point on: the number of the point, or `times` less the
   * first of them, one for each point. `normalized`: divided by the last one, so from 0 to 1.
   */
  | { readonly time: { readonly times?: PerPoint | undefined; readonly normalized?: boolean | undefined } }
  /**
   * Each channel twice, 2 length − 1 points: the lead moves `lag` points ahead of the lag, by turns
   * one step of each. `order` says whose channels come first. Default lag 1, "lead-lag".
   */
  | { readonly leadLag: { readonly lag?: number | undefined; readonly order?: LeadLagOrder | undefined } }
  /** A point ahead of the first: the origin, or a number for each channel. */
  | { readonly basepoint: "origin" | readonly number[] }
  /**
   * A channel `visible`, 1 along the path, and two points more. "terminal", the default: at the end
   * it falls to 0, and the path returns to the origin. "initial": from the origin to the first
   * point, where it rises to 1.
   */
  | { readonly invisibilityReset: "terminal" | "initial" }
  /** A channel `pen`: 1 where the pen is on, 0 where it is off, given for each point. */
  | { readonly penOnOff: PerPoint }
  /** Some channels, by their indices or names, in this order. */
  | { readonly select: readonly (number | string)[] }
  /** All channels times a number, or each times its own. */
  | { readonly scale: number | readonly number[] }
  /** Sums of channels: a matrix (new channels, channels), or a random one. */
  | { readonly coordinateProjections: readonly (readonly number[])[] | RandomProjections };

/** Augmentations that need no settings. */
export type AugmentationName =
  | "time"
  | "leadLag"
  | "basepoint"
  | "invisibilityReset"
  /** Point t becomes the sum of the points up to t. */
  | "cumulativeSum"
  /** The differences of consecutive points, length − 1 of them; of a single point the origin. */
  | "differences"
  /** With `mask: { missing }`: a channel `pen`, 1 where all channels were observed, else 0. */
  | "penOnOff";

/** Whether the channels of the lead come first, or those of the lag. */
export type LeadLagOrder = "lead-lag" | "lag-lead";

/** A random matrix of `channels` rows, nearly normal numbers of variance 1 / channels. */
export interface RandomProjections {
  readonly channels: number;
  /** A whole number from 0 to 2^32 − 1, default 0: equal seeds give equal matrices everywhere. */
  readonly seed?: number | undefined;
}

/**
 * What of the paths is not there. `skip`: points that are left out, (…batch, length). `missing`:
 * numbers in whose place the one before them of their channel stands, (…batch, length, channels);
 * ahead of a channel's first number, the first one. Nonzero and true mark what is not there;
 * "nan" says that NaN does.
 */
export type Mask = { readonly skip: "nan" | PerPoint } | { readonly missing: "nan" | PerPoint };
