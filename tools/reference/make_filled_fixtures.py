#!/usr/bin/env python3
"""Writes tests/tasks/data/filled.json: configurations of tiny CLIPs, SigLIPs, ViTs, DeiTs and DINOv2s, and what transformers makes of filled
pixels and of token ids with weights that filled_models.py (and the test, in C++) makes from the tensors' names.
"""

import json
import pathlib
import tempfile

import torch
import transformers as hf

import filled_models

OUT = pathlib.Path(__file__).parents[2] / "tests" / "tasks" / "data" / "filled.json"
PIXELS = filled_models.pixels("pixels", (2, 3, 32, 32))
WIDE = filled_models.pixels("pixels-wide", (1, 3, 48, 40))
TEXTS = [[62, 5, 9, 17, 63], [62, 7, 8, 3, 11, 40, 41, 63], [62, 5, 63, 3, 63, 1], [62, 63]]
CLIP_TEXT = dict(vocab_size=64, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
                 max_position_embeddings=12, bos_token_id=62, pad_token_id=1, projection_dim=24)
CLIP_VISION = dict(hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, image_size=32, patch_size=8,
                   projection_dim=24)
VIT = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, image_size=32, patch_size=8)


def rows(tensor):
    """The rows of [B, C], or of [B, N, C] every fifth number, as they lie."""
    if tensor.ndim == 3:
        tensor = tensor.flatten(1)[:, ::5]
    return [[float(f"{x:.7g}") for x in row] for row in tensor.double().tolist()]


def config_of(model):
    with tempfile.TemporaryDirectory() as directory:
        model.config.architectures = [type(model).__name__]
        model.config.save_pretrained(directory)
        return json.loads((pathlib.Path(directory) / "config.json").read_text())


def clip(act="quick_gelu", eos=2, width=48):
    config = hf.CLIPConfig(projection_dim=24, text_config=dict(CLIP_TEXT, hidden_act=act, eos_token_id=eos),
                           vision_config=dict(CLIP_VISION, hidden_act=act, hidden_size=width))
    model = filled_models.build(hf.CLIPModel, config)
    texts = [model.get_text_features(input_ids=torch.tensor([ids])).pooler_output for ids in TEXTS]
    images = model.get_image_features(PIXELS)
    whole = model(input_ids=torch.tensor([TEXTS[1]]), pixel_values=PIXELS)
    return {"config": config_of(model), "image_features": rows(images.pooler_output),
            "last_hidden_state": rows(images.last_hidden_state), "text_features": rows(torch.cat(texts)),
            "wide_features": rows(model.get_image_features(WIDE, interpolate_pos_encoding=True).pooler_output),
            "logits_per_image": rows(whole.logits_per_image)}


def clip_tower(model_class, config):
    model = filled_models.build(model_class, config)
    if "Text" in model_class.__name__:
        return {"config": config_of(model), "text_embeds": rows(
            torch.cat([model(input_ids=torch.tensor([ids])).text_embeds for ids in TEXTS]))}
    return {"config": config_of(model), "image_embeds": rows(model(PIXELS).image_embeds)}


def clip_alone(model_class, config):
    """A tower without a projection, by the names that transformers 5 writes: without a prefix."""
    model = filled_models.build(model_class, config)
    if "Text" in model_class.__name__:
        return {"config": config_of(model), "pooler_output": rows(
            torch.cat([model(input_ids=torch.tensor([ids])).pooler_output for ids in TEXTS]))}
    out = model(PIXELS)
    return {"config": config_of(model), "last_hidden_state": rows(out.last_hidden_state), "pooler_output": rows(out.pooler_output)}


def chinese_clip():
    config = hf.ChineseCLIPConfig(
        projection_dim=24, text_config=dict(vocab_size=64, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
                                            num_attention_heads=4, max_position_embeddings=12),
        vision_config=CLIP_VISION)
    model = filled_models.build(hf.ChineseCLIPModel, config)
    texts = [model.get_text_features(input_ids=torch.tensor([ids])).pooler_output for ids in TEXTS]
    whole = model(input_ids=torch.tensor([TEXTS[1]]), pixel_values=PIXELS)
    return {"config": config_of(model), "image_features": rows(model.get_image_features(PIXELS).pooler_output),
            "text_features": rows(torch.cat(texts)), "logits_per_image": rows(whole.logits_per_image)}


def siglip(text=(), **vision):
    towers = dict(hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4)
    config = hf.SiglipConfig(text_config={**towers, "vocab_size": 64, "max_position_embeddings": 12, **dict(text)},
                             vision_config={**towers, "image_size": 32, "patch_size": 8, **vision})
    model = filled_models.build(hf.SiglipModel, config, logit_scale=2.6592, logit_bias=2.6592)
    texts = [model.get_text_features(input_ids=torch.tensor([ids])).pooler_output for ids in TEXTS]
    images = model.get_image_features(PIXELS)
    whole = model(input_ids=torch.tensor([TEXTS[1]]), pixel_values=PIXELS)
    return {"config": config_of(model), "image_features": rows(images.pooler_output),
            "last_hidden_state": rows(images.last_hidden_state), "text_features": rows(torch.cat(texts)),
            "wide_features": rows(model.get_image_features(WIDE, interpolate_pos_encoding=True).pooler_output),
            "logits_per_image": rows(whole.logits_per_image)}


def vision(model_class, config, **wide):
    model = filled_models.build(model_class, config)
    out, far = model(PIXELS), model(WIDE, **wide)
    result = {"config": config_of(model)}
    for name in ("logits", "last_hidden_state", "pooler_output", "cls_logits", "distillation_logits"):
        if out.get(name) is not None:
            result[name] = rows(out[name])
            result["wide_" + name] = rows(far[name])
    return result


def main():
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    flag = dict(interpolate_pos_encoding=True)
    gelu = dict(VIT, intermediate_size=64)
    fixtures = {
        "clip": clip(), "clip_gelu": clip(act="gelu"), "clip_tanh": clip(act="gelu_pytorch_tanh"), "clip_eos": clip(eos=63),
        # Eleven numbers to a head, as no vector is wide.
        "clip_odd_heads": clip(width=44),
        "clip_vision": clip_tower(hf.CLIPVisionModelWithProjection, hf.CLIPVisionConfig(**CLIP_VISION)),
        "clip_text": clip_tower(hf.CLIPTextModelWithProjection, hf.CLIPTextConfig(**CLIP_TEXT, eos_token_id=63)),
        "clip_vision_alone": clip_alone(hf.CLIPVisionModel, hf.CLIPVisionConfig(**CLIP_VISION)),
        "clip_text_alone": clip_alone(hf.CLIPTextModel, hf.CLIPTextConfig(**CLIP_TEXT, eos_token_id=63)),
        "clip_classifier": vision(hf.CLIPForImageClassification, hf.CLIPConfig(
            projection_dim=24, text_config=CLIP_TEXT, vision_config=CLIP_VISION, num_labels=7), **flag),
        "chinese_clip": chinese_clip(),
        "siglip": siglip(),
        # Eleven numbers to a head, another width for texts, and patches that leave a border.
        "siglip_odd": siglip(dict(hidden_size=36, num_attention_heads=3, projection_size=44), hidden_size=44, patch_size=7, hidden_act="gelu"),
        "vit": vision(hf.ViTForImageClassification, hf.ViTConfig(num_labels=7, **gelu), **flag),
        "vit_no_bias": vision(hf.ViTForImageClassification, hf.ViTConfig(num_labels=7, qkv_bias=False, **gelu), **flag),
        "vit_model": vision(hf.ViTModel, hf.ViTConfig(**gelu), **flag),
        "deit": vision(hf.DeiTForImageClassification, hf.DeiTConfig(num_labels=7, **gelu), **flag),
        "deit_teacher": vision(hf.DeiTForImageClassificationWithTeacher, hf.DeiTConfig(num_labels=7, **gelu), **flag),
        "deit_model": vision(hf.DeiTModel, hf.DeiTConfig(**gelu), **flag),
        "dinov2": vision(hf.Dinov2Model, hf.Dinov2Config(**VIT)),
        "dinov2_swiglu": vision(hf.Dinov2Model, hf.Dinov2Config(use_swiglu_ffn=True, **VIT)),
        "dinov2_classifier": vision(hf.Dinov2ForImageClassification, hf.Dinov2Config(num_labels=7, **VIT)),
        "dinov2_registers": vision(hf.Dinov2WithRegistersModel, hf.Dinov2WithRegistersConfig(num_register_tokens=4, **VIT)),
        "dinov2_registers_classifier": vision(
            hf.Dinov2WithRegistersForImageClassification,
            hf.Dinov2WithRegistersConfig(num_register_tokens=4, num_labels=7, **VIT)),
    }
    fixtures["texts"] = TEXTS
    OUT.write_text("{\n" + ",\n".join(f'"{name}": {json.dumps(value)}' for name, value in fixtures.items()) + "\n}\n")
    print(OUT, OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
