# Writes duckdb_arrow.json: Arrow as DuckDB gives it, in IPC streams, for test/arrow.test.ts: columns of
# paths, three in a batch of rows, and a long table.
#
#   pip install duckdb==2.0.1 pyarrow==26.0.1
#   python3 make_duckdb_arrow.py > duckdb_arrow.json

import base64
import json

import duckdb
import pyarrow

POINTS = """
CREATE TABLE points AS
SELECT (i % 5)::INTEGER AS id, i AS t, sin(i)::DOUBLE AS x, cos(i)::DOUBLE AS y FROM range(37) rows(i)
"""
COLUMN = "SELECT id, {} AS path FROM points GROUP BY id ORDER BY id"
QUERIES = {
    "list of arrays": COLUMN.format("list([x, y]::DOUBLE[2] ORDER BY t)"),
    "list of float arrays": COLUMN.format("list([x, y]::FLOAT[2] ORDER BY t)"),
    "list of lists": COLUMN.format("list([x, y] ORDER BY t)"),
    "list of structs": COLUMN.format("list({x: x, y: y} ORDER BY t)"),
    "flat list": COLUMN.format("flatten(list([x, y] ORDER BY t))"),
    "list with a null": COLUMN.format("CASE WHEN id = 3 THEN NULL ELSE list([x, y]::DOUBLE[2] ORDER BY t) END"),
    "long table": "SELECT 'g' || id AS id, t, x, y::FLOAT AS y FROM points ORDER BY hash(t)",
}


def stream(connection, query):
    table = connection.sql(query).to_arrow_table()
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=3)
    return base64.b64encode(sink.getvalue()).decode()


connection = duckdb.connect()
connection.sql(POINTS)
print(
    json.dumps(
        {
            "duckdb": duckdb.__version__,
            "pyarrow": pyarrow.__version__,
            "streams": {name: stream(connection, query) for name, query in QUERIES.items()},
            "paths": connection.sql(QUERIES["list of lists"]).fetchall(),
        },
        indent=1,
    )
)
