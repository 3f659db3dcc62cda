// Results as columns and tables of Apache Arrow.

import { type Data, Field, FixedSizeList, Float32, Float64, makeData, Table, Vector } from "apache-arrow";
import type { DType } from "../input/arrays.ts";
import type { SignatureOf } from "../input/tensor.ts";

type FloatOf<T extends DType> = T extends "float32" ? Float32 : Float64;

const floatOf = (dtype: DType): Float32 | Float64 => (dtype === "float32" ? new Float32() : new Float64());

/**
 * Signatures as a column: a `FixedSizeList` of floats for each, sharing memory with `s.data`. Of
 * streams and of batches of more dimensions the lists are nested. A single signature is a column of
 * one row.
 *
 * @example new Table({ id, signature: toArrow(s) })
 */
export function toArrow<T extends DType>(s: SignatureOf<T>): Vector<FixedSizeList<FloatOf<T>>> {
  const sizes = s.shape.length === 1 ? s.shape : s.shape.slice(1);
  let data: Data = makeData({ type: floatOf(s.dtype) as Float64, data: s.data as Float64Array });
  for (const size of [...sizes].reverse()) {
    const type = new FixedSizeList(size, new Field("item", data.type, false));
    data = makeData({ type, child: data, nullCount: 0, length: data.length / size });
  }
  return new Vector([data]) as unknown as Vector<FixedSizeList<FloatOf<T>>>;
}

/**
 * Signatures as a table: a row for each, and a column for each word, named as `s.labels(names)`
 * says. Of streams, a row for each prefix.
 *
 * @param columns - further columns, before those of the words: ids, classes.
 * @throws PathSignatureError as `s.labels`
 */
export function toArrowTable<T extends DType>(
  s: SignatureOf<T>,
  columns: Readonly<Record<string, Vector>> = {},
  names?: readonly string[],
): Table {
  const labels = s.labels(names);
  const rows = [...s.rows()];
  const words = labels.map((label, word): [string, Vector] => {
    const values = s.data.slice(0, rows.length);
    rows.forEach((row, i) => {
      values[i] = row[word] as number;
    });
    return [label, new Vector([makeData({ type: floatOf(s.dtype) as Float64, data: values as Float64Array })])];
  });
  // Objects put keys that are whole numbers first.
  const table = new Table({ ...columns, ...Object.fromEntries(words) });
  return table.select([...Object.keys(columns), ...labels]) as Table;
}
