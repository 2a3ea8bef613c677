#!/usr/bin/env python3
"""Writes src/core/unicode_data.cpp and unicode_composition_data.cpp: what Hugging Face `tokenizers`
knows about every code point.

`tokenizers` mixes four Unicode versions: character categories are those of Unicode 8 (the crate
unicode_categories; there unassigned code points are in no category), normalisation is that of
Unicode 12 (unicode-normalization-alignments), lower case and white space are those of the Rust
release it was built with, and letters and numbers of regular expressions are those of Oniguruma. No single Unicode library agrees with that, and a library's answer moves
with its version. So this script asks `tokenizers` about every code point and pins the answers. What
has case, which only SigLIP's tokenizer asks, is Python's own answer (3.11: Unicode 14).

  python tools/reference/generate_unicode_data.py src/core

The values of decompositions and combining classes are not in the table: Unicode never changes them
once assigned, so utf8proc supplies them for the code points that the table marks.
"""
import contextlib
import pathlib
import sys
import unicodedata

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
(REMOVED, WHITESPACE, CHINESE, PUNCTUATION, MARK, DECOMPOSES, REORDERS, WORD, LETTER, NUMBER, CASED,
 CASE_IGNORABLE) = (1 << i for i in range(12))
LOW_MARK, HIGH_MARK = "\u0334", "\u0345"  # combining classes 1 and 240, the ends of the scale


def bert(**on):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**off, **on}).normalize_str


def word_characters():
    """Code points that keep a single_word token from matching (the regular expression \\w)."""
    tokenizer = Tokenizer(models.WordLevel({"x": 0}, unk_token="x"))
    tokenizer.add_tokens([AddedToken("QQQ", single_word=True, normalized=False)])
    encodings = tokenizer.encode_batch([chr(c) + "QQQ" for c in CODE_POINTS])
    return {c for c, e in zip(CODE_POINTS, encodings) if "QQQ" not in e.tokens}


def matching(pattern):
    """Code points that the regular expression matches."""
    without = normalizers.Replace(Regex(pattern), "").normalize_str
    return {c for c in CODE_POINTS if without(chr(c)) == ""}


def case_properties(c):
    """What Python's str.lower() asks of a sigma's neighbours: it ends a word after a cased character."""
    if (chr(c) + "\u03A3").lower().endswith("\u03C2"):
        return CASED
    return CASE_IGNORABLE if ("A" + chr(c) + "\u03A3").lower().endswith("\u03C2") else 0


def properties():
    clean, chinese, strip = bert(clean_text=True), bert(handle_chinese_chars=True), bert(strip_accents=True)
    nfd = normalizers.NFD().normalize_str
    split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    words, letters, numbers, spaces = (word_characters(), matching(r"[\p{L}]"), matching(r"[\p{N}]"),
                                       matching(r"\s"))
    table = {}
    for c in CODE_POINTS:
        s = chr(c)
        pieces = len(split("a" + s + "b"))
        decomposed = nfd(s)
        bits = REMOVED if clean(s) == "" else 0
        bits |= WHITESPACE if pieces == 2 else PUNCTUATION if pieces == 3 else 0
        bits |= CHINESE if chinese(s) != s else 0
        bits |= DECOMPOSES if decomposed != s else MARK if strip(s) == "" else 0
        if decomposed == s and (nfd(s + LOW_MARK) != s + LOW_MARK or nfd(HIGH_MARK + s) != HIGH_MARK + s):
            bits |= REORDERS
        bits |= WORD if c in words else 0
        bits |= LETTER if c in letters else NUMBER if c in numbers else 0
        bits |= case_properties(c)
        assert (c in spaces) == bool(bits & WHITESPACE), hex(c)  # of both regular expressions and Rust
        table[c] = bits
    return table


def lowercase_rows():
    """(first, last, step, delta) runs of code points whose lower case is one other code point."""
    lower = bert(lowercase=True)
    pairs = [(c, lower(chr(c))) for c in CODE_POINTS]
    longer = [(c, s) for c, s in pairs if len(s) != 1]
    assert longer == [(0x130, "i\u0307")], longer  # src/core/unicode.cpp knows this one
    rows = []
    for c, s in pairs:
        if len(s) != 1 or ord(s) == c:
            continue
        delta = ord(s) - c
        if rows:
            first, last, step, row_delta = rows[-1]
            gap = c - last
            if row_delta == delta and (gap == step or (first == last and gap <= 2)):
                rows[-1] = (first, c, gap, delta)
                continue
        rows.append((c, c, 1, delta))
    return rows


def composition_rows():
    """(first, second, composed) as NFC composes them; Hangul, which is arithmetic, is left out."""
    nfc = normalizers.NFC().normalize_str
    rows = []
    for c in CODE_POINTS:
        parts = unicodedata.decomposition(chr(c)).split()
        if len(parts) != 2 or parts[0].startswith("<"):
            continue
        first, second = (int(part, 16) for part in parts)
        if nfc(chr(first) + chr(second)) == chr(c):
            rows.append((first, second, c))
    return sorted(rows)


def emit(cells):
    line = " "
    for cell in cells:
        if len(line) + len(cell) + 2 > 100:
            print(line)
            line = " "
        line += " " + cell + ","
    print(line)


HEADER = """// Written by tools/reference/generate_unicode_data.py from Hugging Face tokenizers {}.
// Do not edit. See {}.hpp for what the columns mean.
#include "core/{}.hpp"

namespace blip {{

// clang-format off"""
FOOTER = "}};\n// clang-format on\n\n}  // namespace blip"


def print_properties():
    table = properties()
    rows, previous = [], None
    for c in CODE_POINTS:
        if table[c] != previous:
            rows.append((c, table[c]))
            previous = table[c]
    print(HEADER.format(tokenizers.__version__, "unicode_data", "unicode_data"))
    print(f"const std::array<PropertyRow, {len(rows)}> kPropertyRows = {{{{")
    emit(f"{{0x{c:X}, {bits}}}" for c, bits in rows)
    print("}};\n")
    lower = lowercase_rows()
    print(f"const std::array<LowercaseRow, {len(lower)}> kLowercaseRows = {{{{")
    emit(f"{{0x{a:X}, 0x{b:X}, {step}, {delta}}}" for a, b, step, delta in lower)
    print(FOOTER)
    print(f"{len(rows)} property rows, {len(lower)} lower-case rows", file=sys.stderr)


def print_compositions():
    rows = composition_rows()
    print(HEADER.format(tokenizers.__version__, "unicode_composition", "unicode_composition"))
    print(f"const std::array<CompositionRow, {len(rows)}> kCompositionRows = {{{{")
    emit(f"{{0x{a:X}, 0x{b:X}, 0x{c:X}}}" for a, b, c in rows)
    print(FOOTER)
    print(f"{len(rows)} composition rows", file=sys.stderr)


def main():
    directory = pathlib.Path(sys.argv[1])
    for name, write in (("unicode_data.cpp", print_properties), ("unicode_composition_data.cpp", print_compositions)):
        with open(directory / name, "w", encoding="ascii", newline="\n") as out, contextlib.redirect_stdout(out):
            write()


if __name__ == "__main__":
    main()
