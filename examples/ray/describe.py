"""Captions and embeddings of a bucket of images, in Parquet, by Ray Data.

    python examples/ray/describe.py s3://bucket/photos s3://bucket/captions --workers 8
    python examples/ray/describe.py 'shards/*.tar' captions --webdataset

Each worker is an actor with one core. It maps the weights of the model, so that all workers of a machine have them in
memory once. Ray Data starts a worker that was killed again, and repeats its batch.
"""

import argparse

import pyarrow as pa
import ray
from blip_cpp import ImageDescriber

SCHEMA = pa.schema([("name", pa.string()), ("caption", pa.string()), ("embedding", pa.list_(pa.float32())),
                    ("error", pa.string())])


class Worker:
    """A batch of rows with the columns `name` and `picture` → one with `name`, `caption`, `embedding`, `error`."""

    def __init__(self, describer):
        self.describer = describer

    def __call__(self, batch):
        columns = self.describer.columns(batch["picture"].to_pylist())
        return pa.table({"name": batch["name"], **columns}, schema=SCHEMA)


def read_images(paths):
    """Files: the bytes are decoded by the workers."""
    return ray.data.read_binary_files(paths, include_paths=True).rename_columns({"path": "name", "bytes": "picture"})


def read_webdataset(paths):
    """Shards with a .jpg, .png or .webp in each sample."""

    def columns(sample):
        # A sample without a picture has no bytes of one, which is then its error.
        picture = next((sample[ending] for ending in ("jpg", "jpeg", "png", "webp") if ending in sample), b"")
        return {"name": sample["__key__"], "picture": picture}

    return ray.data.read_webdataset(paths, decoder=False).map(columns)


def describe(dataset, describer, workers, batch_size=32):
    """dataset: rows with `name` and `picture` → rows of SCHEMA."""
    return dataset.map_batches(
        Worker, fn_constructor_args=(describer,), batch_format="pyarrow", batch_size=batch_size, zero_copy_batch=True,
        compute=ray.data.ActorPoolStrategy(size=workers), num_cpus=describer.num_threads)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", help="a folder, a pattern or a URL that PyArrow reads: s3://, gs://, a path")
    parser.add_argument("output", help="a folder for Parquet files")
    parser.add_argument("--webdataset", action="store_true", help="images are WebDataset shards")
    parser.add_argument("--captioning", default="nano-captioning")
    parser.add_argument("--embedding", default="nano-retrieval")
    parser.add_argument("--dtype", help="int8 is the fastest")
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    describer = ImageDescriber(arguments.captioning, arguments.embedding, arguments.dtype, num_threads=1)
    read = read_webdataset if arguments.webdataset else read_images
    describe(read(arguments.images), describer, arguments.workers).write_parquet(arguments.output)


if __name__ == "__main__":
    main()
