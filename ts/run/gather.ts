// Points in memory that the caller shares. The thread that runs a task copies them itself, so only
// a list of their positions is staged.

import { type Call, startOf } from "../input/call.ts";
import { bufferOfView, offsetOfView } from "../input/views.ts";
import type { Part } from "./block.ts";
import { gatherEntry } from "./head.ts";

/** For fewer numbers a list is not worth its cost. */
const leastGather = 16384;

/**
 * Whether `count` numbers of a call's points can be copied from the caller's memory, and are worth
 * a list.
 */
function canGather({ paths, dtype }: Call, numbers: number): boolean {
  const { view, kind, augmented } = paths;
  const isShared =
    typeof SharedArrayBuffer === "function" && (bufferOfView(view) as ArrayBufferLike) instanceof SharedArrayBuffer;
  return isShared && augmented === undefined && kind === dtype && numbers >= leastGather;
}

/** Number of list entries for a part; 0: its points are staged. */
export function gathersOf({ cut, first, count }: Part): number {
  const { call } = cut;
  if (!canGather(call, count * cut.capacityOf(first + count - 1) * call.channels)) return 0;
  if (cut.inOrder) return 1;
  // A basepoint that precedes a stretch is not in the caller's buffer.
  for (let item = Math.max(first, cut.wholes); item < first + count; item++) {
    if (cut.stretchOf(item).from < 0) return 0;
  }
  return count;
}

/**
 * Lists the positions of the points of a part's items: first number in their buffer, count, first
 * number in the task, from `to` on. Writes the number of points of each to `lengths[lengthsAt…]`,
 * if lengths are needed.
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
  const begin = offsetOfView(call.paths.view) / bytes;
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
