// Splits utterances into training and held-out set, where the data does not. Deterministic: the
// same file gives the same split everywhere.

import { Fault } from "./fault.ts";
import type { Recordings, Utterance } from "./recordings.ts";

export interface Split {
  readonly train: readonly Utterance[];
  readonly test: readonly Utterance[];
  /** How the split was made, in a sentence. */
  readonly rule: string;
}

/** One in this many utterances of each speaker is held out. */
const share = 4;

/**
 * Holds out every fourth utterance of each speaker, in the order of the file; of two or three the
 * last; of a single one none.
 * @throws Fault where there are fewer than two classes or nothing to test.
 */
export function holdOut({ file, utterances }: Recordings): Split {
  const bySpeaker = new Map<string, Utterance[]>();
  for (const utterance of utterances) {
    const own = bySpeaker.get(utterance.speaker);
    if (own) own.push(utterance);
    else bySpeaker.set(utterance.speaker, [utterance]);
  }
  if (bySpeaker.size < 2) {
    throw new Fault(`${file}: all utterances are by one speaker; there have to be two or more to tell apart.`);
  }
  const heldOut = new Set<Utterance>();
  let few = 0;
  let single = 0;
  for (const own of bySpeaker.values()) {
    const step = Math.min(share, own.length);
    if (step === 1) single++;
    else if (step < share) few++;
    if (step > 1) for (let i = step - 1; i < own.length; i += step) heldOut.add(own[i] as Utterance);
  }
  if (heldOut.size === 0) {
    throw new Fault(`${file}: each speaker has a single utterance; none can be held out to test what was learned.`);
  }
  const rule = [
    "every fourth of each speaker, in the file's order",
    few > 0 ? `of speakers with two or three the last (${few})` : "",
    single > 0 ? `of speakers with a single one none (${single})` : "",
  ];
  return {
    train: utterances.filter((utterance) => !heldOut.has(utterance)),
    test: utterances.filter((utterance) => heldOut.has(utterance)),
    rule: rule.filter(Boolean).join("; "),
  };
}
