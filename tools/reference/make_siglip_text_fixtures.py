#!/usr/bin/env python3
"""Writes the fixtures of SigLIP's tokenizers in tests/text, and of its towers' input in tests/cli, from transformers.

  python tools/reference/make_siglip_text_fixtures.py

siglip/     spiece.model and tokenizer_config.json, a small model of the sentencepiece library
siglip2/    tokenizer.json and tokenizer_config.json, small byte pairs of Gemma's kind
siglip_lines.jsonl, siglip2_lines.jsonl    texts with their ids and decodings under either
"""
import json
import os

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

import siglip_vocabulary as vocabularies  # noqa: E402
import text_lines  # noqa: E402
from make_text_fixtures import DATA  # noqa: E402
from parity_siglip_text import CURATED  # noqa: E402
from parity_text import VOCABULARY  # noqa: E402
from transformers import GemmaTokenizer, SiglipTokenizer  # noqa: E402


def write_lines(tokenizer, name):
    texts = CURATED + text_lines.CURATED[12:100:3] + text_lines.english_like(VOCABULARY, 12, seed=31)
    with open(DATA / name, "w", encoding="ascii", newline="\n") as out:
        for text in texts:
            ids = tokenizer(text)["input_ids"]
            row = {"text": text, "ids": ids}
            for key, options in (("plain_ids", {"split_special_tokens": True}), ("cut_ids", {"truncation": True, "max_length": 8})):
                # Gemma's splits no special tokens apart once it is loaded.
                if key == "plain_ids" and "siglip2" in name:
                    continue
                other = tokenizer(text, **options)["input_ids"]
                if other != ids:
                    row[key] = other
            row["shown"] = tokenizer.decode(ids)
            row["decoded"] = tokenizer.decode(ids, skip_special_tokens=True)
            out.write(json.dumps(row, separators=(",", ":")) + "\n")
    print(DATA / name, (DATA / name).stat().st_size, "bytes,", len(texts), "texts")


def main():
    one = vocabularies.write_siglip(DATA / "siglip", vocabularies.spiece(rules=vocabularies.RULES))
    write_lines(SiglipTokenizer.from_pretrained(one), "siglip_lines.jsonl")
    two = vocabularies.write_gemma(DATA / "siglip2", vocabularies.gemma())
    write_lines(GemmaTokenizer.from_pretrained(two), "siglip2_lines.jsonl")


if __name__ == "__main__":
    main()
