// Ids and times of long Parquet tables whose rows stand in order already, read in one pass.

import type { Id } from "../tables/series.ts";
import { rowsOfParquet } from "./parquet-read.ts";
import type { Column } from "./table-columns.ts";
import { Buffers } from "./table-rows.ts";

/** Ids of series in their order, and how many points each has. */
export type Sizes = readonly [ids: ArrayLike<Id>, counts: ArrayLike<number>];

/** Series whose ids are kept in memory, at most. */
const mostSeries = 2 ** 21;

/**
 * The series of files whose rows stand by id and time; `undefined` where they do not, where a key
 * is missing, and for columns that are not read this way.
 * @param id - a column of whole numbers
 */
export async function seriesInOrder(
  files: readonly string[],
  [id, sort]: readonly [Column, Column],
  signal: AbortSignal,
): Promise<Sizes | undefined> {
  if (!/INT/.test(id.type)) return undefined;
  const reader = await rowsOfParquet(files, [id, sort]);
  if (reader === undefined) return undefined;
  const { allocate } = new Buffers();
  const sizes = new Growing();
  let last = Number.NEGATIVE_INFINITY;
  let lastTime = 0;
  let points = 0;
  try {
    for (let rows = await reader.next(allocate); rows !== undefined; rows = await reader.next(allocate)) {
      signal.throwIfAborted();
      const { count, numbers } = rows;
      for (let at = 0; at < 2 * count; at += 2) {
        const own = numbers[at] as number;
        const time = numbers[at + 1] as number;
        if (own === last && time >= lastTime && time <= Number.MAX_SAFE_INTEGER) points++;
        else {
          // Larger numbers may be different ones as integers.
          const isExact = Math.abs(own) <= Number.MAX_SAFE_INTEGER && Math.abs(time) <= Number.MAX_SAFE_INTEGER;
          if (!(own > last) || !isExact || sizes.length === mostSeries) return undefined;
          if (points > 0) sizes.push(last, points);
          points = 1;
          last = own;
        }
        lastTime = time;
      }
    }
    if (points > 0) sizes.push(last, points);
    return sizes.taken();
  } finally {
    await reader.end();
  }
}

class Growing {
  length = 0;
  #ids = new Float64Array(1024);
  #counts = new Uint32Array(1024);

  push(id: number, points: number): void {
    if (this.length === this.#ids.length) {
      const [ids, counts] = [this.#ids, this.#counts];
      this.#ids = new Float64Array(2 * this.length);
      this.#counts = new Uint32Array(2 * this.length);
      this.#ids.set(ids);
      this.#counts.set(counts);
    }
    this.#ids[this.length] = id;
    this.#counts[this.length++] = points;
  }

  taken(): Sizes {
    return [this.#ids.subarray(0, this.length), this.#counts.subarray(0, this.length)];
  }
}
