"""Writes tests/dataset/data/text_preprocessing.json: what pre_caption and pre_question make of texts.

An implementation of its own, by Python's str.lower, str.isspace and str.split, of the rules in
docs/datasets.md. What Python's Unicode lower-cases and the oldest utf8proc that blip.cpp builds with
does not is left out. The last cases are about the capital sigma, which is ς at the end of a word: of
every kind of character before and behind it.

    python3 tools/reference/make_text_preprocessing_fixture.py
"""

import json
import pathlib
import random

REMOVED = '.!"()*#:;~'
OUT = pathlib.Path(__file__).parents[2] / "tests/dataset/data/text_preprocessing.json"


def first_words(text, max_words):
    return " ".join(text.split(" ")[:max_words])


def caption(text, max_words):
    text = "".join(" " if c in REMOVED else c for c in text.lower())
    out, run = [], ""
    for c in text + "\0":  # the texts have no NUL
        if c.isspace():
            run += c
            continue
        out.append(" " if len(run) > 1 else run)
        out.append(c)
        run = ""
    text = "".join(out)[:-1]
    return first_words(text.rstrip("\n").strip(" "), max_words)


def question(text, max_words):
    text = "".join(c for c in text.lower() if c not in REMOVED)
    return first_words(text.rstrip(" "), max_words)


def sigma_cases(rng):
    # Letters, what is cased without being a letter, what case ignores, and what ends a word.
    around = "aΑβЖǅªºⅣⅳⒶⓐ🄰🅐🅰" + "'.:·’\u00ad\u0301\u0345ʰ^" + " -,7中\ufffd"
    texts = ["ΟΔΟΣ", "Σ", "ΣΣ", "ΑΣ.", "ΑΣ.Β", "Α.Σ", "ΑΣ ΒΣ", "ΑΣ'Σ Γ"]
    texts += [c + "Σ" for c in around] + ["αΣ" + c for c in around]
    texts += ["".join(rng.choice(around + "ΣΣΣΣ") for _ in range(12)) for _ in range(60)]
    return [(text, 30) for text in texts]


def main():
    rng = random.Random(20221201)
    pools = [
        REMOVED + "  ",
        " \t\n\r\v\f\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2003\u2028\u202f\u205f\u3000\u200b\ufeff",
        "aBcXyZ ,?'-/&0123456789",
        "ÀÉÎÕÜßẞİıŁØÞĀĲŒŽƏǄǅǆȺΑΒΓΩЖЯЁԱႠᏀḀỲKÅⅣⒶⰀＡ𐐀",
        "中文字 日本語 한국어 émoji 😀 👩‍👩‍👧 مرحبا שלום",
    ]
    cases = []
    for i in range(240):
        pool = "".join(pools) if i % 2 else rng.choice(pools) + rng.choice(pools)
        text = "".join(rng.choice(pool) for _ in range(rng.randrange(0, 40)))
        if i % 5 == 0:
            text = rng.choice([" ", "\n", ". "]) + text + rng.choice(["\n", " \n", "\n ", " ."])
        max_words = rng.choice([1, 2, 3, 5, 30])
        cases.append((text, max_words))
    cases += sigma_cases(rng)
    cases = [{"text": text, "max_words": max_words, "caption": caption(text, max_words),
              "question": question(text, max_words)} for text, max_words in cases]
    OUT.parent.mkdir(parents=True, exist_ok=True)
    with open(OUT, "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


if __name__ == "__main__":
    main()
