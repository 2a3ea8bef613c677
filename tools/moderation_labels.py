#!/usr/bin/env python3
"""Labels photos of WebDataset shards by their captions, for the example of docs/moderation.md.

  tools/moderation_labels.py FOLDER SHARD.tar... [--every 1] > labelled.jsonl

A photo belongs to a category if one of its captions has one of the category's words. The photos are
unpacked into FOLDER. --every N takes every N-th photo. The captions of Flickr8k say so of some 1 to
3 photos in a hundred; what they do not mention is not labelled, so that precision is understated.
"""
import argparse
import json
import pathlib
import re
import sys
import tarfile

WORDS = {
    "weapons": "gun guns rifle rifles pistol sword swords knife knives weapon weapons shotgun "
               "handgun machete spear",
    "alcohol": "beer beers wine alcohol alcoholic cocktail cocktails champagne whiskey liquor vodka "
               "bar",
    "advertising": "advertisement advertisements advertising billboard billboards ad poster posters "
                   "banner banners logo logos sign signs advertises",
}
PATTERNS = {name: re.compile(r"\b(" + "|".join(words.split()) + r")\b", re.IGNORECASE)
            for name, words in WORDS.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("shards", nargs="+")
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    count = 0
    labelled = dict.fromkeys(PATTERNS, 0)
    for shard in options.shards:
        with tarfile.open(shard) as tar:
            members = {member.name: member for member in tar if member.isfile()}
            for name in sorted(members):
                if not name.endswith(".json"):
                    continue
                count += 1
                if count % options.every != 0:
                    continue
                captions = json.load(tar.extractfile(members[name]))["captions"]
                photo = options.folder / (pathlib.PurePosixPath(name).stem + ".jpg")
                photo.write_bytes(tar.extractfile(members[name[:-5] + ".jpg"]).read())
                labels = [category for category, pattern in PATTERNS.items()
                          if any(pattern.search(caption) for caption in captions)]
                for category in labels:
                    labelled[category] += 1
                print(json.dumps({"path": str(photo), "labels": labels}))
    print(", ".join(f"{number} of {category}" for category, number in labelled.items()), file=sys.stderr)
    return 0 if count else 1


if __name__ == "__main__":
    sys.exit(main())
