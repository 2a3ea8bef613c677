#!/usr/bin/env python3
"""Turns chest X-rays with reports into shards that `blip train caption` reads, without what names the patient.

    recipes/chest-x-ray/prepare.py REPORTS.csv OUTPUT_DIRECTORY [--window CENTER WIDTH] [--size 384] [--validation 0.1]
                                   [--section findings] [--allow-burned-in]

REPORTS.csv has the columns `image` (a DICOM file, or a PNG, TIFF or JPEG of 8 or 16 bits; paths are relative to the file),
`report`, and, if there is one, `patient`: pictures of one patient are then all in the training data, or all in the validation
data. It writes train-000000.tar and validation-000000.tar: KEY.png, 8 bits, and KEY.json with {"captions": [REPORT]}.

Pixels become grey values by the DICOM file's own window (VOI LUT), by --window, or else by what lies between 0.5 % and 99.5 % of
the pixels; MONOCHROME1 is inverted. Nothing else of a DICOM file is kept. A KEY is a number, which says nothing of the patient.
Dates, times, numbers of five digits and more, e-mail addresses, names after a title or a label such as "Patient:" are taken out
of reports. That is no proof that nothing is left: look at what is written before you pass it on. A file that says that text is
burned into its pixels is left out, unless --allow-burned-in is given.

Needs numpy, Pillow and pydicom (Debian: python3-numpy python3-pil python3-pydicom). No medical device.
"""

import argparse
import csv
import hashlib
import io
import json
import pathlib
import random
import re
import sys
import tarfile

import numpy as np
from PIL import Image

MOST_PIXELS = 100_000_000
MONTHS = ("jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|"
          "dec(?:ember)?")
# What may name somebody. Too much goes rather than too little, but no finding: "decreased 3 mm" is no date. The names after a
# label go to the end of the line or sentence, where the point of an initial ends none.
PERSONAL = [
    r"\b(?:patient|name|mrn|accession|dob|date of birth|ordering physician|referring physician|radiologist|dictated by|signed by)\b"
    r"\s*(?:name|number|no\.?|id)?\s*[:#](?:[^\n.;]|(?<=\b[^\W\d_])\.)*",
    r"\b(?:dr|mr|mrs|ms|prof)\b\.?(?:\s+[^\W\d_](?:\.|\b)|\s+(?!(?:on|at|in|and|of|to|for|by|with|is|was)\b)[^\W\d_][\w'-]+){1,3}",
    r"\b\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b",
    rf"\b\d{{1,2}}(?:st|nd|rd|th)?[ -](?:of )?(?:{MONTHS})\b\.?(?:[ ,-]+\d{{4}})?",
    rf"\b(?:{MONTHS})\b\.?\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s+\d{{4}})?",
    r"\b\d{1,2}:\d{2}(?::\d{2})?\s*(?:am|pm|hours|hrs)?\b",
    r"\b[\w.+-]+@[\w-]+\.[\w.-]+\b",
    r"\b\w*\d{5,}\w*\b",
    r"\b(?:19|20)\d{2}\b",
    r"\b(?:aged?\s+\d{1,3}|\d{1,3}\s*(?:[ -]?years?[ -]old|y\.?/?o\b\.?))",
    r"\bx{3,}\b",
]
HEADINGS = r"(?:^|\n)\s*(findings?|impression|comparison|indication|history|technique|examination|conclusion)\s*:"


def without_personal_data(text):
    for pattern in PERSONAL:
        text = re.sub(pattern, " ", text, flags=re.IGNORECASE)
    return text


def section_of(report, wanted):
    """The text under a heading, or the whole report if it has none of them."""
    parts = re.split(HEADINGS, report, flags=re.IGNORECASE)
    if len(parts) == 1 or wanted == "all":
        return re.sub(HEADINGS, " ", report, flags=re.IGNORECASE)
    texts = [text for heading, text in zip(parts[1::2], parts[2::2]) if heading.lower().startswith(wanted)]
    return " ".join(texts)


def caption_of(report, section):
    """One line, lower case."""
    text = without_personal_data(section_of(report, section))
    text = re.sub(r"\s+", " ", text).strip().lower()
    text = re.sub(r"\s+([.,;:])", r"\1", text)
    return re.sub(r"([.,;:])(?:\s*[.,;:])+", r"\1", text).strip(" ,;:")


def windowed(values, center, width):
    """→ 0 to 255, as DICOM's linear window has it (PS3.3, C.11.2.1.2.1)"""
    low, high = center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2
    return np.clip((values - low) / max(high - low, 1e-9), 0, 1) * 255


def stretched(values):
    low, high = np.percentile(values, [0.5, 99.5])
    return np.clip((values - low) / max(high - low, 1e-9), 0, 1) * 255


def pixels_of_dicom(path, window, allow_burned_in):
    import pydicom
    try:
        from pydicom.pixels import apply_modality_lut, apply_voi_lut  # pydicom 3
    except ImportError:
        from pydicom.pixel_data_handlers.util import apply_modality_lut, apply_voi_lut

    data = pydicom.dcmread(path)
    if int(data.get("Rows", 0)) * int(data.get("Columns", 0)) > MOST_PIXELS or int(data.get("NumberOfFrames", 1) or 1) != 1:
        raise ValueError(f"more than {MOST_PIXELS} pixels, or than one frame")
    if str(data.get("BurnedInAnnotation", "NO")).upper() == "YES" and not allow_burned_in:
        raise ValueError("text is burned into its pixels")
    if int(data.get("SamplesPerPixel", 1)) != 1:
        raise ValueError("not a picture of grey values")
    values = np.asarray(apply_modality_lut(data.pixel_array, data), np.float64)
    if window:
        grey = windowed(values, *window)
    elif "WindowCenter" in data or "VOILUTSequence" in data:
        shown = np.asarray(apply_voi_lut(apply_modality_lut(data.pixel_array, data), data), np.float64)
        grey = (shown - shown.min()) / max(float(np.ptp(shown)), 1e-9) * 255
    else:
        grey = stretched(values)
    return 255 - grey if data.get("PhotometricInterpretation") == "MONOCHROME1" else grey


def pixels_of_picture(path, window):
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with Image.open(path) as picture:
        if picture.mode not in ("I;16", "I;16B", "I", "F"):
            picture = picture.convert("L")
        values = np.asarray(picture, np.float64)
    if window:
        return windowed(values, *window)
    return values if values.max() <= 255 else stretched(values)


def png_of(path, arguments):
    with open(path, "rb") as file:
        head = file.read(132)
    is_dicom = head[128:] == b"DICM" or path.suffix.lower() in (".dcm", ".dicom")
    grey = (pixels_of_dicom(path, arguments.window, arguments.allow_burned_in) if is_dicom
            else pixels_of_picture(path, arguments.window))
    picture = Image.fromarray(np.rint(grey).astype(np.uint8), "L")
    scale = arguments.size / min(picture.size)
    if scale < 1:
        picture = picture.resize([max(1, round(edge * scale)) for edge in picture.size], Image.BICUBIC)
    out = io.BytesIO()
    picture.convert("RGB").save(out, "PNG")
    return out.getvalue()


def add(shard, name, content):
    member = tarfile.TarInfo(name)  # no time, no owner
    member.size = len(content)
    shard.addfile(member, io.BytesIO(content))


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reports", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--window", type=float, nargs=2, metavar=("CENTER", "WIDTH"))
    parser.add_argument("--size", type=int, default=384, help="pixels of the shorter side, at most (384)")
    parser.add_argument("--validation", type=float, default=0.1, help="share of the patients (0.1)")
    parser.add_argument("--section", choices=["findings", "impression", "all"], default="findings")
    parser.add_argument("--allow-burned-in", action="store_true")
    return parser.parse_args(arguments)


def main():
    arguments = parse(sys.argv[1:])
    with open(arguments.reports, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or not {"image", "report"} <= set(rows[0]):
        sys.exit(f"{arguments.reports}: needs the columns image and report")
    # Numbers in an order that says nothing of the order of the file, the same in every run.
    order = list(range(len(rows)))
    random.Random(0).shuffle(order)
    arguments.output.mkdir(parents=True, exist_ok=True)
    written, failed = {"train": 0, "validation": 0}, 0
    shards = {split: tarfile.open(arguments.output / f"{split}-000000.tar", "w", format=tarfile.USTAR_FORMAT)
              for split in written}
    for number, at in enumerate(order):
        row = rows[at]
        path = f"{arguments.reports}: row {at + 2}"
        try:
            if not row["image"] or not row["report"]:
                raise ValueError("has no image or no report")
            path = arguments.reports.parent / row["image"]
            whose = row.get("patient") or row["image"]
            share = int.from_bytes(hashlib.sha256(whose.encode()).digest()[:4], "big") / 2**32
            caption = caption_of(row["report"], arguments.section)
            if not caption:
                raise ValueError(f"no text under {arguments.section}")
            png = png_of(path, arguments)
        except Exception as error:  # a bad file is named, and the others go on
            print(f"{path}: {error}", file=sys.stderr)
            failed += 1
            continue
        split = "validation" if share < arguments.validation else "train"
        add(shards[split], f"{number:06d}.png", png)
        add(shards[split], f"{number:06d}.json", json.dumps({"captions": [caption]}).encode())
        written[split] += 1
    for shard in shards.values():
        shard.close()
    print(f"{written['train']} for training, {written['validation']} for validation, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
