#!/usr/bin/env python3
"""Writes tests/image/data/processors.json: what transformers' image processors made of pictures by formula.

  python tools/reference/make_processor_fixtures.py tests/image/data

Needs torchvision, in an environment of its own or where tools/parity.sh puts it.
"""
import json
import pathlib
import sys

import torchvision_processors

assert torchvision_processors.find_torchvision(), "no torchvision"

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from make_image_fixtures import fnv1a, formula  # noqa: E402

CLIP, VIT, SIGLIP = "CLIPImageProcessor", "ViTImageProcessor", "SiglipImageProcessor"
SIZES = [(50, 40), (24, 32), (90, 31), (31, 90), (33, 33), (9, 70)]
SMALL = {"size": {"shortest_edge": 30}, "crop_size": {"height": 24, "width": 26}}
CASES = [(CLIP, {**SMALL, "resample": resample}) for resample in (0, 1, 2, 3)]
CASES += [(CLIP, {**SMALL, **more}) for more in (
    {"do_rescale": False}, {"do_normalize": False}, {"do_rescale": False, "do_normalize": False}, {"rescale_factor": 0.017},
    {"image_mean": [0.5, 0.25, 0.1], "image_std": [0.5, 0.3, 0.7]}, {"crop_size": {"height": 45, "width": 37}})]
CASES += [(CLIP, {"do_resize": False, "crop_size": {"height": 35, "width": 36}}), ("DeiTImageProcessor", {"size": 37, "crop_size": 30}),
          ("BitImageProcessor", {"size": 37, "crop_size": 32}), (VIT, {"size": {"height": 33, "width": 47}}),
          (SIGLIP, {"size": {"height": 32, "width": 32}}), (SIGLIP, {"size": {"height": 32, "width": 32}, "resample": 2})]


def main():
    rows = []
    for name, fields in CASES:
        for backend in ("pillow", "torchvision"):
            processor = torchvision_processors.processor(name, backend, fields)
            tensor = np.stack([np.asarray(x) for x in processor([Image.fromarray(formula(*s)) for s in SIZES])["pixel_values"]])
            rows.append({"file": {"image_processor_type": name, **fields}, "backend": backend, "shape": list(tensor.shape),
                         "hash": fnv1a(np.ascontiguousarray(tensor.astype(np.float32)).tobytes())})
    text = json.dumps({"sizes": SIZES})[:-1] + ', "cases": [\n' + ",\n".join(json.dumps(row) for row in rows) + "\n]}\n"
    (pathlib.Path(sys.argv[1]) / "processors.json").write_text(text)
    print(f"{len(rows)} batches")


if __name__ == "__main__":
    main()
