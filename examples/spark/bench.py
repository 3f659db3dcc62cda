"""The same Spark job with this package's function and with pySigLib as a pandas UDF, rounds alternating:
series of 100 × 3 in Parquet → signatures of depth 3 in Parquet. Needs pysiglib beside pyspark: install it there,
or name the packages of bench/.venv in PYTHONPATH.

  python examples/spark/bench.py [--series N] [--rounds N] [--save FILE]

End to end is wall time; inside the UDF is processor time of its body.
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


def machine() -> str:
    """The processor's name, where Linux tells it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return f"{line.split(': ')[1]}, {os.cpu_count()} cores"
    return platform.processor()


def write_series(folder: Path, series: int, files: int = 8) -> None:
    folder.mkdir()
    for f, ids in enumerate(np.array_split(np.arange(series), files)):
        steps = np.random.default_rng(f).standard_normal((len(ids), POINTS, CHANNELS), dtype=np.float32)
        numbers = pa.array(np.cumsum(steps, axis=1).reshape(-1))
        points = pa.ListArray.from_arrays(pa.array(np.arange(0, len(numbers) + 1, CHANNELS, dtype=np.int32)), numbers)
        paths = pa.ListArray.from_arrays(pa.array(np.arange(0, len(points) + 1, POINTS, dtype=np.int32)), points)
        flat = pa.ListArray.from_arrays(paths.offsets.cast(pa.int64()).to_numpy().astype("i4") * CHANNELS, numbers)
        pq.write_table(pa.table({"id": ids, "points": paths, "flat": flat}), folder / f"{f}.parquet")


def ours(table: DataFrame, spent: Any) -> DataFrame:
    compute = features_udf(DEPTH, channels=CHANNELS)

    def timed(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            start = time.process_time()
            made = list(compute(iter([batch])))
            spent.add(time.process_time() - start)
            yield from made

    return table.select("id", "points").mapInArrow(timed, features_schema(table.schema)).select("id", "features")


def peer(table: DataFrame, spent: Any) -> DataFrame:
    @F.pandas_udf("array<float>")  # type: ignore[call-overload]
    def signatures(paths: pd.Series) -> pd.Series:
        import pysiglib

        start = time.process_time()
        batch = np.stack(paths.to_list()).reshape(-1, POINTS, CHANNELS)
        rows = pysiglib.sig(batch, DEPTH, n_jobs=1)
        result = pd.Series(list(rows))
        spent.add(time.process_time() - start)
        return result

    # Flat lists, since nested ones become objects in pandas.
    return table.select("id", signatures("flat").alias("features"))


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
        times: dict[str, list[tuple[float, float]]] = {"ours": [], "pySigLib": []}
        # The first round warms up.
        for round in range(given.rounds + 1):
            for name, job in (("ours", ours), ("pySigLib", peer)):
                spent = spark.sparkContext.accumulator(0.0)
                start = time.perf_counter()
                job(table, spent).write.mode("overwrite").parquet(str(folder / name))
                if round:
                    times[name].append((time.perf_counter() - start, spent.value))
        rows = [spark.read.parquet(str(folder / name)).orderBy("id").limit(1000).toPandas() for name in times]
        a, b = (np.stack(one["features"].to_list()) for one in rows)
        np.testing.assert_allclose(a, b[:, -a.shape[1] :], rtol=1e-3, atol=1e-3 * np.abs(a).max())
    median = {name: [statistics.median(part) for part in zip(*one)] for name, one in times.items()}
    for name, (wall, cpu) in median.items():
        print(f"{name}: {given.series / wall:.0f} series/s, inside the UDF {1e6 * cpu / given.series:.1f} µs a series")
    ratios = [median["pySigLib"][i] / median["ours"][i] for i in (0, 1)]
    print(f"ours is {ratios[0]:.2f} × as fast end to end, {ratios[1]:.2f} × inside the UDF")
    if given.save:
        about = {"machine": machine(), "date": datetime.date.today().isoformat(), "series": given.series}
        named = {"timesAsFast": {"endToEnd": ratios[0], "insideUdf": ratios[1]}, "wallAndProcessorSeconds": times}
        given.save.write_text(json.dumps({**about, **named}, indent=1) + "\n")


if __name__ == "__main__":
    main()
