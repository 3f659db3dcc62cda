// The two utterances of the report: the first held-out one of each of the first two speakers that
// have one.

import type { Experiment, Outcome } from "../identify.ts";
import type { Path } from "../paths.ts";

export interface Specimen {
  readonly utterance: string;
  readonly speaker: string;
  /** The predicted speaker. */
  readonly predicted: string;
  readonly path: Path;
  /** Its index among the signatures. */
  readonly index: number;
}

export function specimens({ train, test }: Experiment, { confusion, paths, predicted }: Outcome): Specimen[] {
  const first = confusion.classes
    .map((speaker) => test.findIndex((utterance) => utterance.speaker === speaker))
    .filter((i) => i >= 0);
  // With a single speaker, two of its utterances if there are two.
  const chosen = first.length > 1 ? first.slice(0, 2) : [...test.keys()].slice(0, 2);
  return chosen.map((i) => ({
    utterance: (test[i] as (typeof test)[number]).id,
    speaker: (test[i] as (typeof test)[number]).speaker,
    predicted: predicted[i] as string,
    path: paths[train.length + i] as Path,
    index: train.length + i,
  }));
}
