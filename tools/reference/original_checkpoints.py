"""Checkpoints as the original authors publish theirs: random models of transformers under the original names."""

import json

import torch
from transformers import (
    BlipConfig,
    BlipForConditionalGeneration,
    BlipForImageTextRetrieval,
    BlipForQuestionAnswering,
    BlipModel,
)

import random_models

CLASSES = {
    "BlipForConditionalGeneration": BlipForConditionalGeneration,
    "BlipForQuestionAnswering": BlipForQuestionAnswering,
    "BlipForImageTextRetrieval": BlipForImageTextRetrieval,
    "BlipModel": BlipModel,
}
RENAMED = [
    ("vision_model.embeddings.class_embedding", "visual_encoder.cls_token"),
    ("vision_model.embeddings.position_embedding", "visual_encoder.pos_embed"),
    ("vision_model.embeddings.patch_embedding", "visual_encoder.patch_embed.proj"),
    ("vision_model.post_layernorm", "visual_encoder.norm"),
    ("vision_model.encoder.layers", "visual_encoder.blocks"),
    (".layer_norm", ".norm"),
    (".self_attn.projection", ".attn.proj"),
    (".self_attn", ".attn"),
]


def random_model(name, seed=0, vocab_size=120):
    """64 numbers to a head and [DEC] last but one, as in every published BLIP: what blip infers."""
    vision = dict(hidden_size=128, intermediate_size=72, num_hidden_layers=2, num_attention_heads=2, image_size=48,
                  patch_size=16, layer_norm_eps=1e-6)
    # The answer decoder reads the question's states: both towers must be as wide for transformers to run it.
    width = 128 if name == "BlipForQuestionAnswering" else 64
    text = dict(vocab_size=vocab_size, hidden_size=width, intermediate_size=88, num_hidden_layers=3, num_attention_heads=width // 64,
                max_position_embeddings=32, bos_token_id=vocab_size - 2)
    config = BlipConfig(vision_config=vision, text_config=text, projection_dim=24, image_text_hidden_size=20)
    model = CLASSES[name](config).eval()
    random_models.randomise(model.named_parameters(), seed)
    if name != "BlipModel":
        model.tie_weights()
    return model


def original_name(name):
    """Only the vision tower has other names; the text towers' attention must keep its own."""
    if name.startswith("vision_model."):
        for ours, theirs in RENAMED:
            name = name.replace(ours, theirs)
    return name


def original_checkpoint(model):
    """{"model": …} with what training leaves in it, and tied tensors sharing their memory."""
    tensors = {original_name(name): tensor for name, tensor in model.state_dict().items()}
    momentum = {}
    for name, tensor in tensors.items():
        tower, _, rest = name.partition(".")
        momentum[f"{tower}_m.{rest}"] = tensor * 0.5
    extra = {
        "temp": torch.tensor(0.07), "image_queue": torch.randn(20, 8), "text_queue": torch.randn(20, 8),
        "idx_queue": torch.full((1, 8), -100), "queue_ptr": torch.zeros(1, dtype=torch.long), "ptr_queue": torch.zeros(1).long(),
        "text_encoder.embeddings.position_ids": torch.arange(32).expand((1, -1)),
    }
    optimizer = {"state": {0: {"step": torch.tensor(3.0), "exp_avg": torch.randn(4)}}, "param_groups": [{"lr": 1e-5, "params": [0]}]}
    return {"model": {**tensors, **momentum, **extra}, "optimizer": optimizer, "config": {"image_size": 48}, "epoch": 4}


def save_sharded_bin(model, directory):
    """pytorch_model.bin in two shards, as transformers 4 wrote large models."""
    directory.mkdir()
    names = sorted(model.state_dict())
    weight_map = {}
    for i, part in enumerate((names[::2], names[1::2]), 1):
        file = f"pytorch_model-{i:05d}-of-00002.bin"
        torch.save({name: model.state_dict()[name] for name in part}, directory / file)
        weight_map.update(dict.fromkeys(part, file))
    (directory / "pytorch_model.bin.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    model.config.architectures = [type(model).__name__]
    model.config.save_pretrained(directory)
    random_models.save_processor(directory, model.config)
