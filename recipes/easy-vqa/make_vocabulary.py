#!/usr/bin/env python3
"""Writes the vocabulary of the model that draws shapes: recipes/easy-vqa/drawing/vocab.json and merges.txt. Each word of easy-VQA's captions is
one token; every other word is spelled in letters, which the model has never seen. Needs Python 3.8 alone."""

import json
import pathlib

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
WORDS = ["a", "black", "blue", "brown", "gray", "green", "red", "teal", "yellow", "circle", "rectangle", "triangle"]


def main():
    letters = ["Ġ", *map(chr, range(ord("a"), ord("z") + 1))]
    merges = []
    for word in WORDS:
        for end in range(len(word)):
            merge = f"{'Ġ' + word[:end]} {word[end]}"
            if merge not in merges:
                merges.append(merge)
    tokens = SPECIAL + letters + [merge.replace(" ", "") for merge in merges]
    folder = pathlib.Path(__file__).parent / "drawing"
    folder.mkdir(exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(tokens)}, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
