"""examples/spark on the real Spark, on this machine."""

import os
import sys

import pytest
from blip_cpp import ImageDescriber
from pyspark import cloudpickle
from pyspark.sql import SparkSession

import mortal
from conftest import example
from mortal import MortalDescriber

cloudpickle.register_pickle_by_value(mortal)
# Spark's workers run the python3 of PATH, which has neither pandas nor blip_cpp if this is a virtual environment.
os.environ["PYSPARK_PYTHON"] = sys.executable


def session(workers):
    # A task may fail 4 times.
    return (SparkSession.builder.master(f"local[{workers},4]").appName("blip")
            .config("spark.sql.execution.arrow.maxRecordsPerBatch", 8).config("spark.ui.enabled", "false")
            .config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.files.openCostInBytes", 1 << 10).config("spark.driver.memory", "1g").getOrCreate())


@pytest.fixture
def spark():
    running = session(2)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def describe():
    return example("spark/describe", cloudpickle)


def describer():
    return ImageDescriber("nano-captioning", "nano-retrieval", num_threads=1)


def read(spark, photos):
    return spark.read.format("binaryFile").load(str(photos)).repartition(4)


def test_rows(spark, describe, photos, check, tmp_path):
    describe.describe(read(spark, photos), describer()).write.parquet(str(tmp_path / "out"))
    check([row.asDict() for row in spark.read.parquet(str(tmp_path / "out")).collect()], "path")


def test_a_killed_worker_costs_nothing(spark, describe, photos, check, tmp_path):
    marker = tmp_path / "killed"
    mortal_describer = MortalDescriber(marker, "nano-captioning", "nano-retrieval", num_threads=1)
    rows = describe.describe(read(spark, photos), mortal_describer).collect()
    assert marker.exists()
    check([row.asDict() for row in rows], "path")


def test_function_of_a_column(spark, describe, photos, expected):
    caption = describe.caption_of(ImageDescriber(num_threads=1))
    rows = read(spark, photos).select("path", caption("content").alias("caption")).collect()
    assert {row.path.rsplit("/", 1)[1]: row.caption for row in rows} == {
        "damaged.jpg": None, **{name: caption for name, (caption, _) in expected.items()}}


def test_rate(describe, photos, rates):
    def run(workers):
        spark = session(workers)
        describe.describe(spark.read.format("binaryFile").load(str(photos)).repartition(workers), describer()).collect()
        spark.stop()

    rates("Spark", run, len(list(photos.iterdir())))
