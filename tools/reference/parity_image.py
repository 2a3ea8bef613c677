#!/usr/bin/env python3
"""Compares the module image/ with Pillow and with transformers' BlipImageProcessor, bit for bit.

    parity_image.py --build DIR [--quick] [--photos DIR]

DIR is a build directory with tools/reference/probe_image in it. --photos adds every JPEG below a
directory to the decoding and preprocessing checks. Exits 0 only if every check holds.
"""
import argparse
import io
import itertools
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
from PIL import Image, ImageOps

from image_files import FILTERS, avif_files, jpeg_files, mode_files, synthetic


class Probe:
    def __init__(self, build, folder):
        program = pathlib.Path(build) / "tools/reference/probe_image"
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.out = str(folder / "probe.out")

    def ask(self, **request):
        self.process.stdin.write(json.dumps({**request, "out": self.out}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"FAIL: the probe died ({self.process.wait()}) on {request}")
        return json.loads(line)

    def decode(self, path, exif=False, **options):
        """[H, W, 3], or the error message."""
        answer = self.ask(op="decode", path=str(path), exif=exif, **options)
        if "error" in answer:
            return answer["error"]
        return np.fromfile(self.out, np.uint8).reshape(answer["height"], answer["width"], 3)


class Table:
    def __init__(self):
        self.failures = 0

    def row(self, name, equal, total, note="", required=True):
        verdict = "ok" if equal == total else ("FAIL" if required else "differs")
        self.failures += required and equal != total
        print(f"  {name:<44} {equal:>5} / {total:<5} {verdict:<8} {note}", flush=True)


def size_pairs(quick):
    sides = [1, 2, 3, 5, 7, 16, 31, 33, 100, 224, 383, 384, 385, 500, 640]
    pairs = [((w, h), (384, 384)) for w in sides for h in sides]
    pairs += [((w, h), (t, u)) for (w, h) in [(1, 1), (1, 50), (50, 1), (17, 90), (384, 20)]
              for t in (1, 2, 15, 16, 17, 32, 33, 384) for u in (1, 3, 16, 384, 500)]
    rng = random.Random(7)
    pairs += [((rng.randint(1, 900), rng.randint(1, 900)), (rng.randint(1, 700), rng.randint(1, 700)))
              for _ in range(90)]
    if quick:
        return rng.sample(pairs, 120) + [((1, 1), (384, 384)), ((1600, 1200), (384, 384))]
    pairs += [((6000, 4000), t) for t in [(384, 384), (6000, 384), (384, 4000), (1, 1), (6000, 4000)]]
    pairs += [((4000, 3000), (384, 384)), ((4032, 3024), (384, 384)), ((1, 1), (6000, 4000)),
              ((10000, 1), (384, 384)), ((1, 10000), (384, 384)), ((10000, 2), (3, 5)),
              ((300, 200), (6000, 4000)), ((3000, 4000), (480, 480)), ((65535, 1), (1, 1)),
              ((1, 1), (65535, 1)), ((1, 1), (1, 65535)), ((5184, 3456), (384, 384))]
    return pairs


def check_resize(probe, folder, table, quick):
    print("resize against Pillow")
    raw = folder / "source.rgb"
    pairs = size_pairs(quick)
    others = random.Random(8).sample(pairs, 20 if quick else 80)
    for name, number in FILTERS.items():
        chosen = pairs if name == "bicubic" else others
        equal = 0
        for source, target in chosen:
            pixels = synthetic(*source)
            pixels.tofile(raw)
            answer = probe.ask(op="resize", raw=str(raw), **{"from": source}, to=target, filter=number)
            expected = np.asarray(Image.fromarray(pixels).resize(target, number))
            got = np.fromfile(probe.out, np.uint8)
            same = "error" not in answer and np.array_equal(got, expected.ravel())
            equal += same
            if not same:
                print("   ", name, source, "->", target, answer)
        table.row(f"{name}, size pairs", equal, len(chosen))


def check_speed(probe, folder, quick):
    raw = folder / "source.rgb"
    pixels = synthetic(4000, 3000)
    pixels.tofile(raw)
    image = Image.fromarray(pixels)
    repeat = 5 if quick else 15
    theirs = min(_timed(lambda: image.resize((384, 384), 3)) for _ in range(repeat))
    ours = probe.ask(op="resize", raw=str(raw), **{"from": (4000, 3000)}, to=(384, 384),
                     repeat=repeat)["seconds"]
    print(f"  4000 x 3000 -> 384 x 384, one thread: Pillow {theirs * 1e3:.1f} ms, "
          f"here {ours * 1e3:.1f} ms, {theirs / ours:.2f} times as fast")


def _timed(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def as_opened(image):
    return np.asarray(image.convert("RGB"))


def as_processed(image):
    """What the BLIP processor of transformers 5 makes of it before it resizes."""
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    processor = BlipImageProcessorPil(do_resize=False, do_rescale=False, do_normalize=False)
    return processor([image], return_tensors="np")["pixel_values"][0].transpose(1, 2, 0)


def on_green(image):
    if "A" not in image.getbands() and image.info.get("transparency") is None:
        return as_opened(image)
    background = Image.new("RGBA", image.size, (13, 200, 99, 255))
    return np.asarray(Image.alpha_composite(background, image.convert("RGBA")).convert("RGB"))


def compare_files(probe, folder, table, files, required=True, reference=as_opened, **options):
    groups = {}
    for group, name, data in files:
        path = folder / "case.bin"
        path.write_bytes(data)
        expected = reference(Image.open(io.BytesIO(data)))
        got = probe.decode(path, **options)
        counts = groups.setdefault(group, [0, 0, 0, 0.0])
        counts[1] += 1
        if isinstance(got, str) or got.shape != expected.shape:
            print("   ", group, name, got if isinstance(got, str) else (got.shape, expected.shape))
            counts[2] = 255
        elif np.array_equal(got, expected):
            counts[0] += 1
        else:
            difference = np.abs(got.astype(int) - expected)
            counts[2] = max(counts[2], difference.max())
            counts[3] = max(counts[3], difference.mean())
            if required and counts[1] - counts[0] <= 5:
                print("   ", group, name, "largest difference", difference.max())
    for group, (equal, total, worst, mean) in groups.items():
        note = "" if equal == total else f"largest difference {worst}, largest mean {mean:.4f}"
        table.row(group, equal, total, note, required)


def check_decoding(probe, folder, table, quick, photos):
    print('decoding against Image.open(path).convert("RGB")')
    sizes = [(1, 1), (33, 17)] if quick else [(1, 1), (2, 3), (16, 16), (33, 17), (100, 75), (251, 260)]
    compare_files(probe, folder, table, mode_files(sizes))
    compare_files(probe, folder, table, jpeg_files(sizes))
    if photos:
        names = photos[:6] if quick else photos
        compare_files(probe, folder, table, (("photos", p.name, p.read_bytes()) for p in names))


def check_transparency(probe, folder, table, quick):
    sizes = [(33, 17)] if quick else [(1, 1), (2, 3), (33, 17), (100, 75)]
    print("transparency against the processor of transformers, every mode")
    compare_files(probe, folder, table, mode_files(sizes), reference=as_processed, blend=True)
    print("the same on another background")
    compare_files(probe, folder, table, mode_files(sizes), reference=on_green, blend=True,
                  background=[13, 200, 99])


def check_avif(probe, folder, table, quick):
    print("AVIF, measured only: libheif here, libavif in Pillow, whose chroma upsampling differs")
    compare_files(probe, folder, table, avif_files([(64, 48)] if quick else [(64, 48), (201, 133)]),
                  required=False)


def check_exif(probe, folder, table):
    print("EXIF orientation against ImageOps.exif_transpose")
    picture = Image.fromarray(synthetic(45, 29, seed=3))
    for kind, options in [("JPEG", {}), ("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {})]:
        on = off = 0
        for orientation in range(0, 10):  # 0 and 9 mean nothing
            exif = Image.Exif()
            exif[0x0112] = orientation
            path = folder / "exif.bin"
            picture.save(path, kind, exif=exif, **options)
            expected = np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
            on += np.array_equal(probe.decode(path, exif=True), expected)
            off += np.array_equal(probe.decode(path), np.asarray(Image.open(path).convert("RGB")))
        table.row(f"{kind}, option on", on, 10)
        table.row(f"{kind}, option off", off, 10)
    equal = 0
    forms = ['tiff:Orientation="{}"', "<tiff:Orientation>{}</tiff:Orientation>"]
    for orientation, form in itertools.product(range(1, 9), forms):
        xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{form.format(orientation)}</x:xmpmeta>'
        path = folder / "xmp.jpg"
        picture.save(path, "JPEG", xmp=xmp.encode())
        expected = np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
        equal += np.array_equal(probe.decode(path, exif=True), expected)
    table.row("JPEG, orientation in XMP only", equal, 16)


def check_damaged(probe, folder, table, quick):
    print("damaged files: verdicts on random bytes are measured only; a crash of the probe ends the run")
    rng = random.Random(11)
    picture = Image.fromarray(synthetic(60, 40, seed=9))
    for kind in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"):
        buffer = io.BytesIO()
        picture.save(buffer, kind)
        whole = buffer.getvalue()
        cuts = [len(whole) * i // 40 for i in range(1, 40)] + [len(whole) - n for n in (1, 2, 3, 12, 13)]
        lenient = strict = 0
        for cut in cuts:
            theirs, ours = read_both(probe, folder / "cut.bin", whole[:cut])
            lenient += theirs is None and ours is not None
            strict += theirs is not None and ours is None
        table.row(f"{kind} cut short, refused if Pillow refuses", len(cuts) - lenient, len(cuts),
                  f"{strict} refused that Pillow reads")
        agree = equal = read = 0
        count = 40 if quick else 300
        for _ in range(count):
            broken = bytearray(whole)
            for _ in range(rng.randint(1, 8)):
                broken[rng.randrange(len(broken))] = rng.randrange(256)
            theirs, ours = read_both(probe, folder / "broken.bin", bytes(broken))
            agree += (theirs is None) == (ours is None)
            if theirs is not None and ours is not None:
                read += 1
                equal += np.array_equal(theirs, ours)
        table.row(f"{kind} with random bytes, same verdict", agree, count,
                  f"same pixels in {equal} of the {read} that both read", required=False)


def read_both(probe, path, data):
    """Pillow's pixels and ours; None for a refusal."""
    path.write_bytes(data)
    try:
        theirs = np.asarray(Image.open(path).convert("RGB"))
    except Exception:  # which of its many exceptions does not matter here
        theirs = None
    ours = probe.decode(path)
    return theirs, None if isinstance(ours, str) else ours


def check_preprocess(probe, folder, table, quick, photos):
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    print("preprocessing against BlipImageProcessorPil, every float")
    paths = list(photos[:4] if quick else photos)
    for i, (w, h) in enumerate([(37, 91), (384, 384), (500, 20), (1, 1)]):
        path = folder / f"picture{i}.png"
        Image.fromarray(synthetic(w, h, seed=i)).save(path)
        paths.append(path)
    cutout = Image.fromarray(synthetic(60, 44, seed=8))
    cutout.putalpha(Image.fromarray(synthetic(60, 44, seed=9)[..., 0]))
    for name, image in [("cutout", cutout), ("palette", cutout.quantize(40))]:
        paths.append(folder / f"{name}.png")
        image.save(paths[-1])
    same_size = []
    for i in range(3):
        path = folder / f"same{i}.png"
        Image.fromarray(synthetic(48, 32, seed=40 + i)).save(path)
        same_size.append(path)
    odd = {"image_mean": [0.5, 0.25, 0.1], "image_std": [0.5, 0.3, 0.7]}
    configs = [{}, {"do_rescale": False}, {"do_normalize": False}, odd,
               {"do_rescale": False, "do_normalize": False}, {"height": 112, "width": 112},
               {"height": 224, "width": 300}, {"resample": 2}, {"resample": 1}, {"resample": 0},
               {"rescale_factor": 1 / 127.5}, {"rescale_factor": 0.017, "resample": 4, **odd},
               {"do_resize": False}, {"do_resize": False, "do_rescale": False, **odd}]
    for config in configs:
        names = paths if config.get("do_resize", True) else same_size
        keywords = {k: v for k, v in config.items() if k not in ("height", "width")}
        if "height" in config:
            keywords["size"] = {"height": config["height"], "width": config["width"]}
        processor = BlipImageProcessorPil(**keywords)
        expected = processor([Image.open(p) for p in names], return_tensors="np")["pixel_values"]
        answer = probe.ask(op="preprocess", paths=[str(p) for p in names], config=config)
        got = np.fromfile(probe.out, np.float32).reshape(answer["shape"])
        expected = np.asarray(expected)
        equal = sum(a.astype(np.float32).tobytes() == b.tobytes() for a, b in zip(expected, got))
        worst = np.abs(expected.astype(np.float64) - got).max() if equal < len(names) else 0
        table.row(json.dumps(config)[:44], equal, len(names), f"largest {worst:.3g}" if worst else "")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--photos", type=pathlib.Path)
    arguments = parser.parse_args()
    photos = sorted(arguments.photos.rglob("*.jpg")) if arguments.photos else []
    table = Table()
    Image.MAX_IMAGE_PIXELS = None
    warnings.simplefilter("ignore")  # Pillow's advice on palettes, which is not about us
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        probe = Probe(arguments.build, folder)
        check_resize(probe, folder, table, arguments.quick)
        check_speed(probe, folder, arguments.quick)
        check_decoding(probe, folder, table, arguments.quick, photos)
        check_transparency(probe, folder, table, arguments.quick)
        check_avif(probe, folder, table, arguments.quick)
        check_exif(probe, folder, table)
        check_damaged(probe, folder, table, arguments.quick)
        check_preprocess(probe, folder, table, arguments.quick, photos)
    print("all checks hold" if table.failures == 0 else f"{table.failures} checks FAILED")
    return table.failures != 0


if __name__ == "__main__":
    sys.exit(main())
