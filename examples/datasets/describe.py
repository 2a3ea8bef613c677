"""Captions for a Hugging Face data set, or for WebDataset shards, on one machine.

    python examples/datasets/describe.py imagefolder photos captioned
    python examples/datasets/describe.py webdataset 'shards-{000..127}.tar' captioned.tar

The first writes a data set that `datasets.load_from_disk` reads, the second shards whose samples have a .txt more.
"""

import argparse
import itertools

from blip_cpp import ImageDescriber


def describe_dataset(dataset, describer, column="image"):
    """dataset: of Hugging Face, with an Image column → the same with `caption`, `embedding` and `error`."""
    import datasets

    # The files' bytes, which we decode, instead of PIL images.
    stored = dataset.cast_column(column, datasets.Image(decode=False))

    def describe(batch):
        return describer.columns(each["bytes"] or each["path"] for each in batch[column])

    described = stored.map(describe, batched=True, batch_size=32)
    return described.cast_column(column, datasets.Image())


def describe_shards(urls, output, describer):
    """Copies the samples of WebDataset shards, each with its caption as .txt; of bad pictures, the cause as .error."""
    import webdataset as wds

    # Each shard is read once; what waits for its caption is a batch.
    samples, waiting = itertools.tee(wds.WebDataset(urls, shardshuffle=False))
    # A sample without a picture has no bytes of one, which is then its error.
    pictures = (next((sample[ending] for ending in ("jpg", "jpeg", "png", "webp") if ending in sample), b"")
                for sample in waiting)
    with wds.TarWriter(output) as tar:
        for sample, found in zip(samples, describer.stream(pictures)):
            sample = {key: value for key, value in sample.items() if key == "__key__" or not key.startswith("__")}
            tar.write({**sample, **({"txt": found.caption} if found.error is None else {"error": found.error.encode()})})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", help="webdataset, or what datasets.load_dataset takes: imagefolder, parquet, a name")
    parser.add_argument("images")
    parser.add_argument("output")
    parser.add_argument("--captioning", default="nano-captioning")
    parser.add_argument("--dtype", help="int8 is the fastest")
    arguments = parser.parse_args()
    describer = ImageDescriber(arguments.captioning, dtype=arguments.dtype)
    if arguments.kind == "webdataset":
        describe_shards(arguments.images, arguments.output, describer)
    else:
        from datasets import load_dataset

        dataset = load_dataset(arguments.kind, data_dir=arguments.images, split="train")
        describe_dataset(dataset, describer).save_to_disk(arguments.output)


if __name__ == "__main__":
    main()
