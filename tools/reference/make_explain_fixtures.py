#!/usr/bin/env python3
"""Writes tests/tasks/data/grad_cam.json: where the small models of tests/tasks/data looked, by autograd
(grad_cam.py). Run it after make_task_fixtures.py and make_hybrid_fixtures.py.
"""

import json
import pathlib

import torch
import transformers
from PIL import Image
from transformers import (BertTokenizer, BlipForImageTextRetrieval, BlipForQuestionAnswering,
                          BlipImageProcessorPil)

import grad_cam
import hybrid_models
from original_definitions import enc_token, pre_caption, pre_question, tokenize
from task_oracles import KnownFeatures

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "tasks" / "data"
PHOTOS = sorted((ROOT / "examples" / "photos").glob("*.jpg"))[:2]
PLACES = [(None, None), (0, None), (0, 1), (1, None), (1, 0)]


def rounded(tensor):
    return [float(f"{float(value):.8g}") for value in tensor.flatten()]


def opened(kind, model):
    processor = BlipImageProcessorPil.from_pretrained(DATA / kind)
    pixels = processor(images=[Image.open(photo).convert("RGB") for photo in PHOTOS],
                       return_tensors="pt")["pixel_values"]
    return (KnownFeatures(model.vision_model).encode(pixels), BertTokenizer.from_pretrained(DATA / kind))


def encoder_ids(model, tokenizer, text, style, prepare):
    if style == "hf":
        return tokenize(tokenizer, [text], length=None)[0]
    ids, mask = tokenize(tokenizer, [prepare(text)], enc_token(model.config))
    return ids[:, :int(mask.sum())]


def case(model, photo, place, maps, score, **what):
    layer, head = place
    return {"photo": PHOTOS[photo].name, "layer": layer, "head": head, "maps": rounded(maps),
            "tokens": len(maps), "mean": rounded(maps.mean(0)), "score": score, **what}


def places(model):
    for place in PLACES:
        yield place, (grad_cam.usual_layer(model.config) if place[0] is None else place[0]), place[1]


def matches():
    model = BlipForImageTextRetrieval.from_pretrained(DATA / "itm").eval()
    images, tokenizer = opened("itm", model)
    cases = []
    for index, (place, layer, head) in enumerate(places(model)):
        for style in ("hf", "original"):
            text = ["two cats on the table", "A Red motorcycle!"][index % 2]
            ids = encoder_ids(model, tokenizer, text, style, pre_caption)
            maps, score = grad_cam.of_match(model, images[index % 2], ids, layer, head)
            cases.append(case(model, index % 2, place, maps, score, style=style, text=text))
    return cases


def answers():
    # transformers' own decoder, as the two towers are of one width.
    model = BlipForQuestionAnswering.from_pretrained(DATA / "vqa", dtype=torch.float32).eval()
    images, tokenizer = opened("vqa", model)
    start = model.config.text_config.bos_token_id
    cases = []
    for index, (place, layer, head) in enumerate(places(model)):
        for style in ("hf", "original"):
            question = ["what color is the cat?", "Where is the woman sitting?"][index % 2]
            ids = encoder_ids(model, tokenizer, question, style, pre_question)
            answer = [start] + tokenizer(["two red dogs", "table"][index % 2])["input_ids"][1:]
            maps, score = grad_cam.of_answer(model, images[index % 2], ids, answer[:-1], layer, head)
            cases.append(case(model, index % 2, place, maps, score, style=style, question=question,
                              answer=answer))
    return cases


def captions():
    model = hybrid_models.load(DATA / "hybrid")
    images, tokenizer = opened("hybrid", model)
    start = model.config.text_config.bos_token_id
    cases = []
    for index, (place, layer, head) in enumerate(places(model)):
        sequence = [start] + tokenizer("a cat and two dogs on the beach")["input_ids"][1:]
        given = 1 + 2 * (index % 2)
        maps, score = grad_cam.of_caption(model, images[index % 2], sequence[:-1], given, layer, head)
        cases.append(case(model, index % 2, place, maps, score, sequence=sequence, prompt=given))
    return cases


def main():
    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    with torch.no_grad():
        golden = {"itm": matches(), "vqa": answers(), "hybrid": captions()}
    (DATA / "grad_cam.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
