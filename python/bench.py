"""This package beside pySigLib, one thread each, on the grid of bench/grid.mjs at batches of 64 or more: float32
paths in an array to signatures in an array. The two are sampled in turn, in several processes, since where a process
has its memory makes pySigLib some times slower now and then; a row's time is the fastest sample's.

  PYTHONPATH=bench/.venv/lib/python3.11/site-packages target/python/bin/python python/bench.py [--save FILE]

Needs node, pysiglib, and this package. Time is processor time, which other programs disturb less than wall time.
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import multiprocessing
import platform
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import path_signature_wasm as ps
import pysiglib

ROOT = Path(__file__).resolve().parent.parent
PRINT_GRID = "import { grid } from './bench/grid.mjs'; console.log(JSON.stringify(grid))"


def machine() -> str:
    """The processor's name, where Linux tells it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(": ")[1]
    return platform.processor()


def measure(row: dict[str, int], samples: int) -> dict[str, float]:
    """Seconds of each contestant, after their results are compared."""
    batch, depth = max(64, row["batch"]), row["depth"]
    steps = np.random.default_rng(1).standard_normal((batch, row["points"], row["channels"]))
    paths = (steps.cumsum(axis=1) / math.sqrt(row["points"])).astype("f")
    contestants: dict[str, Callable[[], np.ndarray]] = {
        "pySigLib": lambda: pysiglib.sig(paths, depth, n_jobs=1),
        "simd": lambda: ps.signature(paths, depth=depth),
        "relaxed": lambda: ps.signature(paths, depth=depth, variant="relaxed"),
    }
    exact = ps.signature(paths.astype("d"), depth=depth)
    for name, call in contestants.items():
        wrong = np.abs(np.asarray(call()) - exact).max() / np.abs(exact).max()
        assert wrong < 1e-4, f"{name} is wrong by {wrong}"
    best = dict.fromkeys(contestants, math.inf)
    for _ in range(samples):
        for name, call in contestants.items():
            start = time.process_time()
            call()
            best[name] = min(best[name], time.process_time() - start)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--save", type=Path)
    given = parser.parse_args()
    command = ["node", "--input-type=module", "-e", PRINT_GRID]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    rows = []
    # A process for each measurement.
    pool = multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1)
    for row in json.loads(printed.stdout):
        measured = pool.starmap(measure, [(row, given.samples)] * given.processes, chunksize=1)
        best = {name: min(one[name] for one in measured) for name in measured[0]}
        ratios = {name: best["pySigLib"] / best[name] for name in ("simd", "relaxed")}
        rows.append({**row, "batch": max(64, row["batch"]), "seconds": best})
        figures = (f"{name} {ratio:.2f}" for name, ratio in ratios.items())
        print(f"{row['channels']} channels, depth {row['depth']}:", *figures, flush=True)
    mean = {
        name: math.exp(sum(math.log(row["seconds"]["pySigLib"] / row["seconds"][name]) for row in rows) / len(rows))
        for name in ("simd", "relaxed")
    }
    print("geometric mean:", *(f"{name} {ratio:.2f}" for name, ratio in mean.items()))
    if given.save:
        about = {"machine": machine(), "date": datetime.date.today().isoformat(), "samples": given.samples}
        about["processes"] = given.processes
        given.save.write_text(json.dumps({**about, "timesAsFast": mean, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
