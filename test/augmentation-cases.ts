// Lists of augmentations for tests of everything that takes them: each alone, in pairs, and long
// lists.

import { type Augmentation, augmentedChannels, signature } from "../ts/index.ts";
import type { Path } from "./materialised.ts";
import { makePath, random } from "./paths.ts";

export const pathsOf = (lengths: readonly number[], channels: number, seed = 0): Path[] =>
  lengths.map((length, i) => makePath("walk", length, channels, random(31 * i + channels + seed)));

/** Every augmentation in every form, for paths of `channels` channels and at most 12 points. */
export const forms = (channels: number): Augmentation[] => {
  const next = random(5);
  const numbers = (count: number) => Array.from({ length: count }, () => next() - 0.5);
  return [
    "time",
    { time: { normalized: true } },
    "leadLag",
    { leadLag: { lag: 3, order: "lag-lead" } },
    "basepoint",
    { basepoint: numbers(channels) },
    "invisibilityReset",
    { invisibilityReset: "initial" },
    "cumulativeSum",
    "differences",
    { select: Array.from({ length: channels }, (_, c) => channels - 1 - c) },
    { scale: 0.3 },
    { scale: numbers(channels) },
    { coordinateProjections: [numbers(channels), numbers(channels)] },
  ];
};

export const times = [3, 3, 3.5, 4.25, 5, 8, 8.5, 9, 10.125, 11, 12, 20];
export const pen = [1, 1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1];
/** Forms that need a number for each point. */
export const perPoint: Augmentation[] = [{ time: { times } }, { time: { times, normalized: true } }, { penOnOff: pen }];

export const indices = (channels: number) => Array.from({ length: channels }, (_, c) => `${c}`);

export const lists = (channels: number): Augmentation[][] => {
  const alone = [...perPoint, ...forms(channels)].map((one) => [one]);
  const pairs = alone.flatMap(([first]) => {
    const behind = augmentedChannels(channels, [first!]);
    return forms(behind).map((second) => [first!, second]);
  });
  return [...alone, ...pairs];
};

/** Lists that have everything in them. */
export const few: Augmentation[][] = [
  ["time", "leadLag"],
  [{ time: { times, normalized: true } }, "basepoint", { leadLag: { lag: 2, order: "lag-lead" } }],
  ["basepoint", "cumulativeSum", "invisibilityReset"],
  [{ penOnOff: pen }, "differences", { select: ["pen·difference", 0] }, { invisibilityReset: "initial" }],
  [{ coordinateProjections: { channels: 3, seed: 9 } }, "cumulativeSum", { scale: [2, -1, 0.5] }],
];

/** The matrix of random projections, from what they make of the coordinates. */
export const matrixOf = (channels: number, to: number, seed: number): number[][] => {
  const unit = (c: number) => Array.from({ length: channels }, (_, i) => (i === c ? 1 : 0));
  const columns = indices(channels).map((_, c) => [
    ...signature([unit(c).fill(0), unit(c)], {
      depth: 1,
      augment: [{ coordinateProjections: { channels: to, seed } }],
    }).data,
  ]);
  return Array.from({ length: to }, (_, r) => columns.map((column) => column[r]!));
};

/** The same list with the matrices of random projections written out. */
export const plain = (augment: readonly Augmentation[], channels: number): Augmentation[] =>
  augment.map((one) => {
    const random = typeof one === "object" && "coordinateProjections" in one && one.coordinateProjections;
    return random && "channels" in random
      ? { coordinateProjections: matrixOf(channels, random.channels, random.seed ?? 0) }
      : one;
  });

/** Augmentations that need no number for each point. */
export const withoutPoints = (augment: readonly Augmentation[]): Augmentation[] =>
  augment
    .filter((one) => typeof one === "string" || !("time" in one || "penOnOff" in one))
    .map((one) => (typeof one === "object" && "select" in one ? { select: [0] } : one));

/**
 * Wrong lists for paths of two channels and twelve points, the kind of error, and what its message
 * says.
 */
export const bad: [unknown, string, string][] = [
  ["time", "TYPE", 'must be an array, such as ["time"'],
  [{ time: {} }, "TYPE", "must be an array"],
  [["leadlag"], "TYPE", 'did you mean "leadLag"?'],
  [["shuffle"], "TYPE", "one of time, leadLag"],
  [[5], "TYPE", "a name such as"],
  [[{}], "TYPE", "a name such as"],
  [[{ time: {}, scale: 2 }], "TYPE", "a name such as"],
  [["scale"], "TYPE", "{ scale: settings }"],
  [[{ differences: true }], "TYPE", "which has no settings"],
  [[{ time: { Times: [1] } }], "TYPE", 'did you mean "times"?'],
  [[{ time: { times: "now" } }], "TYPE", "a list of numbers"],
  [[{ time: { times: [1, 2] } }], "RANGE", "12, one for each point"],
  [[{ time: { times: times.toReversed() } }], "RANGE", "do not decrease"],
  [[{ time: { normalized: 1 } }], "TYPE", "true or false"],
  [["leadLag", { time: { times } }], "TYPE", "ahead of leadLag"],
  [["basepoint", { penOnOff: pen }], "TYPE", "ahead of basepoint"],
  [["penOnOff"], "TYPE", "mask: { missing }"],
  [[{ leadLag: { lag: 0 } }], "RANGE", "a whole number from 1"],
  [[{ leadLag: { lag: 1.5 } }], "RANGE", "a whole number from 1"],
  [[{ leadLag: { order: "lead" } }], "TYPE", '"lead-lag" or "lag-lead"'],
  [[{ leadLag: 2 }], "TYPE", "an object with lag, order"],
  [[{ basepoint: [1] }], "RANGE", "2 numbers"],
  [[{ basepoint: "start" }], "TYPE", '"origin"'],
  [[{ invisibilityReset: "end" }], "TYPE", '"terminal" or "initial"'],
  [[{ select: [] }], "TYPE", "an array of channels"],
  [[{ select: [2] }], "RANGE", "from 0 to 1"],
  [["time", { select: ["tme"] }], "TYPE", 'did you mean "time"?'],
  [[{ scale: Number.NaN }], "RANGE", "a finite number"],
  [[{ scale: [1, 2, 3] }], "RANGE", "2 numbers"],
  [[{ coordinateProjections: [] }], "RANGE", "a row of numbers"],
  [[{ coordinateProjections: [[1]] }], "RANGE", "2 numbers"],
  [[{ coordinateProjections: { channels: 0 } }], "RANGE", "a whole number from 1"],
  [[{ coordinateProjections: { channels: 2, seed: -1 } }], "RANGE", "a whole number from 0"],
];

/** Wrong masks of these paths, and the codes of the errors. */
export const badMasks: [unknown, string][] = [
  ["nan", "AUGMENT_TYPE"],
  [{ skip: [1], missing: [1] }, "AUGMENT_TYPE"],
  [{ keep: [1] }, "AUGMENT_TYPE"],
  [{ skip: "NaN" }, "AUGMENT_TYPE"],
  [{ skip: 5 }, "AUGMENT_TYPE"],
  [{ skip: ["a"] }, "AUGMENT_TYPE"],
  [{ skip: [1, 0] }, "AUGMENT_RANGE"],
  [{ missing: [1, 0] }, "AUGMENT_RANGE"],
  [{ skip: new Array(12).fill(1) }, "AUGMENT_RANGE"],
];
