"""Weights that any language can make again: no file, no random generator. tests/tasks/filled_model.hpp makes the same.

Value i of tensor NAME is 2 * (murmur's finaliser of (crc32(NAME) + i) / 2^32 - 1/2), in [-1, 1), times a scale that its name and
shape tell.
"""

import pathlib
import tempfile
import zlib

import numpy as np
import torch
from safetensors.torch import load_file, save_file


def finalised(x):
    x = x.astype(np.uint32)
    x ^= x >> np.uint32(16)
    x = (x * np.uint32(0x85EBCA6B)).astype(np.uint32)
    x ^= x >> np.uint32(13)
    x = (x * np.uint32(0xC2B2AE35)).astype(np.uint32)
    x ^= x >> np.uint32(16)
    return x


def values(name, count):
    start = np.uint64(zlib.crc32(name.encode()))
    index = ((np.arange(count, dtype=np.uint64) + start) & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    return (2.0 * (finalised(index).astype(np.float64) / 2.0**32 - 0.5)).astype(np.float32)


def pixels(name, shape):
    return torch.from_numpy(values(name, int(np.prod(shape))).reshape(shape).copy())


NORMS = ("norm", "layrnorm", "ln0", "ln1", "final_ln", "ln_")


def fill(state):
    """Changes every tensor of the state dict but logit_scale and logit_bias."""
    for name, tensor in state.items():
        low = name.lower()
        if not torch.is_floating_point(tensor) or tensor.ndim == 0 or "logit_" in low:
            continue
        v = pixels(name, tuple(tensor.shape))
        embeds = "embedding" in low or ("token" in low and "proj" not in low) or "position" in low
        if tensor.ndim == 1 and low.endswith("weight") and any(norm in low for norm in NORMS):
            v = 1 + 0.1 * v
        elif "lambda1" in low:
            v = 0.5 + 0.25 * v
        elif tensor.ndim == 1 and low.endswith("bias"):
            v = 0.1 * v
        elif (embeds or tensor.ndim == 1) and not ("patch" in low and tensor.ndim == 4):
            v = 0.5 * v
        else:
            v = (3.0 / tensor[0].numel()) ** 0.5 * v
        tensor.copy_(v)


def build(model_class, config, **extra):
    """A model whose weights are filled by the names that files have, which differ from transformers 5's own."""
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory) / "model.safetensors"
        model_class(config).save_pretrained(directory)
        state = load_file(file)
        fill(state)
        state.update({name: torch.full_like(state[name], value) for name, value in extra.items()})
        save_file(state, file, {"format": "pt"})
        model, info = model_class.from_pretrained(directory, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"], info
    return model.eval()
