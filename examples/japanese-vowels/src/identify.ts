// The experiment: paths, their signatures in one ragged batch, a classifier trained on the training
// set, its predictions for the held-out set. Reads no file and prints nothing.

import { Matrix } from "ml-matrix";
import { type Info, info, type Signatures, signatureSize } from "path-signature";
import { type Confusion, confusion } from "./confusion.ts";
import type { ComputeSignatures } from "./device.ts";
import { Fault } from "./fault.ts";
import { moments } from "./moments.ts";
import { channelScales, type Path, toPath } from "./paths.ts";
import type { Progress } from "./progress.ts";
import { learnRidgeClassifier } from "./ridge.ts";
import type { Split } from "./split.ts";
import { learnStandardiser } from "./standardise.ts";

export interface Experiment extends Split {
  /** Names of the channels as recorded, without time. */
  readonly channels: readonly string[];
  readonly depth: number;
}

export interface Outcome {
  /** True against predicted speakers of the held-out set. */
  readonly confusion: Confusion;
  /** The same with means and variances of the channels instead of signatures. */
  readonly baseline: Confusion;
  /** Predicted speaker of each held-out utterance. */
  readonly predicted: readonly string[];
  readonly penalty: number;
  /** Paths of the training set, then of the held-out set. */
  readonly paths: readonly Path[];
  /** Their signatures, in the same order. */
  readonly signatures: Signatures;
  /** The device, in words. */
  readonly where: string;
  /** The library's version and the binary. */
  readonly library: Info;
  /** Milliseconds of start-up: to compile the binary, or to open the device. */
  readonly startMs: number;
  /** Milliseconds for all signatures, in one call. */
  readonly signatureMs: number;
}

export const baselineRule = "means and variances of the channels, the same classifier";

/** Limit on the bytes of all signatures: above it the linear algebra would run out of memory. */
const mostBytes = 2 ** 30;

/** @throws Fault where the data or the depth is too large. */
export async function identify(
  experiment: Experiment,
  compute: ComputeSignatures,
  progress: Progress,
): Promise<Outcome> {
  const { train, test, channels, depth } = experiment;
  const utterances = [...train, ...test];
  checkSize(utterances.length, signatureSize(channels.length + 1, depth), depth);

  progress.begin("signatures");
  const scales = channelScales(train, channels.length);
  const huge = scales.findIndex((scale) => !Number.isFinite(scale));
  if (huge >= 0) throw new Fault(`The values of channel ${channels[huge]} are so large that their squares overflow.`);
  const paths = utterances.map((utterance) => toPath(utterance, scales));
  // A basepoint at the origin distinguishes paths that differ in their starting point only.
  const options = { depth, basepoint: true } as const;
  const { signatures, where, startMs, signatureMs } = await compute(paths, options, (part) => progress.part(part));
  const numbers = Float64Array.from(signatures.data);
  if (!numbers.every(Number.isFinite)) {
    throw new Fault("Some signatures overflow: a channel is far larger in the held-out utterances than in the others.");
  }

  progress.begin("classifier");
  const speakers = speakersOf(utterances);
  /** Learns from the rows of the training set, which are first. */
  const classify = (rows: Matrix) => {
    const learned = rows.subMatrix(0, train.length - 1, 0, rows.columns - 1);
    const heldOut = rows.subMatrix(train.length, rows.rows - 1, 0, rows.columns - 1);
    const labels = (of: typeof train) => of.map(({ speaker }) => speakers.indexOf(speaker));
    const standardise = learnStandardiser(learned);
    const classifier = learnRidgeClassifier(standardise(learned), labels(train), speakers.length);
    const predictions = classifier.predict(standardise(heldOut));
    return { penalty: classifier.penalty, predictions, confusion: confusion(speakers, labels(test), predictions) };
  };
  const {
    penalty,
    predictions,
    confusion: table,
  } = classify(Matrix.from1DArray(utterances.length, numbers.length / utterances.length, numbers));
  const { confusion: baseline } = classify(new Matrix(utterances.map(moments)));

  return {
    confusion: table,
    baseline,
    predicted: predictions.map((label) => speakers[label] as string),
    penalty,
    paths,
    signatures,
    where,
    library: info(),
    startMs,
    signatureMs,
  };
}

/** Names in natural order: 2 before 10. */
function speakersOf(utterances: readonly { speaker: string }[]): string[] {
  const names = new Set(utterances.map(({ speaker }) => speaker));
  return [...names].sort(new Intl.Collator("en", { numeric: true }).compare);
}

function checkSize(utterances: number, size: number, depth: number): void {
  const bytes = utterances * size * Float64Array.BYTES_PER_ELEMENT;
  if (bytes <= mostBytes) return;
  const each = `${size.toLocaleString("en")} numbers for each of ${utterances.toLocaleString("en")} utterances`;
  throw new Fault(`Depth ${depth} gives ${each}, ${(bytes / 2 ** 30).toFixed(1)} GiB; try a smaller --depth.`);
}
