// Blocks whose points lie in memory that the caller shares: threads take them from there, so what is staged is a list of where they lie.

import { startOf } from "../input/call.ts";
import type { Cut } from "../run/cut.ts";
import type { Part } from "../run/stage.ts";
import { canGather, gatherEntry } from "../run/task.ts";

/** Entries of the list with which a block of so many points is taken from memory that the caller shares; 0 where it is not. */
export function gathersOf(parts: readonly Part[]): number {
  const [{ cut, first, count }] = parts as [Part];
  const { call } = cut;
  if (parts.length > 1) return 0;
  if (!canGather(call, count * cut.roomOf(first + count - 1) * call.channels)) return 0;
  if (cut.inOrder) return 1;
  // A basepoint before a stretch is not the caller's memory.
  for (let item = Math.max(first, cut.wholes); item < first + count; item++) {
    if (cut.stretchOf(item).from < 0) return 0;
  }
  return count;
}

/** As `stageItems` of run/stage.ts, but lists what goes where, for who can reach it: where it begins in its buffer, how much, and where to. */
export function listItems(
  cut: Cut,
  first: number,
  count: number,
  points: number,
  list: Float64Array,
  at: number,
  to: number,
  lengths: Uint32Array | 0,
  lengthsAt: number,
): void {
  const { call } = cut;
  const { channels, bytes } = call;
  const begin = call.paths.view.byteOffset / bytes;
  if (cut.inOrder) {
    list[at] = begin + startOf(call, cut.pathOf(first));
    list[at + 1] = count * points * channels;
    list[at + 2] = to;
    if (lengths) lengths.fill(points, lengthsAt, lengthsAt + count);
    return;
  }
  for (let i = 0; i < count; i++, at += gatherEntry) {
    const item = first + i;
    const length = cut.pointsOf(item);
    const from = item < cut.wholes ? 0 : cut.stretchOf(item).from * channels;
    list[at] = begin + startOf(call, cut.pathOf(item)) + from;
    list[at + 1] = length * channels;
    list[at + 2] = to + i * points * channels;
    if (lengths) lengths[lengthsAt + i] = length;
  }
}
