#!/usr/bin/env python3
"""Compares SiglipTokenizer and GemmaTokenizer with transformers' classes of these names.

  python tools/reference/parity_siglip_text.py --build build/release [--quick] [--captions FILE]…

SigLIP's: models that the sentencepiece library trains, with the normalisation of real ones (nmt_nfkc), a table of our own, none, and
with pieces for bytes. Gemma's: a tokenizer.json that `tokenizers` trains, under every class of tokenizer that SigLIP 2 comes with.
Texts are English-like lines, the captions of --captions and generated Unicode; then every code point there is, in several
surroundings; then ill-formed UTF-8. Exits 0 only if everything is identical.
"""
import argparse
import json
import os
import pathlib
import sys
import tempfile
import unicodedata
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")

import siglip_vocabulary as vocabularies  # noqa: E402
import text_lines  # noqa: E402
import tokenizers  # noqa: E402
import transformers as hf  # noqa: E402
from parity_text import CODE_POINTS, QUICK_CODE_POINTS, VOCABULARY, Probe, Report, invalid_utf8  # noqa: E402

# What these tokenizers, and not the others, may get wrong.
CURATED = [
    "a photo of a cat", "A Photo  of\ta\n CAT.", "it's 2024's best\u2014don't you think?", "", " ", ".", "\u2581", "\u2581a\u2581\u2581b \u2581", "...a...",
    "hello </s> world", "</s>", "a</s>", "</s></s>b", "<unk>", "a<unk>b", "<pad> <s> </S>", "<eos>", "a <bos><eos> b<pad>", "[multimodal]x", "a\n\nb <b>c</b>",
    "\u03a3 \u0391\u03a3 \u0391\u03a3. \u0391\u03a3\u0391 \u0391.\u03a3 \u0391\u0301\u03a3\u0301 a\u00ad\u03a3\u00ad'\u03a3 \u02b0\u03a3", "\u0130I\u0307\u0131 \u01c5 \u00df \u1e9e", "\ufdfa\uff21\uff22\u2167\u00bd\ufb01",
    "\x1c\x1d\x1e\x1f a \x1fb\x1c \x85\xa0\u3000\u2028", "a\u200bb \ufffd \x00 c\x00d", "\U0001d11e\U0001d11e a\U0001d11eb \U0001f600\U0001f600", "<0x41> <0x0A>", "#hash @at 50% a_b ~tilde^ |pipe|",
    "e\u0301 \u1112\u1161\u11ab \u03b1\u03c3", "the " * 40, "dog" * 30, "`{x}` [y] (z) \\ / \"q\"", "\u2581</s>\u2581x", "caf\u00e9 na\u00efve \u72d7 \u043f\u0440\u0438\u0432\u0435\u0442",
]
SURROUNDINGS = {"alone": "{}", "between words": "a{}b", "before a sigma": "a{}\u03a3", "after a sigma": "a\u03a3{}b", "doubled": "x {}{} y"}


class TokenizerProbe(Probe):
    def __init__(self, build, kind):
        super().__init__(build)
        self.kind = kind

    def encode(self, directory, texts, *flags):
        return super().encode(directory, texts, self.kind, *flags)

    def encode_bytes(self, directory, blobs):
        out = self.run("encode", directory, self.kind, "--hex", lines=(b.hex() + "\n" for b in blobs))
        return [[int(i) for i in line.split()] for line in out]

    def decode(self, directory, rows, *flags):
        return super().decode(directory, rows, self.kind, *flags)


def compare_lines(report, probe, directory, theirs, lines, title):
    expected = theirs(lines)["input_ids"]
    report.compare(f"{title}: ids", probe.encode(directory, lines), expected, lines)
    report.compare(f"{title}: ids, none added", probe.encode(directory, lines, "--no-special-tokens"),
                   theirs(lines, add_special_tokens=False)["input_ids"], lines)
    for length in (64, 5, 2):
        report.compare(f"{title}: ids, at most {length}", probe.encode(directory, lines, f"--max-length={length}"),
                       theirs(lines, truncation=True, max_length=length)["input_ids"], lines)
    for skip in (False, True):
        report.compare(f"{title}: decoded, skip_special={skip}", probe.decode(directory, expected, *(["--skip"] if skip else [])),
                       [theirs.decode(r, skip_special_tokens=skip) for r in expected], lines)


def sweep(report, probe, directory, theirs, points, surroundings, title):
    # Python's own Unicode is older than that of `tokenizers`: what it does not know yet has no lower case to it.
    known = [c for c in points if unicodedata.category(chr(c)) != "Cn"]
    for name in surroundings:
        lines = [" ".join(SURROUNDINGS[name].replace("{}", chr(c)) for c in known[i:i + 16]) for i in range(0, len(known), 16)]
        report.compare(f"{title}: code points, {name}", probe.encode(directory, lines), theirs(lines)["input_ids"], lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="build directory with tools/reference/probe_text")
    parser.add_argument("--quick", action="store_true", help="fewer lines and code points")
    parser.add_argument("--captions", action="append", default=[], help="more lines: .json, .jsonl or text")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    report = Report()
    share = 20 if arguments.quick else 1
    lines = [line for path in arguments.captions for line in text_lines.read_captions(path)]
    lines += text_lines.english_like(VOCABULARY, 30000 // share, seed=1)
    lines += CURATED + text_lines.CURATED + text_lines.unicode_lines(24000 // share, seed=2)
    print(f"transformers {hf.__version__}; {len(lines):,} lines")
    # Letters newer than this Python have no lower case to it, but do to `tokenizers`, whose tables these are.
    lowered = tokenizers.normalizers.Lowercase().normalize_str
    alike = [line for line in lines if lowered(line.replace("\u03a3", "")) == line.replace("\u03a3", "").lower()]
    points = QUICK_CODE_POINTS if arguments.quick else CODE_POINTS
    surroundings = ["between words", "before a sigma"] if arguments.quick else SURROUNDINGS
    blobs = list(invalid_utf8(1000, seed=4))
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        probe = TokenizerProbe(arguments.build, "--siglip")
        kinds = {"nmt_nfkc": {}, "own rules": dict(rules=vocabularies.RULES), "identity": dict(normalization_rule_name="identity"),
                 "bytes": dict(byte_fallback=True, size=900), "no prefix": dict(add_dummy_prefix=False, remove_extra_whitespaces=False)}
        for name, options in kinds.items():
            directory = vocabularies.write_siglip(root / name, vocabularies.spiece(**options))
            theirs = hf.SiglipTokenizer.from_pretrained(directory)
            some = alike if name == "nmt_nfkc" else alike[-4000:]
            compare_lines(report, probe, directory, theirs, some, name)
            if name in ("nmt_nfkc", "bytes"):
                sweep(report, probe, directory, theirs, points, surroundings if name == "nmt_nfkc" else ["between words"], name)
        directory = root / "nmt_nfkc"
        report.compare("ill-formed UTF-8 as errors='replace'", probe.encode_bytes(directory, blobs), hf.SiglipTokenizer.from_pretrained(
            directory)([b.decode("utf-8", "replace") for b in blobs])["input_ids"], blobs)
        cased = vocabularies.write_siglip(root / "cased", (directory / "spiece.model").read_bytes(),
                                          dict(vocabularies.SIGLIP_CONFIG, do_lower_case=False))
        compare_lines(report, probe, cased, hf.SiglipTokenizer.from_pretrained(cased), lines[-2000:], "not lower-cased")

        probe = TokenizerProbe(arguments.build, "--gemma")
        document = vocabularies.gemma()
        lowered = json.loads(document)
        lowered["normalizer"] = {"type": "Sequence", "normalizers": [{"type": "Lowercase"}, lowered["normalizer"]]}
        kinds = {"GemmaTokenizer": (document, {}), "Siglip2Tokenizer": (document, {}), "TokenizersBackend": (json.dumps(lowered), {}),
                 "GemmaTokenizer, <bos>": (document, dict(tokenizer_class="GemmaTokenizer", add_bos_token=True))}
        for name, (text, changes) in kinds.items():
            directory = vocabularies.write_gemma(root / name, text, {**vocabularies.GEMMA_CONFIG, "tokenizer_class": name, **changes})
            theirs = hf.AutoTokenizer.from_pretrained(directory)
            compare_lines(report, probe, directory, theirs, lines if name == "GemmaTokenizer" else lines[-4000:], name)
            if name in ("GemmaTokenizer", "Siglip2Tokenizer"):
                sweep(report, probe, directory, theirs, points, ["between words"], name)
        report.compare("ill-formed UTF-8 as errors='replace'", probe.encode_bytes(directory, blobs), theirs(
            [b.decode("utf-8", "replace") for b in blobs])["input_ids"], blobs)
    sys.exit(1 if report.failed else 0)


if __name__ == "__main__":
    main()
