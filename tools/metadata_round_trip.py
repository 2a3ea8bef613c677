#!/usr/bin/env python3
"""Puts words into pictures of every format by `blip describe` and reads them back by others.

  tools/metadata_round_trip.py BLIP MODEL [--files 500] [--kills 200] [--seed 1]

Makes pictures of every format that Pillow writes, gives most of them metadata by exiftool (texts in
other languages, IPTC, GPS, ratings, hierarchies), runs `blip describe` in every mode and checks:

- exiftool and exiv2 read the words that were written, in pictures and in sidecars;
- exiftool finds every other tag as it was;
- Pillow decodes every frame of every picture to the same samples, transparency included;
- text that was there is still there: in the file, or in its _original;
- whoever kills the program at any moment (--kills times) finds every picture whole.

Needs exiftool, exiv2 and Pillow (Debian: libimage-exiftool-perl exiv2 python3-pil). Prints a line
for each part; the exit code is 1 if anything is wrong.
"""
import argparse
import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

try:
    from PIL import Image, ImageSequence
except ImportError:
    print("Pillow is not installed", file=sys.stderr)
    sys.exit(77)

# What `blip describe` may change, and what depends on the file's bytes alone.
OURS = {"XMP-dc:Description", "XMP-dc:Subject", "XMP-iptcCore:AltTextAccessibility",
        "XMP-x:XMPToolkit", "IPTC:Caption-Abstract", "IPTC:Keywords", "IPTC:CodedCharacterSet",
        "Photoshop:IPTCDigest", "File:CurrentIPTCDigest"}
OF_THE_BYTES = ("System:", "SourceFile", "ExifTool:", "File:", "RIFF:", "PNG:", "IFD0:StripOffsets",
                "IFD0:TileOffsets", "IFD0:FreeOffsets", "IFD1:ThumbnailOffset", "IFD0:PreviewImageStart")


def run(*words, **more):
    return subprocess.run([str(word) for word in words], capture_output=True, **more)


def picture(randoms, width, height, mode):
    noise = Image.frombytes("RGBA", (width, height), randoms.randbytes(4 * width * height))
    return noise.resize((width // 2, height // 2)).resize((width, height)).convert(mode)


def writers():
    """(ending, mode, options, frames) of every kind."""
    kinds = []
    for mode in ("RGB", "L", "CMYK"):
        for options in ({"quality": 75}, {"quality": 95, "progressive": True},
                        {"quality": 85, "comment": b"by hand"}):
            kinds.append((".jpg", mode, options, 1))
    for mode in ("RGB", "RGBA", "L", "LA", "P", "1"):
        kinds.append((".png", mode, {}, 1))
    kinds.append((".png", "RGBA", {"save_all": True, "duration": 50}, 3))
    for mode in ("RGB", "RGBA"):
        kinds += [(".webp", mode, {"lossless": True, "exact": True}, 1),
                  (".webp", mode, {"quality": 80}, 1),
                  (".webp", mode, {"save_all": True, "lossless": True, "duration": 50}, 3)]
    for mode in ("RGB", "RGBA", "L", "CMYK", "1"):
        for compression in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits"):
            kinds.append((".tif", mode, {"compression": compression}, 1))
    kinds += [(".tif", "RGB", {"save_all": True}, 3), (".gif", "P", {}, 1), (".bmp", "RGB", {}, 1)]
    return kinds


def make_pictures(folder, count, randoms):
    kinds = writers()
    paths = []
    for number in range(count):
        ending, mode, options, frames = kinds[number % len(kinds)]
        width, height = randoms.randrange(20, 90), randoms.randrange(20, 90)
        images = [picture(randoms, width, height, mode) for _ in range(frames)]
        path = folder / f"p{number:04d}{ending}"
        options = dict(options)
        if frames > 1:
            options["append_images"] = images[1:]
        images[0].save(path, **options)
        paths.append(path)
    return paths


# Metadata that is there before, as exiftool's arguments; each is given to a part of the files.
THERE = [
    [],
    ["-XMP-dc:Description-de=Ein Bild von Hand", "-XMP-xmp:Rating=4"],
    ["-XMP-dc:Description=By hand", "-XMP-dc:Description-fr=À la main", "-XMP-dc:Subject=Rome",
     "-XMP-dc:Subject=été, 2024"],
    ["-IPTC:Caption-Abstract=Old caption", "-IPTC:Keywords=old", "-IPTC:City=Rome"],
    ["-XMP-lr:HierarchicalSubject=Places|Italy|Rome", "-EXIF:GPSLatitude=41.9",
     "-EXIF:GPSLatitudeRef=N", "-EXIF:Artist=Ann", "-XMP-xmpMM:DocumentID=xmp.did:1",
     "-XMP-mwg-rs:RegionInfo={AppliedToDimensions={W=40,H=30,Unit=pixel},RegionList=[{Name=Ann,"
     "Type=Face,Area={X=0.5,Y=0.5,W=0.1,H=0.1,Unit=normalized}}]}"],
    ["-XMP-iptcCore:AltTextAccessibility=By hand, for the blind", "-EXIF:ImageDescription=CAMERA"],
]


def give_metadata(paths):
    for number, arguments in enumerate(THERE):
        some = [path for i, path in enumerate(paths) if i % len(THERE) == number]
        writable = [path for path in some if path.suffix not in (".bmp",)]
        if arguments and writable:
            run("exiftool", "-q", "-m", "-overwrite_original", *arguments, *writable)


def tags(paths):
    """exiftool's tags of each file, by name."""
    found = run("exiftool", "-q", "-j", "-G1", "-struct", "-a", "-n", *paths).stdout
    return {pathlib.Path(entry["SourceFile"]).name: entry for entry in json.loads(found or b"[]")}


def samples(path):
    with Image.open(path) as image:
        return [(frame.size, frame.mode, frame.tobytes(), frame.info.get("transparency"))
                for frame in ImageSequence.Iterator(image)]


def others(entry):
    def is_ours(name):
        return name in OURS or any(name.startswith(ours + "-") for ours in OURS)
    return {name: value for name, value in entry.items()
            if not is_ours(name) and not name.startswith(OF_THE_BYTES)}


def as_list(value):
    return value if isinstance(value, list) else [] if value is None else [str(value)]


class Check:
    def __init__(self):
        self.wrong = []

    def __call__(self, holds, path, message):
        if not holds:
            self.wrong.append(f"{path}: {message}")


def texts(entry):
    """Texts that a file says, by the fields that blip describe writes."""
    fields = ("XMP-dc:Description", "XMP-iptcCore:AltTextAccessibility", "IPTC:Caption-Abstract")
    return {name: str(value) for name, value in entry.items() if name.startswith(fields)}


def describe(blip, model, folder, *words):
    return run(blip, "describe", "-m", model, "--format", "jsonl", *words, folder, timeout=570)


def check_mode(blip, model, originals, work, mode, embed, check):
    folder = work / f"{'embed' if embed else 'sidecar'}-{mode}"
    shutil.copytree(originals, folder)
    paths = sorted(path for path in folder.iterdir())
    before_tags, before = tags(paths), {path.name: samples(path) for path in paths}
    result = describe(blip, model, folder, "--existing", mode, *(["--embed"] if embed else []))
    check(result.returncode == 0, folder, f"exit code {result.returncode}: {result.stderr[:300]}")
    records = {pathlib.Path(json.loads(line)["path"]).name: json.loads(line)
               for line in result.stdout.splitlines()}
    sidecars = {path.name: path.with_name(path.name + ".xmp") for path in paths}
    after_tags = tags(paths)
    there = [path for path in sidecars.values() if path.exists()]
    beside_tags = tags(there) if there else {}
    embedded = 0
    for path in paths:
        name = path.name
        check(samples(path) == before[name], path, "other samples")
        changed = others(after_tags[name]) != others(before_tags[name])
        if changed:
            left, right = others(before_tags[name]), others(after_tags[name])
            check(False, path, "other tags: " + str({key: (left.get(key), right.get(key))
                                                     for key in {**left, **right}
                                                     if left.get(key) != right.get(key)})[:300])
        said = [*texts(after_tags[name]).values(),
                *texts(beside_tags.get(name + ".xmp", {})).values()]
        for field, text in texts(before_tags[name]).items():
            kept = any(text in other for other in said)
            if mode == "replace" and not kept:
                old = tags([path.with_name(name + "_original")]) if path.with_name(
                    name + "_original").exists() else {}
                kept = any(text in other for entry in old.values() for other in texts(entry).values())
            check(kept, path, f"{field} is lost: {text}")
        for field in ("XMP-dc:Subject", "IPTC:Keywords"):
            lost = set(map(str, as_list(before_tags[name].get(field)))) - set(
                map(str, as_list(after_tags[name].get(field))))
            check(not lost or mode == "replace", path, f"{field} lost {lost}")
        if name not in records:  # all was there
            check(mode == "keep", path, "no record")
            continue
        record = records[name]
        if record["written"] is None:
            continue
        written = pathlib.Path(record["written"])
        entry = after_tags[name] if written == path else beside_tags[written.name]
        embedded += written == path
        own = entry.get("XMP-dc:Description", "")
        had = before_tags[name]
        if mode != "keep" or not (had.get("XMP-dc:Description") or had.get("XMP-dc:Description-de")
                                  or had.get("IPTC:Caption-Abstract")):
            check(record["description"] in str(own), path, f"exiftool reads {own!r}")
            shown = run("exiv2", "-q", "-K", "Xmp.dc.description", "-P", "t", "pr", written).stdout
            check(record["description"].encode() in shown, path, f"exiv2 reads {shown!r}")
    kind = "pictures" if embed else "sidecars"
    print(f"{mode:8} into {kind}: {len(paths)} files, {embedded} embedded, {len(there)} sidecars")


def check_kills(blip, model, originals, work, kills, randoms, check):
    """Kills the program at a random moment; then every picture has its samples and its texts."""
    folder = work / "killed"
    shutil.copytree(originals, folder)
    names = sorted(path.name for path in folder.iterdir())
    before_tags = tags([originals / name for name in names])
    before = {name: samples(originals / name) for name in names}
    started = time.monotonic()
    whole = subprocess.Popen([blip, "describe", "-m", model, "--embed", "--existing", "append", folder],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    whole.wait()
    longest = time.monotonic() - started
    written = 0
    for number in range(kills):
        shutil.rmtree(folder)
        shutil.copytree(originals, folder)
        process = subprocess.Popen(
            [blip, "describe", "-m", model, "--embed", "--existing", "append", folder],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(randoms.uniform(0, longest))
        process.send_signal(signal.SIGKILL)
        process.wait()
        after = tags([folder / name for name in names])
        for name in names:
            path = folder / name
            check(samples(path) == before[name], path, f"other samples after kill {number}")
            for field, text in texts(before_tags[name]).items():
                check(any(text in other for other in texts(after[name]).values()), path,
                      f"{field} is lost after kill {number}")
            check(others(after[name]) == others(before_tags[name]), path,
                  f"other tags after kill {number}")
            written += path.read_bytes() != (originals / name).read_bytes()
    print(f"killed {kills} times within {longest:.2f} s: {written} of {kills * len(names)} pictures "
          "had been written")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("blip")
    parser.add_argument("model")
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for program in ("exiftool", "exiv2"):
        if not shutil.which(program):
            print(f"{program} is not installed", file=sys.stderr)
            return 77
    randoms = random.Random(options.seed)
    check = Check()
    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory)
        originals = work / "originals"
        originals.mkdir()
        paths = make_pictures(originals, options.files, randoms)
        give_metadata(paths)
        for mode in ("keep", "append", "replace"):
            for embed in (True, False):
                check_mode(options.blip, options.model, originals, work, mode, embed, check)
        few = work / "few"
        few.mkdir()
        embeddable = [path for path in paths if path.suffix in (".jpg", ".png", ".webp")]
        for path in embeddable[:12]:
            shutil.copy(path, few)
        check_kills(options.blip, options.model, few, work, options.kills, randoms, check)
    for line in check.wrong[:40]:
        print(line, file=sys.stderr)
    print(f"{len(check.wrong)} wrong" if check.wrong else "all as it should be")
    return 1 if check.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
