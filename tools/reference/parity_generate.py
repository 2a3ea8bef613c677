#!/usr/bin/env python3
"""Compares the module generate/ with transformers' generate(), on logits that both compute exactly.

    parity_generate.py --build DIR [--quick] [--seed N]
    parity_generate.py --write-fixtures FOLDER    the cases that tests/generate replays

DIR is a build directory with tools/reference/probe_generate in it. Exits 0 only if every check
holds. A case whose outcome hangs on two scores closer than NEAR_TIE, or on the order of equal ones
(which torch.topk leaves open), is counted apart.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import warnings

import numpy as np
import torch
import transformers
from transformers.generation import logits_process

from hash_decoder import HashDecoder, hash_logits

NEAR_TIE = 1e-5
SCORE_TOLERANCE = 1e-5

# vocab_size: (squarings, scale). The larger the vocabulary, the peakier, so that the best logits
# stay apart and probabilities look like a language model's. The bulk of a large vocabulary must not
# weigh anything together: torch's float32 log_softmax loses most of a sum of many tiny terms (3e-5
# per token at scale 18), and its loss depends on the CPU's vector width.
VOCABULARIES = {8: (0, 5.0), 50: (1, 14.0), 331: (3, 20.0), 1000: (4, 22.0), 30524: (8, 30.0)}


def model_of(vocab_size, seed, stop_period=4):
    squarings, scale = VOCABULARIES[vocab_size]
    return dict(vocab_size=vocab_size, squarings=squarings, scale=scale, stop_period=stop_period,
                stop_token_id=3 if vocab_size < 200 else 102, seed=seed)


def run_oracle(case):
    """transformers' answer: {"ids", "scores", "transitions"} or {"error"}; and how near a tie it
    came."""
    same_length = len({len(prompt) for prompt in case["prompts"]}) == 1
    batches = [range(len(case["prompts"]))] if same_length else [
        [image] for image in range(len(case["prompts"]))]
    answer, margin, degenerate = {"ids": [], "scores": [], "transitions": []}, float("inf"), False
    for batch in batches:
        decoder = HashDecoder(case["model"], [case["images"][i] for i in batch])
        try:
            part = decoder.run([case["prompts"][i] for i in batch],
                               case.get("model_options", {}), case["options"])
        except ValueError as error:
            return {"error": str(error)}, float("inf"), False
        for name in answer:
            answer[name] += part[name]
        margin = min(margin, decoder.margin)
        degenerate |= decoder.degenerate
    return answer, margin, degenerate


class Probe:
    def __init__(self, build):
        program = pathlib.Path(build) / "tools/reference/probe_generate"
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)

    def ask(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


class Table:
    def __init__(self):
        self.failures = 0

    def row(self, name, good, total, note=""):
        ok = good == total and total > 0
        self.failures += not ok
        print(f"  {name:<46} {good:>5} / {total:<5} {'ok' if ok else 'FAIL':<5} {note}", flush=True)


# --- cases ---------------------------------------------------------------------------------------

def case_of(rng, options, vocab_size=None, images=None, prompt_length=None, mixed=False, **extra):
    vocab_size = vocab_size or rng.choice([8, 50, 331, 1000])
    images = images or rng.choice([1, 1, 2, 3])
    length = prompt_length or rng.choice([1, 1, 2, 4])
    lengths = [length + (rng.randrange(4) if mixed else 0) for _ in range(images)]
    # No prompt contains the padding token 0: transformers would take it for padding.
    prompts = [[rng.randrange(4, vocab_size) for _ in range(n)] for n in lengths]
    return dict(model=model_of(vocab_size, rng.randrange(2 ** 31), rng.choice([3, 4, 6, 9])),
                images=[rng.randrange(2 ** 31) for _ in range(images)], prompts=prompts,
                options=dict(options), **extra)


def random_options(rng):
    options = {}
    beams = rng.choice([1, 1, 2, 3, 3, 4, 5])
    if beams > 1:
        options["num_beams"] = beams
        if rng.random() < 0.6:
            options["length_penalty"] = rng.choice([-1.0, -0.5, 0.0, 0.5, 0.7, 1.0, 1.3, 2.0])
        if rng.random() < 0.6:
            options["early_stopping"] = rng.choice([False, True, "never"])
        if rng.random() < 0.4:
            options["num_return_sequences"] = rng.randint(1, beams)
    if rng.random() < 0.5:
        options["max_new_tokens"] = rng.choice([1, 2, 5, 8, 12, 20])
    if rng.random() < 0.3:
        options["max_length"] = rng.choice([3, 9, 15, 24])
    if rng.random() < 0.25:
        options["min_length"] = rng.choice([0, 3, 6, 10])
    if rng.random() < 0.25:
        options["min_new_tokens"] = rng.choice([0, 1, 4, 8, 30])
    if rng.random() < 0.3:
        options["repetition_penalty"] = rng.choice([0.8, 1.05, 1.1, 1.5, 2.5])
    if rng.random() < 0.3:
        options["no_repeat_ngram_size"] = rng.choice([1, 2, 3, 4])
    return options


def likely_words(rng, case, count):
    """Banned sequences that matter: pieces, of one to four tokens, of what `case` generates, prompt
    included, some with their last token changed; a lone stop token, which transformers leaves out;
    and sequences that come nowhere."""
    answer, _, _ = run_oracle(case)
    texts = answer.get("ids") or case["prompts"]
    vocab_size = case["model"]["vocab_size"]
    words = []
    for _ in range(count):
        text = rng.choice(texts)
        length = min(rng.choice([1, 1, 2, 2, 3, 4]), len(text))
        start = rng.randrange(len(text) - length + 1)
        word = text[start:start + length]
        if rng.random() < 0.2:
            word = [*word[:-1], rng.randrange(vocab_size)]
        words.append(word)
    if rng.random() < 0.3:
        words.append([case["model"]["stop_token_id"]])
    if rng.random() < 0.3:
        words.append([rng.randrange(vocab_size) for _ in range(rng.randint(2, 40))])
    return words


def ban_likely_words(rng, case, rounds=2):
    """`case` with bad_words_ids: what is generated without them, then what comes instead."""
    words = []
    for _ in range(rounds):
        words += likely_words(rng, case, rng.choice([1, 2, 5]))
        case = {**case, "options": {**case["options"], "bad_words_ids": words}}
    return case


def random_model_options(rng):
    if rng.random() < 0.7:
        return {}
    options = random_options(rng)
    options.pop("num_return_sequences", None)
    return options


def systematic_cases(rng):
    """(what, case): every rule alone, then together."""
    for vocab_size in VOCABULARIES:
        yield "greedy", case_of(rng, {}, vocab_size, 2)
        yield "greedy", case_of(rng, {"max_new_tokens": 7}, vocab_size, 2, mixed=True)
        yield "greedy", case_of(rng, {"do_sample": True, "top_k": 1}, vocab_size, 2)
        for beams in (2, 3, 5):
            yield f"{beams} beams", case_of(rng, {"num_beams": beams}, vocab_size, 2)
    sizes = [8, 50, 331, 1000]
    for beams in (2, 3, 5):
        for stopping in (False, True, "never"):
            for penalty in (-1.0, 0.0, 0.5, 1.0, 1.5, 2.0):
                yield "length_penalty, early_stopping", case_of(
                    rng, {"num_beams": beams, "length_penalty": penalty, "early_stopping": stopping,
                          "max_new_tokens": rng.choice([6, 12])}, rng.choice(sizes), 2)
    for beams in (1, 3):
        for name, value in [("repetition_penalty", 0.7), ("repetition_penalty", 1.1),
                            ("repetition_penalty", 2.0), ("no_repeat_ngram_size", 1),
                            ("no_repeat_ngram_size", 2), ("no_repeat_ngram_size", 3),
                            ("min_length", 6), ("min_length", 12), ("min_new_tokens", 5),
                            ("min_new_tokens", 10), ("max_length", 6), ("max_length", 12),
                            ("max_new_tokens", 1), ("max_new_tokens", 4)]:
            yield name, case_of(rng, {"num_beams": beams, name: value}, rng.choice([50, 331]), 2,
                                prompt_length=rng.choice([1, 3]))
    for beams in (2, 3, 5):
        for count in range(1, beams + 1):
            yield "num_return_sequences", case_of(
                rng, {"num_beams": beams, "num_return_sequences": count, "max_new_tokens": 8},
                rng.choice(sizes), 2)
    for options in ({}, {"do_sample": True, "top_k": 1}, {"num_beams": 2}, {"num_beams": 3},
                    {"num_beams": 5, "num_return_sequences": 3, "early_stopping": True},
                    {"no_repeat_ngram_size": 2}, {"num_beams": 3, "repetition_penalty": 1.3}):
        for prompt_length in (1, 3):
            case = case_of(rng, {**options, "max_new_tokens": 10}, rng.choice(sizes), 2,
                           prompt_length=prompt_length)
            yield "bad_words_ids", ban_likely_words(rng, case)
    for words in ([[3]], [[]], [[], [3], [7, 3]]):  # a lone stop token and an empty one do nothing
        yield "bad_words_ids", case_of(rng, {"bad_words_ids": words}, 50, 1)
    for _ in range(24):
        yield "prompts of different length", case_of(
            rng, random_options(rng), rng.choice(sizes[1:]), 3, mixed=True)
    for _ in range(160):
        yield "random", case_of(rng, random_options(rng), rng.choice(sizes),
                                model_options=random_model_options(rng))


def random_cases(rng, count):
    for index in range(count):
        vocab_size = 30524 if index % 12 == 0 else None
        mixed = rng.random() < 0.25
        case = case_of(rng, random_options(rng), vocab_size, mixed=mixed,
                       model_options=random_model_options(rng))
        if index % 5 == 0:
            yield "random settings and bad_words_ids", ban_likely_words(rng, case, 1)
        else:
            yield f"vocabulary of {vocab_size}" if vocab_size else "random settings", case


def equal(ours, oracle):
    if "error" in ours or "error" in oracle:
        return "error" in ours and "error" in oracle
    if ours["ids"] != oracle["ids"] or len(ours["scores"]) != len(oracle["scores"]):
        return False
    theirs = oracle["transitions"]
    return close(ours["scores"], oracle["scores"]) and all(
        map(close, ours["transitions"], theirs)) and close(
        ours["sums"], [sum(row) for row in theirs]) and close(
        ours["means"], [sum(row) / len(row) for row in theirs])


def close(ours, theirs):
    # JSON has no infinity: null stands for it.
    ours = [-float("inf") if score is None else score for score in ours]
    return len(ours) == len(theirs) and np.allclose(
        ours, theirs, rtol=SCORE_TOLERANCE, atol=SCORE_TOLERANCE)


def check_cases(probe, table, cases):
    totals, ties, smallest, errors, worst_score = {}, [], float("inf"), 0, 0.0
    for what, case in cases:
        oracle, margin, degenerate = run_oracle(case)
        ours = probe.ask({**case, "options": {**case["options"], "output_scores": True}})
        same = equal(ours, oracle)
        errors += "error" in oracle
        if degenerate or margin < NEAR_TIE:
            ties.append(same)
            continue
        smallest = min(smallest, margin)
        if "error" not in oracle and "error" not in ours and ours["ids"] == oracle["ids"]:
            worst_score = max([worst_score] + [abs(a - b) for a, b in zip(
                ours["scores"], oracle["scores"]) if a is not None])
        good, total = totals.get(what, (0, 0))
        totals[what] = (good + same, total + 1)
        if not same:
            print("DIFFERS", json.dumps(case), "\n  ours  ", ours, "\n  oracle", oracle)
    for what, (good, total) in totals.items():
        table.row(what, good, total)
    print(f"    of these, {errors} are errors on both sides; smallest margin {smallest:.1e}; largest "
          f"score difference {worst_score:.1e}\n    near-ties and impossible beams, set apart: "
          f"{sum(ties)} / {len(ties)} equal")


# --- errors --------------------------------------------------------------------------------------

INVALID = [
    {"num_return_sequences": 2}, {"num_beams": 2, "num_return_sequences": 3},
    {"max_new_tokens": 0}, {"max_new_tokens": -3}, {"max_length": 2}, {"max_length": 0},
    {"do_sample": True, "temperature": 0.0}, {"do_sample": True, "temperature": -1.0},
    {"do_sample": True, "top_k": -1}, {"do_sample": True, "top_p": 1.5},
    {"repetition_penalty": 0.0}, {"repetition_penalty": -1.0},
    {"bad_words_ids": []}, {"bad_words_ids": [[7], [-1]]}, {"bad_words_ids": [[50]]},
    {"bad_words_ids": [[4, 50]]},
]


def check_errors(probe, table):
    rng = random.Random(5)
    good = 0
    for options in INVALID:
        case = case_of(rng, options, 50, 1, 2)
        oracle, _, _ = run_oracle(case)
        ours = probe.ask(case)
        # transformers applies top_p only below 1, and so never sees that 1.5 is nonsense.
        expected = "error" in oracle or options.get("top_p", 0) > 1
        if "error" in ours and expected:
            good += 1
        else:
            print("DIFFERS", options, "\n  ours  ", ours, "\n  oracle", oracle)
    table.row("invalid options are errors", good, len(INVALID))


# --- warpers and log_softmax ----------------------------------------------------------------------

WARPERS = {
    "temperature": (lambda value, keep: logits_process.TemperatureLogitsWarper(value),
                    [0.1, 0.7, 1.3, 5.0]),
    "top_k": (lambda value, keep: logits_process.TopKLogitsWarper(
        int(value), min_tokens_to_keep=keep), [1, 2, 5, 50, 10 ** 6]),
    "top_p": (lambda value, keep: logits_process.TopPLogitsWarper(
        value, min_tokens_to_keep=keep), [0.01, 0.3, 0.5, 0.9, 0.95, 0.999]),
}


def check_warpers(probe, table, rounds):
    rng = np.random.default_rng(3)
    for name, (make, values) in WARPERS.items():
        good = total = 0
        for index in range(rounds):
            size = int(rng.choice([8, 100, 3000]))
            scores = (rng.standard_normal(size) * rng.choice([0.3, 2.0, 6.0])).astype(np.float32)
            if rng.random() < 0.5:
                scores[rng.random(size) < 0.3] = -np.inf
            if rng.random() < 0.2:
                scores = np.round(scores)  # equal scores
            value, keep = values[index % len(values)], int(rng.choice([1, 2]))
            expected = make(value, keep)(None, torch.from_numpy(scores)[None])[0].numpy()
            finite = [float(s) if np.isfinite(s) else -1e38 for s in scores]
            ours = probe.ask({"warper": name, "value": value, "keep": keep, "scores": finite})
            got = np.array([-np.inf if s is None else s for s in ours["scores"]], np.float32)
            got[got < -1e37] = -np.inf
            if name == "top_p":
                # transformers' sort decides which of equal scores goes; ours keeps lower ids.
                same = np.array_equal(np.sort(got), np.sort(expected))
            else:
                same = np.array_equal(got, expected)
            good, total = good + same, total + 1
            if not same:
                print("DIFFERS", name, value, keep, size,
                      np.isfinite(got).sum(), np.isfinite(expected).sum())
        table.row(f"warper {name}, value by value", good, total)

    good, worst = 0, [0.0, 0.0]
    for index in range(rounds):
        size = int(rng.choice([7, 100, 30524]))
        scores = (rng.standard_normal(size) * rng.choice([0.3, 3.0, 12.0])).astype(np.float32)
        exact = torch.log_softmax(torch.from_numpy(scores).double(), -1).numpy()
        ours = probe.ask({"warper": "log_softmax", "scores": scores.tolist()})["scores"]
        theirs = torch.log_softmax(torch.from_numpy(scores), -1).numpy()
        # Two roundings of half a unit in the last place each, of numbers not much larger than this.
        allowed = 2.0 ** -22 * np.maximum(1.0, np.abs(exact))
        errors = [np.abs(values - exact) / allowed for values in (np.array(ours), theirs)]
        good += bool((errors[0] <= 1).all())
        worst = [max(w, float(e.max())) for w, e in zip(worst, errors)]
    table.row("log_softmax within 2^-22 of exact", good, rounds,
              f"worst {worst[0]:.2f} of that, torch {worst[1]:.2f}")


def check_logits(probe, table):
    rng = random.Random(1)
    good = total = 0
    for vocab_size in VOCABULARIES:
        for _ in range(6):
            case = case_of(rng, {}, vocab_size, 1)
            ids, image = case["prompts"][0], case["images"][0]
            ours = probe.ask({"model": case["model"], "image": image, "ids": ids})["logits"]
            expected = hash_logits(case["model"], image, ids)
            good += np.array_equal(np.array(ours, np.float32).view(np.uint32),
                                   expected.view(np.uint32))
            total += 1
    table.row("both sides' logits, bit for bit", good, total)


def write_json_lines(path, cases):
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    path.write_text(f"[\n{lines}\n]\n")
    print(f"{path.name}: {len(cases)} cases, {path.stat().st_size} bytes")


def write_search_fixture(path):
    rng = random.Random(2022)
    written, apart, smallest = [], 0, float("inf")
    for what, case in systematic_cases(rng):
        oracle, margin, degenerate = run_oracle(case)
        if degenerate or margin < NEAR_TIE:
            apart += 1
            continue
        smallest = min(smallest, margin)
        if "error" in oracle:
            oracle = {"error": True}
        else:
            oracle["scores"] = [float(f"{score:.8g}") for score in oracle["scores"]]
            oracle["transitions"] = [[float(f"{score:.6g}") for score in row]
                                     for row in oracle["transitions"]]
        written.append({"what": what, **case, "expected": oracle})
    write_json_lines(path, written)
    print(f"{apart} near-ties left out, smallest margin {smallest:.1e}")


def write_warper_fixture(path):
    rng = np.random.default_rng(7)
    written = []
    for name, (make, values) in WARPERS.items():
        for value in values:
            for keep in (1, 2):
                scores = (rng.standard_normal(20) * 3).astype(np.float32)
                warped = make(value, keep)(None, torch.from_numpy(scores)[None])[0].tolist()
                written.append({"warper": name, "value": value, "keep": keep,
                                "scores": scores.tolist(),
                                "expected": [w if np.isfinite(w) else None for w in warped]})
    write_json_lines(path, written)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", help="build directory")
    parser.add_argument("--quick", action="store_true", help="fewer cases")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write-fixtures", metavar="FOLDER")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    transformers.logging.set_verbosity_error()
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    if arguments.write_fixtures:
        write_search_fixture(pathlib.Path(arguments.write_fixtures) / "transformers_cases.json")
        write_warper_fixture(pathlib.Path(arguments.write_fixtures) / "warper_cases.json")
        return 0
    if not arguments.build:
        parser.error("--build is required")

    probe, table = Probe(arguments.build), Table()
    check_logits(probe, table)
    check_warpers(probe, table, 60 if arguments.quick else 300)
    check_errors(probe, table)
    check_cases(probe, table, systematic_cases(random.Random(arguments.seed + 10 ** 6)))
    check_cases(probe, table, random_cases(random.Random(arguments.seed),
                                           500 if arguments.quick else 2000))
    print("parity_generate:", "ok" if table.failures == 0 else f"{table.failures} checks FAILED")
    return 1 if table.failures else 0


if __name__ == "__main__":
    sys.exit(main())
