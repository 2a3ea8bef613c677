#!/usr/bin/env python3
"""Writes tests/tasks/data/dalle.json, what min-dalle's modules make of filled weights, and tests/text/data/dalle_tokenizer.json, the
tokens of its tokenizer for a small vocabulary."""

import json
import pathlib

import torch
from min_dalle.text_tokenizer import TextTokenizer

import dalle_models
from dalle_models import TINY, UNSCALED, Oracle

TESTS = pathlib.Path(__file__).parents[2] / "tests"
TEXT = [0, 5, 9, 17, 33, 2]
LONG = [0, *range(4, 24), 2]
FACTOR, START = 16.0, 59


def numbers(tensor, step=1):
    return [float(f"{x:.7g}") for x in tensor.double().flatten()[::step].tolist()]


def case(scaled):
    oracle = Oracle(TINY, scaled=scaled)
    length = TINY["image_length"]
    entry = {"config": dict(TINY, model_type="dalle", architectures=["DalleModel"])}
    if not scaled:
        entry["tensors"] = {name: list(tensor.shape) for name, tensor in oracle.kept().items()}
    entry["states"] = numbers(oracle.encode(TEXT))
    codes, logits, scores = oracle.decode(length, 1, FACTOR, START)
    entry["greedy"] = codes[0].tolist()
    margins = scores[:, 0].topk(2).values
    assert (margins[:, 0] - margins[:, 1]).min() > 1e-3
    entry["logits"] = [numbers(step) for step in logits[:2]]  # [2, V] of the empty text and the text
    entry["superconditioned"] = [numbers(step) for step in scores[:2]]
    entry["other_start"] = oracle.decode(length, 1, FACTOR, 64)[0][0].tolist()
    entry["unguided"] = oracle.decode(length, 1, 1.0, START)[0][0].tolist()
    oracle.encode(LONG)
    entry["long"] = oracle.decode(length, 1, FACTOR, START)[0][0].tolist()
    grid = (torch.arange(4 * length) * 7919 % TINY["vqgan_config"]["n_embed"]).view(4, length)
    entry["pixels"] = numbers(oracle.pixels(grid[:1]))
    entry["second_picture"] = numbers(oracle.pixels(grid[1:2]), 7)
    entry["seamless"] = numbers(oracle.seamless(grid), 7)
    return entry


def vocabulary():
    words = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3}
    merges = ["Ġ c", "a t", "Ġc at", "Ġ a", "r e", "re d", "Ġ red", "d o", "do g", "Ġ dog", "_ f", "_f a"]
    for word in ["Ġ", *"abcdefghijklmnoprstuvwxyz_123", *("".join(merge.split()) for merge in merges)]:
        words[word] = len(words)
    return words, merges


LINES = ["A cat", "a  cat\tb", "café 🐶 cat", "", "cat " * 3, "z", "q", "red dog", "Red\u00a0dog", "dog🐱dog", "👍🏽", "❤️ cat", "1️⃣", "İK Å",
         "\u212a", "cat\x00dog", "a\x7fb", "日本語", "👨‍👩‍👧 family", "🇩🇪", "reredog", " cat", "cat\ncat", "ΑΣ", "#️⃣ a#", "☺"]


def main():
    data = {"text": TEXT, "long": LONG, "start": START, "factor": FACTOR, "scaled": case(True), "unscaled": case(False)}
    (TESTS / "tasks/data/dalle.json").write_text(json.dumps(data) + "\n")
    words, merges = vocabulary()
    tokenizer = TextTokenizer(words, merges)
    lines = [{"text": line, "ids": tokenizer.tokenize(line)} for line in LINES]
    (TESTS / "text/data/dalle_tokenizer.json").write_text(
        json.dumps({"vocab": words, "merges": merges, "lines": lines}, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
    assert all(name.endswith(".weight") for name in UNSCALED) and dalle_models.MINI


if __name__ == "__main__":
    main()
