"""Path signatures on Spark: a function for `DataFrame.mapInArrow`, and what goes before and behind it.

A series is a row: its id, and its points as a list of structs or of lists of numbers. The function
computes rows independently and gives the same bits everywhere, so a task that Spark runs twice gives
the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DoubleType, FloatType, StringType, StructField, StructType

Batches = Iterator[pa.RecordBatch]


class BadRows(ValueError):
    """Series that cannot be computed, under the policy "refuse"."""


def to_series(
    table: DataFrame, *, id: str = "id", time: str = "time", channels: Sequence[str], file: bool = True
) -> DataFrame:
    """Series of a table whose rows are points: id, points in the order of time, and a file of each.

    Points of one time are in the order of their numbers. Rows of a series meet on one executor: a
    series has to fit there, other series do not.
    """
    columns = [F.col(time).alias("time"), *(F.col(name).cast("double").alias(name) for name in channels)]
    keys: list[Column] = [F.sort_array(F.collect_list(F.struct(*columns))).alias("points")]
    if file:
        keys.append(F.min(F.col("_metadata.file_path")).alias("file"))
    return table.groupBy(F.col(id).alias("id")).agg(*keys)


def features_schema(input: StructType, dtype: str = "float32", keep: Sequence[str] = ()) -> StructType:
    """The schema of what `features_udf` gives for rows of a schema."""
    number = FloatType() if dtype == "float32" else DoubleType()
    fields = [StructField("id", input["id"].dataType), StructField("features", ArrayType(number))]
    fields += [StructField("reason", StringType()), StructField("file", StringType())]
    return StructType(fields + [StructField(name, input[name].dataType) for name in keep])


def features_udf(
    depth: int = 3,
    augment: Sequence[Any] = (),
    *,
    channels: Sequence[str] | int,
    dtype: str = "float32",
    bad_rows: str = "refuse",
    keep: Sequence[str] = (),
    **options: Any,
) -> Callable[[Batches], Batches]:
    """A function for `mapInArrow` on rows (id, points, file if there is one).

    `channels`: the fields of points that are structs, or how many numbers points have that are
    lists. Null ids, null or empty lists, points with other numbers of channels, numbers that are null
    or not finite: `bad_rows="refuse"` fails the task with the ids and files, which Spark reports
    after its last try; `"quarantine"` gives such rows a `reason` and no features, and the columns
    `keep`. Other options are those of `path_signature_wasm.signature`.
    """
    if bad_rows not in ("refuse", "quarantine"):
        raise ValueError(f'bad_rows: received {bad_rows!r}; accepted: "refuse" or "quarantine"')
    if dtype not in ("float32", "float64"):
        raise ValueError(f'dtype: received {dtype!r}; accepted: "float32" or "float64"')
    settings = {"depth": depth, "augment": list(augment), **options}

    def features(batches: Batches) -> Batches:
        import path_signature_wasm as ps  # On executors, not where the plan is made.

        for batch in batches:
            points, reasons = _read(batch.column("points"), channels, dtype)
            ids = batch.column("id")
            reasons = np.where(np.asarray(ids.is_null()), "id is null", reasons)
            bad = reasons != ""
            names = batch.schema.names
            files = batch.column("file") if "file" in names else pa.nulls(len(batch), pa.string())
            if bad.any() and bad_rows == "refuse":
                raise BadRows(_describe(ids, files, reasons, np.flatnonzero(bad)))
            good = np.flatnonzero(~bad)
            rows = np.zeros((0, 0), dtype)
            if good.size:
                numbers, offsets, width = points.take(good)
                column = pa.ListArray.from_arrays(pa.array(offsets * width, pa.int32()), pa.array(numbers))
                rows = ps.signature(column, channels=width, **settings)
            yield pa.RecordBatch.from_arrays(
                [
                    ids,
                    _rows_or_null(rows, bad),
                    pa.array(reasons, pa.string(), mask=~bad),
                    files,
                    *(pa.array(batch.column(name).to_pylist(), batch.column(name).type, mask=~bad) for name in keep),
                ],
                ["id", "features", "reason", "file", *keep],
            )

    return features


def features_of(series: DataFrame, *, dtype: str = "float32", keep: Sequence[str] = (), **options: Any) -> DataFrame:
    """`series.mapInArrow(features_udf(…))` with its schema."""
    schema = features_schema(series.schema, dtype, keep)
    return series.mapInArrow(features_udf(dtype=dtype, keep=keep, **options), schema)


def write(features: DataFrame, folder: str) -> None:
    """Parquet in one pass: `quarantined=false` has the features, `quarantined=true` the others."""
    rows = features.withColumn("quarantined", F.col("reason").isNotNull())
    rows.write.partitionBy("quarantined").mode("overwrite").parquet(folder)


class _Points:
    """Points of a batch of rows: flat numbers, and where rows begin."""

    def __init__(self, numbers: Any, offsets: Any, width: int) -> None:
        self.numbers, self.offsets, self.width = numbers, offsets, width

    def take(self, rows: Any) -> tuple[Any, Any, int]:
        """Numbers and offsets of some rows."""
        begin, end = self.offsets[:-1], self.offsets[1:]
        lengths = (end - begin)[rows]
        if len(rows) == len(begin):
            return self.numbers[begin[0] * self.width : end[-1] * self.width], self.offsets - begin[0], self.width
        numbers = [self.numbers[begin[row] * self.width : end[row] * self.width] for row in rows]
        return np.concatenate(numbers), np.concatenate([[0], np.cumsum(lengths)]), self.width


def _read(column: Any, channels: Sequence[str] | int, dtype: str) -> tuple[_Points, Any]:
    """Points of rows, and a reason for each row that cannot be computed (else "")."""
    lists = column.cast(pa.large_list(column.type.value_type))
    offsets = np.asarray(lists.offsets, dtype=np.int64)
    lengths = np.diff(offsets)
    reasons = np.full(len(lists), "", dtype=object)
    values = lists.values
    if pa.types.is_struct(values.type) == isinstance(channels, int):
        raise TypeError(f"channels: received {channels!r} for {values.type}; accepted: names of fields, or a number")
    if not isinstance(channels, int):
        width = len(channels)
        names = [field.name for field in values.type]
        for name in [*channels, *(["time"] if "time" in names else [])]:
            _mark(reasons, offsets, _nulls(values.field(name)), f"{name} is null")
        parts = [values.field(name).fill_null(0).to_numpy(zero_copy_only=False) for name in channels]
        table = np.stack(parts, axis=-1)
    else:
        width = channels
        inner = np.diff(np.asarray(values.cast(pa.large_list(values.type.value_type)).offsets))
        fits = inner == width
        _mark(reasons, offsets, _nulls(values), "a point is null")
        _mark(reasons, offsets, ~fits, f"a point has other than {width} channels")
        numbers = values.flatten()
        starts = np.concatenate([[0], np.cumsum(inner)])
        if numbers.null_count:
            nulls = np.concatenate([[0], np.cumsum(_nulls(numbers))])
            _mark(reasons, offsets, nulls[starts[1:]] > nulls[starts[:-1]], "a number is null")
            numbers = numbers.fill_null(0)
        flat = numbers.to_numpy(zero_copy_only=False)
        if fits.all():
            table = flat.reshape(-1, width)
        else:
            table = np.zeros((len(inner), width))
            table[fits] = flat[starts[:-1][fits][:, None] + np.arange(width)]
    with np.errstate(over="ignore"):
        table = np.ascontiguousarray(table, dtype=dtype)
    finite = np.isfinite(table)
    if not finite.all():
        _mark(reasons, offsets, ~finite.all(axis=1), f"a number is not a finite {dtype}")
    reasons[lengths == 0] = "no points"
    reasons[np.asarray(lists.is_null())] = "points are null"
    return _Points(table.reshape(-1), offsets, width), reasons


def _nulls(array: Any) -> Any:
    """Which values are null. Whole columns mostly have none, which Arrow knows."""
    return np.asarray(array.is_null()) if array.null_count else np.zeros(len(array), bool)


def _mark(reasons: Any, offsets: Any, wrong: Any, reason: str) -> None:
    """Gives a reason to the rows that have a wrong point and no reason yet."""
    if not wrong.any():
        return
    sums = np.concatenate([[0], np.cumsum(wrong)])
    rows = (sums[offsets[1:]] > sums[offsets[:-1]]) & (reasons == "")
    reasons[rows] = reason


def _rows_or_null(rows: Any, bad: Any) -> Any:
    """Rows as a list array, null where a row is bad."""
    width = rows.shape[1]
    offsets = np.concatenate([[0], np.cumsum(np.where(bad, 0, width))])
    mask = pa.array(bad) if bad.any() else None
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(rows.reshape(-1)), mask=mask)


def _describe(ids: Any, files: Any, reasons: Any, rows: Iterable[int]) -> str:
    rows = list(rows)
    first = [f"series {ids[row].as_py()} of {files[row].as_py() or 'no file'}: {reasons[row]}" for row in rows[:5]]
    return f"{len(rows)} series of a batch cannot be computed: {'; '.join(first)}{'; …' if len(rows) > 5 else ''}"
