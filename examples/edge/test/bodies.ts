// Request bodies for tests, in the three formats of the service.

import { Field, FixedSizeList, Float32, Float64, List, makeData, makeVector, Table, tableToIPC } from "apache-arrow";
import { makePath, random } from "../../../test/paths.ts";

export type Points = number[][];

/** Paths of these lengths. */
export function somePaths(lengths: readonly number[], channels: number, seed = 1): Points[] {
  const next = random(seed);
  return lengths.map((length) => makePath("walk", length, channels, next));
}

export const jsonOf = (paths: unknown): string => JSON.stringify(paths);

export function csvOf(paths: readonly Points[]): string {
  const channels = paths[0]![0]!.map((_, c) => `x${c}`);
  const lines = paths.flatMap((path, i) => path.map((point) => [i, ...point].join(",")));
  return [["path", ...channels].join(","), ...lines].join("\n");
}

/** One row per path: lists of fixed-size lists. */
export function arrowOf(paths: readonly Points[], dtype: "float32" | "float64" = "float64"): Uint8Array<ArrayBuffer> {
  const channels = paths[0]![0]!.length;
  const numbers = paths.flat(2);
  const data = dtype === "float32" ? Float32Array.from(numbers) : Float64Array.from(numbers);
  const type = dtype === "float32" ? new Float32() : new Float64();
  const points = new FixedSizeList(channels, new Field("x", type, false));
  const valueOffsets = new Int32Array(paths.length + 1);
  paths.forEach((path, i) => {
    valueOffsets[i + 1] = valueOffsets[i]! + path.length;
  });
  const column = makeData({
    type: new List(new Field("point", points, false)),
    length: paths.length,
    valueOffsets,
    child: makeData({
      type: points,
      length: data.length / channels,
      child: makeData({ type, length: data.length, data } as Parameters<typeof makeData>[0]),
    } as Parameters<typeof makeData>[0]),
  } as Parameters<typeof makeData>[0]);
  return ipc(new Table({ path: makeVector(column) }));
}

/** One column per channel. */
export function columnsOf(path: Points): Uint8Array<ArrayBuffer> {
  const columns = path[0]!.map((_, c) => [`x${c}`, makeVector(Float64Array.from(path, (point) => point[c]!))] as const);
  return ipc(new Table(Object.fromEntries(columns)));
}

const ipc = (table: Table) => tableToIPC(table, "stream") as Uint8Array<ArrayBuffer>;

export const types = {
  json: "application/json",
  csv: "text/csv",
  arrow: "application/vnd.apache.arrow.stream",
} as const;
