#!/usr/bin/env python3
"""Parity of `blip interrogate` with clip_interrogator.py, the algorithm over transformers' CLIPModel: the same prompts, in all
modes, for the example photos, with random lists and small random CLIPs. Also on each decision the margin: a phrase that wins by
less than a rounding may be another one here, which is listed apart."""

import argparse
import json
import pathlib
import random
import sys
import tempfile

import torch
import transformers as hf

import clip_interrogator
import clip_vocabulary
import feature_probe
from parity_clip_program import CROP, Program, pictures

TIE = 2e-6
SIMILARITY = 5e-6
CAPTIONS = ["a dog on a beach", "a painting, of a cat", "two motorcycles in the rain at night"]
WORDS = "red blue old new cat dog sea sky tree house bright dark soft loud round flat wide small open rain sun wood".split()


def save_clip(directory, seed, positions):
    merges = [line for line in clip_vocabulary.read(clip_vocabulary.SMALL) if line]
    vocabulary = clip_vocabulary.vocabulary_of(merges)
    clip_vocabulary.write(directory, merges,
                          config={**clip_vocabulary.PLAIN_CONFIG, "model_max_length": positions})
    size = len(vocabulary)
    config = hf.CLIPConfig(
        projection_dim=24,
        text_config=dict(vocab_size=size, hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
                         max_position_embeddings=positions, projection_dim=24, bos_token_id=size - 2, eos_token_id=size - 1),
        vision_config=dict(hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=2, image_size=56,
                           patch_size=14, projection_dim=24))
    model = feature_probe.random_model(hf.CLIPModel, config, seed=seed)
    model.save_pretrained(directory)
    hf.CLIPImageProcessor(**CROP).save_pretrained(directory)
    return model.double()


def random_lists(generator, sizes):
    def phrase():
        return " ".join(generator.choices(WORDS, k=generator.randint(1, 4)))
    return {name: [phrase() for _ in range(size)] for name, size in sizes.items()}


class Judge:
    """What a picture's prompts are worth, by transformers in double precision."""

    def __init__(self, model, tokenizer, image, positions):
        self.model, self.tokenizer, self.image, self.positions = model, tokenizer, image, positions
        self.known = {}

    def ids(self, text, **options):
        return self.tokenizer(text, **options)["input_ids"]

    def similarities(self, texts):
        new = [text for text in dict.fromkeys(texts) if text not in self.known]
        for at in range(0, len(new), 256):
            batch = self.tokenizer(new[at:at + 256], padding=True, truncation=True, max_length=self.positions,
                                   return_tensors="pt")
            with torch.no_grad():
                features = feature_probe.unit(self.model.get_text_features(**batch).pooler_output)
            self.known |= dict(zip(new[at:at + 256], (features @ self.image).tolist()))
        return [self.known[text] for text in texts]

    def is_full(self, text):
        return len(self.ids(text)) >= self.positions


def compare(program, model, directory, positions, photos, lists, work, label, **options):
    tokenizer = hf.CLIPTokenizer.from_pretrained(directory)
    processor = hf.CLIPImageProcessor.from_pretrained(directory)
    pixels = processor(pictures(photos), return_tensors="pt")["pixel_values"].double()
    with torch.no_grad():
        images = feature_probe.unit(model.get_image_features(pixels).pooler_output)
    captions = [CAPTIONS[i % len(CAPTIONS)] for i in range(len(photos))]
    listing = work / "captions.jsonl"
    listing.write_text("".join(json.dumps({"path": str(p), "caption": c}) + "\n" for p, c in zip(photos, captions)))
    words = ["--only-named-lists", "--no-label-cache"]
    for name, phrases in lists.items():
        path = work / f"{name}.txt"
        path.write_text("".join(phrase + "\n" for phrase in phrases))
        words += ["--list", f"{name}={path}"]
    limits = {"min_flavors": 8, **options}
    words += ["--min-flavors", limits["min_flavors"]]
    same, ties, wrong, error = 0, 0, [], 0.0
    for mode in ("fast", "classic", "best", "negative"):
        records = program.records("interrogate", "--from-file", listing, "--mode", mode, *words)
        for record, image, caption in zip(records, images, captions, strict=True):
            judge = Judge(model, tokenizer, image, positions)
            oracle = clip_interrogator.Interrogator(judge.similarities, judge.is_full, lists, **limits)
            wanted = oracle.negative() if mode == "negative" else getattr(oracle, mode)(caption)
            error = max(error, abs(record["similarity"] - judge.similarities([record["prompt"]])[0]))
            if record["prompt"] == wanted:
                same += 1
            elif min(oracle.margins) < TIE:
                ties += 1
            else:
                wrong.append(f"{mode}: {record['prompt']!r}\n     not {wanted!r}")
    failed = wrong or not error <= SIMILARITY or same <= ties
    print(f"{label:<44} {'FAILED' if failed else 'ok':<7}{same} prompts the same, {ties} after a tie, "
          f"similarity {error:.1e}", flush=True)
    for line in wrong[:8]:
        print("    " + line)
    return not failed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="fewer models")
    parser.add_argument("--photos", type=pathlib.Path, default=clip_vocabulary.REPOSITORY / "examples/photos")
    arguments = parser.parse_args()
    photos = sorted(arguments.photos.glob("*.jpg"))[:2 if arguments.quick else 6]
    sizes = {"artists": 4, "flavors": 24, "mediums": 6, "movements": 6, "trendings": 4, "negative": 8, "lighting": 4}
    ok = True
    for seed, positions, some in ((1, 77, sizes), (2, 30, sizes), (3, 77, {"flavors": 12, "negative": 4}),
                                  *([] if arguments.quick else [(seed, 40, sizes) for seed in range(4, 9)])):
        with tempfile.TemporaryDirectory() as folder:
            work = pathlib.Path(folder)
            model = save_clip(work / "clip", seed, positions)
            program = Program(arguments.build / "bin/blip", work / "clip")
            lists = random_lists(random.Random(seed), some)
            for options in ({},) if arguments.quick else ({}, {"min_flavors": 0}):
                ok &= compare(program, model, work / "clip", positions, photos, lists, work,
                              f"model {seed}, {positions} positions, {len(some)} lists {options or ''}", **options)
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
