"""The design this system is measured against: one warm PySpark process, Structured Streaming from Kafka, and in
foreachBatch for each table the JSON's schema inferred from the batch, then one MERGE after another, with schema
autoMerge, `SET *` and `INSERT *`, Spark's 200 shuffle partitions and default JVM flags.

    original.py BROKERS TOPIC CHECKPOINT TABLES MEMORY

Messages hold whole documents as JSON, their keys say which table they belong to. Each line on stdin asks for what the
topic has by now (trigger availableNow); each is answered by one line of JSON on stdout.
"""

import json
import os
import sys
import time

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import col
from pyspark.sql.types import StructType


def session(memory: str) -> SparkSession:
    return (
        SparkSession.builder.master("local[2]")
        .appName("original")
        .config("spark.driver.memory", memory)
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        .config("spark.databricks.delta.schema.autoMerge.enabled", "true")
        .config("spark.sql.shuffle.partitions", "200")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )


def leaves(schema: StructType, path: tuple[str, ...] = ()):
    """Every field that is no object, with its path."""
    for field in schema.fields:
        if isinstance(field.dataType, StructType):
            yield from leaves(field.dataType, (*path, field.name))
        else:
            yield (*path, field.name)


def flattened(parsed: DataFrame) -> DataFrame:
    def column(path: tuple[str, ...]):
        return col(".".join(f"`{name}`" for name in path)).alias("__".join(path))

    return parsed.select([column(path) for path in leaves(parsed.schema)])


def merge(documents: DataFrame, table: str) -> int:
    """Infers the documents' schema and merges them. @returns rows changed"""
    spark = documents.sparkSession
    parsed = spark.read.json(documents.select("value").rdd.map(lambda row: row.value))
    rows = flattened(parsed).withColumn("month", col("month").cast("date"))
    if not os.path.isdir(f"{table}/_delta_log"):
        rows.limit(0).write.format("delta").partitionBy("month").save(table)
    rows.createOrReplaceTempView("updates")
    [answer] = spark.sql(
        f"MERGE INTO delta.`{table}` t USING updates s ON t._id = s._id "
        "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    ).collect()
    return answer["num_affected_rows"]


def main(brokers: str, topic: str, checkpoint: str, tables: str, memory: str) -> None:
    spark = session(memory)
    merged: list[int] = []

    def merge_batch(batch: DataFrame, _: int) -> None:
        documents = batch.select(col("key").cast("string"), col("value").cast("string")).persist()
        for name in sorted(row.key for row in documents.select("key").distinct().collect()):
            merged.append(merge(documents.where(col("key") == name), f"{tables}/{name}"))
        documents.unpersist()

    for _ in sys.stdin:
        began = time.monotonic()
        merged.clear()
        stream = (
            spark.readStream.format("kafka")
            .option("kafka.bootstrap.servers", brokers)
            .option("subscribe", topic)
            .option("startingOffsets", "earliest")
            .load()
        )
        query = (
            stream.writeStream.foreachBatch(merge_batch)
            .option("checkpointLocation", checkpoint)
            .trigger(availableNow=True)
            .start()
        )
        query.awaitTermination()
        print(json.dumps({"seconds": time.monotonic() - began, "rows": sum(merged), "merges": len(merged)}), flush=True)
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
