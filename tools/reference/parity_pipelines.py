#!/usr/bin/env python3
"""Parity of `blip classify` with transformers' pipelines: zero-shot-image-classification and image-classification.

Random-weight CLIP and ViT over the photos, with the committed part of CLIP's vocabulary; without --quick CLIP ViT-B/32 and ViT-B/16 as well. Labels in
the same order (unless their scores are nearer than the tolerance), scores within 1e-5.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers as hf

import clip_vocabulary
import feature_probe

SCORES = 1e-5
LABELS = ["a cat", "two dogs on a beach", "car", "tree", "a very long label about nothing in particular", "naïve café", "x"]
TEMPLATES = ["This is a photo of {}.", "{}", "itap of a {} at night"]


def tokenizer_files(directory):
    merges = clip_vocabulary.read(clip_vocabulary.SMALL)
    merges = [line for line in merges if line]
    vocabulary = clip_vocabulary.vocabulary_of(merges)
    (directory / "vocab.json").write_text(json.dumps(vocabulary))
    (directory / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    return hf.CLIPTokenizer(str(directory / "vocab.json"), str(directory / "merges.txt"), model_max_length=77), vocabulary


def clip_directory(directory, wide):
    directory.mkdir()
    tokenizer, vocabulary = tokenizer_files(directory)
    start, end = vocabulary[clip_vocabulary.START], vocabulary[clip_vocabulary.END]
    text = dict(vocab_size=len(vocabulary), bos_token_id=start, eos_token_id=end, pad_token_id=end)
    text |= {} if wide else dict(hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4)
    vision = {} if wide else dict(hidden_size=64, intermediate_size=144, num_hidden_layers=2, num_attention_heads=4, image_size=64, patch_size=16)
    projection = 512 if wide else 32
    config = hf.CLIPConfig(projection_dim=projection, text_config=dict(text, projection_dim=projection), vision_config=dict(vision, projection_dim=projection))
    model = feature_probe.random_model(hf.CLIPModel, config, seed=1)
    model.logit_scale.data.fill_(4.6052)
    feature_probe.save(model, directory, "f32")
    side = config.vision_config.image_size
    images = hf.CLIPImageProcessor(size={"shortest_edge": side}, crop_size={"height": side, "width": side})
    hf.CLIPProcessor(images, tokenizer).save_pretrained(directory)


def vit_directory(directory, wide):
    names = {index: f"class {index}, kind {index % 3}" for index in range(40)}
    shape = {} if wide else dict(hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, image_size=64, patch_size=16)
    config = hf.ViTConfig(**shape, id2label=names, label2id={name: index for index, name in names.items()})
    feature_probe.save(feature_probe.random_model(hf.ViTForImageClassification, config, seed=2), directory, "f32")
    side = config.image_size
    hf.ViTImageProcessor(size={"height": side, "width": side}).save_pretrained(directory)


def open_pipeline(task, directory):
    # Pillow's pixels, whether torchvision is installed or not.
    images = hf.AutoImageProcessor.from_pretrained(str(directory), backend="pil")
    return hf.pipeline(task, model=str(directory), image_processor=images)


def blip_labels(program, model, photos, options):
    words = [program, "classify", *photos, "--model", model, "--format", "jsonl", "--no-label-cache", *options]
    lines = subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()
    return {record["path"]: record["labels"] for record in map(json.loads, lines)}


def compare(name, got, wanted):
    worst, swapped = 0.0, 0
    for path, expected in wanted.items():
        ours = {label["label"]: label["score"] for label in got[path]}
        worst = max([worst] + [abs(ours.get(item["label"], 2.0) - item["score"]) for item in expected])
        for mine, theirs in zip(got[path], expected):
            swapped += mine["label"] != theirs["label"] and abs(mine["score"] - theirs["score"]) > SCORES
    ok = worst <= SCORES and swapped == 0 and len(got) == len(wanted)
    print(f"{'ok  ' if ok else 'FAIL'} {name}: {len(wanted)} photos, scores within {worst:.1e}, {swapped} labels elsewhere")
    return ok


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="tiny sizes only")
    arguments = parser.parse_args()
    torch.set_grad_enabled(False)
    hf.utils.logging.disable_progress_bar()
    program = arguments.build / "bin" / "blip"
    photos = sorted(str(path) for path in (clip_vocabulary.REPOSITORY / "examples/photos").glob("*.jpg"))
    ok = True
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["XDG_CACHE_HOME"] = temporary
        for wide in [False] if arguments.quick else [False, True]:
            clip, vit = pathlib.Path(temporary) / f"clip-{wide}", pathlib.Path(temporary) / f"vit-{wide}"
            clip_directory(clip, wide)
            vit_directory(vit, wide)
            size = "base" if wide else "tiny"
            pipeline = open_pipeline("zero-shot-image-classification", clip)
            for template in TEMPLATES:
                wanted = {photo: pipeline(photo, candidate_labels=LABELS, hypothesis_template=template) for photo in photos}
                options = ["--template", template, "--top", "99"]
                for label in LABELS:
                    options += ["--labels", label]
                ok &= compare(f"CLIP {size}, zero-shot, {template!r}", blip_labels(program, clip, photos, options), wanted)
            pipeline = open_pipeline("image-classification", vit)
            wanted = {photo: pipeline(photo, top_k=40) for photo in photos}
            ok &= compare(f"ViT {size}, its own labels", blip_labels(program, vit, photos, ["--top", "40"]), wanted)
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
