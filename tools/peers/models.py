"""Makes what everybody is given: random-weight models of one size in transformers' layout, the vision
tower as ONNX and OpenVINO files, the pixels and tokens of the requests.

    models.py SIZE DIRECTORY PHOTO...     the first eight photos are asked about, others calibrate

In DIRECTORY: caption/, vqa/, itm/; exports.py's files; pixels.npy and calibration.npy [N, 3, S, S];
inputs.json. Nothing is done if all of that is there, made by the same versions.
"""

import hashlib
import importlib.metadata
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

SEED = 11
TEXTS = 100
ASKED_PHOTOS = 8
PACKAGES = ("torch", "transformers", "onnx", "onnxscript", "onnxruntime", "openvino", "nncf", "numpy")


def stamp(size, photos):
    """Changes when anything does that the files depend on."""
    sources = [HERE / "models.py", HERE / "exports.py", HERE / "fused_attention.py",
               HERE.parent / "reference" / "random_models.py"]
    return {"size": size, "photos": [photo.name for photo in photos],
            "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
            "sources": hashlib.sha256(b"".join(map(pathlib.Path.read_bytes, sources))).hexdigest()}


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


def main():
    size, directory = sys.argv[1], pathlib.Path(sys.argv[2])
    photos = [pathlib.Path(photo) for photo in sys.argv[3:]]
    done, wanted = directory / "stamp.json", stamp(size, photos)
    if done.exists() and json.loads(done.read_text()) == wanted:
        return
    done.unlink(missing_ok=True)
    directory.mkdir(parents=True, exist_ok=True)
    model = save_models(size, directory)
    asked, calibration = save_inputs(directory, model.config, photos)
    with torch.inference_mode():
        exports.export_all(model.vision_model, directory, asked[:1], calibration)
    done.write_text(json.dumps(wanted, indent=1))


if __name__ == "__main__":
    main()
