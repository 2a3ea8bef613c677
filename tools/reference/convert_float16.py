#!/usr/bin/env python3
"""Rewrites a model directory with float16 weights: convert_float16.py SRC DST

Every float tensor becomes float16 (values that do not fit are an error), integers stay. Tensors
that only repeat another one are left out: transformers and blip.cpp tie them when they are absent.
config.json gets "torch_dtype": "float16"; the other small files are copied.
"""

import argparse
import json
import pathlib
import shutil

import torch
from safetensors.torch import load_file, save_file

HEAD = "text_decoder.cls.predictions."
# A tensor here that equals its twin is dropped.
TIED = {
    HEAD + "decoder.weight": "text_decoder.bert.embeddings.word_embeddings.weight",
    HEAD + "decoder.bias": HEAD + "bias",
}


def load_tensors(directory):
    index = directory / "model.safetensors.index.json"
    if not index.exists():
        return load_file(directory / "model.safetensors")
    weight_map = json.loads(index.read_text())["weight_map"]
    shards = {name: load_file(directory / name) for name in set(weight_map.values())}
    return {tensor: shards[shard][tensor] for tensor, shard in weight_map.items()}


def to_float16(name, tensor):
    if not tensor.is_floating_point():
        return tensor
    half = tensor.to(torch.float16)
    if not torch.isfinite(half).all() and torch.isfinite(tensor).all():
        raise SystemExit(f"{name}: a value is too large for float16")
    return half.contiguous()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("destination", type=pathlib.Path)
    arguments = parser.parse_args()
    source, destination = arguments.source, arguments.destination

    tensors = load_tensors(source)
    for name, twin in TIED.items():
        if name in tensors and twin in tensors and torch.equal(tensors[name], tensors[twin]):
            del tensors[name]
            print(f"left out {name}: equal to {twin}")
    tensors = {name: to_float16(name, tensor) for name, tensor in tensors.items()}

    destination.mkdir(parents=True, exist_ok=True)
    weights = destination / "model.safetensors"
    save_file(tensors, weights, metadata={"format": "pt"})
    weights.chmod(0o644)  # safetensors leaves it to its owner alone

    config = json.loads((source / "config.json").read_text())
    config.pop("dtype", None)  # transformers 5 writes this instead
    config["torch_dtype"] = "float16"
    (destination / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    for pattern in ("*.txt", "*token*.json", "*processor*.json", "generation_config.json"):
        for file in source.glob(pattern):
            shutil.copyfile(file, destination / file.name)

    parameters = sum(tensor.numel() for tensor in tensors.values())
    print(
        f"{destination}: {len(tensors)} tensors, {parameters:,} values,"
        f" {weights.stat().st_size:,} bytes"
    )


if __name__ == "__main__":
    main()
