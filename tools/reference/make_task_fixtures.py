#!/usr/bin/env python3
"""Writes the fixtures of tests/tasks: tiny random models of every class (data/vqa, data/itm, data/nlvr,
data/blip) and what transformers and the original definitions make of them (data/expected.json).

Of a large tensor, evenly spread elements are kept: {"shape": […], "sample": [[index, value], …]}.
Style "hf": the text as the tokenizer has it. Style "original": after pre_question or pre_caption, at
most 35 tokens, [ENC] first where it is read with an image; the reference pads to 35 with a mask.
"""

import json
import pathlib
import shutil

import torch
import transformers
from PIL import Image
from transformers import BertTokenizer, BlipImageProcessorPil

import random_models
from original_definitions import pre_caption, pre_question, tokenize
from task_oracles import AnswerOracle, FeatureOracle, MatchOracle, ReasoningOracle

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "tasks" / "data"
PHOTOS = sorted((ROOT / "examples" / "photos").glob("*.jpg"))
# No choice of a fixture may hang on rounding.
SAFE_MARGIN = 1e-4

VOCABULARY = """[PAD] [UNK] [CLS] [SEP] [MASK] ? , ' - ##s ##ing ##ed a the is are in on of and to
    at how many what color where who who's doing there dog cat person woman man beach picture table
    street sign stop motor ##cycle ##board skate gull bird sky red white black blue two three one
    yes no left right image sit eat ##t""".split()

VISION = dict(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
              image_size=32, patch_size=8)
TEXT = dict(vocab_size=len(VOCABULARY) + 2, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
            num_attention_heads=2, max_position_embeddings=48)
SIZES = {
    "vqa": dict(vision=VISION, text=TEXT),
    "itm": dict(vision=dict(VISION, hidden_size=24, num_attention_heads=3), text=TEXT),
    "nlvr": dict(vision=dict(VISION, hidden_size=12, intermediate_size=18),
                 text=dict(TEXT, hidden_size=8, intermediate_size=12, num_hidden_layers=8)),
    "blip": dict(vision=VISION, text=dict(TEXT, hidden_size=12)),
}
QUESTIONS = [
    "How many dogs are in the picture?",
    "What color is the cat?",
    "Is there a person on the skateboard?",
    "where is the woman sitting?",
    "What's the man doing, \"sitting\" or #eating?",
    "is the motorcycle red; or (is it) white and black?  ",
    "a stop sign",
    # More than 35 tokens.
    "are there two dogs and three cats and one bird in the left picture and a red skateboard and a "
    "white motorcycle on the street at the beach in the right picture, and is there a table?",
]
ANSWERS = ["yes", "no", "two", "3", "two dogs", "on the beach", "red and white", "skateboarding",
           "at the table", "one red motorcycle", "blue", "black cats and dogs", "cats", "on"]
SETTINGS = [{}, {"num_beams": 3}, {"num_beams": 3, "max_length": 10, "min_length": 1}]
CAPTIONS = [
    "A cat on the table.",
    "a person sitting on a red motorcycle, at the beach",
    "Two gulls in the blue sky!",
    "stop sign",
    "a man skateboarding (black and white)",
    QUESTIONS[-1],
]
STATEMENTS = [
    "There are two dogs in the left image.",
    "one image: a cat and the right image a motorcycle",
    "no person is sitting",
]
STYLED = [
    "A Dog on the BEACH.", "how many dogs are in the picture?", "What's this? (a cat)", "a.b!c\"d",
    "  two  spaces   here  ", "tab\tand\nnew\r\nline", "ends with newline\n", "ends with both \n \n",
    "\n\nfirst", "semi;colon: and ~tilde *star #hash", "t-shirt, it's 50% & more/less?", "", " ",
    "...", "? ?", "a . b", "a.\u00a0b", "\u2003wide\u2003\u2003spaces\u3000\u3000", "x\u2028\u2029y",
    "\x1c\x1dseparators\x1e\x1f", "next\x85\x85line", "vertical\v\vtab\f\fform", "ÀÉÎÕÜ Ñandú Çédille",
    "ΌΔΟΣ ΣΊΣΥΦΟΣ", "ΑΣ. ΒΣ!", "İstanbul IĞDIR", "ПРИВЕТ Мир", "STRASSE Straße ẞ", "ÅNGSTRÖM Ω K",
    "Ａｌｐｈａ ＢＥＴＡ", "ǅ Ǆ ǆ", "Ⅷ ⅷ Ⓐ", "𐐀𐐁 DESERET", "ᏣᎳᎩ ᲐᲑᲒ", "漢字。かな!", "👍🏽 OK!", "e\u0301 E\u0301",
    "zero\u200bwidth", "many " * 60, "a  b  " * 30, "one two three four five six",
]


def sample(tensor, count=24):
    flat = tensor.flatten()
    indices = sorted(set(torch.linspace(0, flat.numel() - 1, count).long().tolist()))
    return {"shape": list(tensor.shape), "sample": [[i, number(flat[i])] for i in indices]}


def number(value):
    return float(f"{float(value):.8g}")  # a float32's worth of digits


def numbers(tensor):
    return [number(value) for value in tensor.flatten()]


def save(kind, model, dtype):
    """The files of a model, and the model with the weights as they were rounded."""
    directory = DATA / kind
    shutil.rmtree(directory, ignore_errors=True)
    model.to(dtype).save_pretrained(directory)
    random_models.save_processor(directory, model.config, VOCABULARY)
    return model.to(torch.float32)


def tokenizer_of(kind):
    return BertTokenizer.from_pretrained(DATA / kind)


def pixels_of(kind):
    images = [Image.open(photo).convert("RGB") for photo in PHOTOS]
    processor = BlipImageProcessorPil.from_pretrained(DATA / kind)
    return processor(images=images, return_tensors="pt")["pixel_values"]


def clear(margin, *what):
    if margin < SAFE_MARGIN:
        raise SystemExit(f"{what}: decided by a margin of {margin:g}; take another seed")


def answer_case(oracle, image, photo, question, style):
    ids, mask = oracle.padded_question(question, style)
    states = oracle.states(image, question, style)
    answer = [oracle.config.text_config.bos_token_id] + oracle.tokenizer(ANSWERS[5])["input_ids"][1:]
    generated = []
    for options in SETTINGS:
        clear(oracle.margin(image, question, style, options), question, options)
        rows, scores, _ = oracle.generate(image, question, style, options)
        generated.append({"options": options, "ids": rows[0],
                          "text": oracle.tokenizer.decode(rows[0], skip_special_tokens=True),
                          "score": None if scores is None else number(scores[0])})
    ranked = []
    # Answers with the same first token are equally likely at the cut: look for one between others.
    few = next(k for k in (5, 6, 4, 7) if oracle.rank(image, question, style, ANSWERS, k)[2] > 1e-2)
    for k in (few, len(ANSWERS)):
        order, scores, _ = oracle.rank(image, question, style, ANSWERS, k)
        clear(float((scores[:-1] - scores[1:]).min()), question, k)
        ranked.append({"k": k, "order": order, "scores": numbers(scores)})
    return {"photo": photo, "question": question, "style": style,
            "ids": ids[0, :int(mask.sum())].tolist(), "question_states": sample(states),
            "answer": answer, "logits": sample(oracle.logits(states, answer)),
            "generated": generated, "ranked": ranked}


def vqa():
    model = random_models.question_answering(SIZES["vqa"], SEEDS["vqa"])
    # Logits as far apart as those of trained models, lest choices hang on rounding, and words only.
    predictions = model.text_decoder.cls.predictions
    predictions.decoder.weight *= 8
    model.text_decoder.bert.embeddings.position_embeddings.weight *= 16
    predictions.bias[[0, 1, 2, 4, -2, -1]] -= 30
    save("vqa", model, torch.float32)
    tokenizer, pixels = tokenizer_of("vqa"), pixels_of("vqa")
    ids, mask = tokenize(tokenizer, [QUESTIONS[0]] * len(pixels), length=None)
    random_models.favour_stop(model, 0.3, pixel_values=pixels, input_ids=ids, attention_mask=mask)
    model = save("vqa", model, torch.float16)
    oracle = AnswerOracle(model, tokenizer)
    images = oracle.vision.encode(pixels)
    pairs = [(i % len(PHOTOS), question) for i, question in enumerate(QUESTIONS)]
    pairs += [((i + 3) % len(PHOTOS), question) for i, question in enumerate(QUESTIONS[:4])]
    return {"photos": [photo.name for photo in PHOTOS], "answers": ANSWERS,
            "cases": [answer_case(oracle, images[photo], photo, question, style)
                      for photo, question in pairs for style in ("hf", "original")]}


def itm():
    model = random_models.image_text_retrieval(SIZES["itm"], SEEDS["itm"], image_text_hidden_size=10)
    oracle = MatchOracle(save("itm", model, torch.float32), tokenizer_of("itm"))
    images = oracle.vision.encode(pixels_of("itm"))
    cases = []
    for style in ("hf", "original"):
        for index, text in enumerate(CAPTIONS):
            row = {"style": style, "text": text, "embedding": numbers(
                oracle.text_features(text, style)), "itm_logits": [], "probabilities": [], "itc": []}
            for image in images:
                logits = oracle.itm_logits(image, text, style)
                row["itm_logits"].append(numbers(logits))
                row["probabilities"].append(numbers(logits.softmax(-1)))
                row["itc"].append(number(oracle.cosine(image, text, style)))
            cases.append(row)
    return {"photos": [photo.name for photo in PHOTOS],
            "image_embeddings": [numbers(oracle.image_features(image)) for image in images],
            "cases": cases}


def nlvr():
    config, tensors = random_models.two_image_reasoning(SIZES["nlvr"], SEEDS["nlvr"])
    directory = DATA / "nlvr"
    shutil.rmtree(directory, ignore_errors=True)
    random_models.save_two_image_reasoning(directory, config, tensors, torch.float16)
    random_models.save_processor(directory, config, VOCABULARY)
    tensors = {name: tensor.half() for name, tensor in tensors.items()}
    oracle = ReasoningOracle(config, tensors, tokenizer_of("nlvr"))
    images = oracle.vision.encode(pixels_of("nlvr"))
    cases = []
    for left, right in [(0, 1), (1, 0), (2, 5), (3, 3), (4, 2)]:
        logits = oracle.logits(images[[left] * len(STATEMENTS)], images[[right] * len(STATEMENTS)],
                               STATEMENTS)
        cases += [{"left": left, "right": right, "statement": statement,
                   "logits": numbers(row)} for statement, row in zip(STATEMENTS, logits)]
    return {"photos": [photo.name for photo in PHOTOS], "cases": cases}


def blip():
    model = random_models.clip_like(SIZES["blip"], SEEDS["blip"], projection_dim=10)
    oracle = FeatureOracle(save("blip", model, torch.bfloat16), tokenizer_of("blip"))
    images = oracle.vision.encode(pixels_of("blip"))
    texts = CAPTIONS[:4]
    return {
        "photos": [photo.name for photo in PHOTOS], "texts": texts,
        "image_features": [numbers(oracle.image_features(image)) for image in images],
        "text_features": [numbers(oracle.text_features(text)) for text in texts],
        "multimodal_features": [[numbers(oracle.multimodal_features(image, text))
                                 for text in texts] for image in images],
        "logits_per_image": [[number(oracle.logits_per_image(image, text)) for text in texts]
                             for image in images],
    }


def text_style():
    return [{"text": text, "max_words": max_words, "pre_caption": pre_caption(text, max_words),
             "pre_question": pre_question(text, max_words)}
            for text in STYLED for max_words in ((50, 4) if len(text) > 40 else (50,))]


SEEDS = {"vqa": 2, "itm": 1, "nlvr": 3, "blip": 4}


def main():
    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    with torch.no_grad():
        expected = {"vqa": vqa(), "itm": itm(), "nlvr": nlvr(), "blip": blip(),
                    "text_style": text_style()}
    (DATA / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
    for path in sorted(DATA.glob("**/*")):
        if path.is_file():
            print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
