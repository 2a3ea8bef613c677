#!/usr/bin/env python3
"""Writes src/text/emoji_names.txt: an emoji and what min-dalle's tokenizer calls it on each line, in the order of their bytes.

The names are those of the package emoji (BSD license), in lower case and without what is not ASCII, as min-dalle reads them."""

import pathlib

import emoji

OUT = pathlib.Path(__file__).resolve().parents[2] / "src/text/emoji_names.txt"


def main():
    names = {}
    for sequence, entry in emoji.EMOJI_DATA.items():
        names[sequence.encode()] = entry["en"].strip(":").lower().encode("ascii", errors="ignore")
    assert not any(b" " in line or b"\n" in line or b")" in line[:1] for entry in names.items() for line in entry)
    OUT.write_bytes(b"".join(sequence + b" " + name + b"\n" for sequence, name in sorted(names.items())))
    print(OUT, len(names), "emoji,", OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
