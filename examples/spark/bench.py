"""The same Spark job with this package's function and with pySigLib, rounds alternating: series of 100 × 3 in
Parquet, a list of numbers each, → signatures of depth 3 in Parquet. Needs pysiglib beside pyspark: install it there,
or name the packages of bench/.venv in PYTHONPATH. Linux only.

  python examples/spark/bench.py [--series N] [--rounds N] [--save FILE]

End to end: wall time, and processor time of all processes, which other programs disturb less. Inside the UDF:
processor time of Python workers from their first batch to their last, which is reading batches, conversions to and
from numpy or pandas, and computing. "transport" returns zeros: what Spark, Parquet and the way to Python take.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from signature_features import features_schema, features_udf

POINTS, CHANNELS, DEPTH = 100, 3, 3
# Rounds before those that count: the JVM compiles.
WARM_UP = 3


def machine() -> str:
    """The processor's name, where Linux tells it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return f"{line.split(': ')[1]}, {os.cpu_count()} cores"
    return platform.processor()


def size_of(folder: Path) -> int:
    """Bytes of the Parquet files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*.parquet"))


def processor_time() -> float:
    """Seconds of processor time of the processes that this one has started, and theirs."""
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # It has ended.
        parents[int(process.name)] = int(fields[1])
        spent[int(process.name)] = sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
    ours = {os.getpid()}
    while more := {process for process, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(spent[process] for process in ours - {os.getpid()})


def write_series(folder: Path, series: int, files: int = 8) -> None:
    folder.mkdir()
    for f, ids in enumerate(np.array_split(np.arange(series), files)):
        steps = np.random.default_rng(f).standard_normal((len(ids), POINTS, CHANNELS), dtype=np.float32)
        numbers = pa.array(np.cumsum(steps, axis=1).reshape(-1))
        ends = np.arange(len(ids) + 1, dtype=np.int32) * (POINTS * CHANNELS)
        flat = pa.ListArray.from_arrays(pa.array(ends), numbers)
        pq.write_table(pa.table({"id": ids, "flat": flat}), folder / f"{f}.parquet")


def timed(function: Any, spent: Any) -> Any:
    """A function of batches that adds up its worker's processor time, until its last batch is written."""

    def run(batches: Iterator[Any]) -> Iterator[Any]:
        start = time.process_time()
        yield from function(batches)
        spent.add(time.process_time() - start)

    return run


def in_arrow(table: DataFrame, function: Any, spent: Any) -> DataFrame:
    made = table.select("id", F.col("flat").alias("points"))
    return made.mapInArrow(timed(function, spent), features_schema(made.schema)).select("id", "features")


def with_rows(compute: Any) -> Any:
    """A function for `mapInArrow` from one that maps paths (batch, points, channels) to rows: no row may be bad."""

    def features(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            numbers = batch.column("points").values.to_numpy()
            rows = compute(numbers.reshape(-1, POINTS, CHANNELS))
            offsets = pa.array(np.arange(len(batch) + 1, dtype=np.int32) * rows.shape[1])
            made = pa.ListArray.from_arrays(offsets, pa.array(rows.reshape(-1)))
            nothing = pa.nulls(len(batch), pa.string())
            names = ["id", "features", "reason", "file"]
            yield pa.RecordBatch.from_arrays([batch.column("id"), made, nothing, nothing], names)

    return features


def pysiglib_rows(paths: Any) -> Any:
    import pysiglib

    return pysiglib.sig(paths, DEPTH, n_jobs=1)


def transport(table: DataFrame, spent: Any) -> DataFrame:
    return in_arrow(table, with_rows(lambda paths: np.zeros((len(paths), 39), np.float32)), spent)


def ours(table: DataFrame, spent: Any) -> DataFrame:
    return in_arrow(table, features_udf(DEPTH, channels=CHANNELS), spent)


def peer_in_arrow(table: DataFrame, spent: Any) -> DataFrame:
    return in_arrow(table, with_rows(pysiglib_rows), spent)


def peer(table: DataFrame, spent: Any) -> DataFrame:
    def signatures(series: Iterator[pd.Series]) -> Iterator[pd.Series]:
        for paths in series:
            batch = np.empty((len(paths), POINTS, CHANNELS), np.float32)
            # Into an array that owns its numbers: pySigLib copies others.
            np.stack(paths.to_list(), out=batch.reshape(len(paths), -1))
            yield pd.Series(list(pysiglib_rows(batch)))

    run = timed(signatures, spent)

    @F.pandas_udf("array<float>")  # type: ignore[call-overload]
    def udf(series: Iterator[pd.Series]) -> Iterator[pd.Series]:
        return run(series)

    return table.select("id", udf("flat").alias("features"))


JOBS = {
    "ours": ours,
    "pySigLib, pandas UDF": peer,
    "pySigLib, mapInArrow": peer_in_arrow,
    "transport": transport,
}
PEERS = [name for name in JOBS if name.startswith("pySigLib")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--save", type=Path)
    given = parser.parse_args()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    spark.sparkContext.addPyFile(str(Path(__file__).with_name("signature_features.py")))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_series(folder / "in", given.series)
        table = spark.read.parquet(str(folder / "in"))
        times: dict[str, list[tuple[float, float, float]]] = {name: [] for name in JOBS}
        for turn in range(WARM_UP + given.rounds):
            for name, job in JOBS.items():
                spent = spark.sparkContext.accumulator(0.0)
                start, cpu = time.perf_counter(), processor_time()
                job(table, spent).write.mode("overwrite").parquet(str(folder / name))
                wall, cpu = time.perf_counter() - start, processor_time() - cpu
                if turn >= WARM_UP:
                    times[name].append((wall, cpu, spent.value))
        sizes = {name: size_of(folder / name) / given.series for name in ("in", "ours")}
        first = {
            name: spark.read.parquet(str(folder / name)).orderBy("id").limit(1000).toPandas()["features"].to_list()
            for name in JOBS
        }
        wanted = first["ours"]
        for name in PEERS:
            np.testing.assert_allclose(first[name], wanted, rtol=1e-3, atol=1e-3 * np.abs(wanted).max())
    # The least processor time is the one least disturbed; wall times have a median.
    kinds = {"wall": statistics.median, "processor": min, "insideUdf": min}
    made = {
        name: {kind: of(part) / given.series * 1e6 for (kind, of), part in zip(kinds.items(), zip(*one))}
        for name, one in times.items()
    }
    for name, micros in made.items():
        print(f"{name}, µs a series:", ", ".join(f"{kind} {value:.2f}" for kind, value in micros.items()))
    ratios = {name: {kind: made[name][kind] / made["ours"][kind] for kind in kinds} for name in PEERS}
    for name, ratio in ratios.items():
        print(f"ours is faster than {name}:", ", ".join(f"{kind} {value:.2f} ×" for kind, value in ratio.items()))
    if given.save:
        about = {"machine": machine(), "date": datetime.date.today().isoformat(), "series": given.series}
        measured = {"bytesOfSeries": sizes, "timesAsFast": ratios, "microsOfSeries": made, "seconds": times}
        given.save.write_text(json.dumps({**about, **measured}, indent=1) + "\n")


if __name__ == "__main__":
    main()
