#!/usr/bin/env python3
"""Writes the fixtures of the hybrid tower and of the classifier: tiny random models (tests/tasks/data/hybrid and classifier) and
what PyTorch makes of the example photos with them (tests/tasks/data/hybrid.json).

Of the features evenly spread elements are kept: [[index, value], ...]. No generated token was decided by a margin under 1e-4.
"""

import json
import pathlib
import shutil

import torch
import transformers
from PIL import Image
from safetensors.torch import save_file
from transformers import BlipImageProcessorPil

import hybrid_models
import parity_hybrid
import random_models
from decoding import strip_padding
from efficientnet_lite import EfficientNetLiteForImageClassification, backbone_config, randomize, without_counters
from make_task_fixtures import DATA, PHOTOS, SAFE_MARGIN, TEXT, VOCABULARY, number, numbers, sample

BACKBONE = backbone_config(1.0, 1.0, hidden_dim=24, kernel_sizes=[3, 5, 3], in_channels=[8, 8, 12], out_channels=[8, 12, 16],
                           strides=[1, 2, 2], num_block_repeats=[1, 2, 1], expand_ratios=[1, 4, 3], depth_divisor=4)
SIZE = dict(backbone=BACKBONE, text=TEXT,
            vision=dict(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, image_size=43))
LABELS = ["cat", "gull", "motorcycle", "skateboarder", "stop sign", "table", "none of these"]
OTHER_SIZE = 70
SETTINGS = [{}, {"num_beams": 3, "max_new_tokens": 8}]


def make_hybrid():
    directory = DATA / "hybrid"
    shutil.rmtree(directory, ignore_errors=True)
    hybrid_models.SIZES["fixture"] = SIZE
    model = hybrid_models.captioning("fixture", seed=3)
    hybrid_models.save(model, directory, BACKBONE, VOCABULARY)
    oracle = parity_hybrid.Oracle(directory, PHOTOS)
    with torch.no_grad():
        random_models.favour_stop(oracle.model, pixel_values=oracle.pixel_values)
        hybrid_models.save(oracle.model, directory, BACKBONE, VOCABULARY)
        expected = []
        oracle, larger = parity_hybrid.Oracle(directory, PHOTOS), parity_hybrid.Oracle(directory, PHOTOS, image_size=OTHER_SIZE)
        features, others = oracle.features(), larger.features()
        for index, photo in enumerate(PHOTOS):
            cases = []
            for options in SETTINGS:
                if oracle.margin(index, None, options) < SAFE_MARGIN:
                    continue
                ids = oracle.generate(index, None, options).sequences[0].tolist()
                cases.append({"options": options, "ids": strip_padding(ids, oracle.model.config.text_config.sep_token_id, 1)})
            expected.append({"file": photo.name, "features": sample(features[index:index + 1]), "cases": cases,
                             "features_at_other_size": sample(others[index:index + 1])})
    return {"other_size": OTHER_SIZE, "photos": expected}


def make_classifier():
    directory = DATA / "classifier"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    config = {"architectures": ["EfficientNetLiteForImageClassification"], **BACKBONE, "image_size": 43, "num_labels": len(LABELS),
              "id2label": {str(index): label for index, label in enumerate(LABELS)}}
    network = EfficientNetLiteForImageClassification(config)
    randomize(network, torch.Generator().manual_seed(4), 43)
    (directory / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    save_file(without_counters(network.state_dict()), directory / "model.safetensors", metadata={"format": "pt"})
    processor = BlipImageProcessorPil(size={"height": 43, "width": 43}, image_mean=hybrid_models.MEAN, image_std=hybrid_models.STD)
    processor.save_pretrained(directory)
    images = [Image.open(photo).convert("RGB") for photo in PHOTOS]
    with torch.no_grad():
        logits = network(processor(images=images, return_tensors="pt")["pixel_values"])
    return [{"file": photo.name, "logits": numbers(row), "label": LABELS[row.argmax()], "score": number(row.softmax(0).max())}
            for photo, row in zip(PHOTOS, logits)]


def main():
    torch.set_num_threads(1)
    expected = {"versions": {"torch": torch.__version__, "transformers": transformers.__version__},
                "hybrid": make_hybrid(), "classifier": make_classifier()}
    (DATA / "hybrid.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
