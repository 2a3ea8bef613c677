#!/usr/bin/env python3
"""Compares the image processors with those of transformers (CLIP, SigLIP, ViT, DeiT, BiT, Chinese-CLIP, BLIP), bit for bit.

    parity_processors.py --build DIR [--quick] [--photos DIR]

Every processor and every option at 500 sizes of pictures, with Pillow's arithmetic and, where torchvision is there
(tools/parity.sh installs it; --quick does without), with torchvision's. Exits 0 only if every float is the same.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

import torchvision_processors  # noqa: E402

TORCHVISION = None if "--quick" in sys.argv else torchvision_processors.find_torchvision()

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from image_files import synthetic  # noqa: E402

CLIP, VIT, DEIT = "CLIPImageProcessor", "ViTImageProcessor", "DeiTImageProcessor"
BIT, SIGLIP = "BitImageProcessor", "SiglipImageProcessor"
ODD = {"image_mean": [0.5, 0.25, 0.1], "image_std": [0.5, 0.3, 0.7]}
SMALL = {"size": {"shortest_edge": 40}, "crop_size": {"height": 32, "width": 32}}
RESAMPLE = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic", 4: "box", 5: "hamming"}

# (class, fields): what the hub's files say, and then each option by itself.
HUB = [
    (CLIP, {}),
    (CLIP, {"feature_extractor_type": "CLIPFeatureExtractor", "size": 224, "crop_size": 224, "resample": 3, "do_resize": True,
            "do_center_crop": True, "do_normalize": True}),
    (CLIP, {"size": {"shortest_edge": 336}, "crop_size": {"height": 336, "width": 336}}),
    ("ChineseCLIPImageProcessor", {"do_center_crop": False, "size": {"height": 224, "width": 224}}),
    (VIT, {}),
    (VIT, {"feature_extractor_type": "ViTFeatureExtractor", "size": 224, "resample": 2}),
    (VIT, {"size": {"height": 384, "width": 384}, "resample": 3}),
    (DEIT, {}),
    (DEIT, {"size": 256, "crop_size": 224, "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}),
    (BIT, {"size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224},
           "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}),
    (SIGLIP, {}),
    (SIGLIP, {"size": {"height": 256, "width": 256}, "resample": 2}),
    ("BlipImageProcessor", {"size": {"height": 96, "width": 96}}),
]
OPTIONS = [(CLIP, {**SMALL, "resample": number}) for number in RESAMPLE]
OPTIONS += [(VIT, {"size": {"height": 33, "width": 47}, "resample": number}) for number in RESAMPLE]
OPTIONS += [(CLIP, {**SMALL, **more}) for more in (
    {"do_rescale": False}, {"do_normalize": False}, {"do_rescale": False, "do_normalize": False}, ODD,
    {"do_rescale": False, **ODD}, {"rescale_factor": 1 / 127.5, **ODD}, {"rescale_factor": 0.017, "do_normalize": False},
    {"image_mean": 0.5, "image_std": 0.25}, {"do_center_crop": False}, {"do_center_crop": None}, {"do_normalize": None},
    {"crop_size": {"height": 45, "width": 31}}, {"crop_size": {"height": 64, "width": 63}}, {"crop_size": [7, 90]},
    {"size": [37, 52]}, {"size": {"height": 30, "width": 90}, "crop_size": 61})]
OPTIONS += [(CLIP, {"do_resize": False, "crop_size": 100}), (CLIP, {"do_resize": False, "crop_size": {"height": 301, "width": 200}}),
            (CLIP, {"do_resize": False, "do_center_crop": False}), (CLIP, {"size": 30, "default_to_square": True, "crop_size": 30}),
            (SIGLIP, {"size": 30}), (BIT, {"size": 48, "crop_size": 64}), (VIT, {"size": 50, "do_center_crop": True, "crop_size": 44})]


def picture_sizes(count):
    """Sides from 1 to some 900, most of them photos' and all kinds of narrow ones."""
    sizes = [(1, 1), (7, 7), (224, 224), (225, 224), (224, 225), (223, 500), (31, 640), (641, 30), (640, 480), (480, 640),
             (500, 333), (333, 500), (641, 427), (1000, 333), (333, 1000), (1, 50), (50, 1), (2, 3), (384, 384), (256, 256)]
    generator = random.Random(5)
    while len(sizes) < count:
        short = int(round(2 ** generator.uniform(0, 9.2)))
        ratio = generator.choice([1, 4 / 3, 3 / 2, 16 / 9, 2 ** generator.uniform(0, 4)])
        pair = [short, min(max(1, round(short * ratio)), 900)]
        generator.shuffle(pair)
        sizes.append(tuple(pair))
    return sizes[:count]


class Probe:
    def __init__(self, build, folder):
        program = pathlib.Path(build) / "tools/reference/probe_image"
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.out = str(folder / "probe.out")

    def pixel_values(self, raws, fields, backend):
        """[B, 3, H, W], or the error message"""
        request = {"op": "process", "raws": raws, "file": json.dumps(fields), "backend": backend, "out": self.out}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"FAIL: the probe died ({self.process.wait()}) on {request}")
        answer = json.loads(line)
        if "error" in answer:
            return answer["error"]
        return np.fromfile(self.out, np.float32).reshape(answer["shape"])


class Pictures:
    """Pictures of every size, made once, as Pillow has them and as files for the probe."""

    def __init__(self, sizes, photos, folder):
        arrays = [synthetic(w, h, seed=i) for i, (w, h) in enumerate(sizes)]
        arrays += [np.asarray(Image.open(photo).convert("RGB")) for photo in photos]
        self.images, self.raws = [], []
        for i, array in enumerate(arrays):
            path = folder / f"{i}.rgb"
            np.ascontiguousarray(array).tofile(path)
            self.images.append(Image.fromarray(array))
            self.raws.append({"raw": str(path), "from": self.images[-1].size})


def compare(probe, pictures, name, fields, backend, step=16):
    """→ pictures that came out the same, and what was wrong with the first that did not"""
    fields = {"image_processor_type": name, **fields}
    if "feature_extractor_type" in fields:
        del fields["image_processor_type"]
    theirs = torchvision_processors.processor(name, backend, {k: v for k, v in fields.items() if not k.endswith("_type")})
    same, first_wrong = 0, ""
    for begin in range(0, len(pictures.images), step):
        chosen = slice(begin, begin + step)
        # Without a fixed size the pictures of a batch come out at several.
        expected = [np.asarray(x) for x in theirs(pictures.images[chosen])["pixel_values"]]
        by_shape = {}
        for i, array in enumerate(expected):
            by_shape.setdefault(array.shape, []).append(i)
        for indices in by_shape.values():
            ours = probe.pixel_values([pictures.raws[begin + i] for i in indices], fields, backend)
            for row, i in enumerate(indices):
                wanted = expected[i].astype(np.float32)
                if not isinstance(ours, str) and ours[row].shape == wanted.shape and ours[row].tobytes() == wanted.tobytes():
                    same += 1
                elif not first_wrong:
                    first_wrong = ours if isinstance(ours, str) else (
                        f"{pictures.images[begin + i].size}: {np.abs(ours[row] - wanted).max():.3g}"
                        if ours[row].shape == wanted.shape else f"shape {ours[row].shape}, wanted {wanted.shape}")
    return same, first_wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--quick", action="store_true", help="20 sizes, Pillow alone")
    parser.add_argument("--photos", type=pathlib.Path, help="more pictures: the JPEG files of a folder")
    arguments = parser.parse_args()
    Image.MAX_IMAGE_PIXELS = None
    warnings.simplefilter("ignore")
    import torch
    torch.set_num_threads(1)
    backends = ["pillow"] + (["torchvision"] if TORCHVISION else [])
    print(f"backends: {', '.join(backends)}" + (f" {TORCHVISION}, torch {torch.__version__}" if TORCHVISION else
                                                ", no torchvision"))
    photos = sorted(arguments.photos.rglob("*.jpg"))[:40] if arguments.photos else []
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        probe = Probe(arguments.build, folder)
        pictures = Pictures(picture_sizes(20 if arguments.quick else 500), photos[:2] if arguments.quick else photos, folder)
        for kind, fields in HUB + OPTIONS:
            for backend in backends:
                if backend == "torchvision" and RESAMPLE.get(fields.get("resample")) in ("box", "hamming"):
                    answer = probe.pixel_values(pictures.raws[:1], {"image_processor_type": kind, **fields}, backend)
                    same, total, wrong = int(isinstance(answer, str)), 1, "refused, as torchvision does"
                else:
                    begin = time.perf_counter()
                    same, wrong = compare(probe, pictures, kind, fields, backend)
                    total = len(pictures.images)
                    wrong = wrong or f"{time.perf_counter() - begin:.1f} s"
                failures += same != total
                print(f"  {kind.replace('ImageProcessor', ''):<12}{backend:<12}{json.dumps(fields)[:88]:<90}{same:>4} / {total:<4}"
                      f"{'ok' if same == total else 'FAIL'} {wrong}", flush=True)
    print("all checks hold" if failures == 0 else f"{failures} checks FAILED")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
