// Points that lie in memory that the caller shares: the thread that runs a task copies them from there,
// so what is staged is a list of where they lie.

import { type Call, startOf } from "../input/call.ts";
import type { Part } from "./block.ts";
import { gatherEntry } from "./head.ts";

/** Fewer numbers are not worth a message about where they lie. */
const leastGather = 16384;

/** Whether so many numbers of a call's points can be copied from where the caller has them, and are worth it. */
function canGather({ paths, dtype }: Call, numbers: number): boolean {
  const { view, kind } = paths;
  const isShared = typeof SharedArrayBuffer === "function" && view.buffer instanceof SharedArrayBuffer;
  return isShared && kind === dtype && numbers >= leastGather;
}

/** Entries of the list for a part; 0: its points are staged. */
export function gathersOf({ cut, first, count }: Part): number {
  const { call } = cut;
  if (!canGather(call, count * cut.roomOf(first + count - 1) * call.channels)) return 0;
  if (cut.inOrder) return 1;
  // A basepoint before a stretch is not the caller's memory.
  for (let item = Math.max(first, cut.wholes); item < first + count; item++) {
    if (cut.stretchOf(item).from < 0) return 0;
  }
  return count;
}

/**
 * Lists where the points of a part's items lie and where they go: first number in their buffer, count,
 * first number of the task, the first item's being `to`. Writes how many points each has to
 * `lengths[lengthsAt…]`, where that is wanted.
 */
export function listItems(
  { cut, first, count }: Part,
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
