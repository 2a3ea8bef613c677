#!/usr/bin/env python3
"""Compares ClipTokenizer with transformers' CLIPTokenizer (Hugging Face `tokenizers`).

  python tools/reference/parity_clip_text.py --build build/release [--quick] [--captions FILE]…

The vocabulary is CLIP's own, which the package open-clip-torch comes with (tools/parity.sh installs
it); with --quick, or without that package, the small one of tests/text/data. Texts are English-like
lines, the captions of --captions (JSON, JSON lines or plain text) and generated Unicode; then every
code point there is, in several surroundings; then checkpoints of every layout; then ill-formed UTF-8
and words that are long. Exits 0 only if everything is identical.
"""
import argparse
import json
import os
import pathlib
import random
import sys
import tempfile
import time

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")

import clip_vocabulary  # noqa: E402
import text_lines  # noqa: E402
import tokenizers  # noqa: E402
import transformers  # noqa: E402
from parity_text import CODE_POINTS, QUICK_CODE_POINTS, VOCABULARY, Probe, Report, invalid_utf8  # noqa: E402
from transformers import CLIPTokenizer  # noqa: E402

# What this tokenizer, and not BERT's, may get wrong.
CURATED = [
    "a photo of a cat", "A Photo  of\ta\n CAT.", "it's 2024's best\u2014don't you think?", "nai\u0308ve cafe\u0301", "&amp; &lt;b&gt;",
    "\u2167 \u00bd \u00b2 \uff13 \u0663\u0664 \u2460", "\u0130stanbul \u01c5 \u00df \u1e9e", "hello <|endoftext|> world", "<|startoftext|>x",
    "<|STARTOFTEXT|>x <|EndOfText|>!! a<|ENDOFTEXT|>!!", "!!<|endoftext|>!! <|endoftext", "<|endoftext|><|endoftext|>", "''s 't 'LL I'LL 'S'T'RE'VE'M'LL'D",
    "'sx 'tx 'revolution 'very 'mx 'llx 'dx '\u017f 'K", "x_y __ -- ...", "\u201cquotes\u201d \u2018single\u2019", "\ufb01 \ufb02", "123456 1.5e10 a1b2", "a" * 40,
    "\u0391\u03a3 \u0391\u03a3.", "e\u0301\u0323 \u1100\u1161\u11a8 \uac00\u11a8 \u09c7\u09be \u0b47\u0b3e \u1b05\u1b35", "\x1c\x1d\x1e\x1f a \x1fb\x1c", "</w> a</w>b </w", "\u2028\u2029\x85x\x0b\x0c",
    "\u0344 \u0340\u0341 \u0958 \ufb1d \u2adc", "a\u0315\u0300\u05ae\u0062", "\u0061\u0302\u0323 \u0061\u0323\u0302", "cat " * 100, "\U0001d15e \U00011099\U000110ba \U00011938",
    "\u212b \u2126 \u00c5 A\u030a a\u030a \u1e69 s\u0323\u0307 s\u0307\u0323", "<|> |> <| |", "\xa0\xa0a\xa0", "Hot Dog hot dog HOT DOG <new> cat  cat , dog dogs",
    "<one> Two two <x> <Y> <y> <mask> \u00e9 \u00fc abcd abc abcdabcd ab bc", "hello fig mango lollipop", "<s> </s> <S>",
]

SURROUNDINGS = {
    "alone": "{}",
    "between words": "a{}b",
    "after digits and punctuation": "1{}!{}'s",
    "after a mark": "a\u0323{}b",
    "before marks": "e{}\u0301\u0327\u302eb",
    "between odd marks": "x\U0001d165\u302e{}\u0344y",
    "between Hangul letters": "\u1100{}\u1161{}\u11a8",
}
QUICK_SURROUNDINGS = ["between words", "between odd marks"]


class ClipProbe(Probe):
    def encode(self, directory, texts, *flags):
        return super().encode(directory, texts, "--clip", *flags)

    def encode_bytes(self, directory, blobs):
        out = self.run("encode", directory, "--clip", "--hex", lines=(b.hex() + "\n" for b in blobs))
        return [[int(i) for i in line.split()] for line in out]

    def decode(self, directory, rows, *flags):
        return super().decode(directory, rows, "--clip", *flags)

    def info(self, directory):
        return [int(field) for field in self.run("info", directory, "--clip")[0].split()]


def expected_info(theirs):
    longest = theirs.model_max_length
    return [len(theirs), theirs.pad_token_id, theirs.unk_token_id, theirs.bos_token_id, theirs.eos_token_id,
            longest if longest < 1e9 else 0]


def compare_lines(report, probe, directory, lines, title):
    theirs = CLIPTokenizer.from_pretrained(directory)
    expected = theirs(lines)["input_ids"]
    report.compare(f"{title}: ids", probe.encode(directory, lines), expected, lines)
    report.compare(f"{title}: ids without start and end", probe.encode(directory, lines, "--no-special-tokens"),
                   theirs(lines, add_special_tokens=False)["input_ids"], lines)
    report.compare(f"{title}: ids, special tokens as text", probe.encode(directory, lines, "--no-parse"),
                   theirs(lines, split_special_tokens=True)["input_ids"], lines)
    for length in (77, 8, 2):
        report.compare(f"{title}: ids, at most {length}", probe.encode(directory, lines, f"--max-length={length}"),
                       theirs(lines, truncation=True, max_length=length)["input_ids"], lines)
    report.compare(f"{title}: ids, at most 5, none around",
                   probe.encode(directory, lines, "--max-length=5", "--no-special-tokens"),
                   theirs(lines, truncation=True, max_length=5, add_special_tokens=False)["input_ids"], lines)
    for skip in (False, True):
        report.compare(f"{title}: decoded, skip_special={skip}",
                       probe.decode(directory, expected, *(["--skip"] if skip else [])),
                       [theirs.decode(r, skip_special_tokens=skip) for r in expected], lines)
    report.compare(f"{title}: decoded, clean_up=True (ignored)", probe.decode(directory, expected, "--clean"),
                   [theirs.decode(r, clean_up_tokenization_spaces=True) for r in expected], lines)
    generator = random.Random(3)
    rows = [[generator.randrange(0, len(theirs) + 10) for _ in range(generator.randrange(0, 30))]
            for _ in range(len(lines) // 5 + 1)]
    rows += [[i] for i in range(len(theirs) + 3)]
    report.compare(f"{title}: decoded random ids, and each alone", probe.decode(directory, rows, "--skip"),
                   [theirs.decode(r, skip_special_tokens=True) for r in rows], rows)
    report.compare(f"{title}: sizes and special ids", probe.info(directory), expected_info(theirs), "length pad unk bos eos max".split())


def sweep(report, probe, directory, code_points, surroundings, per_line):
    backend = CLIPTokenizer.from_pretrained(directory).backend_tokenizer
    for name in surroundings:
        pattern = SURROUNDINGS[name]
        lines = [" ".join(pattern.replace("{}", chr(c)) for c in code_points[i:i + per_line])
                 for i in range(0, len(code_points), per_line)]
        ours = probe.encode(directory, lines)
        expected = [e.ids for e in backend.encode_batch(lines)]
        wrong = [(l, a, b) for l, a, b in zip(lines, ours, expected) if a != b]
        report.row(f"code points, {name}", len(lines) - len(wrong), len(lines),
                   f"lines of {per_line}, {len(code_points):,} in all")
        for line, mine, other in wrong[:3]:
            first = next(i for i in range(max(len(mine), len(other))) if mine[i:i + 1] != other[i:i + 1])
            print(f"    {line[:60]!a}\n      token {first}: ours {mine[first:first + 4]} theirs {other[first:first + 4]}")


def compare_checkpoints(report, probe, root, merges, lines):
    for name, directory, loads in clip_vocabulary.checkpoint_variants(root, merges):
        if loads is False:
            try:
                CLIPTokenizer.from_pretrained(directory)
                note = "(transformers loads it)"
            except Exception:
                note = ""
            try:
                probe.info(directory)
                report.row(f"checkpoint {name}: refused", 0, 1)
            except RuntimeError as error:
                report.row(f"checkpoint {name}: refused", 1, 1, note + str(error).replace(str(root), "…"))
            continue
        # What transformers cannot read is compared with the same vocabulary in a form that it can.
        theirs = CLIPTokenizer.from_pretrained(directory if loads else reference_of(root, merges))
        expected = theirs(lines)["input_ids"]
        ours = probe.encode(directory, lines)
        as_text = probe.encode(directory, lines, "--no-parse")
        decoded = [probe.decode(directory, expected, *flags) for flags in ([], ["--skip"])]
        texts = [[theirs.decode(r, skip_special_tokens=s) for r in expected] for s in (False, True)]
        report.compare(f"checkpoint {name}", [*zip(ours, as_text, *decoded), probe.info(directory)],
                       [*zip(expected, theirs(lines, split_special_tokens=True)["input_ids"], *texts), expected_info(theirs)],
                       lines + ["info"])


def reference_of(root, merges):
    directory = pathlib.Path(root) / "reference-of-openai"
    if not directory.exists():
        clip_vocabulary.write(directory, merges, config=clip_vocabulary.PLAIN_CONFIG)
    return directory


def compare_long_words(report, probe, directory):
    """Time grows about in step with the length; `tokenizers` gives the same ids."""
    theirs = CLIPTokenizer.from_pretrained(directory)
    generator = random.Random(5)
    words = ["a" * 20000, "ab" * 10000, "!" * 30000, "\u00e9" * 9000, "".join(generator.choice("etaoinshr") for _ in range(30000)),
             "\u4e00" * 9000, "9" * 5000, "\u0301" * 9000, "a" + "\u0301\u0323" * 5000, "<|endoftext|>" * 500, "'s" * 4000]
    report.compare("long words", probe.encode(directory, words), theirs(words)["input_ids"], [w[:20] for w in words])
    times = []
    for length in (1 << 17, 1 << 20):
        text = "".join(generator.choice("abcdefgh") for _ in range(length))
        begin = time.perf_counter()
        probe.encode(directory, [text])
        times.append(time.perf_counter() - begin)
    print(f"    one word of 128 KiB {times[0]:.2f} s, of 1 MiB {times[1]:.2f} s (loading included)")


def speed(probe, directory, lines, seconds):
    mb_per_s, _ = probe.run("bench", directory, seconds, "--clip", lines=(json.dumps(t) + "\n" for t in lines))[0].split()
    backend = CLIPTokenizer.from_pretrained(directory).backend_tokenizer
    size = sum(len(t.encode()) for t in lines)
    rounds, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < seconds:
        for text in lines:
            backend.encode(text)
        rounds += 1
    theirs = size * rounds / 1e6 / (time.perf_counter() - begin)
    print(f"speed on {len(lines):,} caption-like lines, one thread: ours {float(mb_per_s):.1f} MB/s; tokenizers {theirs:.1f} MB/s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="build directory with tools/reference/probe_text")
    parser.add_argument("--quick", action="store_true", help="a small vocabulary and a sample of the code points")
    parser.add_argument("--captions", action="append", default=[], help="more lines: .json, .jsonl or text")
    arguments = parser.parse_args()
    print(f"transformers {transformers.__version__}, tokenizers {tokenizers.__version__}")
    probe, report = ClipProbe(arguments.build), Report()

    captions = [line for path in arguments.captions for line in text_lines.read_captions(path)]
    share = 20 if arguments.quick else 1
    english = text_lines.english_like(VOCABULARY, 30000 // share, seed=1)
    unicode_lines = CURATED + text_lines.CURATED + text_lines.unicode_lines(24000 // share, seed=2)
    lines = captions + english + unicode_lines
    print(f"{len(lines):,} lines: {len(captions):,} captions, {len(english):,} English-like, {len(unicode_lines):,} Unicode")

    real = None if arguments.quick else clip_vocabulary.real_file()
    if real is None and not arguments.quick:
        print("open-clip-torch is not installed: the small vocabulary instead of CLIP's own")
    small = clip_vocabulary.read(clip_vocabulary.SMALL)
    merges = clip_vocabulary.read(real) if real else small
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        directory = clip_vocabulary.write(root / "clip", merges, config=clip_vocabulary.PLAIN_CONFIG)
        title = "CLIP's vocabulary" if real else "small vocabulary"
        compare_lines(report, probe, directory, lines, title)
        blobs = list(invalid_utf8(3000, seed=4))
        report.compare("ill-formed UTF-8 as errors='replace'", probe.encode_bytes(directory, blobs),
                       CLIPTokenizer.from_pretrained(directory)([b.decode("utf-8", "replace") for b in blobs])["input_ids"], blobs)
        compare_long_words(report, probe, directory)
        compare_checkpoints(report, probe, root / "variants", small, CURATED + text_lines.CURATED + unicode_lines[-400:])
        points = QUICK_CODE_POINTS if arguments.quick else CODE_POINTS
        sweep(report, probe, directory, points, QUICK_SURROUNDINGS if arguments.quick else SURROUNDINGS, 32)
        if not arguments.quick:
            sweep(report, probe, directory, points, ["alone", "between words"], 1)
        speed(probe, directory, captions or english, 0.5 if arguments.quick else 2.0)

    print("DIFFERENCES FOUND" if report.failed else "all identical")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
