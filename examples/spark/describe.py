"""Captions and embeddings of a folder of images, in Parquet, by Spark.

    spark-submit examples/spark/describe.py hdfs:///photos hdfs:///captions

Two ways: `describe` maps whole rows (mapInPandas), `caption_of` is a function of a column (a pandas UDF), also in SQL.
A worker that was killed fails its task, which Spark starts again on another (spark.task.maxFailures times).
"""

import argparse
from collections.abc import Iterator

import pandas as pd
from blip_cpp import ImageDescriber
from pyspark.sql import SparkSession
from pyspark.sql.functions import pandas_udf

SCHEMA = "path string, caption string, embedding array<float>, error string"


def describe(pictures, describer):
    """pictures: rows with `path` and `content`, as the format binaryFile has them → rows of SCHEMA."""

    def work(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for frame in frames:
            yield pd.DataFrame({"path": frame["path"], **describer.columns(frame["content"])})

    return pictures.mapInPandas(work, SCHEMA)


def caption_of(describer):
    """A function of a column of pictures' bytes; of a bad picture null."""

    @pandas_udf("string")
    def caption(contents: Iterator[pd.Series]) -> Iterator[pd.Series]:
        for content in contents:
            yield pd.Series(describer.columns(content)["caption"], dtype="object")

    return caption


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images")
    parser.add_argument("output")
    parser.add_argument("--captioning", default="nano-captioning")
    parser.add_argument("--embedding", default="nano-retrieval")
    parser.add_argument("--dtype", help="int8 is the fastest")
    arguments = parser.parse_args()
    # A record is a photo, not a number: few fit into a batch.
    spark = SparkSession.builder.config("spark.sql.execution.arrow.maxRecordsPerBatch", 32).getOrCreate()
    describer = ImageDescriber(arguments.captioning, arguments.embedding, arguments.dtype, num_threads=1)
    pictures = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(arguments.images)
    describe(pictures, describer).write.parquet(arguments.output)


if __name__ == "__main__":
    main()
