"""Makes synthetic captions for photos of road signs and traffic lights: a shard of photos with 4 sentences each.

usage: make_road_captions.py --photos DIRECTORY --boxes DIRECTORY [--kept-apart PATH...] --output DIRECTORY

--photos has road*.png and --boxes a Pascal VOC file for each (the road sign detection photos that Kaggle has under CC0, of which
github.com/MuratOzc/traffic-sign-recognition-using-deep-learning holds a copy in images/ and annotations/): boxes of stop signs, traffic
lights, and signs of speed limits and crossings. Photos whose stop sign or traffic light can be seen are taken, and --others of the rest.
"""
import argparse
import hashlib
import io
import pathlib
import random
import xml.etree.ElementTree

import numpy
from PIL import Image

from make_captions import Twins, kept_apart
from photo_hash import difference_hash
from shards import ShardWriter

# Of the photo: a smaller box is a few pixels for the tower, and nobody would speak of it.
SEEN, CLOSE = 0.01, 0.15
NOUNS = {"stop": "stop sign", "trafficlight": "traffic light", "speedlimit": "speed limit sign", "crosswalk": "crosswalk sign"}
FEW = {2: "two", 3: "three"}
PLACES = ("on the side of a road", "next to a street", "on a pole", "by the side of the road", "at an intersection", "on a street corner")
SIDE = 320  # of the shards' photos, the shorter one


def boxes(path):
    """The seen boxes by kind, with the largest one's share of the photo."""
    root = xml.etree.ElementTree.parse(path).getroot()
    whole = int(root.find("size/width").text) * int(root.find("size/height").text)
    kinds = {}
    for item in root.iter("object"):
        left, top, right, bottom = (int(item.find(f"bndbox/{side}").text) for side in ("xmin", "ymin", "xmax", "ymax"))
        area = (right - left) * (bottom - top) / whole
        if area >= SEEN:
            count, largest = kinds.get(item.find("name").text, (0, 0.0))
            kinds[item.find("name").text] = (count + 1, max(area, largest))
    return kinds


def sentences(kinds, is_night, choose):
    """Four different ones, the largest thing first."""
    names = sorted(kinds, key=lambda kind: -kinds[kind][1])
    main, (count, area) = names[0], kinds[names[0]]
    noun = NOUNS[main]
    one = f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}" if count == 1 else f"{FEW.get(count, 'several')} {noun}s"
    night = " at night" if is_night else ""
    found = [f"{one} {place}{night}" for place in PLACES]
    if main == "stop" and count == 1:
        found += [f"a red stop sign {place}{night}" for place in PLACES]
    if area >= CLOSE:
        found += [f"a close up of {one}", f"a close up of {one}{night or ' on a pole'}"]
    choose.shuffle(found)
    if len(names) > 1:
        other = NOUNS[names[1]]
        found[:0] = choose.sample([f"{one} next to a {other}", f"{one} and a {other} on a pole", f"{one} and a {other} {choose.choice(PLACES)}"], 2)
    return list(dict.fromkeys(found))[:4]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", required=True, type=pathlib.Path)
    parser.add_argument("--boxes", required=True, type=pathlib.Path)
    parser.add_argument("--kept-apart", type=pathlib.Path, nargs="*", default=[])
    parser.add_argument("--others", type=int, default=60)
    parser.add_argument("--output", required=True, type=pathlib.Path)
    options = parser.parse_args()
    files = sorted(options.boxes.glob("*.xml"), key=lambda path: hashlib.sha1(path.name.encode()).digest())
    twins, writer, others = Twins(kept_apart(options.kept_apart), len(files)), ShardWriter(options.output, "road-signs"), 0
    for file in files:
        kinds = boxes(file)
        if not kinds or (others == options.others and not kinds.keys() & {"stop", "trafficlight"}):
            continue
        image = Image.open(options.photos / f"{file.stem}.png").convert("RGB")
        if not twins.is_new(difference_hash(image)):
            continue
        others += not kinds.keys() & {"stop", "trafficlight"}
        is_night = numpy.asarray(image.convert("L")).mean() < 50
        captions = sentences(kinds, is_night, random.Random(file.name))
        scale = SIDE / min(image.size)
        if scale < 1:
            image = image.resize([round(side * scale) for side in image.size], Image.Resampling.BICUBIC)
        photo = io.BytesIO()
        image.save(photo, "JPEG", quality=90)
        writer.add(file.stem, photo.getvalue(), {"image": f"{file.stem}.jpg", "captions": captions, "synthetic": True})
    writer.close()
    print(f"{writer.written} photos, {others} of them without stop signs and traffic lights")


if __name__ == "__main__":
    main()
