#!/usr/bin/env python3
"""Writes tests/tasks/data/siglip.json: the configuration of a tiny SigLIP that reads texts by tests/text/data/siglip, and what
transformers makes of test photos, texts and labels with weights made from the tensors' names (filled_models.py).
"""
import json
import os
import pathlib
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

import filled_models  # noqa: E402
import torch  # noqa: E402
import transformers as hf  # noqa: E402
from make_filled_fixtures import config_of, rows  # noqa: E402
from PIL import Image  # noqa: E402
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "tests" / "tasks" / "data" / "siglip.json"
PHOTOS = ["cat.jpg", "motorcycle.jpg"]
TEXTS = ["A photo of a cat.", "the dog's 2 motorcycles!", "", "the " * 90]
LABELS = ["cat", "stop sign", "Motorcycle", "table"]
PROCESSOR = dict(size={"height": 32, "width": 32}, resample=2)


def main():
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    towers = dict(hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4)
    config = hf.SiglipConfig(text_config={**towers, "vocab_size": 600}, vision_config={**towers, "image_size": 32, "patch_size": 8})
    model = filled_models.build(hf.SiglipModel, config, logit_scale=2.6592, logit_bias=2.6592)
    tokenizer = hf.SiglipTokenizer.from_pretrained(ROOT / "tests" / "text" / "data" / "siglip")
    processor = SiglipImageProcessorPil(**PROCESSOR)
    photos = [Image.open(ROOT / "tests" / "photos" / name).convert("RGB") for name in PHOTOS]
    ids = tokenizer(TEXTS, padding="max_length", truncation=True, max_length=64, return_tensors="pt")["input_ids"]
    out = model(input_ids=ids, pixel_values=processor(photos, return_tensors="pt")["pixel_values"])
    classifier = hf.pipeline("zero-shot-image-classification", model=model, tokenizer=tokenizer, image_processor=processor)
    labels = [classifier(photo, candidate_labels=LABELS) for photo in photos]
    OUT.write_text(json.dumps({
        "config": config_of(model), "processor": {"image_processor_type": "SiglipImageProcessor", **PROCESSOR}, "photos": PHOTOS,
        "texts": TEXTS, "labels": LABELS, "ids": ids[:2].tolist(), "image_embeds": rows(out.image_embeds),
        "text_embeds": rows(out.text_embeds), "scores": labels}) + "\n")
    print(OUT, OUT.stat().st_size, "bytes", labels)


if __name__ == "__main__":
    main()
