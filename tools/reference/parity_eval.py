#!/usr/bin/env python3
"""The metrics of src/eval beside the programs that papers use.

BLEU, ROUGE-L and CIDEr: pycocoevalcap's scorers, on random sets of captions that are cut already, the
whole set's score and every image's. VQA: the official evaluation as vqa_answers.py has it from its
definition; --vqa-eval FILE compares with a copy of the published vqaEval.py (or LAVIS's vqa_eval.py), too.
Retrieval: what BLIP's itm_eval does, with numpy. Every number must agree within 1e-9, every text exactly.
"""

import argparse
import contextlib
import importlib.util
import io
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import numpy
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge

import vqa_answers

LIMIT = 1e-9
SETS, QUICK_SETS = 5000, 200
# Few, so that captions have something in common; "1\u00a01/2" is how the tokenizer leaves "1 1/2".
WORDS = ["a", "man", "dog", "on", "the", "riding", "surfboard", "n't", "'s", "two", "1\u00a01/2", "x-ray",
         "café", "-lrb-", "wave", "red/white"]
ANSWER_PIECES = ["two", "Ten", "none", "the", "a", "An", "dont", "Im", "she's", "somebody'd", "yall'll", "red",
                 "1,000", "1,x", "3.5", ".5", "5.", "u.s.", "t-shirt", "-", "/", "(left)", "?", "!", "yes", "'",
                 "_", "\u00e9", "\u0661,\u0662", "\u00a0", "\n", "\t", ".", ";", "@", "`", "\u0130", "10:30"]


def random_caption(generator, longest=14):
    return " ".join(generator.choice(WORDS) for _ in range(generator.randrange(longest + 1)))


def random_set(generator):
    """Captions and references may be empty; pycocoevalcap needs a word somewhere in the references."""
    images = generator.randrange(1, 9)
    one = {"hyps": [random_caption(generator) for _ in range(images)],
            "refs": [[random_caption(generator) for _ in range(generator.randrange(1, 7))]
                     for _ in range(images)]}
    one["refs"][0].append("a")
    return one


def random_answer(generator):
    blank = generator.choice(["", " ", " ", "  "])
    return blank.join(generator.choice(ANSWER_PIECES) for _ in range(generator.randrange(1, 6)))


def random_question(generator):
    known = [random_answer(generator) for _ in range(generator.randrange(1, 4))]
    return {"answer": generator.choice(known + ["no"]), "people": [generator.choice(known) for _ in range(10)]}


def random_retrieval(generator):
    images = generator.randrange(1, 30)
    image_of_text = [*range(images), *(generator.randrange(images) for _ in range(4 * images))]
    generator.shuffle(image_of_text)
    rows = numpy.random.default_rng(generator.randrange(2 ** 32)).normal(size=(images, len(image_of_text)))
    for text, image in enumerate(image_of_text):
        rows[image, text] += 1.5
    return {"scores": rows.astype(numpy.float32).tolist(), "image_of_text": image_of_text}


def caption_oracle(one):
    """→ what pycocoevalcap says of a set, by the probe's names"""
    ours = dict(enumerate([hyp] for hyp in one["hyps"]))
    theirs = dict(enumerate(one["refs"]))
    with contextlib.redirect_stdout(io.StringIO()):
        bleu, bleus = Bleu(4).compute_score(theirs, ours, verbose=0)
        rouge, rouges = Rouge().compute_score(theirs, ours)
        cider, ciders = Cider().compute_score(theirs, ours)
    return {"bleu": bleu, "bleu_per_image": numpy.transpose(bleus), "rouge_l": rouge,
            "rouge_l_per_image": rouges, "cider": cider, "cider_per_image": ciders}


def recall_oracle(ranks):
    recalls = [100 * float(numpy.mean(ranks < k)) for k in (1, 5, 10)]
    return [*recalls, sum(recalls) / 3, float(numpy.median(ranks + 1)), float(numpy.mean(ranks + 1))]


def retrieval_oracle(one):
    scores, image_of_text = numpy.array(one["scores"]), numpy.array(one["image_of_text"])
    texts = [min(int(numpy.where(numpy.argsort(row)[::-1] == text)[0][0])
                 for text in numpy.where(image_of_text == image)[0]) for image, row in enumerate(scores)]
    images = [int(numpy.where(numpy.argsort(column)[::-1] == image)[0][0])
              for column, image in zip(scores.T, image_of_text)]
    tr, ir = recall_oracle(numpy.array(texts)), recall_oracle(numpy.array(images))
    return {"tr": tr, "ir": ir, "r_mean": (tr[3] + ir[3]) / 2}


class Report:
    def __init__(self):
        self.ok = True

    def numbers(self, name, pairs):
        """pairs: of ours and theirs, each a list of numbers"""
        pairs = list(pairs)
        shapes = all(numpy.shape(got) == numpy.shape(wanted) for got, wanted in pairs)
        greatest = max(float(numpy.abs(numpy.subtract(got, wanted)).max()) for got, wanted in pairs) if shapes else 1e9
        self.line(name, len(pairs), f"greatest difference {greatest:.1e}", greatest <= LIMIT)

    def texts(self, name, ours, theirs):
        wrong = [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]]
        self.line(name, len(ours), f"{len(wrong)} differ", not wrong)
        for got, wanted in wrong[:5]:
            print(f"    {got!r}, wanted {wanted!r}")

    def line(self, name, count, finding, ok):
        print(f"{name:<28} {count:>6}  {finding:<30} {'ok' if ok else 'FAILED'}", flush=True)
        self.ok = self.ok and ok


def published(path):
    """→ the published VQAEval, of which only the normalisation is used"""
    spec = importlib.util.spec_from_file_location("published_vqa_eval", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return next(value for name, value in vars(module).items() if name.lower() == "vqaeval")(None, None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_SETS} sets instead of {SETS}")
    parser.add_argument("--vqa-eval", type=pathlib.Path, help="a copy of the published vqaEval.py")
    arguments = parser.parse_args()
    count = QUICK_SETS if arguments.quick else SETS
    generator = random.Random(1)
    request = {"sets": [random_set(generator) for _ in range(count)],
               "answers": [*vqa_answers.CONTRACTIONS, *(random_answer(generator) for _ in range(count))],
               "questions": [random_question(generator) for _ in range(count)],
               "retrieval": [random_retrieval(generator) for _ in range(count // 20)]}
    with tempfile.TemporaryDirectory() as work:
        request["out"] = str(pathlib.Path(work) / "results.json")
        path = pathlib.Path(work) / "request.json"
        path.write_text(json.dumps(request))
        subprocess.run([str(arguments.build / "tools/reference/probe_eval"), str(path)], check=True)
        results = json.loads(pathlib.Path(request["out"]).read_text())

    report = Report()
    oracle = [caption_oracle(one) for one in request["sets"]]
    for key in oracle[0]:
        report.numbers(key, ((ours[key], theirs[key]) for ours, theirs in
                             zip(results["sets"], oracle, strict=True)))
    stripped, bare, plain = zip(*results["answers"])
    report.texts("answers, stripped", stripped, [vqa_answers.stripped(one) for one in request["answers"]])
    report.texts("  without punctuation", bare, [vqa_answers.without_punctuation(one) for one in stripped])
    report.texts("  with plain words", plain, [vqa_answers.with_plain_words(one) for one in bare])
    report.numbers("VQA accuracy", ((ours, vqa_answers.accuracy(**asked)) for ours, asked in
                                    zip(results["questions"], request["questions"], strict=True)))
    if arguments.vqa_eval:
        official = published(arguments.vqa_eval)
        report.texts("published processPunctuation", bare, [official.processPunctuation(one) for one in stripped])
        report.texts("published processDigitArticle", plain, [official.processDigitArticle(one) for one in bare])
    oracle = [retrieval_oracle(one) for one in request["retrieval"]]
    for key in oracle[0]:
        report.numbers(f"retrieval, {key}", ((ours[key], theirs[key]) for ours, theirs in
                                             zip(results["retrieval"], oracle, strict=True)))
    print("parity_eval:", "ok" if report.ok else "FAILED")
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
