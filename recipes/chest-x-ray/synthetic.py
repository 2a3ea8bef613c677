#!/usr/bin/env python3
"""Makes drawings that look a little like chest X-rays, with reports that tell what is drawn, to try the recipe with.

    recipes/chest-x-ray/synthetic.py OUTPUT_DIRECTORY [--count 2000] [--seed 1]

Half of them are DICOM files of 12 bits (some MONOCHROME1, with windows of their own and with patients' names), half are PNG files of
16 bits. They are no X-rays, and what is learnt from them is of no use for any. Needs numpy, Pillow and pydicom.
"""

import argparse
import csv
import datetime
import pathlib
import random

import numpy as np
from PIL import Image

EDGE = 128
SENTENCES = {
    "cardiomegaly": (["the heart is enlarged.", "there is cardiomegaly."], ["heart size is normal.", "the heart is not enlarged."]),
    "left effusion": (["there is a left pleural effusion."], []),
    "right effusion": (["there is a right pleural effusion."], []),
    "nodule": (["a nodule is seen in the {side} lung.", "there is a {side} lung nodule."], ["no nodule is seen."]),
}


def ellipse(x, y, a, b):
    rows, columns = np.mgrid[0:EDGE, 0:EDGE]
    return ((columns - x) / a) ** 2 + ((rows - y) / b) ** 2


def drawing(found, side, chance):
    """→ [128, 128] of 0 to 1; as in an X-ray, the picture's left is the patient's right"""
    grey = np.full((EDGE, EDGE), 0.08)
    grey[ellipse(64, 74, 58, 66) < 1] = 0.62
    for x in (38, 90):
        lung = ellipse(x, 62, 19 + chance.uniform(-1.5, 1.5), 40 + chance.uniform(-2, 2)) < 1
        grey[lung] = 0.22
    heart = 29 if found["cardiomegaly"] else 17
    grey[ellipse(70, 86, heart + chance.uniform(-1.5, 1.5), 17) < 1] = 0.72
    rows = np.mgrid[0:EDGE, 0:EDGE][0]
    for name, x in (("right effusion", 38), ("left effusion", 90)):
        if found[name]:
            grey[(ellipse(x, 62, 19, 41) < 1) & (rows > chance.uniform(76, 82))] = 0.8
    if found["nodule"]:
        x = (38 if side == "right" else 90) + chance.uniform(-7, 7)
        grey[ellipse(x, chance.uniform(36, 62), 6, 6) < 1] = 0.85
    noise = np.random.default_rng(chance.randrange(1 << 30)).normal(0, 0.02, grey.shape)
    return np.clip(grey + noise, 0, 1)


def report(found, side, chance):
    lines = []
    for name in ("cardiomegaly", "nodule"):
        there, gone = SENTENCES[name]
        lines.append(chance.choice(there if found[name] else gone).format(side=side))
    effusions = [chance.choice(SENTENCES[name][0]) for name in ("left effusion", "right effusion") if found[name]]
    lines += effusions or ["no pleural effusion."]
    return " ".join(lines)


def write_dicom(path, grey, name, chance):
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"  # digital X-ray, for presentation
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    data.PatientName, data.PatientID, data.Modality = name, str(chance.randrange(10**8)), "DX"
    is_inverted = chance.random() < 0.3
    values = np.rint((1 - grey if is_inverted else grey) * 4095).astype(np.uint16)
    data.Rows, data.Columns, data.SamplesPerPixel = *values.shape, 1
    data.PhotometricInterpretation = "MONOCHROME1" if is_inverted else "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    data.WindowCenter, data.WindowWidth = 2048, 4096
    data.PixelData = values.tobytes()
    data.is_little_endian, data.is_implicit_VR = True, False
    data.save_as(str(path), write_like_original=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    arguments.output.mkdir(parents=True, exist_ok=True)
    with open(arguments.output / "reports.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["image", "patient", "report"])
        for i in range(arguments.count):
            found = {name: chance.random() < 0.35 for name in SENTENCES}
            side = chance.choice(["left", "right"])
            grey = drawing(found, side, chance)
            name = f"{chance.choice(['Jane', 'John', 'Ada'])} {chance.choice(['Miller', 'Smith', 'Okafor'])}"
            image = f"{i:05d}.{'dcm' if i % 2 else 'png'}"
            if i % 2:
                write_dicom(arguments.output / image, grey, name, chance)
            else:
                Image.fromarray(np.rint(grey * 65535).astype(np.uint16)).save(arguments.output / image)
            date = datetime.date(2020, 1, 1) + datetime.timedelta(days=chance.randrange(900))
            text = f"Patient: {name}\nEXAMINATION: chest, {date:%m/%d/%Y}\nFINDINGS: {report(found, side, chance)}\nIMPRESSION: as above. Dr. {name}"
            rows.writerow([image, f"p{i // 2}", text])


if __name__ == "__main__":
    main()
