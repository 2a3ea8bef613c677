#!/usr/bin/env python3
"""Whole-model parity with transformers: image features, logits and generated token ids.

Builds random-weight models (tiny to large at 384 px), saves them with save_pretrained, runs
transformers and the C++ library on the same image files, and compares. --photos DIR adds photos,
--model DIR adds a saved model such as tests/models/nano.
"""

import argparse
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import warnings

# A busy machine makes spinning threads wait for each other; must be set before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy
import torch
import transformers
from PIL import Image
from transformers import BertTokenizer, BlipForConditionalGeneration, BlipImageProcessorPil

import decoding
import random_models
from decoding import BEAMS, GREEDY, TIE_MARGIN, strip_padding

warnings.filterwarnings("ignore", message=".*max_length.*")
transformers.utils.logging.disable_progress_bar()

FEATURE_LIMIT = 1e-4
LOGIT_LIMIT = 2e-4


class Oracle:
    """A model in transformers and the image files it is run on."""

    def __init__(self, directory, photos, image_size=0):
        self.directory = pathlib.Path(directory)
        self.photos = photos
        self.model = self.open_model(self.directory)
        self.tokenizer = BertTokenizer.from_pretrained(self.directory)
        processor = BlipImageProcessorPil.from_pretrained(self.directory)
        if image_size:
            processor.size = {"height": image_size, "width": image_size}
        self.interpolate = bool(image_size)
        images = [Image.open(photo).convert("RGB") for photo in photos]
        self.pixel_values = processor(images=images, return_tensors="pt")["pixel_values"]

    @staticmethod
    def open_model(directory):
        return BlipForConditionalGeneration.from_pretrained(directory, dtype=torch.float32).eval()

    def features(self):
        return torch.cat([
            self.model.vision_model(self.pixel_values[i:i + 1],
                                    interpolate_pos_encoding=self.interpolate).last_hidden_state
            for i in range(len(self.photos))])

    def logits(self, features, ids):
        return self.model.text_decoder(
            input_ids=torch.tensor([ids]), encoder_hidden_states=features[None],
            return_logits=False).logits[0]

    def generate(self, index, prompt, options):
        arguments = dict(pixel_values=self.pixel_values[index:index + 1],
                         interpolate_pos_encoding=self.interpolate, **options)
        if prompt is not None:
            encoded = self.tokenizer([prompt], return_tensors="pt")
            arguments.update(input_ids=encoded["input_ids"],
                             attention_mask=encoded["attention_mask"])
        return self.model.generate(**arguments, return_dict_in_generate=True, output_scores=True)

    def margin(self, index, prompt, options):
        """How far apart the choices nearest to each other were, over all steps."""
        return decoding.margin(self.model.text_decoder,
                               lambda: self.generate(index, prompt, options),
                               options.get("num_beams", 1))


def run_probe(probe, request, work):
    work.mkdir(parents=True, exist_ok=True)
    request = dict(request, out=str(work))
    path = work / "request.json"
    path.write_text(json.dumps(request))
    subprocess.run([str(probe), str(path)], check=True)
    return json.loads((work / "sequences.json").read_text())


def read_floats(path, shape):
    return torch.from_numpy(numpy.fromfile(path, dtype=numpy.float32).reshape(shape))


def compare(name, oracle, probe, work, cases, texts, weight_type="f32", image_size=0, threads=2,
            batched=True):
    """Prints one line of the table; returns whether everything held."""
    started = time.time()
    batch = []
    if batched:  # the same images once more as one batch: rows must not feel their neighbours
        everything = list(range(len(oracle.photos)))
        batch = [(everything, None, {"max_new_tokens": 10}),
                 (everything, None, {"num_beams": 3, "max_new_tokens": 10})]
    request = {
        "model": str(oracle.directory), "weight_type": weight_type, "threads": threads,
        "image_size": image_size, "images": [str(p) for p in oracle.photos], "texts": texts,
        "cases": [{"images": [i], "prompts": None if p is None else [p], "options": o}
                  for i, p, o in cases]
                 + [{"images": i, "prompts": p, "options": o} for i, p, o in batch],
    }
    results = run_probe(probe, request, work)

    with torch.no_grad():
        pixels = read_floats(work / "pixel_values.f32", oracle.pixel_values.shape)
        pixels_equal = torch.equal(pixels, oracle.pixel_values)
        expected = oracle.features()
        features = read_floats(work / "features.f32", expected.shape)
        feature_error = float((features - expected).abs().max())
        logit_error = 0.0
        for k, ids in enumerate(texts):
            wanted = oracle.logits(expected[k % len(oracle.photos)], ids)
            got = read_floats(work / f"logits_{k}.f32", wanted.shape)
            logit_error = max(logit_error, float((got - wanted).abs().max()))

        same, ties, wrong, score_error = 0, [], [], 0.0
        stop = oracle.model.config.text_config.sep_token_id
        for (index, prompt, options), rows in zip(cases, results):
            output = oracle.generate(index, prompt, options)
            start = 1 if prompt is None else len(oracle.tokenizer(prompt)["input_ids"]) - 1
            wanted = [strip_padding(row, stop, start) for row in output.sequences.tolist()]
            got = [row["ids"] for row in rows]
            if got == wanted:
                same += 1
                texts_equal = [row["text"] for row in rows] == oracle.tokenizer.batch_decode(
                    output.sequences, skip_special_tokens=True)
                if not texts_equal:
                    wrong.append((index, prompt, options, wanted, [row["text"] for row in rows]))
                if options.get("num_beams", 1) > 1:
                    scores = torch.tensor([row["score"] for row in rows])
                    score_error = max(score_error,
                                      float((scores - output.sequences_scores).abs().max()))
            else:
                margin = oracle.margin(index, prompt, options)
                (ties if margin < TIE_MARGIN else wrong).append(
                    (index, prompt, options, wanted, got, margin))
        batch_same = 0
        for (indices, _, options), rows in zip(batch, results[len(cases):]):
            wanted = [strip_padding(oracle.generate(i, None, options).sequences[0].tolist(), stop, 1)
                      for i in indices]
            batch_same += sum(w == row["ids"] for w, row in zip(wanted, rows))

    ok = (pixels_equal and feature_error <= FEATURE_LIMIT and logit_error <= LOGIT_LIMIT
          and not wrong)
    batch_rows = sum(len(indices) for indices, _, _ in batch)
    batch_text = f"{batch_same}/{batch_rows}" if batch else "-"
    print(f"{name:<22} {weight_type:<5} {'equal' if pixels_equal else 'DIFFER':<7} "
          f"{feature_error:>9.1e} {logit_error:>9.1e} {same:>5}/{len(cases):<5} {len(ties):>4} "
          f"{batch_text:>8} {score_error:>9.1e}  {'ok' if ok else 'FAILED'}  "
          f"({time.time() - started:.0f} s)", flush=True)
    for index, prompt, options, wanted, got, *margin in wrong + ties:
        kind = "near-tie" if (margin and margin[0] < TIE_MARGIN) else "WRONG"
        print(f"    {kind}: image {index} prompt {prompt!r} {options} margin {margin}\n"
              f"      transformers {wanted}\n      blip.cpp     {got}")
    return ok, len(cases), same, len(ties)


def random_texts(config, count, length, generator):
    """Teacher-forced texts: [DEC], then any tokens."""
    top = config.text_config.vocab_size
    return [[config.text_config.bos_token_id]
            + torch.randint(5, top, (length - 1,), generator=generator).tolist()
            for _ in range(count)]


def all_cases(images, prompts, settings):
    """Every setting, with images and prompts taking turns."""
    turns = itertools.cycle(itertools.product(range(images), prompts))
    return [(*next(turns), options) for options in settings]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="tiny sizes only")
    parser.add_argument("--photos", type=pathlib.Path, help="a folder of photos to add")
    parser.add_argument("--model", type=pathlib.Path, action="append", default=[],
                        help="a saved model to compare on every photo, greedy and beam 3")
    arguments = parser.parse_args()
    root = pathlib.Path(__file__).resolve().parents[2]
    probe = arguments.build / "tools" / "reference" / "probe_model"
    photos = sorted((root / "examples" / "photos").glob("*.jpg"))
    known = {photo.read_bytes() for photo in photos}  # the examples may be among them
    more_photos = [photo for photo in
                   (sorted(arguments.photos.glob("*.jpg")) if arguments.photos else [])
                   if photo.read_bytes() not in known]
    print(f"{'model':<22} {'type':<5} {'pixels':<7} {'features':>9} {'logits':>9} "
          f"{'same ids':>11} {'ties':>4} {'in batch':>8} {'scores':>9}")
    ok, total, same, ties = True, 0, 0, 0

    def add(result):
        nonlocal ok, total, same, ties
        ok = ok and result[0]
        total, same, ties = total + result[1], same + result[2], ties + result[3]

    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)
        sizes = ["tiny", "odd", "small"] + ([] if arguments.quick else ["base", "large"])
        for name in sizes:
            directory = work / name
            generator = torch.Generator().manual_seed(7)
            small = name in ("tiny", "odd", "small")
            torch.set_num_threads(1 if small else 2)
            used = photos[:4 if small else 3]
            random_models.save(name, directory, seed=1)
            oracle = Oracle(directory, used)
            with torch.no_grad():
                random_models.favour_stop(oracle.model, pixel_values=oracle.pixel_values)
            oracle.model.save_pretrained(directory)
            prompts = [None, "ba co", "du fa gam bab"]
            settings = GREEDY + BEAMS
            repeats = 1 if arguments.quick or not small else 2
            cases = all_cases(len(used), prompts, settings * repeats)
            texts = random_texts(oracle.model.config, 4, 24 if name != "odd" else 39, generator)
            add(compare(name, oracle, probe, work / "out", cases, texts))
            # Other resolutions: interpolated position embeddings.
            size = {"tiny": 40, "odd": 64, "small": 160, "base": 480, "large": 224}[name]
            resized = Oracle(directory, used[:2], image_size=size)
            add(compare(f"{name} at {size} px", resized, probe, work / "out",
                        all_cases(2, prompts, GREEDY[:3] + BEAMS[:2]), texts[:2],
                        image_size=size, batched=False))
            # 16-bit weights: transformers' float32 model made of the same rounded values.
            if name in ("small", "base"):
                for weight_type, dtype in (("f16", torch.float16), ("bf16", torch.bfloat16)):
                    half = work / f"{name}-{weight_type}"
                    rounded = BlipForConditionalGeneration.from_pretrained(directory, dtype=dtype)
                    rounded.save_pretrained(half)
                    for file in ("vocab.txt", "tokenizer_config.json", "preprocessor_config.json"):
                        (half / file).write_bytes((directory / file).read_bytes())
                    add(compare(f"{name} in {weight_type}", Oracle(half, used[:2]), probe,
                                work / "out", all_cases(2, prompts, GREEDY[:4] + BEAMS[:4]),
                                texts[:2], weight_type="stored", batched=False))
        for directory in [root / "tests" / "models" / "nano", *arguments.model]:
            used = photos + more_photos
            torch.set_num_threads(1)
            oracle = Oracle(directory, used)
            cases = [(i, prompt, options) for i in range(len(used))
                     for prompt, options in [(None, {}), (None, {"num_beams": 3}),
                                             ("a photo of", {"max_new_tokens": 20})]]
            config = oracle.model.config
            texts = random_texts(config, 4, 20, torch.Generator().manual_seed(9))
            add(compare(directory.name + f" ({len(used)} photos)", oracle, probe, work / "out",
                        cases, texts))
    print(f"\n{same} of {total} cases have identical token ids; {ties} near-ties of the oracle "
          f"(margin < {TIE_MARGIN:g}) are listed apart; limits: features {FEATURE_LIMIT:g}, "
          f"logits {LOGIT_LIMIT:g}")
    print("parity_model:", "ok" if ok else "FAILED")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
