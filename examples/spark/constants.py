"""Constants of the model in docs/scale.md, measured in local mode, with two tasks at a time. Linux only:

  python examples/spark/constants.py [--series N] [--save FILE]

Points in Parquet, a row each and in no order, → series by a shuffle → signatures → Parquet; and what Spark itself
takes to start, to hand out tasks, and to commit files.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from bench import CHANNELS, DEPTH, POINTS, machine, processor_time, size_of
from pyspark.sql import SparkSession
from signature_features import features_of, to_series

CORES, TASKS = 2, 1000
WORKER = "import path_signature_wasm as ps; ps.signature([[0, 0], [1, 1]], depth=2)"
NAMES = [f"x{c}" for c in range(CHANNELS)]


def write_points(folder: Path, series: int, files: int = 8) -> None:
    """Points of all series, in no order: each series is in all files."""
    folder.mkdir()
    random = np.random.default_rng(0)
    places = random.permutation(series * POINTS)
    for f, part in enumerate(np.array_split(places, files)):
        numbers = {name: random.standard_normal(len(part), dtype=np.float32) for name in NAMES}
        pq.write_table(pa.table({"id": part // POINTS, "time": part % POINTS, **numbers}), folder / f"{f}.parquet")


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


class Rest:
    """What Spark's own interface tells of the stages that are over."""

    def __init__(self, spark: SparkSession) -> None:
        context = spark.sparkContext
        self._url = f"{context.uiWebUrl}/api/v1/applications/{context.applicationId}"

    def stages(self) -> list[dict[str, Any]]:
        return [one for one in self._get("stages") if one["status"] == "COMPLETE"]

    def task_seconds(self, stage: dict[str, Any]) -> list[float]:
        tasks = self._get(f"stages/{stage['stageId']}/{stage['attemptId']}/taskList?length=100000")
        return [one["duration"] / 1000 for one in tasks]

    def metric(self, name: str) -> float:
        """Seconds that the last query took for a metric of its plan."""
        nodes = max(self._get("sql?details=true&length=1000"), key=lambda one: one["id"])["nodes"]
        value = next(one["value"] for node in nodes for one in node["metrics"] if one["name"] == name)
        number, unit = value.split("\n")[-1].split()[:2]
        return float(number) * {"ms": 0.001, "s": 1, "m": 60}[unit]

    def _get(self, what: str) -> Any:
        with urllib.request.urlopen(f"{self._url}/{what}") as answer:
            return json.load(answer)


def start() -> SparkSession:
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.port": "0",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.sql.shuffle.partitions": "32",
        "spark.sql.adaptive.coalescePartitions.enabled": "false",
    }
    builder = SparkSession.builder.master(f"local[{CORES}]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--save", type=Path)
    given = parser.parse_args()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    began = time.perf_counter()
    spark = start()
    found: dict[str, Any] = {"sessionSeconds": time.perf_counter() - began}
    spark.sparkContext.addPyFile(str(Path(__file__).with_name("signature_features.py")))
    rest = Rest(spark)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_points(folder / "in", given.series)
        series = to_series(spark.read.parquet(str(folder / "in")), channels=NAMES)
        features = features_of(series, channels=NAMES, depth=DEPTH)
        walls, spent = [], []
        for _ in range(given.rounds + 1):
            cpu = processor_time()
            walls.append(seconds(lambda: features.write.mode("overwrite").parquet(str(folder / "out"))))
            spent.append(processor_time() - cpu)
        # Stages come last first; one that writes ends a job.
        read, made = (next(s for s in rest.stages() if s[name]) for name in ("shuffleWriteBytes", "outputBytes"))
        found["firstSeconds"], found["seconds"] = walls[0], statistics.median(walls[1:])
        found["shuffledBytesOfSeries"] = read["shuffleWriteBytes"] / given.series
        found["inputBytesOfSeries"] = size_of(folder / "in") / given.series
        found["outputBytesOfSeries"] = size_of(folder / "out") / given.series
        found["coreMicrosOfSeries"] = min(spent) / given.series * 1e6
        found["taskSeconds"] = rest.task_seconds(made)
        empty = spark.range(0, TASKS, 1, TASKS)
        noop = [seconds(lambda: empty.write.format("noop").mode("overwrite").save()) for _ in range(given.rounds)]
        found["handOutSeconds"] = min(noop) / TASKS
        empty.write.parquet(str(folder / "files"))
        found["commitSeconds"] = rest.metric("job commit time") / TASKS
    # Twice, for the cache of compiled code.
    for _ in range(2):
        found["workerSeconds"] = seconds(lambda: subprocess.run([sys.executable, "-c", WORKER], check=True))
    for name, value in found.items():
        print(f"{name}: {value if isinstance(value, list) else round(value, 6)}")
    if given.save:
        about = {"machine": machine(), "date": datetime.date.today().isoformat(), "series": given.series}
        given.save.write_text(json.dumps({**about, **found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
