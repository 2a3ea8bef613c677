#!/usr/bin/env python3
"""Turns easy-VQA (MIT, github.com/vzhou842/easy-VQA) into WebDataset shards that blip reads.

    tools/convert_easy_vqa.py easy-vqa.tar OUTPUT_DIRECTORY

writes OUTPUT_DIRECTORY/train-000000.tar and test-000000.tar: KEY.png and KEY.json with
{"qa": [{"question", "answer"}]}, KEY being the picture's number in six digits. Where the questions and
answers of a picture tell its colour and shape, KEY.json has {"captions": ["a blue circle"]} as well,
which a captioner can be trained with before it learns to answer. easy-VQA keeps the
questions of all pictures in one file ([[question, answer, number of the picture], …]), which no
reader of shards can use without reading it whole: hence a conversion, not a second layout in the
reader. Needs Python 3.8 alone. The same input gives the same bytes.
"""

import collections
import io
import json
import pathlib
import sys
import tarfile

COLORS = {"black", "blue", "brown", "gray", "green", "red", "teal", "yellow"}
SHAPES = {"circle", "rectangle", "triangle"}


def caption(questions):
    """What the questions and answers about a picture tell of it, or nothing. "What color is the circle?"
    tells the shape, too; "is there not a red shape?" and "is no red shape present?" are no for a picture with one."""
    told, denied = set(), set()
    for each in questions:
        words = set(each["question"].rstrip("?").split())
        if each["answer"] not in ("yes", "no"):
            told |= words | {each["answer"]}
        elif (each["answer"] == "yes") != bool(words & {"not", "no"}):
            told |= words
        else:
            denied |= words
    colors, shapes = (told & names or names - denied for names in (COLORS, SHAPES))
    return f"a {colors.pop()} {shapes.pop()}" if len(colors) == 1 and len(shapes) == 1 else None


def add(shard, name, content):
    member = tarfile.TarInfo(name)  # no time, no owner
    member.size = len(content)
    shard.addfile(member, io.BytesIO(content))


def convert(source, split, path):
    questions = collections.defaultdict(list)
    for question, answer, picture in json.load(source.extractfile(f"./{split}/questions.json")):
        questions[picture].append({"question": question, "answer": answer})
    captions = 0
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as shard:
        for picture in sorted(questions):
            png = source.extractfile(f"./{split}/images/{picture}.png").read()
            key = f"{picture:06d}"
            add(shard, f"{key}.png", png)
            about = {"qa": questions[picture]}
            text = caption(questions[picture])
            if text:
                about["captions"] = [text]
                captions += 1
            add(shard, f"{key}.json", json.dumps(about).encode())
    return len(questions), sum(map(len, questions.values())), captions


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    output = pathlib.Path(sys.argv[2])
    output.mkdir(parents=True, exist_ok=True)
    with tarfile.open(sys.argv[1]) as source:
        for split in ("train", "test"):
            path = output / f"{split}-000000.tar"
            pictures, questions, captions = convert(source, split, path)
            print(f"{path}: {pictures} pictures, {questions} questions, {captions} captions")


if __name__ == "__main__":
    main()
