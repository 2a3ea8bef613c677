"""Random-weight BLIP models of every size, saved in transformers' own layout."""

import json
import pathlib

import torch
from transformers import BlipConfig, BlipForConditionalGeneration

# Tiny ones differ in what could go wrong: sizes that fill no vector, one head, unequal widths of the
# two towers, a patch that does not divide the image, a vocabulary smaller than a tile.
SIZES = {
    "tiny": dict(
        vision=dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
                    image_size=32, patch_size=8),
        text=dict(vocab_size=320, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
                  num_attention_heads=4, max_position_embeddings=64)),
    "odd": dict(
        vision=dict(hidden_size=36, intermediate_size=58, num_hidden_layers=3, num_attention_heads=3,
                    image_size=50, patch_size=7),
        text=dict(vocab_size=331, hidden_size=20, intermediate_size=30, num_hidden_layers=2,
                  num_attention_heads=2, max_position_embeddings=40)),
    "small": dict(
        vision=dict(hidden_size=192, intermediate_size=768, num_hidden_layers=4,
                    num_attention_heads=3, image_size=224, patch_size=16),
        text=dict(vocab_size=1024, hidden_size=128, intermediate_size=512, num_hidden_layers=3,
                  num_attention_heads=2, max_position_embeddings=128)),
    "base": dict(vision=dict(), text=dict(num_attention_heads=12)),
    "large": dict(
        vision=dict(hidden_size=1024, intermediate_size=4096, num_hidden_layers=24,
                    num_attention_heads=16),
        text=dict(num_attention_heads=12)),
}


def vocabulary(size):
    """`size - 2` tokens ([DEC] and [ENC] exist as ids only): specials, letters, then words."""
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)]
    tokens = specials + letters + ["##" + c for c in letters]
    words = (a + b + c for a in "bcdfghjklmnprstvwz" for b in "aeiou" for c in
             ["", *"bcdfghjklmnprstvwz", *("st", "nd", "rk", "ll", "mp")])
    tokens += [w for w in words if w not in tokens]
    filler = (f"w{n}" for n in range(10 ** 6))
    while len(tokens) < size - 2:
        tokens.append(next(filler))
    return tokens[: size - 2]


def config_of(name):
    size = SIZES[name]
    text = dict(size["text"])
    vocab_size = text.get("vocab_size", 30524)
    text.update(bos_token_id=vocab_size - 2, sep_token_id=3, eos_token_id=3, pad_token_id=0)
    config = BlipConfig(vision_config=dict(size["vision"]), text_config=text)
    config.vision_config.num_channels = 3
    return config


def randomise(model, seed):
    """Weights with the spread trained ones have, so that outputs differ from token to token."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 1 and ("norm" in name.lower()) and name.endswith("weight"):
                parameter.copy_(1 + 0.1 * noise)
            elif parameter.dim() == 1:
                parameter.copy_(0.05 * noise)
            elif "embedding" in name or "decoder.weight" in name:
                parameter.copy_(0.05 * noise)
            else:
                fan_in = parameter[0].numel()
                parameter.copy_(noise * (1.2 / fan_in ** 0.5))


def favour_stop(model, pixel_values):
    """Raises the stop token's bias until sequences end at various lengths, as captions do."""
    config = model.config.text_config
    predictions = model.text_decoder.cls.predictions
    output = model.generate(pixel_values=pixel_values, max_new_tokens=16, min_new_tokens=16,
                            return_dict_in_generate=True, output_logits=True)
    logits = torch.stack(output.logits)  # [steps, images, vocabulary]
    gap = logits.max(-1).values - logits[..., config.sep_token_id]
    with torch.no_grad():
        predictions.bias[config.sep_token_id] += gap.flatten().quantile(0.15)
        predictions.decoder.bias[config.sep_token_id] = predictions.bias[config.sep_token_id]


def save(name, directory, seed=0, pixel_values=None):
    """Builds model `name`, saves it with its processor files, and returns it."""
    directory = pathlib.Path(directory)
    model = BlipForConditionalGeneration(config_of(name)).eval()
    randomise(model, seed)
    if pixel_values is not None:
        favour_stop(model, pixel_values)
    model.save_pretrained(directory)
    config = model.config
    (directory / "vocab.txt").write_text("\n".join(vocabulary(config.text_config.vocab_size)) + "\n")
    (directory / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "BertTokenizer", "do_lower_case": True, "unk_token": "[UNK]",
        "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"}))
    size = config.vision_config.image_size
    (directory / "preprocessor_config.json").write_text(json.dumps({
        "image_processor_type": "BlipImageProcessor", "do_resize": True, "do_rescale": True,
        "do_normalize": True, "do_convert_rgb": True, "resample": 3,
        "size": {"height": size, "width": size}}))
    return model
