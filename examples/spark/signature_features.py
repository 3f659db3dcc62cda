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
import pyarrow.compute as pc
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

    `channels`: the fields of points that are structs, or how many numbers a point has: points are
    lists of them then, or a series is one list of its points' numbers, which is read fastest. Null
    ids, null or empty lists, points with other numbers of channels, numbers that are null or not
    finite: `bad_rows="refuse"` fails the task with the ids and files, which Spark reports after its
    last try; `"quarantine"` gives such rows a `reason` and no features, and the columns `keep`. Other
    options are those of `path_signature_wasm.signature`.
    """
    if bad_rows not in ("refuse", "quarantine"):
        raise ValueError(f'bad_rows: received {bad_rows!r}; accepted: "refuse" or "quarantine"')
    if dtype not in ("float32", "float64"):
        raise ValueError(f'dtype: received {dtype!r}; accepted: "float32" or "float64"')
    width = channels if isinstance(channels, int) else len(channels)
    settings = {"depth": depth, "augment": list(augment), "dtype": dtype, "channels": width, **options}
    # Bad rows are found by it.
    settings["check_finite"] = True

    def features(batches: Batches) -> Batches:
        import path_signature_wasm as ps  # On executors, not where the plan is made.

        for batch in batches:
            ids, points = batch.column("id"), batch.column("points")
            files = batch.column("file") if "file" in batch.schema.names else pa.nulls(len(batch), pa.string())
            bad, reasons, rows = None, pa.nulls(len(batch), pa.string()), None
            try:
                # Mostly all rows are good, and the host's own checks find that out.
                lists = None if ids.null_count else _as_lists(points, channels, dtype)
                rows = None if lists is None else ps.signature(lists, **settings)
            except ps.PathSignatureError:
                pass  # Of a bad row, or of an option: the call below fails as well.
            if rows is None:
                lists, found = _find_bad(points, channels, dtype)
                found[np.asarray(ids.is_null())] = "id is null"
                bad = found != ""
                if bad.any() and bad_rows == "refuse":
                    raise BadRows(_describe(ids, files, found, np.flatnonzero(bad)))
                reasons = pa.array(found, pa.string(), mask=~bad)
                good = lists.filter(pa.array(~bad))
                rows = ps.signature(good, **settings) if len(good) else np.zeros((0, 0), dtype)
            kept = [_only(batch.column(name), bad) for name in keep]
            columns = [ids, _rows_or_null(rows, len(batch), bad), reasons, files, *kept]
            yield pa.RecordBatch.from_arrays(columns, ["id", "features", "reason", "file", *keep])

    return features


def features_of(series: DataFrame, *, dtype: str = "float32", keep: Sequence[str] = (), **options: Any) -> DataFrame:
    """`series.mapInArrow(features_udf(…))` with its schema."""
    schema = features_schema(series.schema, dtype, keep)
    return series.mapInArrow(features_udf(dtype=dtype, keep=keep, **options), schema)


def write(features: DataFrame, folder: str) -> None:
    """Parquet in one pass: `quarantined=false` has the features, `quarantined=true` the others."""
    rows = features.withColumn("quarantined", F.col("reason").isNotNull())
    rows.write.partitionBy("quarantined").mode("overwrite").parquet(folder)


def _as_lists(points: Any, channels: Sequence[str] | int, dtype: str) -> Any:
    """Points as lists that the host reads; `None` if fields of structs have nulls."""
    if isinstance(channels, int):
        return points
    values = points.values
    if points.null_count or any(column.null_count for column in _columns(values, channels).values()):
        return None
    return _lists_of(points.offsets, values, channels, dtype)


def _lists_of(offsets: Any, structs: Any, channels: Sequence[str], dtype: str) -> Any:
    """Structs as lists of their fields' numbers, one point behind the other; nulls become zeros."""
    table = np.empty((len(structs), len(channels)), dtype)
    with np.errstate(over="ignore"):
        for c, name in enumerate(channels):
            table[:, c] = structs.field(name).fill_null(0).to_numpy(zero_copy_only=False)
    ends = np.asarray(offsets, dtype=np.int64) * len(channels)
    return pa.LargeListArray.from_arrays(pa.array(ends), pa.array(table.reshape(-1)))


def _columns(structs: Any, channels: Sequence[str]) -> dict[str, Any]:
    """What must not be null: the structs, and their channels and time."""
    if not pa.types.is_struct(structs.type):
        raise TypeError(f"channels: received {channels!r} for {structs.type}; accepted: a number")
    names = [*channels, *(field.name for field in structs.type if field.name == "time")]
    return {"a point": structs, **{name: structs.field(name) for name in names}}


def _find_bad(points: Any, channels: Sequence[str] | int, dtype: str) -> tuple[Any, Any]:
    """Points as lists of numbers, and a reason for each row that cannot be computed (else "")."""
    rows = points.cast(pa.large_list(points.type.value_type))
    offsets, values = np.asarray(rows.offsets), rows.values
    reasons = np.full(len(rows), "", dtype=object)
    if not isinstance(channels, int):
        for name, column in _columns(values, channels).items():
            _mark(reasons, offsets, _nulls(column), f"{name} is null")
        lists = _lists_of(offsets, values, channels, dtype)
    else:
        if pa.types.is_struct(values.type):
            raise TypeError(f"channels: received {channels} for {values.type}; accepted: names of fields")
        if pa.types.is_list(values.type):
            _mark(reasons, offsets, _nulls(values), "a point is null")
            ends = np.asarray(values.offsets, dtype=np.int64)
            _mark(reasons, offsets, np.diff(ends) != channels, f"a point has other than {channels} channels")
            offsets, values = ends[offsets], values.values
        unfit = (np.diff(offsets) % channels != 0) & (reasons == "")
        reasons[unfit] = f"its numbers are no points of {channels} channels"
        _mark(reasons, offsets, _nulls(values), "a number is null")
        lists = pa.LargeListArray.from_arrays(pa.array(offsets), values.fill_null(0))
    with np.errstate(over="ignore"):
        finite = np.isfinite(np.asarray(lists.values).astype(dtype))
    _mark(reasons, np.asarray(lists.offsets), ~finite, f"a number is not a finite {dtype}")
    reasons[np.diff(offsets) == 0] = "no points"
    reasons[np.asarray(rows.is_null())] = "points are null"
    return lists, reasons


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


def _rows_or_null(rows: Any, count: int, bad: Any) -> Any:
    """Rows as a list array, null where a row is bad."""
    width = rows.shape[1]
    offsets = np.arange(count + 1) * width if bad is None else np.concatenate([[0], np.cumsum(~bad)]) * width
    mask = None if bad is None else pa.array(bad)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(rows.reshape(-1)), mask=mask)


def _only(column: Any, bad: Any) -> Any:
    """A column, null where a row is not bad."""
    return pa.nulls(len(column), column.type) if bad is None else pc.if_else(pa.array(bad), column, None)


def _describe(ids: Any, files: Any, reasons: Any, rows: Iterable[int]) -> str:
    rows = list(rows)
    first = [f"series {ids[row].as_py()} of {files[row].as_py() or 'no file'}: {reasons[row]}" for row in rows[:5]]
    return f"{len(rows)} series of a batch cannot be computed: {'; '.join(first)}{'; …' if len(rows) > 5 else ''}"
