#!/usr/bin/env python3
"""Writes what the unit tests of the module image/ compare with, straight from Pillow and transformers:

    make_image_fixtures.py tests/image/data
"""

import io
import itertools
import json
import pathlib
import sys

import numpy as np
from PIL import Image, ImageOps
from transformers.image_transforms import convert_to_rgb
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

from image_files import FILTERS, jpeg_files, mode_files


def formula(width, height):
    """A picture that the C++ tests make from the same integers (tests/image/formula_image.hpp)."""
    y, x, c = np.mgrid[0:height, 0:width, 0:3].astype(np.uint32)
    return ((x * 7 + y * 13 + c * 29 + (x * y) % 31 * 5 + ((x * x + 3 * y * y) >> 4) * 11)
            & 255).astype(np.uint8)


def fnv1a(data):
    value = 0xcbf29ce484222325
    for byte in bytes(data):
        value = (value ^ byte) * 0x100000001b3 & 0xffffffffffffffff
    return f"{value:016x}"


def is_transparent(image):
    return "A" in image.getbands() or image.info.get("transparency") is not None


def on_background(image, colour):
    """transformers' convert_to_rgb, which knows white alone, with another colour."""
    background = Image.new("RGBA", image.size, (*colour, 255))
    return Image.alpha_composite(background, image.convert("RGBA")).convert("RGB")


def write_fixtures(folder):
    files = folder / "files"
    files.mkdir(parents=True, exist_ok=True)
    pairs = [((1, 1), (7, 5)), ((7, 5), (1, 1)), ((2, 3), (5, 4)), ((16, 16), (16, 9)),
             ((16, 16), (9, 16)), ((33, 17), (32, 32)), ((100, 75), (48, 48)), ((75, 100), (48, 48)),
             ((640, 480), (96, 96)), ((480, 640), (96, 96)), ((300, 2), (31, 64)),
             ((2, 300), (64, 31)), ((1000, 1), (13, 2)), ((17, 90), (15, 16)), ((40, 30), (133, 90)),
             ((257, 129), (256, 128)), ((500, 333), (112, 112)), ((31, 500), (40, 44))]
    resize = []
    for source, target in pairs:
        for number in FILTERS.values():
            pixels = Image.fromarray(formula(*source)).resize(target, number)
            resize.append([*source, *target, number, fnv1a(pixels.tobytes())])
    decode = []
    transparency = []
    cases = [(f"{g} {n}", d) for g, n, d in mode_files([(19, 13)])]
    cases += [(f"{g} {n}", d) for g, n, d in jpeg_files([(35, 22)])
              if "smooth" in n or "CMYK" in g or "RGB" in g]
    picture = Image.fromarray(formula(21, 14))
    for kind, orientation in itertools.product(("JPEG", "PNG", "WEBP", "TIFF"), range(1, 9)):
        if kind != "JPEG" and orientation not in (3, 6):
            continue
        exif = Image.Exif()
        exif[0x0112] = orientation
        buffer = io.BytesIO()
        picture.save(buffer, kind, exif=exif, **({"lossless": True} if kind == "WEBP" else {}))
        cases.append((f"EXIF {orientation} {kind}", buffer.getvalue()))
    for name, data in cases:
        image = Image.open(io.BytesIO(data))
        upright = ImageOps.exif_transpose(image).convert("RGB")
        plain = image.convert("RGB")
        file = "".join(c if c.isalnum() else "_" for c in name.replace(";", "").lower())
        assert not any(row[0] == file for row in decode), f"two files named {file}"
        (files / file).write_bytes(data)
        decode.append([file, *plain.size, fnv1a(plain.tobytes()), *upright.size,
                       fnv1a(upright.tobytes())])
        image = Image.open(io.BytesIO(data))
        if is_transparent(image):
            blended = convert_to_rgb(image, return_numpy=True)
            assert np.array_equal(blended, on_background(image, (255, 255, 255))), file
            other = on_background(image, (13, 200, 99))
            transparency.append([file, fnv1a(blended.tobytes()), fnv1a(other.tobytes())])
    preprocess = []
    sizes = [(50, 40), (24, 32)]
    for config in [{}, {"height": 48, "width": 64}, {"do_rescale": False}, {"do_normalize": False},
                   {"resample": 2, "image_mean": [0.5, 0.25, 0.1], "image_std": [0.5, 0.3, 0.7]},
                   {"rescale_factor": 0.017}]:
        config = {"height": 32, "width": 32, **config}
        keywords = {k: v for k, v in config.items() if k not in ("height", "width")}
        processor = BlipImageProcessorPil(size={k: config[k] for k in ("height", "width")}, **keywords)
        tensor = processor([Image.fromarray(formula(*s)) for s in sizes], return_tensors="np")
        tensor = np.asarray(tensor["pixel_values"]).astype(np.float32)
        preprocess.append({"config": config, "sizes": sizes, "hash": fnv1a(tensor.tobytes())})
    lines = [f'"{name}": [\n' + ",\n".join(json.dumps(row) for row in rows) + "\n]"
             for name, rows in [("resize", resize), ("decode", decode), ("transparency", transparency),
                               ("preprocess", preprocess)]]
    (folder / "fixtures.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{len(resize)} resizes, {len(decode)} files, {len(transparency)} of them transparent, {len(preprocess)} batches")


if __name__ == "__main__":
    write_fixtures(pathlib.Path(sys.argv[1]))
