"""Parquet → Parquet: features of each id. Run by `spark-submit` or by python; --help lists options."""

from __future__ import annotations

import argparse
import json

from pyspark.sql import SparkSession
from signature_features import features_of, to_series, write


def options(parser: argparse.ArgumentParser) -> None:
    """Options that the stream has as well."""
    parser.add_argument("output", help="folder of the results")
    parser.add_argument("--depth", type=int, default=3)
    parser.add_argument("--augment", type=json.loads, default=[], help='JSON, such as \'["time"]\'')
    parser.add_argument("--bad-rows", choices=["refuse", "quarantine"], default="refuse")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("input", help="Parquet: a row is a point of a series")
    options(parser)
    parser.add_argument("--id", default="id")
    parser.add_argument("--time", default="time")
    parser.add_argument("--channels", required=True, help="columns, separated by commas")
    given = parser.parse_args()
    channels = given.channels.split(",")
    spark = SparkSession.builder.appName("signature features").getOrCreate()
    series = to_series(spark.read.parquet(given.input), id=given.id, time=given.time, channels=channels)
    how = {"depth": given.depth, "augment": given.augment, "bad_rows": given.bad_rows}
    write(features_of(series, channels=channels, **how), given.output)
    spark.stop()


if __name__ == "__main__":
    main()
