#!/usr/bin/env python3
"""Writes the golden values of tests/model and tests/tasks: what transformers computes with the
bundled model on the example photos, and what torch interpolates position embeddings to."""

import json
import pathlib

import torch
from PIL import Image
from transformers import BertTokenizer, BlipForConditionalGeneration, BlipImageProcessorPil

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXT = "a dog runs through the snow"
SETTINGS = [
    (None, {}),
    (None, {"num_beams": 3}),
    ("a photo of", {"max_new_tokens": 12}),
    (None, {"num_beams": 5, "length_penalty": 2.0, "num_return_sequences": 2}),
    (None, {"repetition_penalty": 1.5, "no_repeat_ngram_size": 2, "min_new_tokens": 8}),
]


def sample(tensor, count=24):
    """Evenly spread elements of a flattened tensor: [[index, value], …]."""
    flat = tensor.flatten()
    indices = torch.linspace(0, flat.numel() - 1, count).long().tolist()
    return [[i, float(flat[i])] for i in indices]


def nano():
    directory = ROOT / "tests" / "models" / "nano"
    model = BlipForConditionalGeneration.from_pretrained(directory, dtype=torch.float32).eval()
    tokenizer = BertTokenizer.from_pretrained(directory)
    processor = BlipImageProcessorPil.from_pretrained(directory)
    stop = model.config.text_config.sep_token_id
    photos = []
    for path in sorted((ROOT / "examples" / "photos").glob("*.jpg")):
        image = Image.open(path).convert("RGB")
        pixels = processor(images=[image], return_tensors="pt")["pixel_values"]
        larger = BlipImageProcessorPil.from_pretrained(directory, size={"height": 144, "width": 144})
        pixels_larger = larger(images=[image], return_tensors="pt")["pixel_values"]
        with torch.no_grad():
            features = model.vision_model(pixels).last_hidden_state
            interpolated = model.vision_model(
                pixels_larger, interpolate_pos_encoding=True).last_hidden_state
            ids = [model.config.text_config.bos_token_id] + tokenizer(TEXT)["input_ids"][1:]
            logits = model.text_decoder(input_ids=torch.tensor([ids]),
                                        encoder_hidden_states=features).logits
            cases = []
            for prompt, options in SETTINGS:
                arguments = dict(pixel_values=pixels, **options)
                start = 1
                if prompt is not None:
                    encoded = tokenizer([prompt], return_tensors="pt")
                    start = encoded["input_ids"].shape[1] - 1
                    arguments.update(input_ids=encoded["input_ids"],
                                     attention_mask=encoded["attention_mask"])
                rows = model.generate(**arguments).tolist()
                rows = [row[:row.index(stop, start) + 1] if stop in row[start:] else row
                        for row in rows]
                cases.append({"prompt": prompt, "options": options, "ids": rows,
                              "texts": tokenizer.batch_decode(rows, skip_special_tokens=True)})
        photos.append({"file": path.name, "pixels": sample(pixels), "features": sample(features),
                       "features_at_144": sample(interpolated), "logits": sample(logits),
                       "cases": cases})
    return {"text_ids": ids, "photos": photos}


def position_embedding():
    grid, hidden = 4, 3
    generator = torch.Generator().manual_seed(1)
    embedding = torch.randn((1 + grid * grid, hidden), generator=generator)
    results = []
    for height, width in [(4, 4), (6, 6), (3, 5), (1, 9), (8, 2)]:
        patches = embedding[1:].reshape(1, grid, grid, hidden).permute(0, 3, 1, 2)
        resampled = torch.nn.functional.interpolate(
            patches, size=(height, width), mode="bicubic", align_corners=False)
        rows = torch.cat([embedding[:1], resampled.permute(0, 2, 3, 1).reshape(-1, hidden)])
        results.append({"height": height, "width": width, "values": rows.flatten().tolist()})
    return {"grid": grid, "hidden": hidden, "embedding": embedding.flatten().tolist(),
            "results": results}


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, separators=(",", ":")) + "\n")
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    torch.set_num_threads(1)
    write(ROOT / "tests" / "model" / "data" / "position_embedding.json", position_embedding())
    write(ROOT / "tests" / "tasks" / "data" / "nano.json", nano())
