#!/usr/bin/env python3
"""Compares the module checkpoint/ with safetensors and transformers: parity_checkpoint.py --build DIR

* safetensors files, good and hostile: what the crate accepts is accepted with equal values, what it
  refuses is refused. Where blip.cpp is stricter on purpose, the reason is one of STRICTER.
* config.json, preprocessor_config.json, processor_config.json and generation_config.json: every
  field equals what transformers reads from the same file.
* what the stored generation fields are worth to transformers' generate: nothing.
* load time of a large file from the page cache (not with --quick).
"""

import argparse
import json
import os
import pathlib
import random
import struct
import sys
import tempfile
import warnings
import zlib

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy
import safetensors
import safetensors.torch
import torch
import transformers
from transformers import (
    BlipConfig,
    BlipForConditionalGeneration,
)
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

from checkpoint_probe import TEXT, VISION, Probe, listed

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
warnings.filterwarnings("ignore", message="Using the model-agnostic default")

# Why blip.cpp may refuse a file that the crate reads, by what its message says.
STRICTER = {
    "a name that occurs twice": "occurs twice",
    "an element type without use here": "which is not supported",
    "more than 64 dimensions": "dimensions",
    "a dimension above 2^63": "too large to exist",
    # serde's other spellings of a struct and of an enum, which no writer uses.
    "an array for a tensor's object": "is an array, not an object",
    "an object for a dtype": "has an object for a dtype",
}
SIZES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}


# ---------------------------------------------------------------------------------- safetensors


def pack(header, data, length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def random_file(generator):
    """A header (name -> entry) and its data, both well formed."""
    header, position = {}, 0
    for i in range(generator.randint(0, 6)):
        dtype = generator.choice(list(SIZES))
        shape = [generator.choice([0, 1, 1, 2, 3, 5]) for _ in range(generator.randint(0, 4))]
        size = SIZES[dtype]
        for dimension in shape:
            size *= dimension
        header[f"tensor.{i}.é" if i % 2 else f"t{i}"] = {
            "dtype": dtype,
            "shape": shape,
            "data_offsets": [position, position + size],
        }
        position += size
    items = list(header.items())
    generator.shuffle(items)
    header = dict(items)
    if generator.random() < 0.5:
        header["__metadata__"] = {"format": "pt"}
    return header, generator.randbytes(position)


def mutate_entry(generator, header):
    names = [name for name in header if name != "__metadata__"]
    if not names:
        return
    entry = header[generator.choice(names)]
    huge = [1 << 31, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, 1 << 64, 10**30]
    odd = [-1, 0, 1, 2, 7, 1.0, 1.5, True, None, "1", [], {}, *huge]
    kind = generator.randrange(9)
    if kind == 0:
        entry["dtype"] = generator.choice([*SIZES, "f32", "F8_E4M3", "U16", "U32", "U64", "F4", "C64", "", 3, None, {"F32": None}])
    elif kind == 1:
        entry["shape"] = generator.choice([[], [1], [2, 2], [0], [0, 1 << 63], [1 << 63, 0], [1 << 32, 1 << 32], [1] * 70, *odd])
    elif kind == 2 and entry["shape"]:
        entry["shape"][generator.randrange(len(entry["shape"]))] = generator.choice(odd)
    elif kind == 3:
        entry["data_offsets"][generator.randrange(2)] = generator.choice(odd)
    elif kind == 4:
        shift = generator.choice([-4, -1, 1, 4])
        entry["data_offsets"] = [value + shift for value in entry["data_offsets"]]
    elif kind == 5:
        entry["data_offsets"] = generator.choice([[], [0], [0, 1, 2], entry["data_offsets"][::-1], None, "0"])
    elif kind == 6:
        entry.pop(generator.choice(list(entry)))
    elif kind == 7:
        entry["extra"] = generator.choice([1, "x", [[1, {"a": [None]}]], {"shape": [1]}, 1.5, None])
    else:
        entry["shape"] = entry["shape"] + [generator.choice([1, 1, 2, 0])]


def mutate_header(generator, header):
    kind = generator.randrange(6)
    if kind == 0:
        header["__metadata__"] = generator.choice([{}, {"a": "b"}, {"a": 1}, {"a": None}, None, [], "x", {"a": {}}, 3])
    elif kind == 1:
        header["extra"] = generator.choice([1, None, [], {}, "x", ["F32", [0], [0, 0]], {"dtype": "F32"}])
    elif kind == 2:
        header["empty"] = {"dtype": "F32", "shape": [0], "data_offsets": [generator.choice([0, 1, 2, 4, 100])] * 2}
    else:
        mutate_entry(generator, header)


def mutate_bytes(generator, header, data):
    text = json.dumps(header).encode()
    kind = generator.randrange(13)
    if kind == 0:  # a repeated name
        return pack(text[:-1] + b", " * (len(text) > 2) + text[1:], data)
    if kind == 1:
        return pack(text + generator.choice([b" ", b"\n\t\r ", b"\0", b"x", b"{}", b",", b"\xff"]), data)
    if kind == 2:
        return pack(generator.choice([b" ", b"\n", b"\xef\xbb\xbf", b"\0", b"["]) + text, data)
    if kind == 3:
        return pack(text, data, generator.choice([0, 1, len(text) - 1, len(text) + 1, 10**8, 10**8 + 1, 1 << 63, (1 << 64) - 1]))
    if kind == 4:
        return pack(text, data + b"x")
    if kind == 5:
        return pack(text, data[:-1])
    if kind == 6:
        whole = pack(text, data)
        return whole[: generator.randrange(len(whole))]
    if kind == 7:
        return pack(generator.choice([b"", b"{", b"[]", b"1", b'"a"', b"null", b"{}", b"{'a':1}", b"[" * 1000, b'{"a":' * 200 + b"1" + b"}" * 200]), b"")
    if kind == 8:
        return pack(text.replace(b"dtype", b"\\u0064type", 1), data)
    if kind == 9:
        return pack(text.replace(b"t0", generator.choice([b"\\ud800", b"\\ud83d\\ude00", b"\x01", b"\\u0000", b"\xff", b"\\x"]), 1), data)
    if kind == 10:
        return pack(text.replace(b"shape", b"dtype", 1), data)
    position = generator.randrange(len(text))
    replacement = bytes([generator.choice(b'{}[]",:0123456789 -.eEn\\\x00\x80')])
    return pack(text[:position] + replacement + text[position + 1 :], data)


def safetensors_cases(count):
    generator = random.Random(7)
    for i in range(count):
        header, data = random_file(generator)
        kind = i % 4
        if kind == 0:
            yield "good", pack(header, data)
        elif kind == 1:
            mutate_header(generator, header)
            yield "header", pack(header, data)
        elif kind == 2:
            for _ in range(generator.randint(1, 3)):
                try:
                    mutate_entry(generator, header)
                except (AttributeError, IndexError, KeyError, TypeError):
                    pass  # an earlier one left nothing of the kind to change
            yield "entries", pack(header, data)
        else:
            yield "bytes", mutate_bytes(generator, header, data)


def crate_reads(contents):
    """name -> [dtype, shape, crc32] of what the crate accepts, None for what it refuses."""
    try:
        tensors = safetensors.deserialize(contents)
    except safetensors.SafetensorError:
        return None
    return {
        name: [tensor["dtype"], tensor["shape"], zlib.crc32(bytes(tensor["data"]))]
        for name, tensor in tensors
    }


def check_safetensors(probe, directory, count):
    table, problems = {}, []
    path = directory / "case.safetensors"
    for kind, contents in safetensors_cases(count):
        path.write_bytes(contents)
        crate = crate_reads(contents)
        ours, error = probe.ask("tensors", path)
        row = table.setdefault(kind, {"both accept": 0, "both refuse": 0, "stricter": 0, "wrong": 0})
        if crate is None and ours is None:
            row["both refuse"] += 1
        elif ours is None and any(reason in error for reason in STRICTER.values()):
            row["stricter"] += 1
        elif crate is not None and ours is not None and crate == listed(ours):
            row["both accept"] += 1
        else:
            row["wrong"] += 1
            problems.append(f"{kind}: crate {crate}, ours {ours or error}: {contents[:300]}")
    print(f"safetensors {safetensors.__version__}: {count} files")
    print(f"  {'kind':10}{'both accept':>14}{'both refuse':>14}{'stricter':>12}{'disagree':>12}")
    for kind, row in table.items():
        print(f"  {kind:10}" + "".join(f"{value:>{width}}" for value, width in zip(row.values(), (14, 14, 12, 12))))
    return problems


# ------------------------------------------------------------------------------- configurations


def config_cases():
    """label, config.json"""
    base = {"model_type": "blip", "architectures": ["BlipForConditionalGeneration"],
            "text_config": TEXT, "vision_config": VISION}
    yield "as it is", base
    yield "nothing", {"model_type": "blip"}
    for key in base:
        if key != "model_type":
            yield f"no {key}", {k: v for k, v in base.items() if k != key}
            yield f"null {key}", {**base, key: None}
    for section, fields in (("text_config", TEXT), ("vision_config", VISION)):
        for key in fields:
            if key != "bos_token_id":  # 30522, its default, is refused for a vocabulary of 99
                kept = {k: v for k, v in fields.items() if k != key}
                yield f"{section} without {key}", {**base, section: kept}
            yield f"{section} {key} text", {**base, section: {**fields, key: "7"}}
            yield f"{section} {key} true", {**base, section: {**fields, key: True}}
        yield f"{section} a list", {**base, section: [1]}
        yield f"{section} eps", {**base, section: {**fields, "layer_norm_eps": 1e-3}}
    yield "encoder_hidden_size", {**base, "text_config": {**TEXT, "encoder_hidden_size": 7}}
    yield "text_config_dict too", {**base, "text_config_dict": {"hidden_size": 64}}
    yield "vision_config_dict too", {**base, "vision_config_dict": {"hidden_size": 64}}
    yield "image pair", {**base, "vision_config": {**VISION, "image_size": [30, 30]}}
    yield "projection", {**base, "projection_dim": 24, "image_text_hidden_size": 16, "logit_scale_init_value": 1.5}
    yield "untied", {**base, "tie_word_embeddings": False}
    yield "untied text", {**base, "text_config": {**TEXT, "tie_word_embeddings": False}}
    yield "legacy generation fields", {**base, "text_config": {**TEXT, "max_length": 20, "num_beams": 1}}


def check_configs(probe, directory):
    problems, counts = [], {"equal": 0, "both refuse": 0}
    for label, config in config_cases():
        (directory / "config.json").write_text(json.dumps(config))
        ours, error = probe.ask("config", directory)
        try:
            theirs = BlipConfig.from_pretrained(directory)
        except Exception as exception:  # transformers raises many kinds
            counts["both refuse"] += ours is None
            if ours is not None:
                problems.append(f"{label}: transformers refuses it: {exception}")
            continue
        if ours is None:
            problems.append(f"{label}: {error}")
            continue
        expected = theirs.to_dict()
        expected["architecture"] = (theirs.architectures or [""])[0]
        for section in ("text_config", "vision_config"):
            for key, value in ours.pop(section).items():
                other = expected[section][key]
                other = other[0] if isinstance(other, (list, tuple)) else other
                if (numpy.float32(other) if isinstance(other, float) else other) != value:
                    problems.append(f"{label}: {section}.{key} {value} instead of {other}")
        for key, value in ours.items():
            other = expected[key]
            if (numpy.float32(other) if isinstance(other, float) else other) != value:
                problems.append(f"{label}: {key} {value} instead of {other}")
        counts["equal"] += 1
    print(f"config.json in transformers {transformers.__version__}: {counts}")
    return problems


def processor_cases():
    for size in (64, [64, 32], {"height": 64, "width": 32}):
        yield {"size": size}
    yield {}
    for key in ("do_resize", "do_rescale", "do_normalize", "do_convert_rgb"):
        for value in (True, False, None):
            yield {"size": 30, key: value}
    yield {"image_mean": 0.5, "image_std": 0.25}
    yield {"image_mean": [0.5, 0.25, 0.125], "image_std": [1, 2.5, 3]}
    yield {"rescale_factor": 0.5}
    for resample in range(6):
        yield {"resample": resample}
    for bad in ({"size": [64]}, {"size": 64.0}, {"size": 0}, {"size": -3}, {"size": "64"}, {"size": {"height": 64}},
                {"image_mean": [0.5]}, {"image_std": [0.5] * 4}, {"resample": 9}, {"size": {}}):
        yield bad


def check_processors(probe, directory):
    problems, counts = [], {"equal": 0, "both refuse": 0}
    picture = numpy.zeros((20, 10, 3), numpy.uint8)
    for nested in (False, True):
        for fields in processor_cases():
            written = {"image_processor_type": "BlipImageProcessor", **fields}
            for file in directory.glob("*processor_config.json"):
                file.unlink()
            if nested:
                (directory / "processor_config.json").write_text(json.dumps({"image_processor": written}))
                # Loses to the other file.
                (directory / "preprocessor_config.json").write_text(json.dumps({**written, "size": 77}))
            else:
                (directory / "preprocessor_config.json").write_text(json.dumps(written))
            ours, error = probe.ask("processor", directory)
            try:
                theirs = BlipImageProcessorPil.from_pretrained(directory)
                theirs(picture)  # it checks most values only when it works
            except Exception as exception:
                counts["both refuse"] += ours is None
                if ours is not None:
                    problems.append(f"{fields}: transformers refuses it: {exception}")
                continue
            if ours is None:
                problems.append(f"{fields}: {error}")
                continue
            channels = lambda value: [value] * 3 if isinstance(value, float) else list(value)
            expected = {
                "do_resize": bool(theirs.do_resize), "height": theirs.size.height, "width": theirs.size.width,
                "resample": int(theirs.resample), "do_rescale": bool(theirs.do_rescale),
                "rescale_factor": theirs.rescale_factor, "do_normalize": bool(theirs.do_normalize),
            }
            for key, value in expected.items():
                if ours[key] != value:
                    problems.append(f"{fields}: {key} {ours[key]} instead of {value}")
            for key in ("image_mean", "image_std"):
                if not numpy.array_equal(numpy.float32(ours[key]), numpy.float32(channels(getattr(theirs, key)))):
                    problems.append(f"{fields}: {key} {ours[key]} instead of {getattr(theirs, key)}")
            counts["equal"] += 1
    print(f"(pre)processor_config.json: {counts}")
    return problems


# ---------------------------------------------------------------------------- generation fields

GENERATION = ("max_length", "max_new_tokens", "min_length", "min_new_tokens", "num_beams", "length_penalty",
              "early_stopping", "num_return_sequences", "repetition_penalty", "no_repeat_ngram_size",
              "do_sample", "temperature", "top_k", "top_p")


def generation_cases():
    """label, fields of text_config, of the top level, of generation_config.json (None: no file)"""
    yield "nothing", {}, {}, None
    yield "text_config", {"max_length": 30, "num_beams": 3}, {}, None
    yield "text_config, defaults", {"max_length": 20, "num_beams": 1, "top_k": 50, "do_sample": False}, {}, None
    yield "top level", {}, {"max_length": 12, "early_stopping": True}, None
    yield "both", {"max_length": 30, "num_beams": 2}, {"max_length": 12}, None
    yield "file", {}, {}, {"max_length": 12, "num_beams": 2, "early_stopping": "never"}
    yield "file, nulls", {}, {}, {"max_length": None, "num_beams": 2, "top_p": 0.5, "do_sample": True}
    yield "file, new tokens", {}, {}, {"max_new_tokens": 9, "min_new_tokens": 2}
    yield "file over text_config", {"max_length": 30, "num_beams": 3}, {}, {"max_length": 12}


def tiny_model(directory):
    torch.manual_seed(0)
    config = BlipConfig(text_config=dict(TEXT), vision_config=dict(VISION))
    model = BlipForConditionalGeneration(config).eval()
    model.save_pretrained(directory)
    return model


def check_generation(probe, directory):
    problems = []
    tiny_model(directory)
    base = json.loads((directory / "config.json").read_text())
    pixels = torch.randn(1, 3, VISION["image_size"], VISION["image_size"])
    prompt = torch.tensor([[1, 10, 11, 12, 13, 3]])
    print("generation fields: what model.generation_config holds, and what generate() makes of it")
    print(f"  {'where':24}{'length, no prompt':>18}{'5 start tokens':>16}   fields")
    for label, text, top, file in generation_cases():
        config = {**base, **top, "text_config": {**base["text_config"], **text}}
        (directory / "config.json").write_text(json.dumps(config))
        (directory / "generation_config.json").unlink(missing_ok=True)
        if file is not None:
            (directory / "generation_config.json").write_text(json.dumps(file))
        ours, error = probe.ask("generation", directory)
        model = BlipForConditionalGeneration.from_pretrained(directory).eval()
        theirs = {key: getattr(model.generation_config, key) for key in GENERATION}
        theirs = {key: value for key, value in theirs.items() if value is not None}
        if ours != theirs:
            problems.append(f"{label}: {ours or error} instead of {theirs}")
        with torch.no_grad():  # never the stop token, so that the limit shows
            model.text_decoder.cls.predictions.bias[TEXT["sep_token_id"]] = -1e4
        alone = model.generate(pixel_values=pixels).shape[1]
        prompted = model.generate(pixel_values=pixels, input_ids=prompt.clone()).shape[1]
        if (alone, prompted) != (21, 25):
            problems.append(f"{label}: generate() took notice: {alone}, {prompted} tokens")
        print(f"  {label:24}{alone:>18}{prompted:>16}   {theirs}")
    return problems


# ----------------------------------------------------------------------------------- load time


def check_load_time(probe, directory):
    path = directory / "large.safetensors"
    data = numpy.zeros((256, 1 << 20), numpy.float32)
    data += numpy.arange(256, dtype=numpy.float32)[:, None]
    safetensors.torch.save_file({f"t{i}": torch.from_numpy(row) for i, row in enumerate(data)}, path)
    path.read_bytes()
    # The best of five: others may be using the machine.
    runs = [probe.ask("load", path)[0] for _ in range(5)]
    times = min(runs, key=lambda run: run["open_ms"] + run["touch_ms"])
    path.unlink()
    print(f"load of {times['bytes'] / 1e9:.2f} GB from the page cache: {times['open_ms']:.1f} ms,"
          f" first touch of all of it {times['touch_ms']:.1f} ms")
    return [] if times["open_ms"] + times["touch_ms"] <= 500 else ["loading took more than 0.5 s"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    probe = Probe(arguments.build)
    with tempfile.TemporaryDirectory() as scratch:
        directory = pathlib.Path(scratch)
        problems = check_safetensors(probe, directory, 1000 if arguments.quick else 5000)
        problems += check_configs(probe, directory)
        problems += check_processors(probe, directory)
        problems += check_generation(probe, directory)
        if not arguments.quick:
            problems += check_load_time(probe, directory)
    for problem in problems[:20]:
        print("WRONG", problem[:700])
    print(f"checkpoint: {'every check holds' if not problems else f'{len(problems)} checks fail'}")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
