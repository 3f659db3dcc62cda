# Signatures of the series of a Parquet file as Python does it: DuckDB reads, pySigLib or a loop over
# iisignature computes, pyarrow writes. Prints the seconds of each part. Started by bench/cli.mjs.

import json
import sys
import time

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

which, file, out, threads, series = sys.argv[1:]
if which == "pysiglib":
    import pysiglib
else:
    import iisignature
    import pandas  # so that its loading is not counted below
marks = [time.perf_counter()]
connection = duckdb.connect()
connection.execute(f"SET threads = {threads}")
rows = connection.execute(
    f"SELECT id, x, y, z FROM read_parquet('{file}') WHERE id < {series} ORDER BY id, t"
)
if which == "pysiglib":
    columns = rows.fetchnumpy()
    # All series have a hundred points.
    paths = np.stack([columns[name] for name in "xyz"], axis=1).reshape(int(series), 100, 3)
    ids = columns["id"][::100]
    marks.append(time.perf_counter())
    signatures = pysiglib.signature(paths, 3, n_jobs=int(threads))[:, 1:]
else:
    frame = rows.df()
    marks.append(time.perf_counter())
    ids, found = [], []
    for own, group in frame.groupby("id", sort=False):
        ids.append(own)
        found.append(iisignature.sig(group[["x", "y", "z"]].to_numpy(), 3))
    signatures = np.stack(found)
marks.append(time.perf_counter())
table = {"id": ids, **{f"c{i}": np.ascontiguousarray(signatures[:, i]) for i in range(signatures.shape[1])}}
pq.write_table(pa.table(table), out, compression=None, use_dictionary=False)
marks.append(time.perf_counter())
names = ["reading", "computing", "writing"]
print(json.dumps(dict(zip(names, np.diff(marks).tolist()))))
