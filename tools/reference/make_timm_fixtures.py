#!/usr/bin/env python3
"""Writes tests/tasks/data/timm.json: tiny vision transformers of timm's, their tensors by name and shape, their config.json as on the
hub, and what timm makes of filled pixels with weights that filled_models.py (and the test, in C++) makes from the tensors' names. With
them what timm's transform for evaluation makes of a picture, whose crops lie between two pixels.
"""

import json
import pathlib

import numpy
import torch

import torchvision_processors

torchvision_processors.find_torchvision()

import timm  # noqa: E402
from PIL import Image  # noqa: E402

import filled_models  # noqa: E402
from make_filled_fixtures import PIXELS, WIDE, rows  # noqa: E402

OUT = pathlib.Path(__file__).parents[2] / "tests" / "tasks" / "data" / "timm.json"
SIZES = dict(img_size=32, patch_size=8, embed_dim=32, depth=2, num_heads=4, dynamic_img_size=True)
# name: timm's model, what is different in it
MODELS = {
    "timm_vit": ("vit_base_patch16_224", dict(num_classes=7)),
    "timm_no_bias": ("vit_base_patch16_224", dict(num_classes=7, qkv_bias=False)),
    "timm_distilled": ("deit_base_distilled_patch16_224", dict(num_classes=7)),
    "timm_deit3": ("deit3_small_patch16_224", dict(num_classes=7)),
    "timm_clip": ("vit_base_patch32_clip_quickgelu_224", dict(num_classes=7)),
    "timm_dinov2": ("vit_small_patch14_dinov2", dict(num_classes=0)),
    "timm_registers": ("vit_small_patch14_reg4_dinov2", dict(num_classes=0)),
    "timm_swiglu": ("vit_giant_patch14_reg4_dinov2", dict(num_classes=7, mlp_ratio=3)),
}
TRANSFORMS = {
    "center": dict(input_size=(3, 32, 32), crop_pct=0.9, interpolation="bicubic", mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),
    "squash": dict(input_size=(3, 32, 32), crop_pct=0.875, interpolation="bilinear", crop_mode="squash",
                   mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
    "whole": dict(input_size=(3, 32, 32), crop_pct=1.0, interpolation="bicubic", mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6)),
}


def config_of(name, classes, arguments, transform=TRANSFORMS["center"]):
    """As timm writes it for the hub."""
    return {"architecture": name, "num_classes": classes, "num_features": 32, "global_pool": "token", "model_args": arguments,
            "pretrained_cfg": {**{key: list(value) if isinstance(value, tuple) else value for key, value in transform.items()},
                               "num_classes": classes, "first_conv": "patch_embed.proj", "classifier": "head"}}


def fixture(name, different):
    model = timm.create_model(name, **SIZES, **different).eval()
    state = model.state_dict()
    filled_models.fill(state)
    arguments = {key: value for key, value in SIZES.items() if key != "dynamic_img_size"}
    result = {"config": config_of(name, different["num_classes"], arguments),
              "tensors": {tensor: list(value.shape) for tensor, value in state.items()}}
    for start, pixels in (("", PIXELS), ("wide_", WIDE)):
        features = model.forward_features(pixels)
        result[start + "last_hidden_state"] = rows(features)
        result[start + "pooler_output"] = rows(model.forward_head(features, pre_logits=True))
        if different["num_classes"]:
            result[start + "logits"] = rows(model(pixels))
    return result


def picture(name, width, height):
    values = filled_models.values(name, width * height * 3)
    return Image.fromarray(((values + 1) * 127.5).astype(numpy.uint8).reshape(height, width, 3))


def transformed(settings):
    transform = timm.data.create_transform(**settings)
    # 35 or 36 on the short side; 101 x 71: the long side leaves an odd number of pixels to crop.
    return {f"{width}x{height}": [float(f"{x:.7g}") for x in transform(picture("picture", width, height)).flatten()[::29].tolist()]
            for width, height in ((101, 71), (47, 60), (64, 45))}


def main():
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    fixtures = {name: fixture(*entry) for name, entry in MODELS.items()}
    fixtures["transforms"] = {name: {"config": config_of("vit_base_patch16_224", 0, {}, settings), "pixels": transformed(settings)}
                              for name, settings in TRANSFORMS.items()}
    OUT.write_text("{\n" + ",\n".join(f'"{name}": {json.dumps(value)}' for name, value in fixtures.items()) + "\n}\n")
    print(OUT, OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
