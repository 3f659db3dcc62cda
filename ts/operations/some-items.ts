// A call for some items of another call's batch, and where its results go among those of all.

import { copyIn, KIND_FLOAT64 } from "../input/arrays.ts";
import { Call, startOf } from "../input/call.ts";
import { ReadPaths } from "../input/read-paths.ts";
import { ReadRows } from "../input/rows.ts";
import type { Sink } from "../run/operation.ts";

/** Rows of some items: the same if all share one. */
function rowsOf<R extends ReadRows | true | undefined>(rows: R, items: readonly number[], perItem: number): R {
  if (rows === undefined || rows === true || rows.stride === 0) return rows;
  const { view, kind, stride, width } = rows;
  const own = new Float64Array(items.length * perItem * width);
  for (const [i, item] of items.entries()) {
    for (let k = 0; k < perItem; k++)
      copyIn(view, kind, (item * perItem + k) * stride, width, own, (i * perItem + k) * width);
  }
  return new ReadRows(own, KIND_FLOAT64, width, width) as R;
}

/** The call for some items of a batch, in their order. Not for augmented paths. */
export function callOfItems(call: Call, items: readonly number[]): Call {
  const { paths, options, dtype, size, lengths, basepoint, initial, operands, row, channels, points } = call;
  if (items.length === call.batch) return call;
  const count = items.length;
  const starts = Float64Array.from(items, (item) => startOf(call, item) / channels);
  const { view, kind } = paths;
  return new Call(
    new ReadPaths(view, kind, [count], count, points, channels, paths.dtype, starts),
    options,
    dtype,
    size,
    lengths && Uint32Array.from(items, (item) => lengths[item] as number),
    rowsOf(basepoint, items, 1),
    rowsOf(initial, items, 1),
    operands.map((rows) => rowsOf(rows, items, call.rows)),
    row,
  );
}

/** A sink of results of some items, each of `rows` rows of `width` numbers, in the sink of all. */
export const sinkOfItems = (sink: Sink, items: readonly number[], rows: number, width: number): Sink => ({
  take(heap, at, row, count) {
    for (let taken = 0; taken < count; ) {
      const item = Math.floor((row + taken) / rows);
      const within = (row + taken) % rows;
      const own = Math.min(count - taken, rows - within);
      sink.take(heap, at + taken * width, (items[item] as number) * rows + within, own);
      taken += own;
    }
  },
});
