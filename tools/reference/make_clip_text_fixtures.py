#!/usr/bin/env python3
"""Writes the fixtures of CLIP's tokenizer in tests/text from transformers' CLIPTokenizer.

  python tools/reference/make_clip_text_fixtures.py

clip_lines.jsonl         texts with their ids and decodings under the vocabulary of clip-merges.txt
clip_checkpoints.json    small checkpoints of many layouts, with texts, ids and decodings
clip_code_points.json    a checksum for every block of 16,384 code points, of what becomes of them
"""
import base64
import json
import os
import pathlib
import tempfile
import zlib

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

import clip_vocabulary  # noqa: E402
import text_lines  # noqa: E402
from make_text_fixtures import BLOCK, DATA  # noqa: E402
from parity_clip_text import CURATED, SURROUNDINGS, expected_info, reference_of  # noqa: E402
from parity_text import VOCABULARY  # noqa: E402
from transformers import CLIPTokenizer  # noqa: E402

CHECKPOINT_TEXTS = ["A Photo of the Cat's dog, hello fig", "a<|endoftext|>b <|STARTOFTEXT|>x <|EndOfText|>", "caf\u00e9 CAFE\u0301 \u0130 abcd abc ab bc",
                    "Hot Dog hot dog <new> cat  , \u00e9 \u00fc <x> <Y> <one> Two", "<s> the </s> 2024 !!"]
PLACEHOLDER = '"<<VOCABULARY>>"'


def write_lines(root, merges):
    tokenizer = CLIPTokenizer.from_pretrained(clip_vocabulary.write(root / "lines", merges, config=clip_vocabulary.PLAIN_CONFIG))
    texts = CURATED + text_lines.CURATED + text_lines.english_like(VOCABULARY, 30, seed=11)
    texts += [t for t in text_lines.unicode_lines(130, seed=12) if len(t) < 60]
    with open(DATA / "clip_lines.jsonl", "w", encoding="ascii", newline="\n") as out:
        for text in texts:
            if len(text) > 150 and text != "cat " * 100:
                continue
            ids = tokenizer(text)["input_ids"]
            row = {"text": text, "ids": ids}
            for key, options in (("plain_ids", {"split_special_tokens": True}), ("cut_ids", {"truncation": True, "max_length": 8})):
                other = tokenizer(text, **options)["input_ids"]
                if other != ids:
                    row[key] = other
            row["decoded"] = tokenizer.decode(ids, skip_special_tokens=True)
            row["shown"] = tokenizer.decode(ids)
            out.write(json.dumps(row, separators=(",", ":")) + "\n")


def write_checkpoints(root, merges):
    blobs, checkpoints = [], []
    # In the form that vocab.json has it in, which tokenizer.json repeats.
    vocabulary = json.dumps(clip_vocabulary.vocabulary_of(merges))
    spellings = [vocabulary, json.dumps(clip_vocabulary.vocabulary_of(merges), ensure_ascii=False)]
    for name, directory, loads in clip_vocabulary.checkpoint_variants(root / "variants", merges):
        if loads is False:
            continue
        files = {}
        for path in sorted(directory.iterdir()):
            if path.suffix == ".gz":
                text = "base64:" + base64.b64encode(path.read_bytes()).decode()
            else:
                text = path.read_bytes().decode()
                for spelling in spellings:
                    text = text.replace(spelling, PLACEHOLDER)
            if text not in blobs:
                blobs.append(text)
            files[path.name] = blobs.index(text)
        tokenizer = CLIPTokenizer.from_pretrained(directory if loads else reference_of(root, merges))
        ids = tokenizer(CHECKPOINT_TEXTS)["input_ids"]
        checkpoints.append({"name": name, "files": files, "info": expected_info(tokenizer), "ids": ids,
                            "decoded": [tokenizer.decode(r, skip_special_tokens=True) for r in ids]})
    with open(DATA / "clip_checkpoints.json", "w", encoding="ascii", newline="\n") as out:
        json.dump({"texts": CHECKPOINT_TEXTS, "vocabulary": vocabulary, "files": blobs, "checkpoints": checkpoints},
                  out, separators=(",", ":"))
        out.write("\n")


def write_code_points(root, merges):
    backend = CLIPTokenizer.from_pretrained(root / "lines").backend_tokenizer

    def checksums(outcome):
        sums = []
        for first in range(0, 0x110000, BLOCK):
            points = [c for c in range(first, first + BLOCK) if not 0xD800 <= c <= 0xDFFF]
            sums.append(zlib.crc32("\n".join(outcome(chr(c)) for c in points).encode()))
        return sums

    def words(text):
        return " ".join(piece for piece, _ in backend.pre_tokenizer.pre_tokenize_str(text))

    normalize = backend.normalizer.normalize_str
    normalized = [{"pattern": pattern, "checksums": checksums(lambda c: normalize(pattern.replace("{}", c)))}
                  for pattern in (SURROUNDINGS[name] for name in ("alone", "between odd marks", "between Hangul letters"))]
    split = [{"pattern": pattern, "checksums": checksums(lambda c: words(pattern.replace("{}", c)))}
             for pattern in ("a{}b", "1{}!{}'s")]
    with open(DATA / "clip_code_points.json", "w", encoding="ascii", newline="\n") as out:
        json.dump({"block": BLOCK, "normalized": normalized, "words": split}, out, separators=(",", ":"))
        out.write("\n")


def main():
    merges = clip_vocabulary.read(clip_vocabulary.SMALL)
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        write_lines(root, merges)
        write_checkpoints(root, merges[:60])
        write_code_points(root, merges)


if __name__ == "__main__":
    main()
