"""Writes tests/train/data/data/augmentations.json: what Pillow and OpenCV make of a small picture.

Pillow: crop and bicubic resize, mirror, ImageOps.autocontrast and equalize, all to be met bit for bit.
OpenCV: the warps of salesforce/BLIP's RandAugment, which round positions to a 32nd of a pixel; the
test holds the largest and the mean difference against what this script measured with OpenCV 4.10
(4 and 0.195; OpenCV 5.0 differs by 1 at most), and an exact bilinear warp in numpy but for ties.

    pip install pillow numpy opencv-python-headless==4.10.0.84
    python3 tools/reference/make_augmentation_fixtures.py
"""

import json
import pathlib

import cv2
import numpy as np
from PIL import Image, ImageOps

OUT = pathlib.Path(__file__).parents[2] / "tests/train/data/data/augmentations.json"
GREY = (128, 128, 128)


def picture(rng, width, height):
    """Gradients, an edge and some noise, with no 0 and no 255, so that tone operations do something."""
    y, x = np.mgrid[0:height, 0:width]
    red = 30 + 170 * x / width + rng.integers(-9, 10, (height, width))
    green = np.where(x + y < width * 0.7, 60, 200) + rng.integers(-5, 6, (height, width))
    blue = 120 + 90 * np.sin(y / 3.0)
    return np.clip(np.stack([red, green, blue], -1), 3, 251).astype(np.uint8)


def matrix_of(name, amount, width, height):
    if name == "shear_x":
        return np.float64([[1, amount, 0], [0, 1, 0]])
    if name == "shear_y":
        return np.float64([[1, 0, 0], [amount, 1, 0]])
    if name == "translate_x":
        return np.float64([[1, 0, amount], [0, 1, 0]])
    if name == "translate_y":
        return np.float64([[1, 0, 0], [0, 1, amount]])
    return cv2.getRotationMatrix2D((width / 2, height / 2), amount, 1)


def exact_warp(image, matrix):
    """Bilinear in double precision, border grey."""
    height, width, _ = image.shape
    inverse = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))
    y, x = np.mgrid[0:height, 0:width]
    fx = inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2]
    fy = inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2]
    # Positions that are whole but for rounding errors.
    fx, fy = np.round(fx, 9), np.round(fy, 9)
    padded = np.full((height + 2 * 64, width + 2 * 64, 3), 128.0)
    padded[64:64 + height, 64:64 + width] = image
    x0, y0 = np.floor(fx).astype(int), np.floor(fy).astype(int)
    wx, wy = (fx - x0)[..., None], (fy - y0)[..., None]
    at = lambda yy, xx: padded[np.clip(yy + 64, 0, height + 127), np.clip(xx + 64, 0, width + 127)]
    above = at(y0, x0) * (1 - wx) + at(y0, x0 + 1) * wx
    below = at(y0 + 1, x0) * (1 - wx) + at(y0 + 1, x0 + 1) * wx
    return np.floor(above * (1 - wy) + below * wy + 0.5).astype(np.uint8)


def record(image):
    return {"width": image.shape[1], "height": image.shape[0], "rgb": image.tobytes().hex()}


def main():
    rng = np.random.default_rng(5)
    source = picture(rng, 15, 13)
    pil = Image.fromarray(source)
    tones = picture(rng, 24, 22)  # fewer than 256 pixels would give equalize nothing to do
    tones[..., 1] = 77  # a channel of one value
    fixture = {"source": record(source), "tones": record(tones), "crops": [], "warps": []}
    fixture["mirrored"] = record(np.asarray(ImageOps.mirror(pil)))
    for name, operation in (("auto_contrast", ImageOps.autocontrast), ("equalize", ImageOps.equalize)):
        fixture[name] = record(np.asarray(operation(Image.fromarray(tones))))
    for left, top, width, height in ((0, 0, 15, 13), (3, 5, 10, 7), (9, 0, 6, 8), (14, 12, 1, 1)):
        crop = pil.crop((left, top, left + width, top + height)).resize((12, 12), Image.BICUBIC)
        fixture["crops"].append({"box": [left, top, width, height], **record(np.asarray(crop))})
    worst, worst_mean = 0, 0.0
    for name, size in (("shear_x", 0.15), ("shear_y", 0.15), ("translate_x", 5), ("translate_y", 5), ("rotate", 15)):
        for amount in (size, -size):
            matrix = matrix_of(name, amount, source.shape[1], source.shape[0])
            warped = cv2.warpAffine(source, matrix, source.shape[1::-1], flags=cv2.INTER_LINEAR,
                                    borderMode=cv2.BORDER_CONSTANT, borderValue=GREY)
            exact = exact_warp(source, matrix)
            difference = np.abs(warped.astype(int) - exact.astype(int))
            worst, worst_mean = max(worst, difference.max()), max(worst_mean, difference.mean())
            print(f"{name} {amount}: OpenCV differs from exact by {difference.max()}, mean {difference.mean():.4f}")
            fixture["warps"].append({"operation": name, "amount": amount, "opencv": record(warped),
                                     "exact": record(exact)})
    print(f"OpenCV {cv2.__version__}: largest difference {worst}, largest mean {worst_mean:.4f}")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(fixture) + "\n")


if __name__ == "__main__":
    main()
