"""Leaves out some synthetic samples, so that what people photograph outweighs what ImageNet happens to have many photos of.

usage: thin_synthetic.py CAPTIONS.tar... [QUESTIONS.tar...] --output DIRECTORY [--others 35] [--imagenette 15]

All samples with one of COCO's things are kept, --others per cent of the rest, --imagenette per cent of Imagenette's ten classes.
Questions, which come without labels, are kept with their photo's captions. A first
captioner, taught all of them, saw petrol pumps and parachutes, which Imagenette has hundreds of, in whatever it did not know.
"""
import argparse
import json
import pathlib
import zlib

from nouns import HERE
from shards import ShardWriter, read_shard


def coco_nouns():
    """Of lines such as "3 car > vehicle | vehicle": car."""
    lines = (HERE / "coco_nouns.txt").read_text().splitlines()
    return {line.split("|")[0].split(">")[0].split(" ", 1)[1].strip().rstrip("+*") for line in lines if line and not line.startswith("#")}


def is_kept(record, coco, kept, options):
    if "labels" not in record:
        return record["image"] in kept
    # A per cent of its own for each photo, the same in every run and for its captions and its questions.
    place = zlib.crc32(record["image"].encode()) % 100
    if record["image"].startswith("imagenette-"):
        return place < options.imagenette
    nouns = {noun for thing in record["labels"]["things"] for noun in (thing["noun"], *thing["wider"])}
    return bool((nouns - {"person"}) & coco) or place < options.others


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shards", nargs="+", type=pathlib.Path)
    parser.add_argument("--output", required=True, type=pathlib.Path)
    parser.add_argument("--others", type=int, default=35, help="per cent kept of what has none of COCO's things")
    parser.add_argument("--imagenette", type=int, default=15, help="per cent kept of Imagenette's photos")
    options = parser.parse_args()
    coco = coco_nouns()
    seen, samples, kept = 0, 0, set()
    writers = {}
    for shard in options.shards:
        name = shard.stem.rpartition("-")[0]
        writer = writers.setdefault(name, ShardWriter(options.output, name))
        for key, parts in read_shard(shard):
            record = json.loads(parts["json"])
            seen += 1
            if not is_kept(record, coco, kept, options):
                continue
            photo = next(suffix for suffix in parts if suffix != "json")
            writer.add(key, parts[photo], record, photo)
            kept.add(record["image"])
            samples += 1
    for writer in writers.values():
        writer.close()
    print(f"{samples} of {seen} samples kept")


if __name__ == "__main__":
    main()
