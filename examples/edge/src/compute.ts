// Estimates the cost of a call, refuses what is too expensive, and makes the call.

import { type SignatureOf, type SignatureOptions, signature, signatureSize } from "path-signature";
import { limits } from "./limits.ts";
import { Problem } from "./problem.ts";
import type { Body } from "./ragged.ts";

interface Size {
  readonly batch: number;
  readonly points: number;
  readonly channels: number;
}

const lengthOf = (value: unknown): number => (Array.isArray(value) ? value.length : 0);

/**
 * The size of the paths as far as it can be determined; the library reports what is wrong with
 * them.
 */
function sizeOf({ paths }: Body): Size {
  if ("shape" in paths) {
    const [channels = 0, points = 0, ...lead] = Array.from(paths.shape).reverse();
    return { batch: lead.reduce((a, b) => a * b, 1), points, channels };
  }
  const nested = paths as readonly unknown[];
  const [first] = nested;
  if (!Array.isArray(first) || !Array.isArray(first[0]))
    return { batch: 1, points: nested.length, channels: lengthOf(first) };
  const points = nested.reduce((most: number, path) => Math.max(most, lengthOf(path)), 0);
  return { batch: nested.length, points, channels: lengthOf(first[0]) };
}

/**
 * How many numbers the answer holds; 0 if the paths are none, of which the library says more.
 * @throws Problem 413, 422
 */
export function answerSize(body: Body, options: SignatureOptions): number {
  const { batch, points, channels } = sizeOf(body);
  if (channels > limits.channels)
    throw new Problem(422, "paths", `Paths may have ${limits.channels} channels; these have ${channels}.`);
  if (channels === 0) return 0;
  const size = signatureSize(channels, options.depth, { scalarTerm: options.scalarTerm });
  const prefixes = options.basepoint ? points : points - 1;
  const numbers = batch * (options.stream ? prefixes : 1) * size;
  if (numbers > limits.numbers)
    throw new Problem(413, "depth", `An answer may hold ${limits.numbers} numbers; this one would hold ${numbers}.`);
  if (batch * points * size > limits.work)
    throw new Problem(413, "body", `${batch * points} points to ${size} coefficients each are too much for a request.`);
  return numbers;
}

/** @throws the library's errors */
export function compute({ paths, lengths }: Body, options: SignatureOptions): SignatureOf {
  return signature(paths, lengths ? { ...options, lengths } : options);
}
