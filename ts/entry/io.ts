// `path-signature/io`: paths from files, in Node, Deno and Bun. Requires fflate for `.npz` files
// and @duckdb/node-api for CSV and Parquet.

export type { PointsInput } from "../input/containers.ts";
export type { FileSource } from "../io/file.ts";
export { readLong } from "../io/long-file.ts";
export { type NpyArray, readNpy, readNpz } from "../io/npy.ts";
export { readTs, type TsFile, type TsOptions } from "../io/ts-file.ts";
export type { LongTableOptions } from "../tables/long-table.ts";
export type { Missing } from "../tables/missing.ts";
export type { Id, Series } from "../tables/series.ts";
