"""Random-weight BLIP models of every size, saved in transformers' own layout."""

import copy
import json
import pathlib

import torch
from safetensors.torch import save_file
from transformers import (BlipConfig, BlipForConditionalGeneration, BlipForImageTextRetrieval,
                          BlipForQuestionAnswering, BlipModel, BlipTextLMHeadModel)

from original_definitions import FIRST_MERGING_LAYER

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


def config_of(size, **options):
    """`size`: a name or the values of one."""
    size = SIZES[size] if isinstance(size, str) else size
    text = dict(size["text"])
    vocab_size = text.get("vocab_size", 30524)
    text.update(bos_token_id=vocab_size - 2, sep_token_id=3, eos_token_id=3, pad_token_id=0)
    config = BlipConfig(vision_config=dict(size["vision"]), text_config=text, **options)
    config.vision_config.num_channels = 3
    return config


def randomise(named_parameters, seed):
    """Weights with the spread trained ones have, so that outputs differ from token to token."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in named_parameters:
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 0:  # BlipModel's logit_scale keeps its initial value
                continue
            if parameter.dim() == 1 and ("norm" in name.lower()) and name.endswith("weight"):
                parameter.copy_(1 + 0.1 * noise)
            elif parameter.dim() == 1:
                parameter.copy_(0.05 * noise)
            elif "embedding" in name or "decoder.weight" in name:
                parameter.copy_(0.05 * noise)
            else:
                fan_in = parameter[0].numel()
                parameter.copy_(noise * (1.2 / fan_in ** 0.5))


def favour_stop(model, quantile=0.15, **inputs):
    """Raises the stop token's bias until sequences end at various lengths, as captions do."""
    config = model.config.text_config
    predictions = model.text_decoder.cls.predictions
    output = model.generate(**inputs, max_new_tokens=16, min_new_tokens=16,
                            return_dict_in_generate=True, output_logits=True)
    logits = torch.stack(output.logits)  # [steps, images, vocabulary]
    gap = logits.max(-1).values - logits[..., config.sep_token_id]
    with torch.no_grad():
        predictions.bias[config.sep_token_id] += gap.flatten().quantile(quantile)
        predictions.decoder.bias[config.sep_token_id] = predictions.bias[config.sep_token_id]


def question_answering(size, seed):
    """transformers gives the answer decoder's cross-attention the width of the vision tower, though it
    reads the question's states, which are as wide as the text: where the two widths differ, its own
    model cannot run. Here the decoder is made as Salesforce defines it; where they are equal, the
    model is transformers' own."""
    model = BlipForQuestionAnswering(config_of(size))
    decoder_config = copy.deepcopy(model.config.text_config)
    if decoder_config.encoder_hidden_size != decoder_config.hidden_size:
        decoder_config.encoder_hidden_size = decoder_config.hidden_size
        model.text_decoder = BlipTextLMHeadModel(decoder_config)
    randomise(model.named_parameters(), seed)
    return model.eval()


def image_text_retrieval(size, seed, **options):
    model = BlipForImageTextRetrieval(config_of(size, **options))
    randomise(model.named_parameters(), seed)
    return model.eval()


def clip_like(size, seed, **options):
    model = BlipModel(config_of(size, **options))
    randomise(model.named_parameters(), seed)
    return model.eval()


def doubled(one_image):
    """Tensors of an NLVR2 model, named as transformers would, out of those of a retrieval model: with
    cross-attention twice over, as the original initialises them, and merging by the mean. It
    makes of an image, given as both, what the retrieval model makes of it."""
    text = one_image.config.text_config
    tensors = {}
    for name, tensor in one_image.state_dict().items():
        if ".crossattention.self." in name or ".crossattention.output.dense." in name:
            for k in "01":
                tensors[name.replace(".self.", f".self{k}.").replace(".dense.", f".dense{k}.")] = (
                    tensor.clone())
        elif name.startswith(("vision_model.", "text_encoder.")):
            tensors[name] = tensor.clone()
    for index in range(FIRST_MERGING_LAYER, text.num_hidden_layers):
        name = f"text_encoder.encoder.layer.{index}.crossattention.output.merge_layer"
        tensors[name + ".weight"] = torch.eye(text.hidden_size).repeat(1, 2) / 2
        tensors[name + ".bias"] = torch.zeros(text.hidden_size)
    return tensors


def two_image_reasoning(size, seed):
    """Configuration and tensors of an NLVR2 model."""
    one_image = BlipForImageTextRetrieval(config_of(size))
    tensors, hidden = doubled(one_image), one_image.config.text_config.hidden_size
    for name, width in (("cls_head.0", hidden), ("cls_head.2", 2)):
        tensors[name + ".weight"] = torch.empty(width, hidden)
        tensors[name + ".bias"] = torch.empty(width)
    randomise(tensors.items(), seed)
    return one_image.config, tensors


def save_two_image_reasoning(directory, config, tensors, dtype=torch.float32):
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    values = {**config.to_dict(), "architectures": ["BlipForNLVR"], "model_type": "blip"}
    (directory / "config.json").write_text(json.dumps(values, indent=2, sort_keys=True) + "\n")
    save_file({name: tensor.to(dtype).contiguous() for name, tensor in tensors.items()},
              directory / "model.safetensors", metadata={"format": "pt"})


def save_processor(directory, config, tokens=None):
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    tokens = tokens or vocabulary(config.text_config.vocab_size)
    (directory / "vocab.txt").write_text("\n".join(tokens) + "\n")
    (directory / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "BertTokenizer", "do_lower_case": True, "unk_token": "[UNK]",
        "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"}))
    size = config.vision_config.image_size
    (directory / "preprocessor_config.json").write_text(json.dumps({
        "image_processor_type": "BlipImageProcessor", "do_resize": True, "do_rescale": True,
        "do_normalize": True, "do_convert_rgb": True, "resample": 3,
        "size": {"height": size, "width": size}}))


def save(name, directory, seed=0):
    """Builds captioning model `name`, saves it with its processor files, and returns it."""
    model = BlipForConditionalGeneration(config_of(name)).eval()
    randomise(model.named_parameters(), seed)
    model.save_pretrained(directory)
    save_processor(directory, model.config)
    return model
