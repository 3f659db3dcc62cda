// `path-signature/arrow`: paths from columns and tables of Apache Arrow, and results as such.
// Requires apache-arrow.

export type { Points } from "../arrow/lists.ts";
export type { ColumnOptions } from "../arrow/read.ts";
export { chunksFromArrow, pathsFromArrow } from "../arrow/read.ts";
export type { ArrowData, ArrowTable, ArrowType, ArrowVector } from "../arrow/structure.ts";
export { toArrow, toArrowTable } from "../arrow/write.ts";
export type { PointsInput } from "../input/containers.ts";
export type { LongTableOptions } from "../tables/long-table.ts";
export type { Missing } from "../tables/missing.ts";
export type { Id, Series } from "../tables/series.ts";
