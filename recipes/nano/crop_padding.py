"""Cuts the even border off photos that were padded to a square, right of or below the picture.

usage: crop_padding.py DIRECTORY OUTPUT

The border is the run of columns at the right, or of rows at the bottom, whose pixels are all (but for JPEG's errors) of the colour of
the bottom right corner. Photos without one are copied as they are decoded.
"""
import pathlib
import sys

import numpy
from PIL import Image

JPEG_ERROR = 12
QUALITY = 95


def inner_length(is_border):
    """The length without the border, of a row of flags that are true in the border."""
    inside = numpy.flatnonzero(~is_border)
    return int(inside[-1]) + 1 if inside.size else len(is_border)


def main():
    output = pathlib.Path(sys.argv[2])
    output.mkdir(parents=True, exist_ok=True)
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.jpg")):
        image = Image.open(path).convert("RGB")
        pixels = numpy.asarray(image).astype(numpy.int16)
        border = (numpy.abs(pixels - pixels[-1, -1]) <= JPEG_ERROR).all(2)
        width, height = inner_length(border.mean(0) > 0.98), inner_length(border.mean(1) > 0.98)
        # Blocks of JPEG mix the picture's last pixels with the border's.
        width, height = width - 2 * (width < image.width), height - 2 * (height < image.height)
        image.crop((0, 0, width, height)).save(output / path.name, quality=QUALITY)


if __name__ == "__main__":
    main()
