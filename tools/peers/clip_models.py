"""Makes what everybody is given of a CLIP: a random-weight model of one size in transformers' and
open_clip's layouts, its towers as ONNX and OpenVINO files, the pixels and tokens of the requests.

    clip_models.py SIZE DIRECTORY PHOTO...     the first eight photos are asked about, others calibrate

In DIRECTORY: clip/, open_clip/; exports.py's files of the towers `image` and `text`; pixels.npy
[N, 3, S, S]; inputs.json. Nothing is done if all of that is there, made by the same versions.
"""

import itertools
import json
import pathlib
import random
import sys

import numpy
import torch
import transformers as hf
from PIL import Image

import clip_inputs
import exports
import stamps
from fused_attention import fuse_clip_attention

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "reference"))
import clip_layouts  # noqa: E402
import clip_vocabulary  # noqa: E402
import feature_probe  # noqa: E402
import parity_clip  # noqa: E402

SEED = 17
ASKED_PHOTOS, TEXTS, LABELS = 8, 100, 1000
VOCABULARY = HERE.parent.parent / "models/openai-clip/bpe_simple_vocab_16e6.txt.gz"
TINY = (24, dict(parity_clip.SMALL_TEXT, vocab_size=49408, max_position_embeddings=77,
                 intermediate_size=192, bos_token_id=49406, eos_token_id=49407),
        # Heads of 64 numbers and layers of four times the width: open_clip has no others.
        dict(parity_clip.SMALL, num_attention_heads=1, intermediate_size=256), [])
SIZES = {"clip-tiny": TINY, "clip-b32": parity_clip.FULL["ViT-B/32"],
         "clip-l14": parity_clip.FULL["ViT-L/14"]}
SOURCES = [HERE / name for name in ("clip_models.py", "exports.py", "fused_attention.py")]


def save_models(size, directory):
    """→ the CLIPModel"""
    projection, text, vision, _ = SIZES[size]
    config = hf.CLIPConfig(projection_dim=projection, text_config=dict(text, projection_dim=projection),
                           vision_config=dict(vision, projection_dim=projection))
    model = feature_probe.random_model(hf.CLIPModel, config, seed=SEED, gain=1.5)
    model.logit_scale.data.fill_(clip_inputs.LOGIT_SCALE)  # 100 as a factor, as trained ones have
    clip_vocabulary.write(directory / "clip", clip_vocabulary.read(VOCABULARY),
                          config=clip_vocabulary.PLAIN_CONFIG)
    model.save_pretrained(directory / "clip")
    side = config.vision_config.image_size
    hf.CLIPImageProcessorPil(size={"shortest_edge": side}, crop_size={"height": side, "width": side}
                             ).save_pretrained(directory / "clip")
    place = directory / "open_clip"
    place.mkdir(exist_ok=True)
    torch.save(clip_layouts.openai_state(model), place / "open_clip_pytorch_model.bin")
    (place / "open_clip_config.json").write_text(json.dumps(
        clip_layouts.open_clip_config(model, quick_gelu=True)))
    return model


def sentences(count, draw, prefix=""):
    """Words of the vocabulary that stand in most sentences, `prefix` and then 1 to 9 of them."""
    words = [merge.replace(" ", "")[:-len("</w>")] for merge in clip_vocabulary.read(VOCABULARY)[:8000]
             if merge.endswith("</w>")]
    words = [word for word in words if word.isalpha() and word.isascii() and len(word) > 2]
    most = 3 if prefix else 9
    return [prefix + " ".join(draw.choice(words) for _ in range(1 + number % most))
            for number in range(count)]


def save_inputs(directory, photos):
    processor = hf.CLIPImageProcessorPil.from_pretrained(directory / "clip")
    opened = [Image.open(photo).convert("RGB") for photo in photos]
    pixels = numpy.asarray(processor(opened, return_tensors="np")["pixel_values"])
    numpy.save(directory / "pixels.npy", pixels[:ASKED_PHOTOS])
    draw = random.Random(SEED)
    texts, labels = sentences(TEXTS, draw), sentences(LABELS, draw, "a photo of a ")
    tokenizer = hf.CLIPTokenizer.from_pretrained(directory / "clip")
    inputs = {"photos": [str(photo) for photo in photos[:ASKED_PHOTOS]], "texts": texts, "labels": labels,
              "text_ids": tokenizer(texts)["input_ids"], "label_ids": tokenizer(labels)["input_ids"]}
    (directory / "inputs.json").write_text(json.dumps(inputs, indent=1))
    return pixels, inputs


class Projected(torch.nn.Module):
    """A tower with its projection: pixel_values [B, 3, S, S] or input_ids [B, T] → [B, P]"""

    def __init__(self, tower, output):
        super().__init__()
        self.tower, self.output = tower, output
        self.eval()

    def forward(self, inputs):
        return getattr(self.tower(inputs), self.output)


def export_towers(directory, pixels, inputs):
    photos = pixels[ASKED_PHOTOS:] if len(pixels) > ASKED_PHOTOS else pixels
    image = hf.CLIPVisionModelWithProjection.from_pretrained(directory / "clip")
    exports.export_all(exports.Tower(
        "image", Projected(image, "image_embeds"), "pixel_values", "image_embeds",
        torch.from_numpy(pixels[:1]), {0: ("batch", 64)},
        lambda module, for_onnx: fuse_clip_attention(module, for_onnx, causal=False)),
        directory, [photo[None] for photo in photos])
    text = hf.CLIPTextModelWithProjection.from_pretrained(directory / "clip")
    rows = [numpy.array([ids]) for ids in itertools.islice(inputs["text_ids"], ASKED_PHOTOS)]
    exports.export_all(exports.Tower(
        "text", Projected(text, "text_embeds"), "input_ids", "text_embeds",
        torch.from_numpy(rows[3]), {0: ("batch", 1024), 1: ("tokens", 77)},
        lambda module, for_onnx: fuse_clip_attention(module, for_onnx, causal=True)),
        directory, rows)


def main():
    size, directory = sys.argv[1], pathlib.Path(sys.argv[2])
    photos = [pathlib.Path(photo) for photo in sys.argv[3:]]
    with stamps.made_once(directory, size, photos, SOURCES) as wanted:
        if wanted:
            save_models(size, directory)
            pixels, inputs = save_inputs(directory, photos)
            with torch.inference_mode():
                export_towers(directory, pixels, inputs)


if __name__ == "__main__":
    main()
