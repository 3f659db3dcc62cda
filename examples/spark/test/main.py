"""Tests of the example on a real cluster: executors, Python workers and drivers are killed, and each
id is there once, with the bits that this process computes. Environment: CONNECTOR and KAFKA are
folders of jars; SCALE=long is longer and kills more. Prints a summary as JSON in the last line.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import threading
import unittest
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import path_signature_wasm as ps
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

EXAMPLE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(EXAMPLE))

from cluster import Kafka, Programs, Spark, python, until  # noqa: E402
from signature_features import features_of, to_series, write  # noqa: E402

LONG = os.environ.get("SCALE") == "long"
SERIES = 100_000
POINTS = 100 if LONG else 20
KILLS = 6 if LONG else 1
CHANNELS = ["x", "y", "z"]
AUGMENT = ["time"]


def paths(count: int, points: int) -> Any:
    steps = np.random.default_rng(7).standard_normal((count, points, 3), dtype=np.float32)
    return np.cumsum(steps, axis=1, dtype=np.float32)


def write_points(folder: Path, ids: Any, times: Any, numbers: Any, files: int = 8) -> None:
    """Points in no order, so that each series is in several files."""
    folder.mkdir()
    order = np.random.default_rng(1).permutation(len(ids))
    for f, part in enumerate(np.array_split(order, files)):
        columns = {name: numbers[part, c] for c, name in enumerate(CHANNELS)}
        pq.write_table(pa.table({"id": ids[part], "time": times[part], **columns}), folder / f"{f}.parquet")


def read(folder: Path) -> tuple[Any, Any, list[str | None]]:
    """Ids, features and reasons of the results, as they lie there."""
    files = [str(file) for file in folder.rglob("*.parquet")]
    # Nothing unfinished is left.
    assert not [file for file in folder.rglob("*") if "_temporary" in str(file)], "temporary files"
    rows = ds.dataset(files).to_table(columns=["id", "features", "reason"])
    return rows["id"].to_pylist(), rows["features"].to_pylist(), rows["reason"].to_pylist()


class OnSpark(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.temporary = tempfile.TemporaryDirectory(prefix="spark-test-")
        cls.folder = Path(cls.temporary.name)
        cls.programs = Programs(cls.folder)
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.addClassCleanup(cls.programs.end)
        cls.cluster = Spark(cls.programs)
        connector = ",".join(str(jar) for jar in Path(os.environ["CONNECTOR"]).glob("*.jar"))
        settings = {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.ui.port": "0",
            "spark.ui.showConsoleProgress": "false",
            "spark.executor.memory": "700m",
            "spark.sql.shuffle.partitions": "16",
            "spark.sql.adaptive.coalescePartitions.enabled": "false",
            # Each executor that is killed takes its part of the shuffle along, and a stage is begun
            # again; Spark gives a job up after four times.
            "spark.stage.maxConsecutiveAttempts": str(4 + 2 * KILLS),
            "spark.task.maxFailures": str(4 + 2 * KILLS),
            "spark.jars": connector,
            "spark.log.level": "ERROR",
        }
        builder = SparkSession.builder.master(cls.cluster.url)
        for name, value in settings.items():
            builder = builder.config(name, value)
        cls.spark = builder.getOrCreate()
        cls.addClassCleanup(cls.spark.stop)
        cls.spark.sparkContext.addPyFile(str(EXAMPLE / "signature_features.py"))

    def rest(self, what: str) -> Any:
        context = self.spark.sparkContext
        url = f"{context.uiWebUrl}/api/v1/applications/{context.applicationId}/{what}"
        with urllib.request.urlopen(url) as answer:
            return json.load(answer)

    def same(self, folder: Path, expected: dict[int, Any]) -> None:
        ids, rows, reasons = read(folder)
        self.assertEqual(sorted(ids), sorted(expected))
        self.assertEqual(set(reasons), {None})
        for id, row in zip(ids, rows):
            if not np.array_equal(np.asarray(row, dtype=np.float32), expected[id]):
                self.fail(f"id {id} has other bits")

    def test_each_id_is_there_once_whoever_is_killed(self) -> None:
        numbers = paths(SERIES, POINTS)
        ids, times = np.repeat(np.arange(SERIES), POINTS), np.tile(np.arange(POINTS), SERIES)
        source, out = self.folder / "kills", self.folder / "kills-out"
        write_points(source, ids, times, numbers.reshape(-1, 3))
        series = to_series(self.spark.read.parquet(str(source)), channels=CHANNELS)
        features = features_of(series, channels=CHANNELS, augment=AUGMENT)
        failed: list[BaseException] = []

        def job() -> None:
            try:
                write(features, str(out))
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=job)
        thread.start()
        killed: set[int] = set()
        for kill in range(KILLS):
            for worker, of_python in ((kill % 2, True), (1 - kill % 2, False)):

                def victim() -> int | None:
                    if failed or not thread.is_alive():
                        raise failed[0] if failed else AssertionError("the job ended before the kills")
                    # Its Python workers are there while, or after, it computes features.
                    found = next((pid for pid in self.cluster.python_workers(worker) if pid not in killed), None)
                    return found if of_python or found is None else self.cluster.executor(worker)

                pid = until("a process at work", victim)
                killed.add(pid)
                os.kill(pid, signal.SIGKILL)
        thread.join()
        self.assertEqual(failed, [])
        failures = sum(stage["numFailedTasks"] for stage in self.rest("stages"))
        dead = [one["id"] for one in self.rest("allexecutors") if not one["isActive"]]
        self.assertGreaterEqual(failures, 2)
        self.assertGreaterEqual(len(dead), KILLS)
        rows = ps.signature(numbers, depth=3, augment=AUGMENT)
        self.same(out, dict(enumerate(rows)))

    def test_a_series_that_is_much_longer_than_others(self) -> None:
        lengths = np.full(500, 10)
        lengths[17] = 1_000_000
        ids = np.repeat(np.arange(500), lengths)
        times = np.arange(len(ids)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        numbers = np.random.default_rng(3).standard_normal((len(ids), 3), dtype=np.float32)
        source, out = self.folder / "skew", self.folder / "skew-out"
        write_points(source, ids, times, numbers)
        series = to_series(self.spark.read.parquet(str(source)), channels=CHANNELS)
        write(features_of(series, channels=CHANNELS), str(out))
        rows = ps.signature(np.split(numbers, np.cumsum(lengths)[:-1]), depth=3)
        self.same(out, dict(enumerate(rows)))

    def test_bad_rows_are_refused_or_go_into_quarantine(self) -> None:
        ids = np.repeat(np.arange(4), 3)
        numbers = np.arange(36, dtype=np.float64).reshape(12, 3)
        numbers[4, 1], numbers[7, 2] = np.nan, 1e300
        source = self.folder / "bad"
        write_points(source, ids, np.tile(np.arange(3), 4), numbers, 1)
        series = to_series(self.spark.read.parquet(str(source)), channels=CHANNELS)
        # Whichever task fails first.
        refused = r"series [12] of file:.*/bad/0\.parquet: a number is not a finite float32"
        with self.assertRaisesRegex(Exception, refused):
            write(features_of(series, channels=CHANNELS), str(self.folder / "refused"))
        self.assertEqual(list((self.folder / "refused").rglob("*.parquet")), [])
        rows = features_of(series, channels=CHANNELS, bad_rows="quarantine").collect()
        found = {row.id: (row.reason, row.features is None) for row in rows}
        wrong = ("a number is not a finite float32", True)
        self.assertEqual(found, {0: (None, False), 1: wrong, 2: wrong, 3: (None, False)})
        nested = [
            (1, [[0.0, 1.0], [1.0, 2.0]], None),
            (2, [], "no points"),
            (3, None, "points are null"),
            (4, [[0.0, 1.0], [1.0]], "a point has other than 2 channels"),
            (5, [[0.0, None]], "a number is null"),
            (None, [[1.0, 2.0]], "id is null"),
            (7, [None, [1.0, 2.0]], "a point is null"),
            (8, [[float("nan"), 1.0]], "a number is not a finite float32"),
            (10, [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]], None),
        ]
        table = self.spark.createDataFrame(
            [(id, points, f"v{id}") for id, points, _ in nested], "id bigint, points array<array<double>>, value string"
        )
        got = features_of(table, channels=2, depth=2, bad_rows="quarantine", keep=["value"]).collect()
        by_id = {row.id: row for row in got}
        self.assertEqual({id: row.reason for id, row in by_id.items()}, {id: reason for id, _, reason in nested})
        self.assertEqual(by_id[10].features, [1, 1, 0.5, 1, 0, 0.5])
        self.assertEqual((by_id[4].value, by_id[10].value, by_id[4].features), ("v4", None, None))
        flat = [
            (1, [0.0, 0.0, 1.0, 0.0, 1.0, 1.0], None),
            (2, [0.0, 1.0, 1.0], "its numbers are no points of 2 channels"),
            (3, [None, 1.0], "a number is null"),
            (4, [], "no points"),
        ]
        rows = self.spark.createDataFrame([row[:2] for row in flat], "id bigint, points array<double>")
        got = features_of(rows, channels=2, depth=2, bad_rows="quarantine").collect()
        self.assertEqual({row.id: row.reason for row in got}, {id: reason for id, _, reason in flat})
        self.assertEqual([row.features for row in got if row.id == 1], [[1, 1, 0.5, 1, 0, 0.5]])

    def test_a_stream_whose_driver_is_killed(self) -> None:
        count = 20_000 if LONG else 1_200
        numbers = paths(count, 12)
        kafka = Kafka(self.programs, str(Path(os.environ["KAFKA"]) / "*"))
        messages = [(json.dumps({"id": i, "points": points.tolist()}),) for i, points in enumerate(numbers)]
        messages.append(("no JSON",))
        table = self.spark.createDataFrame(messages, "value string")
        to_kafka = {"kafka.bootstrap.servers": kafka.servers, "topic": "series"}
        table.write.format("kafka").options(**to_kafka).save()
        out, checkpoint = self.folder / "stream", self.folder / "checkpoint"
        jars = ",".join(str(jar) for jar in Path(os.environ["CONNECTOR"]).glob("*.jar"))
        own = "--conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=2"
        files = ",".join(str(EXAMPLE / name) for name in ("signature_features.py", "batch.py"))
        env = {"PYSPARK_SUBMIT_ARGS": f"--master local[2] --jars {jars} --py-files {files} {own} pyspark-shell"}
        options = ["--bad-rows", "quarantine", "--channels", "3", "--checkpoint", str(checkpoint)]
        options += ["--messages", str(count // 6), "--once"]
        command = [str(EXAMPLE / "stream.py"), kafka.servers, "series", str(out), *options]
        for batch in range(1, 4 if LONG else 2):
            driver = python(self.programs, "stream", *command, **env)
            done = checkpoint / "commits" / str(batch)

            def committed() -> bool | None:
                if driver.poll() is not None:
                    raise AssertionError((self.folder / "stream.log").read_text()[-4000:])
                return done.exists() or None

            until("two batches", committed)
            os.killpg(driver.pid, signal.SIGKILL)
            driver.wait()
        # It was killed on the way.
        self.assertLess(len(list((checkpoint / "commits").glob("[0-9]"))), 6)
        last = python(self.programs, "stream", *command, **env)
        self.assertEqual(last.wait(), 0, (self.folder / "stream.log").read_text()[-4000:])
        ids, rows, reasons = read(out)
        self.assertEqual([reason for reason in reasons if reason], ["id is null"])
        kept = [(id, row) for id, row in zip(ids, rows) if id is not None]
        self.assertEqual(sorted(id for id, _ in kept), list(range(count)))
        expected = ps.signature(numbers, depth=3)
        for id, row in kept:
            np.testing.assert_array_equal(np.asarray(row, dtype=np.float32), expected[id])
        bad = ds.dataset([str(file) for file in out.rglob("*=true/*.parquet")]).to_table(columns=["value", "file"])
        self.assertEqual(bad["value"].to_pylist(), [b"no JSON"])
        self.assertRegex(bad["file"].to_pylist()[0], r"^series, partition \d, offset \d+$")


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromName(sys.argv[1] if len(sys.argv) > 1 else "__main__.OnSpark")
    result = unittest.TextTestRunner(stream=sys.stderr, verbosity=2).run(suite)
    wrong = result.failures + result.errors
    for _, trace in wrong:
        print(trace)
    print(json.dumps({"ran": result.testsRun, "failures": len(wrong)}))
