// What commands read: series of points in batches, whatever file they come from.

import type { Id, Series } from "../tables/series.ts";

/** Some series, with names for messages. */
export interface Batch {
  readonly series: Series;
  /** What rows were sorted by, for all points, if it was asked for. */
  readonly times?: Float64Array | undefined;
  /** Class of each series, where the file has them. */
  readonly labels?: readonly string[];
}

/** Where a number is in a file, in words: "pen.csv, row 12, column x". */
export type Locate = (id: Id, point: number, channel: number) => Promise<string>;

export interface Source extends AsyncDisposable {
  /** Name and SQL type of the ids. */
  readonly id: { readonly name: string; readonly type: string };
  readonly channels: readonly string[];
  /** Number of series, and of the points of the longest. */
  readonly count: number;
  readonly longest: number;
  readonly hasLabels: boolean;
  /**
   * Batches, whose numbers stay until the batch after the next is asked for.
   * @param options.times - whether batches have the times that rows were sorted by
   */
  batches(options?: { readonly times: boolean }): AsyncGenerator<Batch>;
  readonly locate: Locate;
}

/** Numbers of a batch, unless a series has more. */
export const numbersOfBatch = 2 ** 18;

/** A source that is in memory as a whole. */
export function sourceInMemory(file: string, series: Series, labels: readonly string[] = []): Source {
  const { ids, channels, data, offsets } = series;
  const width = channels.length;
  let longest = 0;
  for (let i = 0; i < ids.length; i++) longest = Math.max(longest, (offsets[i + 1] as number) - (offsets[i] as number));
  return {
    id: { name: "id", type: ids.every((id) => typeof id === "number") ? "BIGINT" : "VARCHAR" },
    channels,
    count: ids.length,
    longest,
    hasLabels: labels.length > 0,
    async *batches() {
      for (let from = 0, to = 0; from < ids.length; from = to) {
        const first = offsets[from] as number;
        do to++;
        while (to < ids.length && ((offsets[to] as number) - first) * width < numbersOfBatch);
        const batch: Series = {
          data: data.subarray(first * width, (offsets[to] as number) * width),
          offsets: offsets.slice(from, to + 1).map((offset) => offset - first),
          channels,
          ids: ids.slice(from, to),
        };
        yield { series: batch, ...(labels.length > 0 && { labels: labels.slice(from, to) }) };
      }
    },
    locate: async (id, point, channel) => `${file}, series ${id}, point ${point}, channel ${channels[channel]}`,
    async [Symbol.asyncDispose]() {},
  };
}
