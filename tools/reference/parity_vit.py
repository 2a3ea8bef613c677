#!/usr/bin/env python3
"""Parity of ViT, DeiT and DINOv2 (with and without registers) with transformers: states, pooled outputs and logits.

Random-weight models, tiny ones with odd widths, and without --quick ViT-B/16, B/16-384 and L/16, DeiT-B distilled, DINOv2 S and B of
518 px read at 518 and 224, and DINOv2 B with registers, one at a time. Weights in float32 and float16; int8 by the cosine to float32.
"""

import argparse
import pathlib
import shutil
import sys
import tempfile

import torch
import transformers as hf

import feature_probe
from probe_runner import Line

STATES, LOGITS = 1e-4, 2e-4
SMALL = dict(hidden_size=48, num_hidden_layers=3, num_attention_heads=4, image_size=56, patch_size=14)
ODD = dict(hidden_size=33, num_hidden_layers=2, num_attention_heads=3, image_size=65, patch_size=13)
MLP = dict(intermediate_size=100)
S = dict(hidden_size=384, num_attention_heads=6, image_size=518)
FLAG = dict(interpolate_pos_encoding=True)

# name: class, configuration, sizes of pixels, what transformers needs to read another size
QUICK = {
    "ViT": (hf.ViTModel, hf.ViTConfig(**SMALL, **MLP), [(56, 56), (70, 43)], FLAG),
    "ViT odd": (hf.ViTForImageClassification, hf.ViTConfig(num_labels=11, intermediate_size=77, **ODD), [(65, 65), (40, 92)], FLAG),
    "ViT tanh": (hf.ViTForImageClassification,
                 hf.ViTConfig(num_labels=5, hidden_act="gelu_pytorch_tanh", qkv_bias=False, **SMALL, **MLP), [(56, 56)], FLAG),
    "DeiT": (hf.DeiTForImageClassification, hf.DeiTConfig(num_labels=11, **SMALL, **MLP), [(56, 56), (70, 43)], FLAG),
    "DeiT distilled": (hf.DeiTForImageClassificationWithTeacher, hf.DeiTConfig(num_labels=11, **SMALL, **MLP), [(56, 56)], FLAG),
    "DINOv2": (hf.Dinov2Model, hf.Dinov2Config(**SMALL), [(56, 56), (28, 42), (98, 70)], {}),
    "DINOv2 SwiGLU": (hf.Dinov2Model, hf.Dinov2Config(use_swiglu_ffn=True, **ODD), [(65, 65)], {}),
    "DINOv2 classes": (hf.Dinov2ForImageClassification, hf.Dinov2Config(num_labels=11, **SMALL), [(56, 56), (84, 28)], {}),
    "registers": (hf.Dinov2WithRegistersModel, hf.Dinov2WithRegistersConfig(num_register_tokens=3, **SMALL),
                  [(56, 56), (28, 42), (98, 70)], {}),
    "registers classes": (hf.Dinov2WithRegistersForImageClassification,
                          hf.Dinov2WithRegistersConfig(num_labels=11, **SMALL), [(56, 56), (28, 42)], {}),
}
FULL = {
    "ViT-B/16": (hf.ViTForImageClassification, hf.ViTConfig(num_labels=1000), [(224, 224), (288, 224)], FLAG),
    "ViT-B/16-384": (hf.ViTForImageClassification, hf.ViTConfig(num_labels=1000, image_size=384), [(384, 384)], FLAG),
    "ViT-L/16": (hf.ViTForImageClassification,
                 hf.ViTConfig(num_labels=1000, hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16),
                 [(224, 224)], FLAG),
    "DeiT-B distilled": (hf.DeiTForImageClassificationWithTeacher, hf.DeiTConfig(num_labels=1000), [(224, 224)], FLAG),
    "DINOv2-S": (hf.Dinov2Model, hf.Dinov2Config(**S), [(224, 224), (518, 518)], {}),
    "DINOv2-B": (hf.Dinov2Model, hf.Dinov2Config(image_size=518), [(224, 224), (518, 518)], {}),
    "DINOv2-B registers": (hf.Dinov2WithRegistersForImageClassification,
                           hf.Dinov2WithRegistersConfig(image_size=518, num_labels=1000), [(224, 224), (518, 518)], {}),
}


def compare(name, entry, weight_type, binary, work):
    model_class, config, sizes, flag = entry
    directory = work / "model"
    shutil.rmtree(directory, ignore_errors=True)
    oracle = feature_probe.save(feature_probe.random_model(model_class, config, seed=1), directory,
                                "f32" if weight_type == "i8" else weight_type)
    torch.manual_seed(2)
    pixels = [torch.randn(3 if name in QUICK else 1, 3, height, width) for height, width in sizes]
    is_classifier = "Classification" in model_class.__name__
    line = Line(name, "ViT", weight_type)
    got = feature_probe.run(binary, directory, "ViTForImageClassification" if is_classifier else "ViTModel", work / "out", pixels,
                            weight_type="i8" if weight_type == "i8" else "stored")
    quantities = {"logits": LOGITS} if is_classifier else {"last_hidden_state": STATES, "pooler_output": STATES}
    for index, images in enumerate(pixels):
        out = oracle(images, **flag)
        for quantity, limit in quantities.items():
            if weight_type == "i8":
                line.error(f"1 - cos, {quantity}", feature_probe.cosine_gap(got[quantity][index], out[quantity]).clamp(min=0),
                           torch.zeros(len(images)), 1 - feature_probe.INT8_COSINE)
            else:
                line.error(quantity, got[quantity][index], out[quantity], limit)
        if is_classifier and weight_type != "i8":
            for row in range(len(images)):
                order = out.logits[row].sort(descending=True, stable=True)
                line.decision(f"order of labels, image {row}", got["logits"][index][row].sort(descending=True, stable=True)
                              .indices.tolist(), order.indices.tolist(),
                              lambda values=order.values: float((values[:-1] - values[1:]).min()), LOGITS)
    return line.print()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="tiny sizes only")
    parser.add_argument("--only", help="one model by name")
    arguments = parser.parse_args()
    torch.set_grad_enabled(False)
    hf.utils.logging.disable_progress_bar()
    binary = arguments.build / "tools" / "reference" / "probe_features"
    entries = dict(QUICK) if arguments.quick else {**QUICK, **FULL}
    ok = True
    with tempfile.TemporaryDirectory() as temporary:
        for name, entry in entries.items():
            if arguments.only and name != arguments.only:
                continue
            torch.set_num_threads(1 if name in QUICK else 2)
            for weight_type in ["f32", "f16", "i8"] if name in ("ViT", "DINOv2", "ViT-B/16") else ["f32", "i8"]:
                ok &= compare(name, entry, weight_type, binary, pathlib.Path(temporary))
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
