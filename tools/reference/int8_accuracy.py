#!/usr/bin/env python3
"""What int8 costs in accuracy, beside float32 of the same program.

Two tables, in Markdown. The first is of numbers: image features and teacher-forced logits, of models
of the published sizes with random weights and of the bundled model along its own captions. A random
decoder all but ignores its text (two positions of one text correlate at 0.999999), so many positions of
few photos are few samples: the models are measured at the first position of many photos, and along
texts with the decoder's layers adding less to what they are given, so that tokens stay apart. How many
different top tokens float32 has shows whether positions differ. The second table is
of captions: the bundled model's on photos with reference captions, whether int8 says the same, and
BLEU-4 and CIDEr of both. --photos is a folder of KEY.jpg with KEY.json {"captions": [TEXT…]} each, such
as Flickr8k's development photos, which are not free to be passed on; without it the second is left out.
--types bf16 adds what rounding the weights to bfloat16 costs, as a measure of what int8 does.

Exits 1 if BLEU-4 or CIDEr of int8 differ from float32's by more than a hundredth.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch is loaded

import numpy
import torch
import transformers

import caption_metrics
import random_models
from parity_model import random_texts, run_probe

transformers.utils.logging.disable_progress_bar()

SEARCHES = {"greedy": [], "3 beams": ["--beams", "3"]}
# As the program and as the probe call them.
TYPES = {"f32": "f32", "bf16": "bf16", "int8": "i8"}
LIMIT = 0.01
# Photos for the models with random weights: large takes three times as long as base.
RANDOM_PHOTOS = {"base": 128, "large": 64}
DAMPING = 0.3  # of what a layer of the random decoder adds to its input
CAPTIONED = 200  # photos of the folder whose captions' logits are looked at
RESAMPLES = 1000


class Measurement:
    """A model in one weight type, on the same photos and texts as in float32."""

    def __init__(self, arguments, directory, photos, work):
        self.probe = arguments.build / "tools" / "reference" / "probe_model"
        self.request = {"model": str(directory), "threads": arguments.threads, "image_size": 0,
                        "images": [str(photo) for photo in photos], "texts": [], "cases": []}
        self.work = work

    def captions(self):
        """→ token ids of what the model says of each photo, up to the last token"""
        cases = [{"images": [i], "prompts": None, "options": {}}
                 for i in range(len(self.request["images"]))]
        rows = run_probe(self.probe, {**self.request, "weight_type": "f32", "cases": cases}, self.work)
        return [row[0]["ids"][:-1] for row in rows]

    def run(self, weight_type):
        """→ features [images, N * E], logits [texts * T, V]"""
        request = {**self.request, "weight_type": TYPES[weight_type]}
        run_probe(self.probe, request, self.work)
        features = numpy.fromfile(self.work / "features.f32", dtype=numpy.float32)
        logits = [numpy.fromfile(self.work / f"logits_{k}.f32", dtype=numpy.float32).reshape(len(text), -1)
                  for k, text in enumerate(request["texts"])]
        return features.reshape(len(request["images"]), -1), numpy.concatenate(logits)


def numbers_line(name, weight_type, wanted, got):
    """One line of the first table."""
    (features, logits), (other_features, other_logits) = wanted, got
    feature_error = numpy.linalg.norm(other_features - features) / numpy.linalg.norm(features)
    spread = logits.std(axis=1).mean()
    error = (other_logits - logits) / spread
    rms = float(numpy.sqrt(numpy.square(error, dtype=numpy.float64).mean()))
    first, other_first = logits.argmax(axis=1), other_logits.argmax(axis=1)
    rows = numpy.arange(len(logits))
    lead = (logits[rows, first] - logits[rows, other_first]) / spread
    same = int((first == other_first).sum())
    top = numpy.partition(logits, -2, axis=1)[:, -2:]
    usual = float(numpy.median((top[:, 1] - top[:, 0]) / spread))
    print(f"| {name} | {weight_type} | {100 * feature_error:.2f} % | {rms:.4f} | "
          f"{float(numpy.abs(error).max()):.3f} | {same} of {len(rows)} ({100 * same / len(rows):.1f} %) | "
          f"{len(set(first))} | "
          f"{lead.max():.3f} | {usual:.3f} |", flush=True)


def measure_numbers(arguments, root, work):
    print("| model | weights | features | logits, RMS | logits, greatest | same top token | "
          "different ones | greatest lead lost | median lead |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    photos = sorted((arguments.photos or root / "examples" / "photos").glob("*.jpg"))
    types = [*arguments.types, "int8"]

    def lines(name, measurement):
        wanted = measurement.run("f32")
        for weight_type in types:
            numbers_line(name, weight_type, wanted, measurement.run(weight_type))

    for name in arguments.sizes:
        directory, generator = work / name, torch.Generator().manual_seed(7)
        model = random_models.save(name, directory, seed=1)
        some = photos[:RANDOM_PHOTOS.get(name, 64)]
        measurement = Measurement(arguments, directory, some, work / "out")
        measurement.request["texts"] = random_texts(model.config, len(some), 1, generator)
        lines(f"{name}, random, {len(some)} photos", measurement)
        with torch.no_grad():
            for parameter_name, parameter in model.text_decoder.named_parameters():
                if parameter_name.endswith("output.dense.weight"):
                    parameter.mul_(DAMPING)
        model.save_pretrained(directory)
        measurement = Measurement(arguments, directory, photos[:6], work / "out")
        measurement.request["texts"] = random_texts(model.config, 16, 16, generator)
        lines(f"{name}, random, damped, along texts", measurement)
        (directory / "model.safetensors").unlink()  # two gigabytes
    measurement = Measurement(arguments, arguments.model, photos[:CAPTIONED], work / "out")
    measurement.request["texts"] = measurement.captions()
    lines(f"{arguments.model.name}, along its captions", measurement)


def caption(arguments, dtype, search):
    """→ {path: caption} of all photos"""
    program = arguments.build / "bin" / "blip"
    output = subprocess.run(
        [str(program), "caption", str(arguments.photos), "--model", str(arguments.model), "--dtype", dtype,
         "--threads", str(arguments.threads), "--format", "jsonl", *SEARCHES[search]],
        check=True, capture_output=True, text=True).stdout
    return {line["path"]: line["caption"] for line in map(json.loads, output.splitlines())}


def relative(wanted, got, score):
    """→ by how much `score` of `got` differs from that of `wanted`, and the standard error of that: how far
    it would scatter on other photos of the same kind. Both [photos, …]; the photos are drawn in pairs."""
    generator = numpy.random.default_rng(1)
    draws = generator.integers(0, len(wanted), (RESAMPLES, len(wanted)))
    scattered = [score(got[draw]) / score(wanted[draw]) - 1 for draw in draws]
    return score(got) / score(wanted) - 1, float(numpy.std(scattered))


def measure_captions(arguments):
    """→ whether int8 is within the limit"""
    ok = True
    print("| search | weights | same captions | BLEU-4 | CIDEr | BLEU-4 beside f32 | CIDEr beside f32 |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for search in SEARCHES:
        wanted = caption(arguments, "f32", search)
        references = [json.loads(pathlib.Path(path).with_suffix(".json").read_text())["captions"]
                      for path in wanted]

        def scores(captions):
            return (caption_metrics.bleu_counts(captions, references),
                    caption_metrics.cider(captions, references))

        def bleu4(counts):
            return float(caption_metrics.bleu(counts.sum(axis=0))[3])

        counts, ciders = scores(wanted.values())
        print(f"| {search} | f32 | | {bleu4(counts):.4f} | {ciders.mean():.4f} | | |", flush=True)
        for dtype in [*arguments.types, "int8"]:
            got = caption(arguments, dtype, search)
            if got.keys() != wanted.keys():
                raise SystemExit(f"{dtype}: {len(got)} captions, wanted {len(wanted)}")
            same = sum(got[path] == text for path, text in wanted.items())
            other_counts, other_ciders = scores([got[path] for path in wanted])
            changes = [relative(counts, other_counts, bleu4),
                       relative(ciders, other_ciders, lambda values: float(values.mean()))]
            text = " | ".join(f"{100 * change:+.2f} % ± {100 * error:.2f} %" for change, error in changes)
            print(f"| {search} | {dtype} | {same} of {len(wanted)} | {bleu4(other_counts):.4f} | "
                  f"{other_ciders.mean():.4f} | {text} |", flush=True)
            if dtype == "int8":
                ok = ok and all(abs(change) <= LIMIT for change, _ in changes)
    return ok


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--photos", type=pathlib.Path, help="a folder of KEY.jpg and KEY.json")
    parser.add_argument("--model", type=pathlib.Path, default=root / "tests" / "models" / "nano")
    parser.add_argument("--sizes", nargs="*", default=["base", "large"], choices=random_models.SIZES)
    parser.add_argument("--types", nargs="*", default=[], choices=["bf16"], help="beside int8")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as temporary:
        measure_numbers(arguments, root, pathlib.Path(temporary))
    print()
    if arguments.photos is None:
        print("captions: skipped, no --photos FOLDER with reference captions was given")
        return 0
    ok = measure_captions(arguments)
    print(f"\nint8_accuracy: BLEU-4 and CIDEr of int8 are {'' if ok else 'not all '}within "
          f"{100 * LIMIT:g} % of float32's")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
