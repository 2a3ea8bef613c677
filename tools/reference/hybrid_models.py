"""Random-weight hybrid BLIP models: transformers' BLIP with an EfficientNet-Lite as its patch embedding.

transformers has no such class (its ViTHybrid is a hybrid of ResNet and ViT, without a text tower): here the embeddings of its own
BlipVisionModel are exchanged, and everything behind them is transformers'.
"""
import json
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import BlipConfig, BlipForConditionalGeneration

import random_models
from efficientnet_lite import EfficientNetLite, backbone_config, randomize, without_counters

# 127 and 128 of 255, with which the network was trained.
MEAN, STD = [127 / 255] * 3, [128 / 255] * 3

# Other stages than Lite's, so that the map is of another scale and of channels that fill no vector.
TINY = backbone_config(1.0, 1.0, hidden_dim=36, kernel_sizes=[3, 5, 3], in_channels=[8, 8, 12], out_channels=[8, 12, 20],
                       strides=[1, 2, 2], num_block_repeats=[1, 2, 2], expand_ratios=[1, 4, 3], depth_divisor=4)
NANO_TEXT = dict(vocab_size=1024, hidden_size=384, intermediate_size=1536, num_hidden_layers=3, num_attention_heads=12,
                 max_position_embeddings=128)
SIZES = {
    "tiny": dict(backbone=TINY, vision=dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, image_size=50),
                 text=random_models.SIZES["tiny"]["text"]),
    "narrow": dict(backbone=backbone_config(0.3, 0.4, hidden_dim=100),
                   vision=dict(hidden_size=36, intermediate_size=58, num_hidden_layers=1, num_attention_heads=3, image_size=97),
                   text=random_models.SIZES["odd"]["text"]),
    "lite0": dict(backbone=backbone_config(1.0, 1.0),
                  vision=dict(hidden_size=192, intermediate_size=768, num_hidden_layers=2, num_attention_heads=3, image_size=224),
                  text=random_models.SIZES["small"]["text"]),
    "lite2": dict(backbone=backbone_config(1.1, 1.2),
                  vision=dict(hidden_size=384, intermediate_size=1536, num_hidden_layers=2, num_attention_heads=12, image_size=260),
                  text=NANO_TEXT),
}


def total_stride(backbone):
    stride = 2
    for of_stage in backbone["strides"]:
        stride *= of_stage
    return stride


class HybridEmbeddings(nn.Module):
    """pixels: [B, 3, H, W] → [B, 1 + h * w, C], h and w being the sides of the backbone's map"""

    def __init__(self, backbone, image_size, width):
        super().__init__()
        self.grid = -(-image_size // total_stride(backbone))
        self.backbone = EfficientNetLite(backbone)
        self.patch_embedding = nn.Conv2d(backbone["hidden_dim"], width, 1)
        self.class_embedding = nn.Parameter(torch.zeros(1, 1, width))
        self.position_embedding = nn.Parameter(torch.zeros(1, 1 + self.grid ** 2, width))

    def positions(self, height, width):
        own, patches = self.position_embedding[:, :1], self.position_embedding[:, 1:]
        if (height, width) == (self.grid, self.grid):
            return self.position_embedding
        square = patches.reshape(1, self.grid, self.grid, -1).permute(0, 3, 1, 2)
        square = F.interpolate(square, size=(height, width), mode="bicubic", align_corners=False)
        return torch.cat([own, square.flatten(2).transpose(1, 2)], 1)

    def forward(self, pixel_values, interpolate_pos_encoding=False):
        places = self.patch_embedding(self.backbone(pixel_values))
        tokens = places.flatten(2).transpose(1, 2)
        own = self.class_embedding.expand(len(tokens), -1, -1)
        return torch.cat([own, tokens], 1) + self.positions(*places.shape[2:])


def make_hybrid(model, backbone):
    vision = model.config.vision_config
    model.vision_model.embeddings = HybridEmbeddings(backbone, vision.image_size, vision.hidden_size)
    return model.eval()


def captioning(name, seed):
    size = SIZES[name]
    config = random_models.config_of(dict(vision=dict(size["vision"], patch_size=32), text=size["text"]))
    model = make_hybrid(BlipForConditionalGeneration(config), size["backbone"])
    random_models.randomise(model.named_parameters(), seed)
    randomize(model.vision_model.embeddings.backbone, torch.Generator().manual_seed(seed), config.vision_config.image_size)
    return model


def save(model, directory, backbone, tokens=None):
    directory = pathlib.Path(directory)
    random_models.save_processor(directory, model.config, tokens)
    processor = json.loads((directory / "preprocessor_config.json").read_text())
    processor.update(image_mean=MEAN, image_std=STD)
    (directory / "preprocessor_config.json").write_text(json.dumps(processor))
    values = {**model.config.to_dict(), "architectures": ["BlipForConditionalGeneration"], "model_type": "blip"}
    values["vision_config"]["backbone_config"] = backbone
    (directory / "config.json").write_text(json.dumps(values, indent=2, sort_keys=True) + "\n")
    tied = ("text_decoder.cls.predictions.decoder.weight", "text_decoder.cls.predictions.decoder.bias")
    tensors = {key: value.contiguous() for key, value in without_counters(model.state_dict()).items() if key not in tied}
    save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})


def load(directory):
    """transformers' model of a directory that `save` wrote, in float32 whatever it holds."""
    directory = pathlib.Path(directory)
    values = json.loads((directory / "config.json").read_text())
    backbone = values["vision_config"].pop("backbone_config")
    model = make_hybrid(BlipForConditionalGeneration(BlipConfig.from_dict(values)), backbone)
    tensors = {key: value.float() for key, value in load_file(directory / "model.safetensors").items()}
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    lacking = [key for key in missing if not key.endswith("num_batches_tracked") and ".cls.predictions.decoder." not in key]
    if lacking or unexpected:
        raise ValueError(f"{directory}: lacks {lacking}, has {unexpected} to spare")
    model.tie_weights()
    predictions = model.text_decoder.cls.predictions
    predictions.decoder.bias = predictions.bias
    return model.eval()
