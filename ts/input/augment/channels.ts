// The channels of augmented paths: how many there are, and what they are called.

import { describe, typeError } from "../errors.ts";
import { lengthOfList } from "../shape.ts";
import { checkChannels } from "../size.ts";
import { type ReadLayers, readLayers } from "./read.ts";
import type { Augmentation } from "./types.ts";

/** The channels' numbers, as names. */
export const numbersAsNames = (channels: number): string[] => Array.from({ length: channels }, (_, i) => `${i}`);

function namesOf(channels: unknown): readonly string[] {
  if (!Array.isArray(channels)) {
    checkChannels(channels, "channels");
    return numbersAsNames(channels);
  }
  if (lengthOfList(channels) < 1 || !channels.every((name) => typeof name === "string"))
    throw typeError("AUGMENT_TYPE", "channels", describe(channels), "their number, or a list of their names");
  return channels as string[];
}

/** The layers of paths that are not there: numbers for each point are not looked at. */
export const imagineLayers = (names: readonly string[], augment: unknown, argument: string): ReadLayers =>
  readLayers(augment, { names, perPoint: () => () => 0, checkTimes: () => {}, isObserved: () => true }, argument);

/**
 * Names of the channels of augmented paths, in their order: those that were there, `x·lead` and
 * `x·lag`, `time`, `visible`, `pen`, `x·sum`, `x·difference`, `projection 0`, …
 *
 * @param channels - the number of channels of the paths, or their names.
 * @param augment - as the option of `signature`.
 * @throws PathSignatureError AUGMENT_TYPE, AUGMENT_RANGE, CHANNELS_INVALID
 *
 * @example augmentedNames(["x", "y"], ["time", "leadLag"])
 * // ["x·lead", "y·lead", "time·lead", "x·lag", "y·lag", "time·lag"]
 */
export const augmentedNames = (channels: number | readonly string[], augment: readonly Augmentation[]): string[] => [
  ...imagineLayers(namesOf(channels), augment, "augment").names,
];

/**
 * The number of channels of augmented paths, for `signatureSize`, `words` and others.
 *
 * @param channels - the number of channels of the paths, or their names.
 * @param augment - as the option of `signature`.
 * @throws PathSignatureError AUGMENT_TYPE, AUGMENT_RANGE, CHANNELS_INVALID
 *
 * @example
 * augmentedChannels(2, ["time", "leadLag"]); // 6
 * signatureSize(augmentedChannels(2, ["time", "leadLag"]), 3); // 258
 */
export const augmentedChannels = (channels: number | readonly string[], augment: readonly Augmentation[]): number =>
  augmentedNames(channels, augment).length;
