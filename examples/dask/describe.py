"""Captions and embeddings of images at URLs that fsspec knows, in Parquet, by Dask.

    python examples/dask/describe.py 's3://bucket/photos/*.jpg' captions --scheduler tcp://…:8786
    python examples/dask/describe.py 'photos/*.jpg' captions --workers 2

Dask's nanny starts a worker that was killed again, and its parts are computed on others.
"""

import argparse

import dask
import dask.bag
import fsspec
import pyarrow as pa
from blip_cpp import ImageDescriber
from distributed import Client, LocalCluster

COLUMNS = {"name": "string", "caption": "string", "embedding": "object", "error": "string"}


def read(name):
    """The bytes of a file, or why there are none: one that is gone or forbidden is its own error, not that of its part."""
    try:
        with fsspec.open(name, "rb") as file:
            return file.read()
    except Exception as error:  # every storage has classes of its own
        return error


def describe(names, describer, part=32):
    """names: paths or URLs → a dask.dataframe of COLUMNS."""

    def work(names):
        names = list(names)
        pictures = [read(name) for name in names]
        columns = describer.columns(each for each in pictures if isinstance(each, bytes))
        described = zip(*columns.values())
        rows = [next(described) if isinstance(each, bytes) else (None, None, str(each) or type(each).__name__)
                for each in pictures]
        return [dict(zip(COLUMNS, (name, *row))) for name, row in zip(names, rows)]

    return dask.bag.from_sequence(names, partition_size=part).map_partitions(work).to_dataframe(meta=COLUMNS)


def write_parquet(frame, folder):
    """What lists hold, Parquet cannot guess."""
    frame.to_parquet(folder, schema={"embedding": pa.list_(pa.float32())})


def names_of(pattern):
    """The URLs that a pattern stands for, with their scheme."""
    return [each.full_name for each in fsspec.open_files(pattern)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", help="a pattern: 's3://bucket/*.jpg'")
    parser.add_argument("output")
    parser.add_argument("--captioning", default="nano-captioning")
    parser.add_argument("--embedding", default="nano-retrieval")
    parser.add_argument("--dtype", help="int8 is the fastest")
    parser.add_argument("--scheduler", help="the address of a running cluster")
    parser.add_argument("--workers", type=int, default=1, help="of a cluster on this machine")
    arguments = parser.parse_args()
    describer = ImageDescriber(arguments.captioning, arguments.embedding, arguments.dtype, num_threads=1)
    cluster = arguments.scheduler or LocalCluster(n_workers=arguments.workers, threads_per_worker=1)
    with Client(cluster):
        write_parquet(describe(names_of(arguments.images), describer), arguments.output)


if __name__ == "__main__":
    main()
