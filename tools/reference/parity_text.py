#!/usr/bin/env python3
"""Compares the tokenizer with transformers' BertTokenizer (Hugging Face `tokenizers`).

  python tools/reference/parity_text.py --build build/release [--quick] [--captions FILE]…

Texts are English-like lines made from the vocabulary, the captions of --captions (JSON, JSON lines
or plain text) and generated Unicode; then every code point there is, in several surroundings and
under several normalisations; then checkpoints of every layout; then ill-formed UTF-8. Exits 0 only
if everything is identical.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")

import text_lines  # noqa: E402
import tokenizers  # noqa: E402
import transformers  # noqa: E402
from text_checkpoints import checkpoint_variants  # noqa: E402
from transformers import BertTokenizer, PreTrainedTokenizerFast  # noqa: E402

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
VOCABULARY = REPOSITORY / "tests/text/data/bert-base-uncased-vocab.txt"


class Probe:
    def __init__(self, build):
        self.program = str(pathlib.Path(build) / "tools/reference/probe_text")

    def run(self, *arguments, lines=()):
        done = subprocess.run([self.program, *map(str, arguments)], input="".join(lines).encode(),
                              capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode().strip() or f"exit code {done.returncode}")
        return done.stdout.decode().split("\n")[:-1]

    def encode(self, directory, texts, *flags):
        # ASCII JSON, so that no control character of a text can end a line.
        out = self.run("encode", directory, *flags, lines=(json.dumps(t) + "\n" for t in texts))
        return [[int(i) for i in line.split()] for line in out]

    def encode_bytes(self, directory, blobs):
        out = self.run("encode", directory, "--hex", lines=(b.hex() + "\n" for b in blobs))
        return [[int(i) for i in line.split()] for line in out]

    def decode(self, directory, rows, *flags):
        out = self.run("decode", directory, *flags, lines=(" ".join(map(str, r)) + "\n" for r in rows))
        return [json.loads(line) for line in out]


class Report:
    def __init__(self):
        self.failed = False

    def row(self, what, same, total, note=""):
        ok = same == total
        self.failed |= not ok
        print(f"{what:<58} {same:>9,} / {total:<9,} {'ok' if ok else 'DIFFERENT'} {note}", flush=True)

    def compare(self, what, ours, theirs, labels, note=""):
        assert len(ours) == len(theirs) == len(labels), (what, len(ours), len(theirs), len(labels))
        wrong = [i for i in range(len(ours)) if ours[i] != theirs[i]]
        self.row(what, len(ours) - len(wrong), len(ours), note)
        for i in wrong[:5]:
            print(f"    {labels[i]!r}\n      ours   {ours[i]!r}\n      theirs {theirs[i]!r}")


def load(directory):
    config = pathlib.Path(directory) / "tokenizer_config.json"
    name = json.loads(config.read_text()).get("tokenizer_class") if config.exists() else None
    kind = BertTokenizer if name in (None, "BertTokenizer", "BertTokenizerFast") else PreTrainedTokenizerFast
    return kind.from_pretrained(directory)


def compare_lines(report, probe, directory, lines, title):
    theirs = load(directory)
    expected = theirs(lines)["input_ids"]
    report.compare(f"{title}: ids", probe.encode(directory, lines), expected, lines)
    report.compare(f"{title}: ids without [CLS], [SEP]", probe.encode(directory, lines, "--no-special-tokens"),
                   theirs(lines, add_special_tokens=False)["input_ids"], lines)
    report.compare(f"{title}: ids, special tokens as text", probe.encode(directory, lines, "--no-parse"),
                   theirs(lines, split_special_tokens=True)["input_ids"], lines)
    for skip in (False, True):
        for clean, flags in ((None, []), (True, ["--clean"]), (False, ["--no-clean"])):
            report.compare(
                f"{title}: decoded, skip_special={skip}, clean_up={clean}",
                probe.decode(directory, expected, *(["--skip"] if skip else []), *flags),
                [theirs.decode(r, skip_special_tokens=skip, clean_up_tokenization_spaces=clean) for r in expected],
                lines)
    generator = random.Random(3)
    rows = [[generator.randrange(0, len(theirs) + 10) for _ in range(generator.randrange(0, 30))]
            for _ in range(len(lines) // 5 + 1)]
    report.compare(f"{title}: decoded random ids", probe.decode(directory, rows, "--skip"),
                   [theirs.decode(r, skip_special_tokens=True) for r in rows], rows)
    info = [len(theirs), *(-1 if i is None else i for i in (
        theirs.pad_token_id, theirs.unk_token_id, theirs.cls_token_id, theirs.sep_token_id, theirs.mask_token_id))]
    report.compare(f"{title}: vocabulary size and special ids", probe.run("info", directory),
                   [" ".join(map(str, info))], ["info"])


# Every code point as "a{c}b" and so on; a blank keeps neighbours apart, so many share a line.
SURROUNDINGS = {
    "alone": "{}",
    "in a word": "a{}b",
    "after a mark": "a\u0323{}b",
    "before marks": "e{}\u0301\u0327\u302eb",
    "between odd marks": "x\u1d165\u302e{}\u0344y",
}
QUICK_SURROUNDINGS = ["in a word", "between odd marks"]
CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
# Planes 3 to 13 are empty and 15 and 16 private, each treated as one: --quick takes a sample.
QUICK_CODE_POINTS = [c for c in CODE_POINTS if c < 0x30000 or 0xE0000 <= c < 0xE0200 or c % 61 == 0]


def sweep(report, probe, directory, code_points, surroundings, per_line, title):
    """The vocabulary of `directory` holds every code point, so ids tell all that happened."""
    theirs = load(directory).backend_tokenizer
    for name in surroundings:
        pattern = SURROUNDINGS[name]
        lines = [" ".join(pattern.format(chr(c)) for c in code_points[i:i + per_line])
                 for i in range(0, len(code_points), per_line)]
        same = total = 0
        wrong = []
        step = 200_000
        for i in range(0, len(lines), step):
            part = lines[i:i + step]
            ours = probe.encode(directory, part)
            expected = [e.ids for e in theirs.encode_batch(part)]
            total += len(part)
            bad = [(l, a, b) for l, a, b in zip(part, ours, expected) if a != b]
            same += len(part) - len(bad)
            wrong += bad
        report.row(f"{title}, {name}", same, total, f"lines of {per_line} code points, {len(code_points):,} in all")
        for line, ours, expected in wrong[:3]:
            first = next(i for i in range(max(len(ours), len(expected))) if ours[i:i + 1] != expected[i:i + 1])
            print(f"    {line[:60]!a}\n      token {first}: ours {ours[first:first + 4]} theirs {expected[first:first + 4]}")


def write_code_point_checkpoint(directory, code_points, **config):
    directory.mkdir()
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokens = [chr(c) for c in code_points if not chr(c).isspace()]
    with open(directory / "vocab.txt", "w", encoding="utf-8", newline="\n") as out:
        out.write("\n".join(specials + tokens + ["##" + t for t in tokens]) + "\n")
    (directory / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer", **config}))
    return directory


def invalid_utf8(count, seed):
    generator = random.Random(seed)
    pieces = [b"a", b"dog ", "é".encode(), "犬".encode(), "😀".encode(), b"\xff", b"\xc0\xaf", b"\xed\xa0\x80",
              b"\xf4\x90\x80\x80", b"\xe2\x82", b"\xf0\x9f\x98", b"\xf0\x9f", b"\xc3", b"\x80", b"\xbf", b"[SEP]"]
    for _ in range(count):
        if generator.random() < 0.3:
            yield bytes(generator.randrange(256) for _ in range(generator.randrange(1, 20)))
        else:
            yield b"".join(generator.choice(pieces) for _ in range(generator.randrange(1, 12)))


def speed(probe, directory, lines, seconds):
    mb_per_s, _ = probe.run("bench", directory, seconds, lines=(json.dumps(t) + "\n" for t in lines))[0].split()
    backend = load(directory).backend_tokenizer
    size = sum(len(t.encode()) for t in lines)

    def rate(run):
        rounds, begin = 0, time.perf_counter()
        while time.perf_counter() - begin < seconds:
            run()
            rounds += 1
        return size * rounds / 1e6 / (time.perf_counter() - begin)

    one = rate(lambda: [backend.encode(t) for t in lines])
    fast = rate(lambda: backend.encode_batch_fast(lines))
    print(f"speed on {len(lines):,} caption-like lines: ours {float(mb_per_s):.1f} MB/s on one thread; tokenizers "
          f"{one:.1f} MB/s line by line, {fast:.1f} MB/s encode_batch_fast on {os.cpu_count()} threads")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="build directory with tools/reference/probe_text")
    parser.add_argument("--quick", action="store_true", help="under 40 seconds")
    parser.add_argument("--captions", action="append", default=[], help="more lines: .json, .jsonl or text")
    parser.add_argument("--model", action="append", default=[], help="another model directory to compare")
    arguments = parser.parse_args()
    print(f"transformers {transformers.__version__}, tokenizers {tokenizers.__version__}")
    probe, report = Probe(arguments.build), Report()

    captions = [line for path in arguments.captions for line in text_lines.read_captions(path)]
    english = text_lines.english_like(VOCABULARY, 2500, seed=1)
    unicode_lines = text_lines.unicode_lines(3500, seed=2)
    lines = captions + english + text_lines.CURATED + unicode_lines
    print(f"{len(lines):,} lines: {len(captions):,} captions, {len(english):,} English-like, "
          f"{len(text_lines.CURATED) + len(unicode_lines):,} Unicode")

    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        real = root / "bert-base-uncased"
        real.mkdir()
        (real / "vocab.txt").write_bytes(VOCABULARY.read_bytes())
        compare_lines(report, probe, real, lines, "bert-base-uncased")
        models = [pathlib.Path(m) for m in arguments.model] or [REPOSITORY / "tests/models/nano"]
        for model in models:
            if (model / "vocab.txt").exists() or (model / "tokenizer.json").exists():
                compare_lines(report, probe, model, lines, model.name)

        blobs = list(invalid_utf8(3000, seed=4))
        report.compare("ill-formed UTF-8 as errors='replace'", probe.encode_bytes(real, blobs),
                       load(real)([b.decode("utf-8", "replace") for b in blobs])["input_ids"], blobs)

        some = text_lines.CURATED + unicode_lines[:400]
        for name, directory, loads in checkpoint_variants(root / "variants"):
            if not loads:
                try:
                    probe.run("info", directory)
                    report.row(f"checkpoint {name}: refused", 0, 1)
                except RuntimeError as error:
                    report.row(f"checkpoint {name}: refused", 1, 1, str(error).replace(str(root), "…"))
                continue
            theirs = load(directory)
            expected = theirs(some)["input_ids"]
            ours = probe.encode(directory, some)
            as_text = probe.encode(directory, some, "--no-parse")
            decoded = [probe.decode(directory, expected, *flags) for flags in ([], ["--skip"])]
            texts = [[theirs.decode(r, skip_special_tokens=s) for r in expected] for s in (False, True)]
            size = int(probe.run("info", directory)[0].split()[0])
            report.compare(f"checkpoint {name}",
                           list(zip(ours, as_text, *decoded)) + [size],
                           list(zip(expected, theirs(some, split_special_tokens=True)["input_ids"], *texts))
                           + [len(theirs)], some + ["size"])

        points = QUICK_CODE_POINTS if arguments.quick else CODE_POINTS
        every = write_code_point_checkpoint(root / "every", points)
        sweep(report, probe, every, points, QUICK_SURROUNDINGS if arguments.quick else SURROUNDINGS, 64, "code points")
        accents = write_code_point_checkpoint(root / "accents", points, strip_accents=False, tokenize_chinese_chars=False)
        if not arguments.quick:
            cased = write_code_point_checkpoint(root / "cased", points, do_lower_case=False)
            sweep(report, probe, cased, points, ["in a word"], 64, "code points, cased")
            sweep(report, probe, every, points, ["alone", "in a word"], 1, "code points one by one")
        sweep(report, probe, accents, points, ["in a word"], 64, "code points, accents kept")
        print(f"{len(points):,} code points swept")
        speed(probe, real, captions or english, 0.5 if arguments.quick else 2.0)

    print("DIFFERENCES FOUND" if report.failed else "all identical")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
