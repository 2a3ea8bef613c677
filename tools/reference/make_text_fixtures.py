#!/usr/bin/env python3
"""Writes the fixtures of tests/text from transformers' BertTokenizer and Hugging Face `tokenizers`.

  python tools/reference/make_text_fixtures.py [--captions FILE]…

lines.jsonl        texts with their ids and decodings under the vocabulary of bert-base-uncased
checkpoints.json   small checkpoints of many layouts, with texts, ids and decodings
code_points.json   a checksum for every block of 16,384 code points, of what becomes of them
"""
import argparse
import json
import os
import pathlib
import tempfile
import zlib

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

import text_lines  # noqa: E402
from parity_text import VOCABULARY, load  # noqa: E402
from text_checkpoints import TOKENS, checkpoint_variants  # noqa: E402
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers  # noqa: E402

DATA = VOCABULARY.parent
BLOCK = 16384
CHECKPOINT_TEXTS = ["isn't it? don't do not", "a[SEP]b  [MASK] . [ENC] [DEC]", "CAFÉ cafe\u0301 İi\u0307 ß Σς 狗犬dog",
                    "Hot Dog dogs the\tdog's x\u0000\u0007un", "[ZZ] <s>of</s> [sep] aaaaaaa", "[SE of-the [SEP]  , ! "]
# What the other checkpoints cover already.
LEFT_OUT = ["vocab.txt alone", "vocab.txt, no newline at its end", "cased, accents stripped", "ideographs together",
            "tokenizer.json wins over vocab.txt", "tokenizer.json, fast class, cased", "tokenizer.json, fast class, no clean-up",
            "tokenizer.json, fast class, accents kept", "tokenizer.json, fast class, ideographs together"]
# Stands for the vocabulary that most tokenizer.json files share.
PLACEHOLDER = '"<<VOCABULARY>>"'


def write_lines(captions):
    with tempfile.TemporaryDirectory() as directory:
        (pathlib.Path(directory) / "vocab.txt").write_bytes(VOCABULARY.read_bytes())
        tokenizer = load(directory)
    texts = (text_lines.CURATED + captions[::2] + text_lines.english_like(VOCABULARY, 15, seed=11)
             + [t for t in text_lines.unicode_lines(130, seed=12) if len(t) < 60])
    with open(DATA / "lines.jsonl", "w", encoding="ascii", newline="\n") as out:
        for text in texts:
            ids = tokenizer(text)["input_ids"]
            row = {"text": text, "ids": ids}
            plain = tokenizer(text, split_special_tokens=True)["input_ids"]
            if plain != ids:
                row["plain_ids"] = plain
            row["decoded"] = tokenizer.decode(ids, skip_special_tokens=True)
            clean = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=True)
            if clean != row["decoded"]:
                row["cleaned"] = clean
            out.write(json.dumps(row, separators=(",", ":")) + "\n")


def write_checkpoints():
    blobs, checkpoints = [], []
    vocabulary = json.dumps({t: i for i, t in enumerate(TOKENS)})
    with tempfile.TemporaryDirectory() as root:
        for name, directory, loads in checkpoint_variants(root):
            if not loads or name in LEFT_OUT:
                continue
            files = {}
            for path in sorted(directory.iterdir()):
                text = path.read_bytes().decode().replace(vocabulary, PLACEHOLDER)
                if text not in blobs:
                    blobs.append(text)
                files[path.name] = blobs.index(text)
            tokenizer = load(directory)
            ids = tokenizer(CHECKPOINT_TEXTS)["input_ids"]
            checkpoints.append({
                "name": name, "files": files, "size": len(tokenizer), "ids": ids,
                "decoded": [tokenizer.decode(r, skip_special_tokens=True) for r in ids]})
    with open(DATA / "checkpoints.json", "w", encoding="ascii", newline="\n") as out:
        json.dump({"texts": CHECKPOINT_TEXTS, "vocabulary": vocabulary, "files": blobs, "checkpoints": checkpoints}, out, separators=(",", ":"))
        out.write("\n")


def write_code_points():
    def checksums(outcome):
        sums = []
        for first in range(0, 0x110000, BLOCK):
            points = [c for c in range(first, first + BLOCK) if not 0xD800 <= c <= 0xDFFF]
            sums.append(zlib.crc32("\n".join(outcome(chr(c)) for c in points).encode()))
        return sums

    sweeps = []
    for options in ({}, {"lowercase": False}, {"strip_accents": False}, {"clean_text": False},
                    {"lowercase": False, "strip_accents": True, "handle_chinese_chars": False}):
        normalize = normalizers.BertNormalizer(**options).normalize_str
        for pattern in ("{}", "x\U0001d165\u302e{}\u0344y"):
            before, after = pattern.split("{}")
            sweeps.append({"options": options, "before": before, "after": after,
                           "checksums": checksums(lambda c: normalize(before + c + after))})
    tokenizer = Tokenizer(models.WordPiece({"[UNK]": 0, "a": 1, "b": 2, "##b": 3}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    words = checksums(lambda c: " ".join(map(str, tokenizer.encode("a" + c + "b").ids)))
    with open(DATA / "code_points.json", "w", encoding="ascii", newline="\n") as out:
        json.dump({"block": BLOCK, "normalized": sweeps, "words": words}, out, separators=(",", ":"))
        out.write("\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captions", action="append", default=[], help="captions that may be committed (CC BY)")
    arguments = parser.parse_args()
    write_lines([line for path in arguments.captions for line in text_lines.read_captions(path)])
    write_checkpoints()
    write_code_points()


if __name__ == "__main__":
    main()
