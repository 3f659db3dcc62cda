// Names of the columns, and what belongs to a column: the level of its word.

import { readSelection } from "../input/select.ts";
import { words } from "../input/words.ts";
import { type Bracket, labelsOf } from "../operations/log-signature-labels.ts";
import type { KeptOptions } from "./options.ts";

/** A coordinate of a signature or a log-signature. */
export interface Coordinate {
  /** Names of channels, joined by "·"; of a bracket "[x,[x,y]]". */
  readonly label: string;
  readonly level: number;
}

const bracketOf = (part: Bracket, channels: readonly string[]): string =>
  typeof part === "number" ? (channels[part] as string) : `[${part.map((inner) => bracketOf(inner, channels)).join()}]`;

/** @throws PathSignatureError SELECT_TYPE, SELECT_RANGE */
function wordsOf({ depth, select }: KeptOptions, channels: number): number[][] {
  if (select === null) return words(channels, depth);
  const selection = readSelection(select, channels, depth);
  return Array.from({ length: selection.count }, (_, i) => selection.word(i));
}

/** The coordinates of a window, in their order. */
export function coordinatesOf(options: KeptOptions, channels: readonly string[]): Coordinate[] {
  const { depth, logSignature } = options;
  const labels =
    logSignature === null
      ? wordsOf(options, channels.length).map((word) => ({ word, bracket: undefined }))
      : labelsOf(channels.length, depth, logSignature);
  return labels.map(({ word, bracket }) => ({
    label: bracket === undefined ? word.map((letter) => channels[letter]).join("·") : bracketOf(bracket, channels),
    level: word.length,
  }));
}

/** The end of the names of window k: its points, its place in time, or its part of the path. */
function windowName(windows: NonNullable<KeptOptions["windows"]>, k: number): string {
  if (!("type" in windows)) return (windows[k] as readonly number[]).join(":");
  switch (windows.type) {
    case "sliding": {
      const from = k * (windows.step ?? 1);
      return `${from}:${from + windows.length}`;
    }
    case "expanding":
      return `0:${(windows.start ?? 1) + k * (windows.step ?? 1)}`;
    case "times":
      return `t+${k * windows.step}:${k * windows.step + windows.length}`;
    case "dyadic": {
      const pieces = 2 ** (31 - Math.clz32(k + 1));
      return `${k + 2 - pieces}/${pieces}`;
    }
  }
}

/** Names of all columns: `series__x·y__sig`, with windows `series__x·y__sig__w=0:50`. */
export function columnNames(options: KeptOptions, coordinates: readonly Coordinate[], count: number): string[] {
  const { name, logSignature, windows } = options;
  const kind = logSignature === null ? "sig" : "logsig";
  return Array.from({ length: count }, (_, k) => {
    const end = windows === null ? "" : `__w=${windowName(windows, k)}`;
    return coordinates.map(({ label }) => `${name}__${label}__${kind}${end}`);
  }).flat();
}

/** What the numbers of each coordinate are multiplied by. */
export function factorsOf({ depth, rescale }: KeptOptions, coordinates: readonly Coordinate[]): Float64Array {
  const factorials = [1];
  for (let k = 1; k <= depth; k++) factorials.push((factorials[k - 1] as number) * k);
  const path = (factorials[depth] as number) ** (1 / depth);
  return Float64Array.from(coordinates, ({ level }) =>
    rescale === "none" ? 1 : rescale === "post" ? (factorials[level] as number) : path ** level,
  );
}
