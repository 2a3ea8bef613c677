#!/usr/bin/env python3
"""Parity of CLIP with transformers: states, features and logits of CLIPModel and its towers.

Random-weight models, tiny ones with odd widths, heads and activations, and without --quick ViT-B/32, B/16, L/14, L/14-336, H/14,
TinyCLIP and MetaCLIP, one at a time (H/14 takes 9 GB). Texts run at their own length here and padded in transformers. Weights in
float32, float16 and bfloat16; int8 by the cosine to float32 and by how often another label is the best. The same model
in OpenAI's and open_clip's files.
"""

import argparse
import pathlib
import shutil
import sys
import tempfile

import torch
import transformers as hf

import clip_layouts
import feature_probe
from probe_runner import Line

STATES, UNIT, LOGITS = 1e-4, 2e-6, 2e-4
IMAGES, LABELS = 24, 200
CLEAR = 0.693  # the best label is twice as likely as the next, at CLIP's scale of 100
TEXT_B = dict(hidden_size=512, intermediate_size=2048, num_hidden_layers=12, num_attention_heads=8)
TEXT_L = dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12)
B = dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12)
L = dict(hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16)
H = dict(hidden_size=1280, intermediate_size=5120, num_hidden_layers=32, num_attention_heads=16, hidden_act="gelu")
TEXT_H = dict(hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16, hidden_act="gelu")
TINY_TEXT = dict(hidden_size=512, intermediate_size=2048, num_hidden_layers=6, num_attention_heads=8)
TINY_VISION = dict(hidden_size=512, intermediate_size=2048, num_hidden_layers=12, num_attention_heads=8)
SMALL_TEXT = dict(vocab_size=120, max_position_embeddings=20, hidden_size=48, intermediate_size=72, num_hidden_layers=3,
                  num_attention_heads=4, bos_token_id=118, eos_token_id=119)
SMALL = dict(hidden_size=64, intermediate_size=144, num_hidden_layers=3, num_attention_heads=4, image_size=56, patch_size=14)

# name: projection, text, vision, sizes of pixels beside the model's own
QUICK = {
    "tiny": (24, SMALL_TEXT, SMALL, [(70, 43)]),
    "gelu": (24, dict(SMALL_TEXT, hidden_act="gelu"), dict(SMALL, hidden_act="gelu"), []),
    # As bigG's: 104 numbers to a head. g's have 88.
    "heads-104": (40, dict(SMALL_TEXT, hidden_size=80, hidden_act="gelu"),
                  dict(SMALL, hidden_size=208, num_attention_heads=2, hidden_act="gelu"), []),
    "heads-88": (40, SMALL_TEXT, dict(SMALL, hidden_size=176, num_attention_heads=2), [(28, 98)]),
    # Widths that nothing can be cut into fours of.
    "odd": (7, dict(SMALL_TEXT, hidden_size=35, intermediate_size=71, num_attention_heads=5),
            dict(SMALL, hidden_size=33, intermediate_size=77, num_attention_heads=3, patch_size=13), []),
    "eos-2": (24, dict(SMALL_TEXT, eos_token_id=2), SMALL, []),
}
FULL = {
    "ViT-B/32": (512, TEXT_B, dict(B, patch_size=32), [(256, 192)]),
    "ViT-B/16": (512, TEXT_B, dict(B, patch_size=16), []),
    "ViT-L/14": (768, TEXT_L, dict(L, patch_size=14), []),
    "ViT-L/14-336": (768, TEXT_L, dict(L, patch_size=14, image_size=336), []),
    "ViT-H/14": (1024, TEXT_H, dict(H, patch_size=14), []),
    "TinyCLIP-40M": (512, TINY_TEXT, dict(TINY_VISION, patch_size=32), []),
    # MetaCLIP 1 has OpenAI's sizes, and files whose end of text is the highest id.
    "MetaCLIP-B/32": (512, dict(TEXT_B, eos_token_id=2, bos_token_id=0), dict(B, patch_size=32), []),
}


def texts_for(config, count=6):
    source = torch.Generator().manual_seed(3)
    text, most = config.text_config, config.text_config.max_position_embeddings
    # OpenAI's files name no token that ends a text: it is the highest.
    end = text.vocab_size - 1 if text.eos_token_id == 2 else text.eos_token_id
    rows = []
    for index in range(count):
        # Of the first six one is as short as can be, one as long.
        length = [1, most - 2, 6, 9, 3, 12][index] if index < 6 else 3 + index % 8
        words = torch.randint(3, text.vocab_size - 2, (length,), generator=source).tolist()
        rows.append([text.vocab_size - 2, *words, end])
    return rows


def padded(rows, config):
    longest = max(map(len, rows))
    ids = torch.full((len(rows), longest), config.text_config.pad_token_id)
    mask = torch.zeros_like(ids)
    for row, text in enumerate(rows):
        ids[row, :len(text)] = torch.tensor(text)
        mask[row, :len(text)] = 1
    return dict(input_ids=ids, attention_mask=mask)


def compare(name, size, weight_type, binary, work):
    projection, text, vision, other_sizes = size
    config = hf.CLIPConfig(projection_dim=projection, text_config=dict(text, projection_dim=projection),
                           vision_config=dict(vision, projection_dim=projection))
    directory = work / "model"
    shutil.rmtree(directory, ignore_errors=True)
    model = feature_probe.random_model(hf.CLIPModel, config, seed=1)
    model.logit_scale.data.fill_(4.6052)
    oracle = feature_probe.save(model, directory, "f32" if weight_type == "i8" else weight_type)
    torch.manual_seed(2)
    own = config.vision_config.image_size
    pixels = [torch.randn(3 if own < 100 else 2, 3, own, own)]
    pixels += [torch.randn(1, 3, height, width) for height, width in other_sizes]
    texts = texts_for(config)
    line = Line(name, "CLIP", weight_type)
    got = feature_probe.run(binary, directory, "CLIPModel", work / "out", pixels, texts,
                            "i8" if weight_type == "i8" else "stored")

    tokens = padded(texts, config)
    text_features = oracle.get_text_features(**tokens).pooler_output
    if weight_type == "i8":
        line.error("1 - cos, texts", feature_probe.cosine_gap(got["text_features"][0], text_features).clamp(min=0), torch.zeros(
            len(texts)), 1 - feature_probe.INT8_COSINE)
    else:
        line.error("text embeds", feature_probe.unit(got["text_features"][0]), feature_probe.unit(text_features), UNIT)
    for index, images in enumerate(pixels):
        out = oracle(**tokens, pixel_values=images, interpolate_pos_encoding=index > 0)
        states = out.vision_model_output.last_hidden_state
        if weight_type == "i8":
            line.error("1 - cos, images", feature_probe.cosine_gap(got["image_features"][index], out.image_embeds).clamp(min=0),
                       torch.zeros(len(images)), 1 - feature_probe.INT8_COSINE)
            continue
        line.error("states", got["last_hidden_state"][index], states, STATES)
        line.error("image embeds", feature_probe.unit(got["image_features"][index]), out.image_embeds, UNIT)
        line.error("logits", got["logits_per_image"][index], out.logits_per_image, LOGITS)
    if weight_type == "f32":  # the towers alone, of the whole model's directory
        vision_only = feature_probe.run(binary, directory, "CLIPVisionModelWithProjection", work / "out", pixels[:1])
        line.error("vision tower", vision_only["image_embeds"][0], got["image_features"][0], 0.0)
        text_only = feature_probe.run(binary, directory, "CLIPTextModelWithProjection", work / "out", texts=texts)
        line.error("text tower", text_only["text_embeds"][0], got["text_features"][0], 0.0)
        for row, state in zip(texts, text_only["last_hidden_state"]):
            line.error("text states", state, oracle.text_model(input_ids=torch.tensor([row])).last_hidden_state[0], STATES)
    return line.print()


def compare_zero_shot(name, size, binary, work):
    """How often int8 finds another label the best of ten than float32 of transformers does: of photos' stand-ins (smooth, of many
    scales, no two alike) and 200 labels, in sets of ten. Labels mean nothing to a random tower, so many of them are near-ties, which
    any rounding turns: those that are clear are judged."""
    projection, text, vision, _ = size
    config = hf.CLIPConfig(projection_dim=projection, text_config=dict(text, projection_dim=projection),
                           vision_config=dict(vision, projection_dim=projection))
    directory = work / "model"
    shutil.rmtree(directory, ignore_errors=True)
    oracle = feature_probe.save(feature_probe.random_model(hf.CLIPModel, config, seed=5), directory, "f32")
    source = torch.Generator().manual_seed(6)
    own = config.vision_config.image_size
    batches = []
    for index in range(IMAGES // 8):
        coarse = torch.randn(8, 3, 2 + index, 3 + index, generator=source)
        batches.append(torch.nn.functional.interpolate(coarse, (own, own), mode="bicubic") + 0.2 * torch.randn(
            8, 3, own, own, generator=source))
    texts = texts_for(config, LABELS)
    got = feature_probe.run(binary, directory, "CLIPModel", work / "out", batches, texts, "i8")
    wanted_texts = feature_probe.unit(torch.cat([oracle.get_text_features(**padded(texts[at:at + 50], config)).pooler_output
                                                 for at in range(0, LABELS, 50)]))
    wanted_images = torch.cat([feature_probe.unit(oracle.get_image_features(images).pooler_output) for images in batches])

    def sets_of(images, labels):
        return (images @ labels.T).reshape(IMAGES, -1, 10)

    wanted = sets_of(wanted_images, wanted_texts)
    found = sets_of(feature_probe.unit(torch.cat(got["image_features"])), feature_probe.unit(got["text_features"][0]))
    changed = found.argmax(-1) != wanted.argmax(-1)
    two = (100 * wanted).topk(2).values
    clear = two[..., 0] - two[..., 1] > CLEAR
    line = Line(name, "labels", "i8")
    line.error(f"top-1 changed: {int(changed.sum())} of {changed.numel()}, of clear ones {int((changed & clear).sum())} of "
               f"{int(clear.sum())}:", (changed & clear).sum() / clear.sum(), 0.0, 0.01)
    return line.print()


def compare_layouts(act, binary, work):
    """OpenAI's and open_clip's files of a model give what transformers' give."""
    text = dict(SMALL_TEXT, hidden_size=64, num_attention_heads=1, hidden_act=act, eos_token_id=2)
    vision = dict(SMALL, hidden_size=128, num_attention_heads=2, hidden_act=act)
    config = hf.CLIPConfig(projection_dim=24, text_config=dict(text, projection_dim=24), vision_config=dict(vision, projection_dim=24))
    model = feature_probe.random_model(hf.CLIPModel, config, seed=4)
    texts, pixels = texts_for(config), torch.randn(2, 3, 56, 56)
    out = model(**padded(texts, config), pixel_values=pixels)
    root = work / "layouts"
    shutil.rmtree(root, ignore_errors=True)
    ok = True
    for name, place in clip_layouts.write_all(model, root, act == "quick_gelu").items():
        line = Line(name, "CLIP", "f32")
        got = feature_probe.run(binary, place, "CLIPModel", work / "out", [pixels], texts)
        line.error("states", got["last_hidden_state"][0], out.vision_model_output.last_hidden_state, STATES)
        line.error("image embeds", feature_probe.unit(got["image_features"][0]), out.image_embeds, UNIT)
        line.error("text embeds", feature_probe.unit(got["text_features"][0]), out.text_embeds, UNIT)
        line.error("logits", got["logits_per_image"][0], out.logits_per_image, LOGITS)
        ok &= line.print()
    return ok


def compare_alone(binary, work):
    """Towers without projections, the classifier, and Chinese-CLIP at the size of its base model with six layers in each tower."""
    text = dict(SMALL_TEXT, projection_dim=24)
    chinese = hf.ChineseCLIPConfig(
        projection_dim=512, text_config=dict(vocab_size=21128, num_hidden_layers=6),
        vision_config=dict(B, patch_size=16, num_hidden_layers=6))
    whole = hf.CLIPConfig(projection_dim=24, text_config=text, vision_config=SMALL, num_labels=11)
    ok = True
    for model_class, config in ((hf.CLIPVisionModel, hf.CLIPVisionConfig(**SMALL)), (hf.CLIPTextModel, hf.CLIPTextConfig(**text)),
                                (hf.CLIPForImageClassification, whole), (hf.ChineseCLIPModel, chinese)):
        for weight_type in ("f32", "i8"):
            name = model_class.__name__
            directory = work / "alone"
            shutil.rmtree(directory, ignore_errors=True)
            oracle = feature_probe.save(feature_probe.random_model(model_class, config, seed=11), directory, "f32")
            torch.manual_seed(12)
            pixels = torch.randn(2, 3, 224, 224) if "Chinese" in name else torch.randn(3, 3, 56, 56)
            texts = [[101, *torch.randint(200, 21000, (length,)).tolist(), 102] for length in (1, 7, 50)] \
                if "Chinese" in name else texts_for(hf.CLIPConfig(text_config=text))
            line = Line(name, "CLIP", weight_type)
            got = feature_probe.run(binary, directory, name, work / "out", [] if "Text" in name else [pixels],
                                    texts if "Text" in name or "Chinese" in name else [], "i8" if weight_type == "i8" else "stored")
            if "Text" in name:
                wanted = {"pooler_output": torch.cat([oracle(input_ids=torch.tensor([ids])).pooler_output for ids in texts])}
            elif "Chinese" in name:
                wanted = {"image_features": feature_probe.unit(oracle.get_image_features(pixels).pooler_output),
                          "text_features": feature_probe.unit(torch.cat(
                              [oracle.get_text_features(input_ids=torch.tensor([ids])).pooler_output for ids in texts]))}
            else:
                wanted = oracle(pixels)
            for quantity, limit in (("logits", LOGITS), ("last_hidden_state", STATES), ("pooler_output", STATES),
                                    ("image_features", UNIT), ("text_features", UNIT)):
                if quantity not in wanted or quantity not in got:
                    continue
                found = got[quantity][0]
                if weight_type == "i8":
                    line.error(f"1 - cos, {quantity}", feature_probe.cosine_gap(found, wanted[quantity]).clamp(min=0),
                               torch.zeros(len(found)), 1 - feature_probe.INT8_COSINE)
                else:
                    line.error(quantity, feature_probe.unit(found) if limit == UNIT else found, wanted[quantity], limit)
            ok &= line.print()
    return ok


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="tiny sizes only")
    parser.add_argument("--only", help="one model by name")
    arguments = parser.parse_args()
    torch.set_grad_enabled(False)
    hf.utils.logging.disable_progress_bar()
    binary = arguments.build / "tools" / "reference" / "probe_features"
    sizes = dict(QUICK) if arguments.quick else {**QUICK, **FULL}
    ok = True
    with tempfile.TemporaryDirectory() as temporary:
        for name, size in sizes.items():
            if arguments.only and name != arguments.only:
                continue
            torch.set_num_threads(1 if name in QUICK else 2)
            types = ["f32", "f16", "bf16", "i8"] if name in ("tiny", "ViT-B/32") else ["f32", "i8"]
            for weight_type in types:
                ok &= compare(name, size, weight_type, binary, pathlib.Path(temporary))
            if name in FULL:  # a width of 64 is coarser than any real model
                ok &= compare_zero_shot(name, size, binary, pathlib.Path(temporary))
        if not arguments.only:
            ok &= compare_layouts("quick_gelu", binary, pathlib.Path(temporary))
            ok &= compare_layouts("gelu", binary, pathlib.Path(temporary))
        if arguments.only in (None, "alone"):
            ok &= compare_alone(binary, pathlib.Path(temporary))
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
