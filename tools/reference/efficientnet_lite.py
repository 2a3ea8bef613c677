"""EfficientNet-Lite in PyTorch, as TensorFlow defines it, for inference: what src/model/efficientnet_lite.cpp is compared with.

The modules are named as transformers' EfficientNet names them, so that a checkpoint's tensors load as they are. What Lite leaves out
or fixes: no squeeze-excitation, ReLU6, the stem and the last convolution are not scaled by the width, the first and the last stage are
not scaled by the depth. The padding is TensorFlow's SAME for the size at hand.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn

STAGES = {
    "kernel_sizes": [3, 3, 5, 3, 5, 5, 3],
    "in_channels": [32, 16, 24, 40, 80, 112, 192],
    "out_channels": [16, 24, 40, 80, 112, 192, 320],
    "strides": [1, 2, 2, 2, 1, 2, 1],
    "num_block_repeats": [1, 2, 2, 3, 3, 4, 1],
    "expand_ratios": [1, 6, 6, 6, 6, 6, 6],
}


def backbone_config(width, depth, hidden_dim=1280, **stages):
    return {
        "model_type": "efficientnet_lite",
        "width_coefficient": width,
        "depth_coefficient": depth,
        "depth_divisor": 8,
        **STAGES,
        "hidden_dim": hidden_dim,
        "hidden_act": "relu6",
        "batch_norm_eps": 0.001,
        **stages,
    }


def round_filters(channels, config):
    divisor = config["depth_divisor"]
    scaled = channels * config["width_coefficient"]
    rounded = max(divisor, int(scaled + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * scaled else rounded


class SameConv2d(nn.Conv2d):
    """x: [B, C, H, W] → [B, O, ceil(H / stride), ceil(W / stride)]"""

    def forward(self, x):
        padding = []
        for size, kernel, stride in zip(reversed(x.shape[2:]), reversed(self.kernel_size), reversed(self.stride)):
            total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
            padding += [total // 2, total - total // 2]
        return super().forward(F.pad(x, padding))


def convolution(inputs, outputs, kernel, stride=1, groups=1):
    return SameConv2d(inputs, outputs, kernel, stride, groups=groups, bias=False)


def batch_norm(channels, config):
    return nn.BatchNorm2d(channels, eps=config["batch_norm_eps"])


class Embeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        channels = config["in_channels"][0]
        self.convolution = convolution(3, channels, 3, stride=2)
        self.batchnorm = batch_norm(channels, config)

    def forward(self, x):
        return F.relu6(self.batchnorm(self.convolution(x)))


class Block(nn.Module):
    def __init__(self, config, inputs, outputs, kernel, stride, ratio):
        super().__init__()
        wide = inputs * ratio
        self.residual = stride == 1 and inputs == outputs
        self.expansion = None
        if ratio != 1:
            self.expansion = nn.ModuleDict({"expand_conv": convolution(inputs, wide, 1), "expand_bn": batch_norm(wide, config)})
        self.depthwise_conv = nn.ModuleDict({
            "depthwise_conv": convolution(wide, wide, kernel, stride, groups=wide),
            "depthwise_norm": batch_norm(wide, config),
        })
        self.projection = nn.ModuleDict({"project_conv": convolution(wide, outputs, 1), "project_bn": batch_norm(outputs, config)})

    def forward(self, x):
        y = x
        if self.expansion is not None:
            y = F.relu6(self.expansion["expand_bn"](self.expansion["expand_conv"](y)))
        y = F.relu6(self.depthwise_conv["depthwise_norm"](self.depthwise_conv["depthwise_conv"](y)))
        y = self.projection["project_bn"](self.projection["project_conv"](y))
        return x + y if self.residual else y


class Encoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        stages = list(zip(*(config[name] for name in STAGES)))
        blocks = []
        for stage, (kernel, inputs, outputs, stride, repeats, ratio) in enumerate(stages):
            inputs = inputs if stage == 0 else round_filters(inputs, config)
            outputs = round_filters(outputs, config)
            if stage not in (0, len(stages) - 1):
                repeats = math.ceil(repeats * config["depth_coefficient"])
            for repeat in range(repeats):
                first = repeat == 0
                blocks.append(Block(config, inputs if first else outputs, outputs, kernel, stride if first else 1, ratio))
        self.blocks = nn.ModuleList(blocks)
        self.top_conv = convolution(outputs, config["hidden_dim"], 1)
        self.top_bn = batch_norm(config["hidden_dim"], config)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return F.relu6(self.top_bn(self.top_conv(x)))


class EfficientNetLite(nn.Module):
    """pixels: [B, 3, H, W] → map: [B, hidden_dim, ceil(H / 32), ceil(W / 32)]"""

    def __init__(self, config):
        super().__init__()
        self.embeddings = Embeddings(config)
        self.encoder = Encoder(config)

    def forward(self, pixels):
        return self.encoder(self.embeddings(pixels))


class EfficientNetLiteForImageClassification(nn.Module):
    """pixels: [B, 3, H, W] → logits: [B, num_labels]"""

    def __init__(self, config):
        super().__init__()
        self.efficientnet = EfficientNetLite(config)
        self.classifier = nn.Linear(config["hidden_dim"], config["num_labels"])

    def forward(self, pixels):
        return self.classifier(self.efficientnet(pixels).mean((2, 3)))


def without_counters(state):
    """Without num_batches_tracked, which inference does not need and no checkpoint of ours holds."""
    return {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}


@torch.no_grad()
def randomize(network, generator, size):
    """Random weights, as mild as trained ones: errors of rounding must not grow from layer to layer, as they do where batch norms make
    every channel as wide and ReLU cuts half of it off (Yang et al. 2019). So most values lie between ReLU6's two ends, blocks add
    little to what they are given, and the norms' statistics are those of smooth random images of `size` pixels."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            fan_in = module.weight[0].numel()
            module.weight.normal_(0, math.sqrt(1 / fan_in), generator=generator)
        elif isinstance(module, nn.BatchNorm2d):
            is_last = name.endswith("project_bn")
            module.weight.uniform_(*((0.15, 0.3) if is_last else (0.7, 1.3)), generator=generator)
            module.bias.normal_(0 if is_last else 1.5, 0.3, generator=generator)
            module.momentum = 1.0
        elif isinstance(module, nn.Linear):
            module.weight.normal_(0, 1 / math.sqrt(module.in_features), generator=generator)
            module.bias.normal_(0, 0.1, generator=generator)
    network.train()
    coarse = torch.randn((8, 3, 6, 6), generator=generator)
    network(F.interpolate(coarse, size=(size, size), mode="bicubic"))
    network.eval()
