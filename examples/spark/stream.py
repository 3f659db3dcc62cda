"""Kafka → Structured Streaming → Parquet: a message is a series, `{"id": …, "points": [[…], …]}`.

Each batch has a folder of its own, which a batch that is run again replaces: with the offsets in the
checkpoint, each message is in the results once, however the driver ends.
"""

from __future__ import annotations

import argparse

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from batch import options
from signature_features import features_of, write

MESSAGE = "id bigint, points array<array<double>>"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("servers", help="host:port of Kafka")
    parser.add_argument("topic")
    options(parser)
    parser.add_argument("--channels", type=int, required=True, help="numbers of a point")
    parser.add_argument("--checkpoint", required=True, help="folder that outlives the driver")
    parser.add_argument("--messages", type=int, help="of a batch, at most")
    parser.add_argument("--once", action="store_true", help="ends when the topic is read")
    given = parser.parse_args()
    spark = SparkSession.builder.appName("signature features").getOrCreate()
    source = spark.readStream.format("kafka").option("kafka.bootstrap.servers", given.servers)
    source = source.option("subscribe", given.topic).option("startingOffsets", "earliest")
    if given.messages is not None:
        source = source.option("maxOffsetsPerTrigger", given.messages)
    message = F.from_json(F.col("value").cast("string"), MESSAGE)
    where = F.format_string("%s, partition %d, offset %d", "topic", "partition", "offset")
    series = source.load().select(message.alias("message"), "value", where.alias("file"))
    series = series.select("message.id", "message.points", "file", "value")
    how = {"depth": given.depth, "augment": given.augment, "bad_rows": given.bad_rows, "channels": given.channels}
    # What cannot be computed is kept as it came: Kafka forgets it.
    features = features_of(series, keep=["value"], **how)

    def store(batch: DataFrame, number: int) -> None:
        write(batch, f"{given.output}/batch={number}")

    stream = features.writeStream.foreachBatch(store).option("checkpointLocation", given.checkpoint)
    stream = stream.trigger(availableNow=True) if given.once else stream
    stream.start().awaitTermination()


if __name__ == "__main__":
    main()
