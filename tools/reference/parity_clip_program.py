#!/usr/bin/env python3
"""Parity of the program itself on whole model directories: `blip embed`, `match` and `rank` of a CLIP, `classify` and `embed` of a
ViT, a DeiT and a DINOv2, on the example photos, with what transformers' own processors and models make of them.

Also of what `blip convert` makes of a CLIP: float16, and int8 by the cosine. Random-weight models; CLIP's vocabulary is a small one.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import torch
import transformers as hf
from PIL import Image

import clip_vocabulary
import feature_probe
from probe_runner import Line

UNIT, SCORES = 2e-6, 1e-5
TEXTS = ["a dog on a beach", "a photo of a cat.", "2 motorcycles, don't ask!", "naïve café", "the " * 90]
LABELS = {i: name for i, name in enumerate(["tabby, tabby cat", "dog", "car", "tree", "house", "sky", "sea"])}
CROP = dict(size={"shortest_edge": 64}, crop_size={"height": 56, "width": 56})


class Program:
    def __init__(self, binary, model):
        self.binary, self.model = binary, model

    def run(self, *words):
        done = subprocess.run([str(self.binary), *map(str, words)], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"blip {' '.join(map(str, words))}: {done.returncode}\n{done.stderr}")
        return done.stdout

    def records(self, command, *words):
        out = self.run(command, *words, "-m", self.model, "--no-exif-rotation", "--format", "jsonl")
        return [json.loads(line) for line in out.splitlines()]

    def embeddings(self, *words):
        return torch.tensor([record["embedding"] for record in self.records("embed", *words)])


def pictures(paths):
    return [Image.open(path).convert("RGB") for path in paths]


def save_clip(directory):
    merges = [line for line in clip_vocabulary.read(clip_vocabulary.SMALL) if line]
    vocabulary = clip_vocabulary.vocabulary_of(merges)
    clip_vocabulary.write(directory, merges, config=clip_vocabulary.PLAIN_CONFIG)
    size = len(vocabulary)
    config = hf.CLIPConfig(
        projection_dim=40,
        text_config=dict(vocab_size=size, hidden_size=64, intermediate_size=128, num_hidden_layers=3, num_attention_heads=4,
                         projection_dim=40, bos_token_id=size - 2, eos_token_id=size - 1),
        vision_config=dict(hidden_size=128, intermediate_size=256, num_hidden_layers=3, num_attention_heads=2, image_size=56,
                           patch_size=14, projection_dim=40))
    model = feature_probe.random_model(hf.CLIPModel, config, seed=7)
    model.save_pretrained(directory)
    hf.CLIPImageProcessor(**CROP).save_pretrained(directory)
    return model


def compare_clip(binary, photos, work):
    directory = work / "clip"
    model = save_clip(directory)
    tokenizer = hf.CLIPTokenizer.from_pretrained(directory)
    pixels = hf.CLIPImageProcessor.from_pretrained(directory)(pictures(photos), return_tensors="pt")["pixel_values"]
    ids = tokenizer(TEXTS, padding=True, truncation=True, max_length=77, return_tensors="pt")
    out = model(**ids, pixel_values=pixels)
    cosines = out.image_embeds @ out.text_embeds.T
    program = Program(binary, directory)
    line = Line("program", "CLIP", "f32")
    line.error("images", program.embeddings(*photos), out.image_embeds, UNIT)
    texts = [word for text in TEXTS for word in ("--text", text)]
    line.error("texts", program.embeddings(*texts), out.text_embeds, UNIT)
    matched = program.records("match", *photos, *texts)
    line.must_equal("itm", {record["itm"] for record in matched}, {None})
    line.error("itc", torch.tensor([record["itc"] for record in matched]).view(len(photos), -1), cosines, UNIT)
    ranked = program.records("rank", TEXTS[0], *photos, "--no-rerank")
    order = cosines[:, 0].sort(descending=True).indices.tolist()
    line.must_equal("rank", [record["path"] for record in ranked], [str(photos[i]) for i in order])
    report = json.loads(program.run("inspect", directory, "--format", "jsonl"))
    line.must_equal("inspect", (report["problems"], report["ignored_tensors"], report["parameters"]),
                    ([], [], sum(p.numel() for p in model.parameters())))
    ok = line.print()

    for dtype, limit in (("f16", 1e-4), ("int8", 1 - feature_probe.INT8_COSINE)):
        converted = work / f"clip-{dtype}"
        program.run("convert", directory, converted, "--dtype", dtype)
        line = Line("converted", "CLIP", dtype)
        got = Program(binary, converted)
        for what, embeddings, wanted in (("images", got.embeddings(*photos), out.image_embeds),
                                         ("texts", got.embeddings(*texts), out.text_embeds)):
            line.error(f"1 - cos, {what}", feature_probe.cosine_gap(embeddings, wanted).clamp(min=0), torch.zeros(len(wanted)), limit)
        ok &= line.print()
    again = hf.CLIPModel.from_pretrained(work / "clip-f16", dtype=torch.float32)
    line = Line("converted, in HF", "CLIP", "f16")
    line.error("images", feature_probe.unit(again.get_image_features(pixels).pooler_output), out.image_embeds, 2e-3)
    return line.print() and ok


CHINESE = ["一只狗在沙滩上", "两辆摩托车, 2020年!", "皮卡丘 and a cat", "猫", "龘"]


def compare_chinese(binary, photos, work):
    """Chinese-CLIP: BERT's tokenizer on Chinese, its embeddings, and zero-shot labels as the pipeline scores them."""
    directory = work / "chinese"
    directory.mkdir()
    known = sorted(set("".join(CHINESE[:4])) - set(" ,!")) + [",", "!", "。", "a", "an", "##d", "cat", "##年", "2", "##0", "##2"]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys(known)]
    (directory / "vocab.txt").write_text("".join(word + "\n" for word in words), encoding="utf-8")
    (directory / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer", "do_lower_case": True}))
    config = hf.ChineseCLIPConfig(
        projection_dim=40,
        text_config=dict(vocab_size=len(words), hidden_size=64, intermediate_size=128, num_hidden_layers=3, num_attention_heads=4),
        vision_config=dict(hidden_size=128, intermediate_size=256, num_hidden_layers=3, num_attention_heads=2, image_size=56,
                           patch_size=14))
    model = feature_probe.random_model(hf.ChineseCLIPModel, config, seed=13)
    model.save_pretrained(directory)
    hf.ChineseCLIPImageProcessor(**CROP).save_pretrained(directory)
    tokenizer = hf.BertTokenizer.from_pretrained(directory)
    pixels = hf.ChineseCLIPImageProcessor.from_pretrained(directory)(pictures(photos), return_tensors="pt")["pixel_values"]
    out = model(**tokenizer(CHINESE, padding=True, return_tensors="pt"), pixel_values=pixels)
    program = Program(binary, directory)
    line = Line("program", "Chinese", "f32")
    line.error("images", program.embeddings(*photos), out.image_embeds, UNIT)
    texts = [word for text in CHINESE for word in ("--text", text)]
    line.error("texts", program.embeddings(*texts), out.text_embeds, UNIT)
    matched = program.records("match", *photos, *texts)
    line.error("itc", torch.tensor([record["itc"] for record in matched]).view(len(photos), -1), out.image_embeds @ out.text_embeds.T, UNIT)
    cosines = out.image_embeds @ out.text_embeds.T
    ranked = program.records("rank", CHINESE[0], *photos, "--no-rerank")
    order = cosines[:, 0].sort(descending=True).indices.tolist()
    line.must_equal("rank", [record["path"] for record in ranked], [str(photos[i]) for i in order])
    labels = work / "labels.txt"
    labels.write_text("\n".join(CHINESE) + "\n", encoding="utf-8")
    scores = out.logits_per_image.softmax(-1).sort(descending=True, stable=True)
    records = program.records("classify", *photos, "--labels", labels, "--template", "{}", "--no-label-cache", "--top", len(CHINESE))
    line.must_equal("labels", [[label["label"] for label in record["labels"]] for record in records],
                    [[CHINESE[i] for i in row] for row in scores.indices.tolist()])
    line.error("scores", [[label["score"] for label in record["labels"]] for record in records], scores.values, SCORES)
    report = json.loads(program.run("inspect", directory, "--format", "jsonl"))
    line.must_equal("inspect", (report["problems"], report["ignored_tensors"]), ([], []))
    return line.print()


def compare_vision(name, model, processor, binary, photos, work):
    directory = work / "vision"
    shutil.rmtree(directory, ignore_errors=True)
    model.save_pretrained(directory)
    processor.save_pretrained(directory)
    pixels = type(processor).from_pretrained(directory)(pictures(photos), return_tensors="pt")["pixel_values"]
    out = model(pixels)
    line = Line(f"program, {name}", "ViT", "f32")
    program = Program(binary, directory)
    if "logits" in out:
        scores = out.logits.softmax(-1)
        order = scores.sort(descending=True, stable=True)
        records = program.records("classify", *photos, "--top", len(LABELS))
        line.must_equal("labels", [[label["label"] for label in record["labels"]] for record in records],
                        [[LABELS[i] for i in row] for row in order.indices.tolist()])
        line.error("scores", [[label["score"] for label in record["labels"]] for record in records], order.values, SCORES)
    else:
        line.error("embeddings", program.embeddings(*photos), feature_probe.unit(out.pooler_output), UNIT)
    return line.print()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="does nothing: these are quick")
    arguments = parser.parse_args()
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    hf.utils.logging.disable_progress_bar()
    root = pathlib.Path(__file__).resolve().parents[2]
    photos = sorted((root / "examples" / "photos").glob("*.jpg"))[:4]
    binary = arguments.build / "bin" / "blip"
    small = dict(hidden_size=64, num_hidden_layers=3, num_attention_heads=4, image_size=56, patch_size=14)
    labelled = dict(small, intermediate_size=128, id2label=LABELS, label2id={name: i for i, name in LABELS.items()})
    square = {"height": 56, "width": 56}

    def random(model_class, config):
        return feature_probe.random_model(model_class, config, seed=8)

    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)
        ok = compare_clip(binary, photos, work)
        ok &= compare_chinese(binary, photos, work)
        for name, model, processor in (
                ("ViT", random(hf.ViTForImageClassification, hf.ViTConfig(**labelled)), hf.ViTImageProcessor(size=square)),
                ("ViTModel", random(hf.ViTModel, hf.ViTConfig(**dict(small, intermediate_size=128))), hf.ViTImageProcessor(size=square)),
                ("DeiT", random(hf.DeiTForImageClassificationWithTeacher, hf.DeiTConfig(**labelled)),
                 hf.DeiTImageProcessor(size={"height": 64, "width": 64}, crop_size=square)),
                ("DINOv2", random(hf.Dinov2Model, hf.Dinov2Config(**small)), hf.BitImageProcessor(**CROP)),
                ("registers", random(hf.Dinov2WithRegistersForImageClassification, hf.Dinov2WithRegistersConfig(
                    **{k: v for k, v in labelled.items() if k != "intermediate_size"})), hf.BitImageProcessor(**CROP))):
            ok &= compare_vision(name, model, processor, binary, photos, work)
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
