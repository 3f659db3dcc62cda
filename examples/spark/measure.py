"""Constants of the model in docs/scale.md, from the event logs of two real jobs: series of 100 × 3 in Parquet →
signatures of depth 3 in Parquet, once from rows that are series, once from points that a shuffle groups by id.

  python examples/spark/measure.py [--series N] [--tasks N] [--save FILE]

Processor time is that of Spark and its Python workers together, from /proc: it needs Linux.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from bench import CHANNELS, DEPTH, POINTS, machine, write_series
from pyspark.sql import SparkSession
from signature_features import features_of, to_series


EMPTY = 2000
"""Tasks that do nothing."""


def write_points(folder: Path, series: int, files: int) -> None:
    folder.mkdir()
    for f, ids in enumerate(np.array_split(np.arange(series), files)):
        numbers = np.random.default_rng(f).standard_normal((len(ids) * POINTS, CHANNELS), dtype=np.float32)
        columns = {"id": np.repeat(ids, POINTS), "time": np.tile(np.arange(POINTS), len(ids))}
        columns |= {name: numbers[:, c] for c, name in enumerate("xyz")}
        pq.write_table(pa.table(columns), folder / f"{f}.parquet")


def processor_time() -> float:
    """Seconds that the processes below this one have used, Spark's and its Python workers'."""
    parents: dict[int, int] = {}
    used: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rsplit(") ", 1)[1].split()
            except OSError:
                continue
            parents[int(folder.name)] = int(fields[1])
            # Its own, and that of children that have ended.
            used[int(folder.name)] = sum(map(int, fields[11:15]))
    total = 0
    for process in used:
        above = process
        while above in parents and above != os.getpid():
            above = parents[above]
        if above == os.getpid() and process != os.getpid():
            total += used[process]
    return total / os.sysconf("SC_CLK_TCK")


def read_log(folder: Path) -> list[dict[str, Any]]:
    """What tasks cost, a stage each: times in milliseconds, sizes in bytes."""
    stages: dict[int, list[Any]] = {}
    for file in sorted(one for one in folder.rglob("*") if one.is_file()):
        for line in file.read_text().splitlines():
            if line.startswith('{"Event":"SparkListenerTaskEnd"'):
                event = json.loads(line)
                stages.setdefault(event["Stage ID"], []).append(event)
    found: list[dict[str, Any]] = []
    for _, tasks in sorted(stages.items()):
        metrics = [one["Task Metrics"] for one in tasks]
        found.append(
            {
                "tasks": len(tasks),
                "runTimes": [one["Executor Run Time"] for one in metrics],
                "wholeTimes": [one["Task Info"]["Finish Time"] - one["Task Info"]["Launch Time"] for one in tasks],
                "read": sum(one["Input Metrics"]["Bytes Read"] for one in metrics),
                "shuffled": sum(one["Shuffle Write Metrics"]["Shuffle Bytes Written"] for one in metrics),
                "written": sum(one["Output Metrics"]["Bytes Written"] for one in metrics),
                "commitTimes": [
                    int(one["Update"])
                    for task in tasks
                    for one in task["Task Info"]["Accumulables"]
                    if one.get("Name") == "task commit time"
                ],
            }
        )
    return found


def run(spark: SparkSession, input: Path, output: Path, grouped: bool) -> float:
    """Runs a job. Returns its processor time."""
    start = processor_time()
    table = spark.read.parquet(str(input))
    if grouped:
        table = to_series(table, channels=["x", "y", "z"])
    features = features_of(table, channels=["x", "y", "z"] if grouped else CHANNELS, depth=DEPTH)
    features.select("id", "features").write.parquet(str(output))
    return processor_time() - start


def session(log: Path, tasks: int) -> SparkSession:
    settings = {
        "spark.ui.enabled": "false",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": log.as_uri(),
        "spark.eventLog.compress": "false",
        "spark.sql.shuffle.partitions": str(tasks),
        "spark.sql.adaptive.coalescePartitions.enabled": "false",
        # A task a file.
        "spark.sql.files.openCostInBytes": "128m",
    }
    builder = SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    spark.sparkContext.addPyFile(str(Path(__file__).with_name("signature_features.py")))
    return spark


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=100_000)
    parser.add_argument("--tasks", type=int, default=100)
    parser.add_argument("--save", type=Path)
    given = parser.parse_args()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        log = folder / "log"
        log.mkdir()
        write_series(folder / "series", given.series, given.tasks)
        write_points(folder / "points", given.series, given.tasks)
        spark = session(log, given.tasks)
        # Starts the JVM's compilers and the Python workers.
        run(spark, folder / "series", folder / "warm", False)
        # What handing out a task takes.
        start = time.perf_counter()
        spark.range(0, EMPTY, 1, EMPTY).write.format("noop").mode("overwrite").save()
        dispatch = (time.perf_counter() - start) / EMPTY
        used = {name: run(spark, folder / name, folder / f"{name}-out", name == "points") for name in ("series", "points")}
        spark.stop()
        stages = read_log(log)
    each = 1e6 / given.series
    result = {
        "machine": machine(),
        "date": datetime.date.today().isoformat(),
        "series": given.series,
        "microsOfSeries": used["series"] * each,
        "microsOfSeriesFromPoints": used["points"] * each,
        "dispatchSeconds": dispatch,
        "stages": stages,
    }
    for name in ("microsOfSeries", "microsOfSeriesFromPoints", "dispatchSeconds"):
        print(f"{name}: {result[name]:.4g}")
    for one in stages:
        sizes = {name: round(one[name] / given.series) for name in ("read", "shuffled", "written")}
        commit = statistics.median(one["commitTimes"] or [0])
        print(f"{one['tasks']} tasks of median {statistics.median(one['runTimes'])} ms; bytes a series {sizes}; commit {commit} ms")
    if given.save:
        given.save.write_text(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
