#!/usr/bin/env python3
"""Parity of the program with timm: `blip classify` and `embed` on the example photos with what timm's models make of its own transform
for evaluation (torchvision's Resize and CenterCrop on Pillow's pictures).

Random-weight models saved as timm's hub has them: tiny ones of every kind, and without --quick ViT-B/16, ViT-B/32 of CLIP, DeiT-B
distilled, DeiT-III-S and DINOv2 S with registers at 518 px.
"""

import argparse
import json
import pathlib
import sys
import tempfile

import torch
from PIL import Image
from safetensors.torch import save_file

import torchvision_processors

torchvision_processors.find_torchvision()

try:
    import timm
except ImportError:
    print("timm is not installed: nothing is compared")
    sys.exit(0)

from parity_clip_program import Program  # noqa: E402
from probe_runner import Line  # noqa: E402

UNIT, SCORES = 2e-6, 1e-5
TINY = dict(img_size=56, patch_size=14, embed_dim=128, depth=3, num_heads=2)
SIZE = dict(input_size=(3, 56, 56))
HALF = dict(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
IMAGENET = dict(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
CENTER = dict(crop_pct=0.9, interpolation="bicubic", **HALF)
# name: timm's model, its arguments, its transform
QUICK = {
    "ViT": ("vit_base_patch16_224", dict(TINY, num_classes=11), dict(SIZE, **CENTER)),
    "squash": ("vit_base_patch16_224", dict(TINY, num_classes=11), dict(SIZE, crop_mode="squash", crop_pct=0.95, interpolation="bilinear", **IMAGENET)),
    "uncut": ("vit_base_patch16_224", dict(TINY, num_classes=11), dict(SIZE, crop_pct=1.0, interpolation="bicubic", **IMAGENET)),
    "distilled": ("deit_base_distilled_patch16_224", dict(TINY, num_classes=11), dict(SIZE, crop_pct=0.875, interpolation="bicubic", **IMAGENET)),
    "DeiT-III": ("deit3_small_patch16_224", dict(TINY, num_classes=11), dict(SIZE, crop_pct=0.93, interpolation="bicubic", **IMAGENET)),
    "CLIP": ("vit_base_patch32_clip_quickgelu_224", dict(TINY, num_classes=11), dict(SIZE, **CENTER)),
    "DINOv2": ("vit_small_patch14_dinov2", dict(TINY, num_classes=0), dict(SIZE, crop_pct=0.875, interpolation="bicubic", **IMAGENET)),
    "registers": ("vit_small_patch14_reg4_dinov2", dict(TINY, num_classes=0), dict(SIZE, crop_pct=0.875, interpolation="bicubic", **IMAGENET)),
}
B = dict(input_size=(3, 224, 224))
FULL = {
    "ViT-B/16": ("vit_base_patch16_224", {}, dict(B, **CENTER)),
    "ViT-B/32 of CLIP": ("vit_base_patch32_clip_224", dict(num_classes=1000), dict(B, **CENTER)),
    "DeiT-B distilled": ("deit_base_distilled_patch16_224", {}, dict(B, crop_pct=0.9, interpolation="bicubic", **IMAGENET)),
    "DeiT-III-S": ("deit3_small_patch16_224", {}, dict(B, crop_pct=0.9, interpolation="bicubic", **IMAGENET)),
    "DINOv2-S registers": ("vit_small_patch14_reg4_dinov2", {}, dict(input_size=(3, 518, 518), crop_pct=1.0, interpolation="bicubic", **IMAGENET)),
}


def random_model(name, arguments, seed):
    torch.manual_seed(seed)
    model = timm.create_model(name, **arguments).eval()
    for tensor, parameter in model.named_parameters():
        if tensor.endswith(("ls1.gamma", "ls2.gamma")):
            parameter.data.uniform_(0.1, 1.0)
        elif parameter.ndim >= 2:
            parameter.data.add_(0.05 * torch.randn_like(parameter))
        elif "norm" in tensor and tensor.endswith("weight"):
            parameter.data.add_(0.1 * torch.randn_like(parameter))
        else:
            parameter.data.add_(0.05 * torch.randn_like(parameter))
    return model


def save(model, name, arguments, transform, directory):
    directory.mkdir()
    listed = {key: list(value) if isinstance(value, tuple) else value for key, value in transform.items()}
    (directory / "config.json").write_text(json.dumps({
        "architecture": name, "num_classes": model.num_classes, "num_features": model.num_features, "global_pool": "token",
        "model_args": {key: value for key, value in arguments.items() if key != "num_classes"},
        "pretrained_cfg": {**listed, "num_classes": model.num_classes}}))
    save_file({tensor: value.contiguous() for tensor, value in model.state_dict().items()}, directory / "model.safetensors")


def compare(title, entry, binary, photos, work):
    name, arguments, transform = entry
    model = random_model(name, arguments, seed=9)
    directory = work / title.replace(" ", "-").replace("/", "-")
    save(model, name, arguments, transform, directory)
    evaluated = timm.data.create_transform(**transform)
    pixels = torch.stack([evaluated(Image.open(photo).convert("RGB")) for photo in photos])
    line = Line(title, "timm", "f32")
    program = Program(binary, directory)
    pooled = model.forward_head(model.forward_features(pixels), pre_logits=True)
    line.error("embeddings", program.embeddings(*photos), torch.nn.functional.normalize(pooled), UNIT)
    if model.num_classes:
        top = min(model.num_classes, 20)
        names = timm.data.ImageNetInfo().label_descriptions() if model.num_classes == 1000 else [f"LABEL_{i}" for i in range(top)]
        order = model(pixels).softmax(-1).sort(descending=True, stable=True)
        records = program.records("classify", *photos, "--top", top)
        line.error("scores", [[label["score"] for label in record["labels"]] for record in records], order.values[:, :top], SCORES)
        for row, record in enumerate(records):
            wanted = [names[i] for i in order.indices[row, :top].tolist()]
            line.decision(f"labels of image {row}", [label["label"] for label in record["labels"]], wanted,
                          lambda values=order.values[row, :top + 1]: float((values[:-1] - values[1:]).min()), SCORES)
    return line.print()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="tiny sizes only")
    parser.add_argument("--only", help="one model by name")
    arguments = parser.parse_args()
    torch.set_grad_enabled(False)
    root = pathlib.Path(__file__).resolve().parents[2]
    photos = sorted((root / "examples" / "photos").glob("*.jpg"))[:6]
    entries = dict(QUICK) if arguments.quick else {**QUICK, **FULL}
    ok = True
    with tempfile.TemporaryDirectory() as temporary:
        for title, entry in entries.items():
            if arguments.only in (None, title):
                torch.set_num_threads(1 if title in QUICK else 2)
                ok &= compare(title, entry, arguments.build / "bin" / "blip", photos, pathlib.Path(temporary))
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
