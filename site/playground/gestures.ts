// Learns gestures from a few drawings each: signatures of the drawings, and the ridge classifier of
// the Japanese Vowels example on top of them.

import { Matrix } from "ml-matrix";
import { signature } from "path-signature/slim";
import { confusion } from "../../examples/japanese-vowels/src/confusion.ts";
import { learnRidgeClassifier, type RidgeClassifier } from "../../examples/japanese-vowels/src/ridge.ts";
import { learnStandardiser, type Standardiser } from "../../examples/japanese-vowels/src/standardise.ts";
import type { Drawing, GuessAnswer, GuessQuestion, LearnAnswer, LearnQuestion } from "./messages.ts";

/** A gesture is the same at every place, size and speed. */
const options = { depth: 4 } as const;

function scaled({ points }: Drawing): { data: Float64Array; shape: number[] } {
  const range = (from: number) => {
    const values = points.filter((_, i) => i % 2 === from);
    return Math.max(...values) - Math.min(...values);
  };
  const size = Math.max(range(0), range(1)) || 1;
  return { data: points.map((value) => value / size), shape: [points.length / 2, 2] };
}

const featuresOf = (drawings: readonly Drawing[]): Matrix =>
  new Matrix(drawings.map((drawing) => Array.from(signature(scaled(drawing), options).data)));

interface Model {
  readonly standardise: Standardiser;
  readonly classifier: RidgeClassifier;
}

let model: Model | undefined;

function train(rows: Matrix, labels: readonly number[], classes: number): Model {
  const standardise = learnStandardiser(rows);
  return { standardise, classifier: learnRidgeClassifier(standardise(rows), labels, classes) };
}

export function learn({ classes, drawings }: LearnQuestion): LearnAnswer {
  const labels = drawings.map(({ label }) => label);
  if (new Set(labels).size < 2) {
    model = undefined;
    return { counts: classes.map(() => classes.map(() => 0)), right: 0, total: 0 };
  }
  const rows = featuresOf(drawings.map(({ drawing }) => drawing));
  model = train(rows, labels, classes.length);
  // Each drawing by a model that has not seen it.
  const guesses = labels.map((_, i) => {
    const kept = [...labels.keys()].filter((j) => j !== i);
    const { standardise, classifier } = train(
      rows.subMatrixRow(kept),
      kept.map((j) => labels[j] as number),
      classes.length,
    );
    return classifier.predict(standardise(rows.subMatrixRow([i])))[0] as number;
  });
  return confusion(classes, labels, guesses);
}

export function guess({ drawing }: GuessQuestion): GuessAnswer {
  if (model === undefined) return { scores: undefined };
  const { standardise, classifier } = model;
  return { scores: classifier.scores(standardise(featuresOf([drawing]))).getRow(0) };
}
