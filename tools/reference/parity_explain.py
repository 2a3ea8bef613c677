#!/usr/bin/env python3
"""Parity of the maps that say where a model looked (Grad-CAM) with PyTorch's autograd on transformers'
classes: image-text matching, captions, answers.

Random-weight models, tiny and without --quick up to base size, hybrid towers, all types of weights,
several layers and single heads. No element may differ by more than 1e-4 of the largest in the maps of its
text (which is well below 1, so that this is stricter than 1e-4 alone; a word's own largest would be no
measure, since a map is empty where gradients are negative, and a word may have only the rest of a
rounding). With int8, whose numbers are others, maps are to point the same way (cosine): up to 0.02, or
what int8 costs in PyTorch, where all linear layers of the same model are rounded, times 1.5 for roundings
that fall otherwise, and never more than 0.2. A single head's map in the last of 12 random layers turns more than that of 2.
"""

import argparse
import itertools
import os
import pathlib
import sys
import tempfile

# A busy machine makes spinning threads wait for each other; must be set before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
import transformers
from PIL import Image
from transformers import BertTokenizer, BlipForConditionalGeneration, BlipImageProcessorPil

import grad_cam
import hybrid_models
import random_models
from original_definitions import enc_token, pre_caption, pre_question, tokenize
from probe_runner import FEATURE_LIMIT, LIMIT, TaskProbe
from task_case import SMALL, Case, sentences
from task_oracles import KnownFeatures

transformers.utils.logging.disable_progress_bar()
transformers.utils.logging.set_verbosity_error()

MAP_LIMIT = 1e-4  # of the largest element of the maps of a text
INT8_COSINE = 0.98
INT8_MARGIN = 1.5  # over what rounding costs in PyTorch
INT8_MOST = 0.2
STYLES = ("hf", "original")


def places(config):
    """Layers and heads that are looked at: the usual layer, the first and the last."""
    text = config.text_config
    layers = {grad_cam.usual_layer(config), 0, text.num_hidden_layers - 1}
    return [(None, None)] + [(layer, head) for layer in sorted(layers)
                             for head in (None, text.num_attention_heads - 1)]


def turned(maps, wanted):
    """→ 1 - cosine"""
    return float(1 - torch.nn.functional.cosine_similarity(maps.flatten(), wanted.flatten(), dim=0))


def compare(line, got, wanted, rounded=None):
    """got: of the probe; wanted: maps [tokens, patches] and the score; rounded: the same of int8"""
    maps, score = wanted
    mine = got["maps"].reshape(len(got["tokens"]), -1)
    line.must_equal("tokens", len(got["tokens"]), len(maps))
    if not maps.any():  # words have no way to the matching head from above the last self-attention
        line.must_equal("maps of zeros", float(mine.abs().max()), 0.0)
        return
    scale = maps.max()
    if rounded:
        limit = min(max(1 - INT8_COSINE, INT8_MARGIN * turned(rounded[0], maps)), INT8_MOST)
        line.error("int8 1-cosine", torch.tensor(turned(mine, maps)), 0.0, limit)
        return
    line.error("maps", mine / scale, maps / scale, MAP_LIMIT)
    mean = maps.mean(0)
    line.error("means", got["mean"].flatten() / mean.max(), mean / mean.max(), MAP_LIMIT)
    line.error("scores", got["score"], score, LIMIT)


def arguments_of(layer, head):
    return {**({} if layer is None else {"layer": layer}), **({} if head is None else {"head": head})}


def sequences(config, count, seed=9):
    """Captions and answers as they are generated: [DEC], some ids, [SEP]."""
    text, source = config.text_config, torch.Generator().manual_seed(seed)
    lengths = [1, 4, 11, 2, 17][:count]
    return [[text.bos_token_id, *torch.randint(5, text.vocab_size - 2, (length,),
                                               generator=source).tolist(), text.sep_token_id]
            for length in lengths]


def run(case, model, pixels, asked, wanted):
    """asked: arguments of grad_cam calls; wanted(model, image, call, layer, head) → maps and score"""
    int8 = case.weight_type == "i8"
    probe = case.probe()
    if int8:
        probe.request["weight_type"] = "i8"
    indices = [probe.ask("grad_cam", **call) for call in asked]
    features, results = probe.run()
    grid = results[indices[0]]["mean"].shape
    case.line.must_equal("patches", grid[0] * grid[1], features.shape[1] - 1)
    oracles = [model] + ([grad_cam.rounded_to_int8(model)] if int8 else [])
    images = [encoded(case, oracle, pixels) for oracle in oracles]
    for call, index in zip(asked, indices):
        layer = call.get("layer", grad_cam.usual_layer(model.config))
        compare(case.line, results[index],
                *(wanted(oracle, states[call["images"][0]], call, layer, call.get("head"))
                  for oracle, states in zip(oracles, images)))
    case.line.error("features", features, images[0], 1 if int8 else FEATURE_LIMIT)


def encoded(case, model, pixels):
    return KnownFeatures(model.vision_model).encode(pixels, interpolate=bool(case.image_size))


def encoder_ids(model, tokenizer, text, style, prepare):
    if style == "hf":
        return tokenize(tokenizer, [text], length=None)[0]
    ids, mask = tokenize(tokenizer, [prepare(text)], enc_token(model.config))
    return ids[:, :int(mask.sum())]


def compare_matches(case):
    model = random_models.image_text_retrieval(case.values, seed=2)
    pixels, tokenizer = case.prepare(model.config)
    model = case.save(model)
    longest = min(40, model.config.text_config.max_position_embeddings - 6)
    turns = itertools.cycle(itertools.product(range(len(pixels)), sentences(model.config, 4, longest),
                                              STYLES))
    asked = []
    for place in places(model.config):
        for _ in range(3):
            image, text, style = next(turns)
            asked.append(dict(images=[image], texts=[text], style=style, **arguments_of(*place)))

    def wanted(oracle, image, call, layer, head):
        ids = encoder_ids(model, tokenizer, call["texts"][0], call["style"], pre_caption)
        return grad_cam.of_match(oracle, image, ids, layer, head)

    run(case, model, pixels, asked, wanted)


def compare_captions(case, model, pixels):
    asked = []
    turns = itertools.cycle(itertools.product(sequences(model.config, 5), range(len(pixels))))
    for place in places(model.config):
        for given in (1, 2):
            sequence, image = next(turns)
            asked.append(dict(images=[image], sequence=sequence, prompt=min(given, len(sequence) - 2),
                              **arguments_of(*place)))

    def wanted(oracle, image, call, layer, head):
        return grad_cam.of_caption(oracle, image, call["sequence"][:-1], call["prompt"], layer, head)

    run(case, model, pixels, asked, wanted)


def compare_plain_captions(case):
    model = BlipForConditionalGeneration(random_models.config_of(case.values)).eval()
    random_models.randomise(model.named_parameters(), 4)
    pixels, _ = case.prepare(model.config)
    compare_captions(case, case.save(model), pixels)


def compare_answers(case):
    model = random_models.question_answering(case.values, seed=1)
    pixels, tokenizer = case.prepare(model.config)
    model = case.save(model)
    longest = min(40, model.config.text_config.max_position_embeddings - 6)
    turns = itertools.cycle(zip(
        itertools.cycle(range(len(pixels))), itertools.cycle(sentences(model.config, 5, longest)),
        itertools.cycle(STYLES), itertools.cycle(sequences(model.config, 4))))
    asked = []
    for place in places(model.config):
        for _ in range(2):
            image, text, style, answer = next(turns)
            asked.append(dict(images=[image], texts=[text], style=style, answer=answer,
                              **arguments_of(*place)))

    def wanted(oracle, image, call, layer, head):
        ids = encoder_ids(model, tokenizer, call["texts"][0], call["style"], pre_question)
        return grad_cam.of_answer(oracle, image, ids, call["answer"][:-1], layer, head)

    run(case, model, pixels, asked, wanted)


class HybridCase(Case):
    """A captioner whose patches are the places of a convolutional network's map."""

    def __init__(self, arguments, work, name):
        super().__init__(arguments, work, "caption", "tiny")
        self.line.name = f"hybrid {name}"
        self.name = name

    def compare(self):
        model = hybrid_models.captioning(self.name, seed=1)
        hybrid_models.save(model, self.directory, hybrid_models.SIZES[self.name]["backbone"])
        images = [Image.open(photo).convert("RGB") for photo in self.photos]
        processor = BlipImageProcessorPil.from_pretrained(self.directory)
        pixels = processor(images=images, return_tensors="pt")["pixel_values"]
        compare_captions(self, hybrid_models.load(self.directory), pixels)


TASKS = {"itm": compare_matches, "caption": compare_plain_captions, "vqa": compare_answers}
OTHER_SIZE = {"tiny": 40, "odd": 64, "small": 160}


def kinds(size):
    """The types of weights and sizes of images that a model is compared with."""
    yield "f32", 0
    if size in OTHER_SIZE:
        yield "f32", OTHER_SIZE[size]
    if size in ("small", "base"):
        yield from ((weight_type, 0) for weight_type in ("f16", "bf16", "i8"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="tiny sizes only")
    parser.add_argument("--task", choices=TASKS, action="append", help="this class only")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    ok, lines = True, 0
    print(f"{'model':<20} {'class':<6} {'type':<5} {'':<7}{'':<20} greatest differences, maps' and means' "
          "relative to their largest element")
    with tempfile.TemporaryDirectory() as temporary, torch.no_grad():
        work = pathlib.Path(temporary)
        for task in arguments.task or TASKS:
            for size in [*SMALL] + ([] if arguments.quick else ["base"]):
                for weight_type, image_size in kinds(size):
                    case = Case(arguments, work, task, size, weight_type, image_size)
                    TASKS[task](case)
                    ok &= case.line.print()
                    lines += 1
        if arguments.task is None or "caption" in arguments.task:
            for name in ["tiny", "narrow"] + ([] if arguments.quick else ["lite2"]):
                case = HybridCase(arguments, work, name)
                case.compare()
                ok &= case.line.print()
                lines += 1
    print("parity_explain:", "ok" if ok and lines else "FAILED")
    return 0 if ok and lines else 1


if __name__ == "__main__":
    sys.exit(main())
