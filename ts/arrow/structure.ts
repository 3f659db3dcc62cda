// The members of apache-arrow's vectors and tables that are read. Structural, so that every version
// of the package is accepted, and reading needs no copy of it.

/** A chunk of a column. */
export interface ArrowData {
  readonly type: ArrowType;
  readonly length: number;
  readonly nullCount: number;
  /** Numbers of a primitive column. */
  readonly values?: unknown;
  /** Of a list column: where lists begin in the child, and the end. */
  readonly valueOffsets?: Int32Array | BigInt64Array | undefined;
  readonly children: readonly ArrowData[];
  getValid(index: number): boolean;
}

/** The type of a column. */
export interface ArrowType {
  readonly typeId: number;
  /** Of floats: 0 for half precision. */
  readonly precision?: number;
  /** Of lists of a fixed size. */
  readonly listSize?: number;
  readonly children?: readonly { readonly name: string; readonly type: ArrowType }[] | null;
}

/** A column: `Vector` of apache-arrow. */
export interface ArrowVector {
  readonly type: ArrowType;
  readonly length: number;
  readonly data: readonly ArrowData[];
  get(index: number): unknown;
}

/** A table: `Table` of apache-arrow. */
export interface ArrowTable {
  readonly numRows: number;
  readonly schema: { readonly fields: readonly { readonly name: string }[] };
  getChild(name: string): ArrowVector | null;
}

/** Numbers of types in the format (Schema.fbs of Apache Arrow). */
export const typeIds = {
  int: 2,
  float: 3,
  date: 8,
  time: 9,
  timestamp: 10,
  list: 12,
  struct: 13,
  fixedSizeList: 16,
  duration: 18,
  largeList: 21,
} as const;

/** Whether a column has lists. */
export const isList = ({ typeId }: ArrowType): boolean =>
  typeId === typeIds.list || typeId === typeIds.fixedSizeList || typeId === typeIds.largeList;
