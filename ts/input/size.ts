// The number of coefficients of a truncated signature. `signatureSize` alone needs only this file
// and errors.ts, so it stays small.

import { brief, rangeError, typeError } from "./errors.ts";

/** Sizes from here on are rejected: indices and addresses in WebAssembly are 32-bit. */
export const sizeLimit = 2 ** 31;

/** d + d² + … + d^N, unchecked; `Infinity` if float64 overflows. */
export function countCoefficients(channels: number, depth: number): number {
  if (channels === 1) return depth;
  let level = 1;
  let size = 0;
  for (let k = 0; k < depth && level !== Infinity; k++) {
    level *= channels;
    size += level;
  }
  return size;
}

/** The error for a size that reaches {@link sizeLimit} or exceeds another bound, `accepted`. */
export function tooLarge(
  channels: number,
  depth: number,
  size: number,
  argument: string,
  accepted = "such that a signature has fewer than 2^31 numbers",
): Error {
  const numbers = size < 2 ** 53 ? size : "more than 2^53";
  return rangeError(
    "SIZE_TOO_LARGE",
    argument,
    `depth ${depth} of ${channels} channels, a signature of ${numbers} numbers`,
    accepted,
  );
}

function checkWhole(value: unknown, code: "DEPTH_INVALID" | "CHANNELS_INVALID", argument: string): void {
  if (!Number.isInteger(value) || (value as number) < 1)
    throw rangeError(code, argument, brief(value), "a whole number from 1 on");
}

/** Throws unless `depth` is a whole number and at least 1. */
export function checkDepth(depth: unknown, argument: string): asserts depth is number {
  checkWhole(depth, "DEPTH_INVALID", argument);
}

/** Throws unless `channels` is a whole number and at least 1. */
export function checkChannels(channels: unknown, argument: string): asserts channels is number {
  checkWhole(channels, "CHANNELS_INVALID", argument);
}

/** The number of coefficients. @throws SIZE_TOO_LARGE for `argument`, the one that has the depth */
export function sizeInRange(channels: number, depth: number, argument: string, accepted?: string): number {
  const size = countCoefficients(channels, depth);
  if (size >= sizeLimit) throw tooLarge(channels, depth, size, argument, accepted);
  return size;
}

/** Checks channels and depth, and that the size is in range. */
export function checkedSize(channels: unknown, depth: unknown): number {
  checkChannels(channels, "channels");
  checkDepth(depth, "depth");
  return sizeInRange(channels, depth, "depth");
}

/** Options of {@link signatureSize} and `words`. */
export interface LayoutOptions {
  /**
   * Count the leading 1, the coefficient of the empty word. Default false.
   *
   * @example scalarTerm: true
   */
  readonly scalarTerm?: boolean | undefined;
}

/** Reads `scalarTerm` and rejects every other option. */
export function scalarTermOf(options: LayoutOptions | undefined): boolean {
  if (options === undefined) return false;
  if (typeof options !== "object" || options === null)
    throw typeError("OPTION_TYPE", "options", brief(options), "an object");
  let scalarTerm: unknown;
  // Own properties only, each read once.
  for (const key of Object.keys(options)) {
    if (key !== "scalarTerm") throw typeError("OPTION_UNKNOWN", `options.${key}`, brief(key), "one of scalarTerm");
    ({ scalarTerm } = options);
  }
  if (scalarTerm === undefined) return false;
  if (typeof scalarTerm !== "boolean")
    throw typeError("OPTION_TYPE", "options.scalarTerm", brief(scalarTerm), "true or false");
  return scalarTerm;
}

/**
 * Number of coefficients of a signature: d + d² + … + d^N for d channels and depth N, one more with
 * the scalar term.
 *
 * @param channels - d, the dimension of the path's space, at least 1.
 * @param depth - N, the level at which the signature is truncated, at least 1.
 * @throws PathSignatureRangeError CHANNELS_INVALID, DEPTH_INVALID, SIZE_TOO_LARGE (from 2^31 on).
 *
 * @example signatureSize(3, 4) // 120
 */
export function signatureSize(channels: number, depth: number, options?: LayoutOptions): number {
  const size = checkedSize(channels, depth);
  return scalarTermOf(options) ? size + 1 : size;
}
