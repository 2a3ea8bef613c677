#!/usr/bin/env python3
"""Parity of SigLIP with transformers: states, features and logits of SiglipModel, and the program on whole model directories.

Random-weight models: tiny ones with odd widths, heads and activations, and without --quick the sizes of siglip-base-patch16-224 (text
vocabulary of version 1) and siglip-so400m's width of heads. Texts are padded to the model's positions, as SigLIP reads them. Weights
in float32, float16 and bfloat16; int8 by the cosine to float32. The program: `blip embed`, `match`, `rank` and `classify` of a SigLIP
and of a SigLIP 2 on the example photos, with what transformers' processors, models and its zero-shot pipeline make of them.
"""

import argparse
import json
import pathlib
import shutil
import sys
import tempfile
import warnings

import torch
import transformers as hf
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

import feature_probe
import siglip_vocabulary
from parity_clip_program import Program, pictures
from probe_runner import Line

STATES, UNIT, LOGITS, SCORES = 1e-4, 2e-6, 2e-4, 1e-5
B = dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12)
SMALL = dict(hidden_size=64, intermediate_size=144, num_hidden_layers=3, num_attention_heads=4)
SMALL_TEXT = dict(SMALL, vocab_size=120, max_position_embeddings=20)
SMALL_IMAGE = dict(SMALL, image_size=56, patch_size=14)

# transformers' own start of SigLIP is lively as it is: three times as large, float32 and float64 would differ by 1e-5 in transformers.
GAIN = 1.0

# name: text, vision, sizes of pixels beside the model's own
QUICK = {
    "tiny": (SMALL_TEXT, SMALL_IMAGE, [(70, 43)]),
    "gelu": (dict(SMALL_TEXT, hidden_act="gelu"), dict(SMALL_IMAGE, hidden_act="gelu"), []),
    # As so400m's: 72 numbers to a head, and an inner width that is no multiple of 64.
    "heads-72": (dict(SMALL_TEXT, hidden_size=144, num_attention_heads=2), dict(SMALL_IMAGE, hidden_size=144, intermediate_size=538,
                                                                               num_attention_heads=2), [(28, 98)]),
    # Widths that nothing can be cut into fours of, and patches that leave a border.
    "odd": (dict(SMALL_TEXT, hidden_size=35, intermediate_size=71, num_attention_heads=5, projection_size=33),
            dict(SMALL_IMAGE, hidden_size=33, intermediate_size=77, num_attention_heads=3, patch_size=13), []),
}
FULL = {"SigLIP-B/16": (dict(B, vocab_size=32000), dict(B, image_size=224, patch_size=16), [(256, 192)])}
TEXTS = ["a dog on a beach", "a photo of a cat.", "2 motorcycles, don't ask!", "naïve café", "the " * 90, ""]
LABELS = ["cat", "stop sign", "two dogs", "a motorcycle", "sea"]


def texts_for(config, count=6):
    source = torch.Generator().manual_seed(3)
    most = config.text_config.max_position_embeddings
    rows = []
    for index in range(count):
        length = [1, most - 2, 6, 9, 3, 12][index % 6]
        words = torch.randint(3, config.text_config.vocab_size, (length,), generator=source).tolist()
        rows.append(words + [1] * (most - length))
    return rows


def compare(name, size, weight_type, binary, work):
    text, vision, other_sizes = size
    config = hf.SiglipConfig(text_config=dict(text), vision_config=dict(vision))
    directory = work / "model"
    shutil.rmtree(directory, ignore_errors=True)
    model = feature_probe.random_model(hf.SiglipModel, config, seed=1, gain=GAIN)
    model.logit_scale.data.fill_(4.6052)
    model.logit_bias.data.fill_(-12.9)
    oracle = feature_probe.save(model, directory, "f32" if weight_type == "i8" else weight_type)
    torch.manual_seed(2)
    own = config.vision_config.image_size
    pixels = [torch.randn(3 if own < 100 else 2, 3, own, own)]
    pixels += [torch.randn(1, 3, height, width) for height, width in other_sizes]
    texts = texts_for(config)
    line = Line(name, "SigLIP", weight_type)
    got = feature_probe.run(binary, directory, "SiglipModel", work / "out", pixels, texts, "i8" if weight_type == "i8" else "stored")

    ids = torch.tensor(texts)
    text_features = oracle.get_text_features(input_ids=ids).pooler_output
    if weight_type == "i8":
        line.error("1 - cos, texts", feature_probe.cosine_gap(got["text_features"][0], text_features).clamp(min=0),
                   torch.zeros(len(texts)), 1 - feature_probe.INT8_COSINE)
    else:
        line.error("text embeds", feature_probe.unit(got["text_features"][0]), feature_probe.unit(text_features), UNIT)
    for index, images in enumerate(pixels):
        out = oracle(input_ids=ids, pixel_values=images, interpolate_pos_encoding=index > 0)
        if weight_type == "i8":
            line.error("1 - cos, images", feature_probe.cosine_gap(got["image_features"][index], out.image_embeds).clamp(min=0),
                       torch.zeros(len(images)), 1 - feature_probe.INT8_COSINE)
            continue
        line.error("states", got["last_hidden_state"][index], out.vision_model_output.last_hidden_state, STATES)
        line.error("image embeds", feature_probe.unit(got["image_features"][index]), out.image_embeds, UNIT)
        line.error("logits", got["logits_per_image"][index], out.logits_per_image, LOGITS)
    return line.print()


def save_program_model(directory, version):
    if version == 1:
        siglip_vocabulary.write_siglip(directory, siglip_vocabulary.spiece(rules=siglip_vocabulary.RULES))
        tokenizer, size = hf.SiglipTokenizer.from_pretrained(directory), 600
    else:
        siglip_vocabulary.write_gemma(directory, siglip_vocabulary.gemma())
        tokenizer, size = hf.GemmaTokenizer.from_pretrained(directory), 700
    config = hf.SiglipConfig(text_config=dict(SMALL, vocab_size=size), vision_config=SMALL_IMAGE)
    model = feature_probe.random_model(hf.SiglipModel, config, seed=7, gain=GAIN)
    model.logit_scale.data.fill_(2.3)
    model.logit_bias.data.fill_(-2.0)
    model.save_pretrained(directory)
    # Version 2 squeezes pictures by another filter.
    processor = SiglipImageProcessorPil(size={"height": 56, "width": 56}, resample=3 if version == 1 else 2)
    processor.save_pretrained(directory)
    return model, tokenizer, processor


def compare_program(version, binary, photos, work):
    directory = work / f"siglip-{version}"
    model, tokenizer, processor = save_program_model(directory, version)
    pixels = processor(pictures(photos), return_tensors="pt")["pixel_values"]
    ids = tokenizer(TEXTS, padding="max_length", truncation=True, max_length=64, return_tensors="pt")["input_ids"]
    out = model(input_ids=ids, pixel_values=pixels)
    cosines = out.image_embeds @ out.text_embeds.T
    program = Program(binary, directory)
    line = Line(f"program, version {version}", "SigLIP", "f32")
    line.error("images", program.embeddings(*photos), out.image_embeds, UNIT)
    texts = [word for text in TEXTS for word in ("--text", text)]
    line.error("texts", program.embeddings(*texts), out.text_embeds, UNIT)
    matched = program.records("match", *photos, *texts)
    line.must_equal("itm", {record["itm"] for record in matched}, {None})
    line.error("itc", torch.tensor([record["itc"] for record in matched]).view(len(photos), -1), cosines, UNIT)
    ranked = program.records("rank", TEXTS[0], *photos, "--no-rerank")
    order = cosines[:, 0].sort(descending=True).indices.tolist()
    line.must_equal("rank", [record["path"] for record in ranked], [str(photos[i]) for i in order])
    classifier = hf.pipeline("zero-shot-image-classification", model=model, tokenizer=tokenizer, image_processor=processor)
    wanted = [classifier(picture, candidate_labels=LABELS) for picture in pictures(photos)]
    records = program.records("classify", *photos, "--labels", ", ".join(LABELS), "--top", len(LABELS))
    line.must_equal("labels", [[label["label"] for label in record["labels"]] for record in records],
                    [[label["label"] for label in row] for row in wanted])
    line.error("scores", [[label["score"] for label in record["labels"]] for record in records],
               torch.tensor([[label["score"] for label in row] for row in wanted]), SCORES)
    report = json.loads(program.run("inspect", directory, "--format", "jsonl"))
    line.must_equal("inspect", (report["problems"], report["ignored_tensors"], report["parameters"]),
                    ([], [], sum(p.numel() for p in model.parameters())))
    ok = line.print()
    for dtype, limit in (("f16", 1e-4), ("int8", 1 - feature_probe.INT8_COSINE)):
        converted = work / f"siglip-{version}-{dtype}"
        program.run("convert", directory, converted, "--dtype", dtype)
        line = Line(f"converted, version {version}", "SigLIP", dtype)
        got = Program(binary, converted)
        for what, embeddings, expected in (("images", got.embeddings(*photos), out.image_embeds),
                                           ("texts", got.embeddings(*texts), out.text_embeds)):
            line.error(f"1 - cos, {what}", feature_probe.cosine_gap(embeddings, expected).clamp(min=0), torch.zeros(len(expected)), limit)
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
    hf.utils.logging.set_verbosity_error()  # of ids in the configuration's defaults, which SigLIP never reads
    warnings.simplefilter("ignore")
    binary = arguments.build / "tools" / "reference" / "probe_features"
    photos = sorted((pathlib.Path(__file__).resolve().parents[2] / "examples" / "photos").glob("*.jpg"))[:4]
    sizes = dict(QUICK) if arguments.quick else {**QUICK, **FULL}
    ok = True
    with tempfile.TemporaryDirectory() as temporary:
        for name, size in sizes.items():
            if arguments.only and name != arguments.only:
                continue
            torch.set_num_threads(1 if name in QUICK else 2)
            types = ["f32", "f16", "bf16", "i8"] if name in ("tiny", "SigLIP-B/16") else ["f32", "i8"]
            for weight_type in types:
                ok &= compare(name, size, weight_type, binary, pathlib.Path(temporary))
        if not arguments.only:
            for version in (1, 2):
                ok &= compare_program(version, arguments.build / "bin" / "blip", photos, pathlib.Path(temporary))
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
