#!/usr/bin/env python3
"""Writes models/openai-clip/bpe_simple_vocab_16e6.txt.gz: of OpenAI's file, which the package open-clip-torch has, the lines that count."""

import gzip

import clip_vocabulary

OUT = clip_vocabulary.REPOSITORY / "models" / "openai-clip" / (clip_vocabulary.FILE + ".gz")


def main():
    with gzip.open(clip_vocabulary.real_file()) as source:
        lines = source.read().split(b"\n")[:1 + clip_vocabulary.MERGES]
    # No name and no time: the same bytes whenever it is made.
    with OUT.open("wb") as file, gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0, compresslevel=9) as packed:
        packed.write(b"\n".join(lines) + b"\n")
    print(OUT, OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
