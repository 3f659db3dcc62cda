// Copies rows and points of a call to staging memory.

import { copyIn, type Numbers } from "../input/arrays.ts";
import { type Call, lengthOf, startOf } from "../input/call.ts";
import type { ReadRows } from "../input/rows.ts";

/** Maps items to paths. */
interface Items {
  /** Whether item i is path i, up to an offset, for all items. */
  readonly inOrder: boolean;
  pathOf(item: number): number;
}

/** The paths of a batch in order. */
export const pathsInOrder: Items = { inOrder: true, pathOf: (item) => item };

/**
 * Copies the rows of items [first, first + count) to `heap[at…]`, the last `width` numbers of each.
 * Returns the stride, in numbers. `true` stands for a row of zeros.
 * @param each - whether a row shared by all items is copied for each of them
 */
export function stageRows(
  given: ReadRows | true,
  width: number,
  items: Items,
  first: number,
  count: number,
  heap: Numbers,
  at: number,
  each: boolean,
): number {
  if (given === true) heap.fill(0, at, at + width);
  else if (given.stride === 0) copyIn(given.view, given.kind, given.width - width, width, heap, at);
  else {
    const { view, kind, stride } = given;
    const skip = given.width - width;
    if (skip === 0 && items.inOrder) copyIn(view, kind, items.pathOf(first) * width, count * width, heap, at);
    else {
      for (let i = 0; i < count; i++)
        copyIn(view, kind, items.pathOf(first + i) * stride + skip, width, heap, at + i * width);
    }
    return width;
  }
  if (!each) return 0;
  for (let i = 1; i < count; i++) heap.copyWithin(at + i * width, at, at + width);
  return width;
}

/**
 * Copies whole paths [first, first + count) to `heap[to…]`, at intervals of `points` points. Those
 * that follow each other in the input, as all paths of a batch do, and windows without overlap, are
 * copied at once.
 */
export function stagePaths(call: Call, first: number, count: number, points: number, heap: Numbers, to: number): void {
  const { view, kind } = call.paths;
  const pitch = points * call.channels;
  if (call.paths.starts === undefined && call.points === points) {
    copyIn(view, kind, startOf(call, first), count * pitch, heap, to);
    return;
  }
  for (let i = first; i < first + count; ) {
    const at = i;
    const from = startOf(call, i);
    let numbers = 0;
    let next: number;
    do {
      next = lengthOf(call, i) * call.channels;
      numbers += next;
      i += 1;
    } while (next === pitch && i < first + count && startOf(call, i) === from + numbers);
    copyIn(view, kind, from, numbers, heap, to + (at - first) * pitch);
  }
}

/**
 * Copies points [from, from + count) of a path to `heap[to…]`; point −1 is its basepoint. Augmented
 * points are computed here.
 */
export function stagePoints(call: Call, path: number, from: number, count: number, heap: Numbers, to: number): void {
  const { channels, basepoint } = call;
  const { view, kind, augmented } = call.paths;
  if (augmented !== undefined) {
    augmented.write(path, from, from + count, heap, to);
    return;
  }
  if (from < 0) {
    stageRows(basepoint as ReadRows | true, channels, pathsInOrder, path, 1, heap, to, false);
    to += channels;
    from = 0;
    count -= 1;
  }
  copyIn(view, kind, startOf(call, path) + from * channels, count * channels, heap, to);
}
