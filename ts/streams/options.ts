// The options of streams: their types, and reading them.

import { type DType, type DTypeIndex, FLOAT64 } from "../input/arrays.ts";
import type { Augmentation } from "../input/augment/types.ts";
import { refuseBasepoint } from "../input/call.ts";
import { describe, rangeError, typeError } from "../input/errors.ts";
import { readDType } from "../input/options.ts";
import { checkChannels, checkDepth, sizeInRange } from "../input/size.ts";
import { unknownOption } from "../input/unknown-option.ts";
import { LiveAugment } from "./live-augment.ts";

/**
 * Options of `createSignatureStreams`. Unknown options are rejected.
 *
 * @typeParam T - number type of the results.
 */
export interface SignatureStreamsOptions<T extends DType = DType> {
  /**
   * d, the number of channels of a point: a whole number, at least 1.
   *
   * @example channels: 2
   */
  readonly channels: number;
  /**
   * N, the level at which signatures are truncated: a whole number, at least 1.
   *
   * @example depth: 3 // for 2 channels 2 + 4 + 8 = 14 numbers
   */
  readonly depth: number;
  /**
   * A point that precedes the first point, so that signatures depend on where paths start: `true`
   * for the origin, or (channels) numbers. Default none.
   *
   * @example basepoint: true
   */
  readonly basepoint?: boolean | ArrayLike<number> | undefined;
  /**
   * What is done to the points, as for `signature` (docs/augmentations.md), as far as it does not
   * depend on points that are to come: not `times` and `penOnOff`, which are channels to be pushed,
   * nor normalized time. With a `window`, also not `basepoint`, `invisibilityReset` and a lag above
   * 1. In place of `basepoint` there is an augmentation. Default none.
   *
   * @example augment: ["time", "leadLag"]
   */
  readonly augment?: readonly Augmentation[] | undefined;
  /**
   * Number type of the results. Signatures are kept in float64. Default "float64".
   *
   * @example dtype: "float32"
   */
  readonly dtype?: T | undefined;
}

/**
 * Options of `createSignatureStream`. Unknown options are rejected.
 *
 * @typeParam T - number type of the results.
 */
export interface SignatureStreamOptions<T extends DType = DType> extends SignatureStreamsOptions<T> {
  /**
   * Number of last points that the signature is of: a whole number, at least 1. `Infinity` keeps
   * all points, for `popFront`. Memory grows with the window: two signatures for each point.
   * Default: all points count and none is kept.
   *
   * @example window: 100
   */
  readonly window?: number | undefined;
}

/** The options as read. */
export interface ReadStreamOptions {
  /** Of the points that are given, and of those that they become. */
  readonly given: number;
  readonly channels: number;
  readonly depth: number;
  readonly size: number;
  readonly augment: LiveAugment | undefined;
  readonly basepoint: Float64Array | undefined;
  readonly dtype: DTypeIndex;
  /** 0: none. */
  readonly window: number;
}

const names = ["channels", "depth", "basepoint", "augment", "dtype", "window"];

function readBasepoint(value: unknown, channels: number): Float64Array | undefined {
  if (value === undefined || value === false) return undefined;
  if (value === true) return new Float64Array(channels);
  const argument = "options.basepoint";
  const accepted = `true, false or an array of ${channels} finite numbers`;
  if (!Array.isArray(value) && !ArrayBuffer.isView(value))
    throw typeError("BASEPOINT_TYPE", argument, describe(value), accepted);
  const numbers = Float64Array.from(value as ArrayLike<number>, Number);
  if (numbers.length !== channels) throw rangeError("BASEPOINT_SHAPE", argument, describe(value), accepted);
  const wrong = numbers.findIndex((x) => !Number.isFinite(x));
  if (wrong >= 0) throw rangeError("NOT_FINITE", argument, describe(numbers[wrong]), accepted, { channel: wrong });
  return numbers;
}

function readWindow(value: unknown): number {
  if (value === undefined) return 0;
  if (value !== Infinity && (!Number.isInteger(value) || (value as number) < 1))
    throw rangeError("WINDOW_INVALID", "options.window", describe(value), "a whole number from 1 on, or Infinity");
  return value as number;
}

/**
 * Reads options. @param hasWindow - whether `window` is one of them
 * @param streams - how many streams there are
 * @throws PathSignatureError OPTION_TYPE, OPTION_UNKNOWN, CHANNELS_INVALID, DEPTH_INVALID,
 *   SIZE_TOO_LARGE, BASEPOINT_TYPE, BASEPOINT_SHAPE, NOT_FINITE, DTYPE_INVALID, WINDOW_INVALID,
 *   AUGMENT_TYPE, AUGMENT_RANGE
 */
export function readStreamOptions(options: unknown, hasWindow: boolean, streams: number): ReadStreamOptions {
  if (typeof options !== "object" || options === null)
    throw typeError("OPTION_TYPE", "options", describe(options), "an object such as { channels: 2, depth: 3 }");
  const known = hasWindow ? names : names.slice(0, -1);
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw unknownOption(name, known);
  }
  const { channels: given, depth, basepoint, augment: list, dtype, window } = options as Record<string, unknown>;
  checkChannels(given, "options.channels");
  checkDepth(depth, "options.depth");
  const read = readDType(dtype);
  const length = readWindow(window);
  const augment = list === undefined ? undefined : new LiveAugment(list, given, streams, length > 0);
  if (augment !== undefined) refuseBasepoint({ basepoint });
  const channels = augment?.channels ?? given;
  return {
    given,
    channels,
    depth,
    size: sizeInRange(channels, depth, "options.depth"),
    augment,
    basepoint: readBasepoint(basepoint, channels),
    dtype: read === -1 ? FLOAT64 : read,
    window: length,
  };
}
