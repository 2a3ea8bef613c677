#!/usr/bin/env python3
"""Parity of DALL-E with min-dalle: the text encoder's states, the decoder's logits step by step, superconditioned ones, greedy codes, raw
pixels and their bytes, seamless pictures; min-dalle's files and Flax's of the same numbers.

Random-weight models: tiny and small ones, and without --quick one of DALL-E mini's size with min-dalle's own VQGAN (2 GB of memory).
Errors of logits are judged before superconditioning multiplies them by some thirty.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy
import torch

import dalle_models
from dalle_models import MINI, SMALL, TINY, Oracle
from probe_runner import Line

STATES, LOGITS, MIXED, PIXELS = 1e-4, 1e-4, 1e-3, 1e-4
TIE = 1e-3
FACTOR = 16.0
TYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


def run(binary, model, work, text, **request):
    work.mkdir(parents=True, exist_ok=True)
    asked = {"model": str(model), "weight_type": "stored", "threads": 2, "out": str(work), "text": text, "images": 1, "factor": FACTOR,
             "start": 0, "steps": 0, "codes": [], "decode": [], "seamless": []}
    path = work / "request.json"
    path.write_text(json.dumps(asked | request))
    subprocess.run([str(binary), str(path)], check=True)
    floats = numpy.fromfile(work / "tensors.f32", dtype=numpy.float32)
    results = json.loads((work / "results.json").read_text())

    def tensor(place):
        return torch.from_numpy(floats[place["at"]:place["at"] + int(numpy.prod(place["shape"]))].reshape(place["shape"]))

    return {name: value if name == "codes" else [tensor(place) for place in value] for name, value in results.items()}


def text_for(config, length, seed=3):
    source = torch.Generator().manual_seed(seed)
    return [0, *torch.randint(4, config["encoder_vocab_size"], (length,), generator=source).tolist(), 2]


def as_bytes(pixels):
    """min-dalle's: what is behind the point is cut"""
    return (pixels.clip(0, 1) * 255).to(torch.uint8)


def compare_greedy(line, what, got, wanted, scores):
    """Codes must be the same up to a near-tie, behind which the two draw different pictures."""
    for image in range(len(wanted)):
        differs = [step for step in range(len(wanted[image])) if got[image][step] != wanted[image][step]]
        first = differs[0] if differs else None
        margin = 0.0
        if first is not None:
            best = scores[first, image].topk(2).values
            margin = float(best[0] - best[1])
        line.decision(f"{what}, picture {image}, from code {first}", got[image].tolist(), wanted[image].tolist(), lambda: margin, TIE)


def compare_pixels(line, what, got, wanted):
    line.error(what, got, wanted, PIXELS)
    line.error("bytes", as_bytes(got).int(), as_bytes(wanted).int(), 1)


def compare(name, config, weight_type, binary, work, images=2, steps=None, fill="filled", scaled=True):
    oracle = Oracle(config, scaled=scaled, fill=fill)
    directory = work / "model"
    shutil.rmtree(directory, ignore_errors=True)
    oracle.round_to(TYPES[weight_type])
    oracle.save(directory, TYPES[weight_type])
    line = Line(name, "DALL-E", weight_type)
    length, book = config["image_length"], config["vqgan_config"]["n_embed"]
    steps = steps or length
    for words, start in ((5, book - 1), (config["max_text_length"] + 3, config["decoder_start_token_id"]), (0, book - 1)):
        text = text_for(config, words)
        states = oracle.encode(text)
        # Along given codes, so that each step is judged by itself.
        codes = torch.randint(0, book, (images, steps), generator=torch.Generator().manual_seed(4))
        _, logits, scores = oracle.decode(steps, images, FACTOR, start, codes)
        got = run(binary, directory, work / "out", text, images=images, start=start, steps=steps, codes=codes.tolist())
        line.error("states", got["states"][0], states, STATES)
        line.error("logits", torch.stack(got["logits"]), logits, LOGITS)
        line.error("superconditioned", torch.stack(got["superconditioned"]), scores, MIXED)
        if words == 5 or steps == length:
            drawn, _, scores = oracle.decode(steps, 1, FACTOR, start)
            got = run(binary, directory, work / "out", text, images=1, start=start, steps=steps, draw=steps == length)
            own = torch.stack(got["superconditioned"])[:, 0].argmax(-1)
            compare_greedy(line, "greedy", own[None], drawn, scores)
            if steps == length:
                compare_greedy(line, "DalleModel", torch.tensor(got["codes"])[None], drawn, scores)
    codes = torch.randint(0, book, (4, length), generator=torch.Generator().manual_seed(5))
    few = codes[:2] if length == 256 and config["vqgan_config"]["resolution"] == 256 else codes
    got = run(binary, directory, work / "out", text, decode=few.tolist())
    compare_pixels(line, "pixels", got["pixels"][0], oracle.pixels(few))
    if len(few) == 4:
        got = run(binary, directory, work / "out", text, seamless=codes.tolist())
        compare_pixels(line, "seamless", got["seamless"][0][0], oracle.seamless(codes))
    return line.print()


def compare_files(binary, work):
    """min-dalle's and Flax's files give what a safetensors directory of the same numbers does."""
    oracle = Oracle(TINY, scaled=False)
    oracle.round_to(torch.float16)
    text, codes = text_for(TINY, 5), [list(range(16))]

    def answers(model, **request):
        got = run(binary, model, work / "out", text, images=1, start=59, steps=16, decode=codes, **request)
        return {"states": got["states"][0], "logits": torch.stack(got["logits"]), "pixels": got["pixels"][0]}

    oracle.save(work / "plain")
    wanted = answers(work / "plain")
    places = {}
    for name, suffix in (("min-dalle", ""), ("min-dalle-mini", "_mini")):
        places[name] = work / name
        oracle.save_min_dalle(work / name, suffix=suffix)
        oracle.write_config(work / name, "dalle")  # four heads of 8 are in no tensor
    # As MinDalle lays them out: the VQGAN beside the model's directory.
    places["pretrained"] = work / "pretrained" / "dalle_bart_mini"
    oracle.save_min_dalle(places["pretrained"])
    oracle.write_config(places["pretrained"], "dalle")
    (work / "pretrained/vqgan").mkdir()
    (places["pretrained"] / "detoker.pt").rename(work / "pretrained/vqgan/detoker.pt")
    for name, chunk in (("flax", 2**30), ("flax-chunked", 1000)):
        places[name] = work / name
        model, vqgan = dalle_models.flax_arrays(oracle)
        dalle_models.write_flax(model, work / name / "flax_model.msgpack", chunk)
        dalle_models.write_flax(dict(vqgan, encoder={"conv_in": {"bias": numpy.zeros(4, numpy.float32)}}),
                                work / name / "vqgan/flax_model.msgpack", chunk)
        oracle.write_config(work / name, "dallebart")
    ok = True
    for name, place in places.items():
        line = Line(name, "files", "f16" if "min" in name or name == "pretrained" else "f32")
        for quantity, tensor in answers(place, weight_type="f32").items():
            line.error(quantity, tensor, wanted[quantity], 0.0)
        ok &= line.print()
    return ok


def compare_int8(binary, work):
    oracle = Oracle(SMALL, scaled=True)
    oracle.save(work / "model")
    text = text_for(SMALL, 9)
    states = oracle.encode(text)
    codes = torch.randint(0, 256, (1, 64), generator=torch.Generator().manual_seed(6))
    _, logits, _ = oracle.decode(64, 1, FACTOR, 255, codes)
    line = Line("small", "DALL-E", "i8")
    got = run(binary, work / "model", work / "out", text, start=255, steps=64, codes=codes.tolist(), weight_type="i8")

    def gap(a, b):
        cosine = torch.nn.functional.cosine_similarity(a.double().flatten(0, -2), b.double().flatten(0, -2))
        return (1 - cosine.min()).clamp(min=0)

    line.error("1 - cos, states", gap(got["states"][0], states), 0.0, 0.01)
    line.error("1 - cos, logits", gap(torch.stack(got["logits"]), logits), 0.0, 0.01)
    return line.print()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    # min-dalle takes all cores when it is imported. Small products are slower on several.
    torch.set_num_threads(1 if arguments.quick else 2)
    binary = arguments.build / "tools/reference/probe_draw"
    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory)
        results = [compare("tiny", TINY, weight_type, binary, work) for weight_type in TYPES]
        results.append(compare("tiny, no norm weights", TINY, "f32", binary, work, images=5, scaled=False))
        results.append(compare("small", SMALL, "f32", binary, work))
        results.append(compare_files(binary, work / "files"))
        results.append(compare_int8(binary, work / "int8"))
        if not arguments.quick:
            results.append(compare("mini", MINI, "f32", binary, work, images=1, steps=6, fill="random", scaled=False))
    sys.exit(not all(results))


if __name__ == "__main__":
    main()
