// Augmented paths, as paths: those that were given, in other words points and channels of the
// result of their augmentations, which staging computes.

import type { Call } from "../call.ts";
import { rangeError } from "../errors.ts";
import { ReadPaths } from "../read-paths.ts";
import { Augmented } from "./augmented.ts";
import { numbersAsNames } from "./channels.ts";
import { readPointNumbers } from "./per-point.ts";
import { type Context, type ReadPerPoint, readLayers } from "./read.ts";
import { PointSource } from "./source.ts";

/** The numbers that are given for the points of a source. */
const perPointOf =
  (source: PointSource): ReadPerPoint =>
  (value, argument) => {
    const { paths } = source.raw;
    const { numbers, isShared } = readPointNumbers(value, argument, 1, paths.windows?.of ?? paths);
    return (item, t) => numbers[source.indexOf(item, t) - (isShared ? source.startOfPath(item) : 0)] as number;
  };

const checkTimesOf =
  (source: PointSource): Context["checkTimes"] =>
  (at, argument) => {
    const { raw } = source;
    for (let path = 0; path < raw.batch; path++) {
      let before = Number.NEGATIVE_INFINITY;
      for (let t = 0, n = source.pointsOf(path); t < n; t++) {
        const time = at(path, t);
        if (!Number.isFinite(time) || time < before) {
          const given = `${time} at path ${path}, point ${t}`;
          throw rangeError("AUGMENT_RANGE", argument, given, "finite numbers that do not decrease", { path, point: t });
        }
        before = time;
      }
    }
  };

/**
 * Reads the augmentations and the mask of a call for the points that were given.
 * @param names - those of the arguments, in errors
 * @throws PathSignatureError AUGMENT_TYPE, AUGMENT_RANGE
 */
export function readAugmented(
  raw: Call,
  augment: unknown,
  mask: unknown,
  names: { readonly augment: string; readonly mask: string } = { augment: "options.augment", mask: "options.mask" },
): { readonly paths: ReadPaths; readonly lengths: Uint32Array | undefined } {
  const { view, kind, lead, batch, dtype, channels, names: given, resident, windows } = raw.paths;
  const source = new PointSource(raw, mask, names.mask);
  const context: Context = {
    names: given ?? numbersAsNames(channels),
    perPoint: perPointOf(source),
    checkTimes: checkTimesOf(source),
    isObserved: source.isFilled ? (item, t) => source.isObserved(source.indexOf(item, t)) : undefined,
  };
  const { layers, names: channelNames } = readLayers(augment ?? [], context, names.augment);
  const augmented = new Augmented(source, layers);
  let longest = augmented.pointsOfLength(raw.points);
  let own: Uint32Array | undefined;
  if (batch > 0 && (source.pointsOfAll === undefined || windows !== undefined)) {
    own = Uint32Array.from({ length: batch }, (_, item) => augmented.pointsOf(item));
    longest = own.reduce((most, n) => Math.max(most, n), 1);
    if (own.every((n) => n === longest)) own = undefined;
  }
  const paths = new ReadPaths(view, kind, lead, batch, longest, augmented.channels, dtype, undefined);
  paths.resident = resident;
  paths.windows = windows;
  paths.names = channelNames;
  paths.augmented = augmented;
  return { paths, lengths: own };
}
