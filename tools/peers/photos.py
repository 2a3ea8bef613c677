"""A folder of mixed photos: those of examples/photos cropped, resized from 0.3 to 12 megapixels and
saved as JPEG, PNG and WebP, the same ones every time."""

import pathlib
import random

from PIL import Image, ImageFilter

FORMATS = (("jpg", dict(quality=90)), ("jpg", dict(quality=75, progressive=True)),
           ("jpg", dict(quality=95, subsampling=0)), ("png", dict(compress_level=3)),
           ("webp", dict(quality=85, method=2)))
# Of photos as people have them: many from phones and cameras, some that went through the web.
MEGAPIXELS = (0.3, 0.5, 1, 2, 3, 5, 8, 12)
# PNG and WebP of 12 megapixels take seconds to write and are rare.
LARGEST_OTHER = 3


def crop(image, draw):
    """A part of it, at least half as wide and high, sometimes mirrored."""
    width, height = (int(side * draw.uniform(0.5, 1)) for side in image.size)
    left = draw.randint(0, image.width - width)
    top = draw.randint(0, image.height - height)
    part = image.crop((left, top, left + width, top + height))
    return part.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if draw.random() < 0.5 else part


def make_photo(number, sources, directory, largest):
    """→ its path. Depends on the number alone, not on which photos were made before."""
    draw = random.Random(number)
    ending, options = FORMATS[number % len(FORMATS)]
    path = directory / f"{number:04d}.{ending}"
    if path.exists():
        return path
    limit = largest if ending == "jpg" else min(largest, LARGEST_OTHER)
    megapixels = draw.choice([m for m in MEGAPIXELS if m <= limit])
    with Image.open(sources[number % len(sources)]) as image:
        part = crop(image.convert("RGB"), draw)
    scale = (megapixels * 1e6 / (part.width * part.height)) ** 0.5
    size = (round(part.width * scale), round(part.height * scale))
    photo = part.resize(size, Image.Resampling.BICUBIC)
    if scale > 1.5:  # enlarged photos are smoother than real ones; grain costs a decoder time
        grain = Image.effect_noise((256, 256), 24).filter(ImageFilter.GaussianBlur(0.6))
        photo = Image.blend(photo, grain.resize(size).convert("RGB"), 0.06)
    partial = path.with_suffix(".partial")
    photo.save(partial, format={"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}[ending], **options)
    partial.rename(path)
    return path


def make_photos(count, sources, directory, largest=MEGAPIXELS[-1]):
    """→ `count` paths in `directory`, those made earlier reused"""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    for unfinished in directory.glob("*.partial"):
        unfinished.unlink()
    sources = sorted(pathlib.Path(sources).glob("*.jpg"))
    return [make_photo(number, sources, directory, largest) for number in range(count)]
