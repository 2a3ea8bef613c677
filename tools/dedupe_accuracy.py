#!/usr/bin/env python3
"""What `blip dedupe` finds among photos that are there in thirteen versions each.

    tools/dedupe_accuracy.py build/release/bin/blip FOLDER [--photos 1000] [--model nano-retrieval]

FOLDER has photos, no two of one another. Each of them is kept, and written anew in twelve ways:
encoded worse, scaled, cropped, turned, mirrored, made brighter. Prints recall by transformation (of
pairs of a photo and its version, how many are in one group), and the precision of all pairs that
are in one group. Photos that are alike and not the same, as those of one scene, are among the
photos: pairs of two photos whose vectors have a cosine of 0.9 and more are counted, and how many
of them are grouped. Needs Pillow and numpy.
"""
import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageOps


def scaled(image, factor):
    size = tuple(max(1, round(side * factor)) for side in image.size)
    return image.resize(size, Image.Resampling.LANCZOS)


def cropped(image, left, top, right, bottom):
    width, height = image.size
    return image.crop((round(width * left), round(height * top), round(width * (1 - right)),
                       round(height * (1 - bottom))))


def brighter(image):
    return ImageEnhance.Contrast(ImageEnhance.Brightness(image).enhance(1.15)).enhance(1.15)


# name → (what is done, how it is saved)
JPEG = {"format": "JPEG", "quality": 90}
WAYS = {
    "jpeg-40": (lambda image: image, {"format": "JPEG", "quality": 40}),
    "jpeg-15": (lambda image: image, {"format": "JPEG", "quality": 15}),
    "webp-50": (lambda image: image, {"format": "WEBP", "quality": 50}),
    "half": (lambda image: scaled(image, 0.5), JPEG),
    "quarter": (lambda image: scaled(image, 0.25), JPEG),
    "enlarged": (lambda image: scaled(image, 1.6), JPEG),
    "crop-all-sides": (lambda image: cropped(image, .05, .05, .05, .05), JPEG),
    "crop-one-side": (lambda image: cropped(image, .18, 0, 0, 0), JPEG),
    "turned-90": (lambda image: image.transpose(Image.Transpose.ROTATE_90), JPEG),
    "turned-180": (lambda image: image.transpose(Image.Transpose.ROTATE_180), JPEG),
    "mirrored": (ImageOps.mirror, JPEG),
    "brighter": (brighter, JPEG),
}


def run(*words):
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{words[1]}: {done.stderr}")
    return done.stdout


def write_versions(photos, folder):
    for number, photo in enumerate(photos):
        image = Image.open(photo).convert("RGB")
        (folder / f"{number:05}-original.jpg").write_bytes(photo.read_bytes())
        for way, (change, settings) in WAYS.items():
            ending = settings["format"].lower().replace("jpeg", "jpg")
            change(image).save(folder / f"{number:05}-{way}.{ending}", **settings)


def alike_pairs(program, model, folder, photos):
    """Pairs of originals whose vectors are near."""
    originals = sorted(folder.glob("*-original.jpg"))
    output = folder.parent / "vectors.npy"
    run(program, "embed", *originals, "-m", model, "-o", output)
    vectors = np.load(output)
    cosines = np.triu(vectors @ vectors.T, 1)
    return {tuple(map(int, pair)) for pair in np.argwhere(cosines >= 0.9)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--model", default="nano-retrieval")
    arguments = parser.parse_args()
    photos = sorted(path for path in arguments.folder.iterdir()
                    if path.suffix in (".jpg", ".jpeg"))[:arguments.photos]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "photos"
        folder.mkdir()
        write_versions(photos, folder)
        index = Path(name) / "library.db"
        run(arguments.program, "index", folder, "--index", index, "-m", arguments.model, "-q")
        start = time.monotonic()
        lines = run(arguments.program, "dedupe", "--index", index, "--format", "jsonl").splitlines()
        seconds = time.monotonic() - start
        alike = alike_pairs(arguments.program, arguments.model, folder, photos)

    found, right, wrong, alike_found = Counter(), 0, 0, 0
    wrong_examples = []
    for line in lines:
        files = [Path(file["path"]).stem.split("-", 1) for file in json.loads(line)["files"]]
        for (a, a_way), (b, b_way) in itertools.combinations(files, 2):
            if a != b:
                wrong += 1
                wrong_examples.append(f"{a}-{a_way} {b}-{b_way}")
                pair = tuple(sorted((int(a), int(b))))
                if a_way == b_way == "original" and pair in alike:
                    alike_found += 1
                continue
            right += 1
            if "original" in (a_way, b_way):
                found[b_way if a_way == "original" else a_way] += 1
    print(f"{len(photos)} photos, {len(photos) * (1 + len(WAYS))} files, dedupe: {seconds:.1f} s")
    for way in WAYS:
        print(f"  {way:16} recall {found[way] / len(photos):.4f}")
    print(f"recall    {sum(found.values()) / (len(photos) * len(WAYS)):.4f}")
    print(f"precision {right / max(1, right + wrong):.4f}  ({right} pairs right, {wrong} wrong)")
    print(f"alike     {alike_found} of {len(alike)} pairs of different photos with a cosine of 0.9 "
          "and more are grouped")
    for example in wrong_examples[:10]:
        print(f"  wrong: {example}")


if __name__ == "__main__":
    main()
