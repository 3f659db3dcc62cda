// Where words stand in a row of a signature, as WGSL, for kernels with a word an invocation.

import { levelOffsets } from "../share.ts";
import { u } from "./text.ts";

/** CHANNELS and SIZE, and {@link wordsFunctions}. */
export const wordsSource = (channels: number, depth: number): string => `
const CHANNELS = ${u(channels)};
const SIZE = ${u(levelOffsets(channels, depth)[depth + 1]!)};${wordsFunctions(channels, depth)}`;

/** DEPTH, OFFSET and COUNT of each level, and the level of a number of a row. */
export function wordsFunctions(channels: number, depth: number): string {
  const offsets = levelOffsets(channels, depth);
  const counts = Array.from({ length: depth + 1 }, (_, k) => channels ** k);
  return `
const DEPTH = ${u(depth)};
// Where each level begins in a row, and how many words it has.
const OFFSET = array<u32, ${depth + 1}>(${offsets
    .slice(0, depth + 1)
    .map(u)
    .join(", ")});
const COUNT = array<u32, ${depth + 1}>(${counts.map(u).join(", ")});

fn level_of(index: u32) -> u32 {
  var level = DEPTH;
  while (level > 1u && index < OFFSET[level]) { level--; }
  return level;
}
`;
}
