// Output of a run: text and tables of the outcome.

import Table from "cli-table3";
import { type Confusion, mistakes, percent } from "./confusion.ts";
import { baselineRule, type Experiment, type Outcome, pipelineRule } from "./identify.ts";
import { short } from "./short.ts";

/** Wider tables do not fit a terminal. */
const widestMatrix = 16;
const longestName = 12;

const clip = (name: string): string => short(name, longestName);
const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

export function describeExperiment({ train, test, channels, depth, rule }: Experiment): string {
  const speakers = new Set([...train, ...test].map(({ speaker }) => speaker)).size;
  const frames = [...train, ...test].map((utterance) => utterance.frames.length);
  const shortest = frames.reduce((a, b) => Math.min(a, b));
  const longest = frames.reduce((a, b) => Math.max(a, b));
  return [
    `Utterances   ${train.length} to learn from, ${test.length} held out: ${rule}`,
    `Recordings   ${speakers} speakers, ${channels.length} channels, ${shortest} to ${longest} frames`,
    "Paths        channels divided by their standard deviation in the training set, time as a channel, from the origin",
    `Signatures   to depth ${depth}`,
  ].join("\n");
}

export function describeOutcome({
  paths,
  signatures,
  library,
  where,
  startMs,
  signatureMs,
  penalty,
  confusion,
  baseline,
  pipeline,
}: Outcome): string {
  const size = signatures.data.length / paths.length;
  const how = `first call, ${where} of path-signature ${library.version}, started in ${ms(startMs)}`;
  return [
    `             ${paths.length} paths, ${size} numbers each, in ${ms(signatureMs)} (${how})`,
    `Classifier   ridge, penalty ${Number(penalty.toPrecision(3))} chosen by leave-one-out on the training set`,
    "",
    `Accuracy     ${confusion.right} of ${confusion.total} right (${percent(confusion)} %)`,
    `Pipeline     ${pipeline.right} of ${pipeline.total} right (${percent(pipeline)} %): ${pipelineRule}`,
    `Baseline     ${baseline.right} of ${baseline.total} right (${percent(baseline)} %): ${baselineRule}`,
    "",
    describeConfusion(confusion),
  ].join("\n");
}

function describeConfusion(confusion: Confusion): string {
  const { classes, counts } = confusion;
  const style = { head: [], border: [], compact: true };
  if (classes.length > widestMatrix) {
    const table = new Table({
      head: ["speaker", "taken for", "times"],
      style,
      colAligns: ["left", "left", "right"],
    });
    const all = mistakes(confusion);
    for (const { truth, predicted, count } of all.slice(0, widestMatrix))
      table.push([clip(truth), clip(predicted), count]);
    return all.length === 0 ? "No speaker was taken for another." : `${table}\n${all.length} pairs in all.`;
  }
  const table = new Table({
    head: ["speaker \\ taken for", ...classes.map(clip), "right"],
    style,
    colAligns: ["left", ...classes.map(() => "right" as const), "right"],
  });
  for (const [i, row] of counts.entries()) {
    const total = row.reduce((a, b) => a + b, 0);
    const right = total === 0 ? "" : `${((100 * (row[i] as number)) / total).toFixed(1)} %`;
    table.push([clip(classes[i] as string), ...row.map((count) => count || "·"), right]);
  }
  return table.toString();
}
