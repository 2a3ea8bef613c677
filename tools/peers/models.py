"""Makes what everybody is given: random-weight models of one size in transformers' layout, the vision
tower as ONNX and OpenVINO files, the pixels and tokens of the requests.

    models.py SIZE DIRECTORY PHOTO...     the first eight photos are asked about, others calibrate

In DIRECTORY: caption/, vqa/, itm/; exports.py's files; pixels.npy and calibration.npy [N, 3, S, S];
inputs.json. Nothing is done if all of that is there, made by the same versions.
"""

import json
import pathlib
import random
import sys

import numpy
import torch
from PIL import Image
from transformers import BertTokenizer, BlipImageProcessorPil

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "reference"))
import exports  # noqa: E402
import random_models  # noqa: E402
import stamps  # noqa: E402
from fused_attention import fuse_attention, onnx_attention, torch_attention  # noqa: E402

SEED = 11
TEXTS = 100
ASKED_PHOTOS = 8
SOURCES = [HERE / "models.py", HERE / "exports.py", HERE / "fused_attention.py",
           HERE.parent / "reference" / "random_models.py"]


class VisionTower(torch.nn.Module):
    """pixel_values [B, 3, S, S] → last_hidden_state [B, N, E]"""

    def __init__(self, vision_model):
        super().__init__()
        self.vision_model = vision_model
        self.eval()

    def forward(self, pixel_values):
        return self.vision_model(pixel_values).last_hidden_state


def sentences(config, count, draw):
    """Words of the vocabulary, as many as make 8 to 16 tokens: captions of COCO have 12 on average."""
    words = [word for word in random_models.vocabulary(config.text_config.vocab_size)
             if word.isalpha() and len(word) > 1]
    return [" ".join(draw.choice(words) for _ in range(6 + number % 9)) for number in range(count)]


def save_models(size, directory):
    """→ the captioning model"""
    caption = random_models.save(size, directory / "caption", seed=SEED)
    for name, build in (("vqa", random_models.question_answering),
                        ("itm", random_models.image_text_retrieval)):
        model = build(size, SEED + 1)
        model.save_pretrained(directory / name)
        random_models.save_processor(directory / name, model.config)
    return caption


def save_inputs(directory, config, photos):
    processor = BlipImageProcessorPil.from_pretrained(directory / "caption")
    pixels = []
    for photo in photos:
        with Image.open(photo) as image:
            pixels.append(processor(image.convert("RGB"), return_tensors="np").pixel_values[0])
    asked = numpy.stack(pixels[:ASKED_PHOTOS])
    calibration = numpy.stack(pixels[ASKED_PHOTOS:] or pixels)
    numpy.save(directory / "pixels.npy", asked)
    numpy.save(directory / "calibration.npy", calibration)

    tokenizer = BertTokenizer.from_pretrained(directory / "caption")
    draw = random.Random(SEED)
    texts, questions = sentences(config, TEXTS, draw), sentences(config, 1, draw)
    (directory / "inputs.json").write_text(json.dumps({
        "photos": [str(photo) for photo in photos[:ASKED_PHOTOS]],
        "texts": texts, "text_ids": [tokenizer(text)["input_ids"] for text in texts],
        "questions": questions,
        "question_ids": [tokenizer(text)["input_ids"] for text in questions]}, indent=1))
    return asked, calibration


def make_all(size, directory, photos):
    model = save_models(size, directory)
    asked, calibration = save_inputs(directory, model.config, photos)
    tower = exports.Tower(
        "vision", VisionTower(model.vision_model), "pixel_values", "last_hidden_state",
        torch.from_numpy(asked[:1]), {0: ("batch", 64)},
        lambda module, for_onnx: fuse_attention(module.vision_model,
                                                onnx_attention if for_onnx else torch_attention))
    with torch.inference_mode():
        exports.export_all(tower, directory, [image[None] for image in calibration])


def main():
    size, directory = sys.argv[1], pathlib.Path(sys.argv[2])
    photos = [pathlib.Path(photo) for photo in sys.argv[3:]]
    with stamps.made_once(directory, size, photos, SOURCES) as wanted:
        if wanted:
            make_all(size, directory, photos)


if __name__ == "__main__":
    main()
