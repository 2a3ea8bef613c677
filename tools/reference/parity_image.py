#!/usr/bin/env python3
"""Compares the room image/ with Pillow and with transformers' BlipImageProcessor, bit for bit.

    parity_image.py --build DIR [--quick] [--photos DIR]
    parity_image.py --write-fixtures tests/image/data

DIR is a build directory with tools/reference/probe_image in it. --photos adds every JPEG below a
directory to the decoding and preprocessing checks. Exits 0 only if every check holds.
--write-fixtures writes what the room's unit tests compare with, straight from the oracle.
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

FILTERS = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5}


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

    def decode(self, path, exif=False):
        """[H, W, 3], or the error message."""
        answer = self.ask(op="decode", path=str(path), exif=exif)
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


def synthetic(width, height, seed=0):
    """Smooth colour plus noise: both the kernels' lobes and their clipping are exercised."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = [127 + 127 * np.sin(x / (3.0 + 5 * c) + y / (7.0 + 3 * c)) for c in range(3)]
    noise = rng.integers(0, 256, (height, width, 3))
    mix = (x // 16 + y // 16) % 2
    image = np.where(mix[..., None] == 0, np.stack(waves, -1), noise)
    return np.ascontiguousarray(image.astype(np.uint8))


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


def tiff16(array, photometric_rgb):
    """Pillow cannot write 16-bit colour; a bare little-endian TIFF can."""
    height, width = array.shape[:2]
    samples = 1 if array.ndim == 2 else array.shape[2]
    data = array.astype("<u2").tobytes()
    bits_at = 8 + 2 + 12 * 10 + 4
    data_at = bits_at + 2 * samples
    bits = (3, samples, bits_at) if samples > 2 else (3, samples, 16 if samples == 1 else 16 | 16 << 16)
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, *bits), (259, 3, 1, 1),
               (262, 3, 1, 2 if photometric_rgb else 1), (273, 4, 1, data_at), (277, 3, 1, samples),
               (278, 4, 1, height), (279, 4, 1, len(data)), (284, 3, 1, 1)]
    words = b"".join(np.array([t, k], "<u2").tobytes() + np.array([n, v], "<u4").tobytes()
                     for t, k, n, v in entries)
    return (b"II*\0" + np.array([8], "<u4").tobytes() + np.array([len(entries)], "<u2").tobytes()
            + words + bytes(4) + np.full(samples, 16, "<u2").tobytes() + data)


def png16(array, colour_type, extra=b""):
    """A 16-bit PNG of any colour type."""
    import struct
    import zlib

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    height, width = array.shape[:2]
    rows = array.astype(">u2").reshape(height, -1)
    data = b"".join(b"\0" + row.tobytes() for row in rows)
    head = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(data))
            + chunk(b"IEND", b""))


def trns16(*values):
    import struct
    import zlib
    body = struct.pack(f">{len(values)}H", *values)
    return struct.pack(">I", len(body)) + b"tRNS" + body + struct.pack(">I", zlib.crc32(b"tRNS" + body))


def mode_files(sizes):
    """(group, name, bytes) of every mode and container."""
    for w, h in sizes:
        rgb = Image.fromarray(synthetic(w, h, seed=w * 1000 + h))
        alpha = Image.fromarray(synthetic(w, h, seed=5)[..., 0])
        grey = rgb.convert("L")
        rgba = rgb.copy()
        rgba.putalpha(alpha)
        la = grey.copy()
        la.putalpha(alpha)
        palette = rgb.quantize(37)
        palette_alpha = rgba.quantize(50)
        one = rgb.convert("1")
        cmyk = Image.fromarray(np.dstack([np.asarray(rgb), np.asarray(alpha)]), "CMYK")
        deep = (np.asarray(rgb).astype(np.uint32) * 211 + 7).astype(np.uint16)
        low = np.asarray(grey).astype(np.uint16) * 2

        def save(image, kind, **options):
            buffer = io.BytesIO()
            image.save(buffer, kind, **options)
            return buffer.getvalue()
        size = f"{w}x{h}"
        for name, image in [("L", grey), ("LA", la), ("P", palette), ("PA", palette_alpha),
                            ("RGB", rgb), ("RGBA", rgba), ("1", one)]:
            yield "PNG", f"{name} {size}", save(image, "PNG")
        for bits in (1, 2, 4):
            few = rgb.quantize(2 ** bits)
            yield "PNG", f"P{bits} {size}", save(few, "PNG", bits=bits)
            yield "PNG", f"P{bits} transparent {size}", save(few, "PNG", bits=bits, transparency=1)
        yield "PNG", f"L tRNS {size}", save(grey, "PNG", transparency=int(np.asarray(grey)[0, 0]))
        yield "PNG", f"RGB tRNS {size}", save(rgb, "PNG", transparency=rgb.getpixel((0, 0)))
        yield "PNG 16-bit", f"I;16 {size}", save(Image.fromarray(low), "PNG")
        yield "PNG 16-bit", f"grey {size}", png16(deep[..., 0], 0)
        yield "PNG 16-bit", f"grey tRNS {size}", png16(low, 0, trns16(int(low[0, 0])))
        yield "PNG 16-bit", f"RGB {size}", png16(deep, 2)
        yield "PNG 16-bit", f"RGB tRNS {size}", png16(deep, 2, trns16(*map(int, deep[0, 0])))
        yield "PNG 16-bit", f"LA {size}", png16(deep[..., :2], 4)
        yield "PNG 16-bit", f"RGBA {size}", png16(np.dstack([deep, low]), 6)
        for compression in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits"):
            for name, image in [("L", grey), ("LA", la), ("P", palette), ("RGB", rgb),
                                ("RGBA", rgba), ("1", one), ("CMYK", cmyk)]:
                yield "TIFF", f"{name} {compression} {size}", save(image, "TIFF", compression=compression)
        for compression in ("group3", "group4"):
            yield "TIFF", f"1 {compression} {size}", save(one, "TIFF", compression=compression)
        yield "TIFF JPEG", f"L {size}", save(grey, "TIFF", compression="jpeg")
        yield "TIFF JPEG", f"RGB {size}", save(rgb, "TIFF", compression="jpeg")
        yield "TIFF 16-bit", f"I;16 {size}", save(Image.fromarray(low), "TIFF")
        yield "TIFF 16-bit", f"grey {size}", tiff16(deep[..., 0], False)
        yield "TIFF 16-bit", f"RGB {size}", tiff16(deep, True)
        yield "TIFF 16-bit", f"RGBA {size}", tiff16(np.dstack([deep, low]), True)
        yield "TIFF 32-bit", f"I {size}", save(Image.fromarray(low.astype(np.int32) - 100), "TIFF")
        yield "TIFF 32-bit", f"F {size}", save(Image.fromarray(low.astype(np.float32) * 0.7 - 9), "TIFF")
        for name, image in [("L", grey), ("P", palette), ("RGB", rgb), ("RGBA", rgba), ("1", one),
                            ("P transparent", palette_alpha)]:
            yield "GIF", f"{name} {size}", save(image, "GIF")
        yield "GIF", f"interlaced {size}", save(palette, "GIF", interlace=1)
        yield "GIF", f"animated {size}", save(palette, "GIF", save_all=True, append_images=[
            ImageOps.mirror(palette), grey.convert("P")])
        frame = save(palette, "GIF", transparency=3)
        yield "GIF", f"transparent {size}", frame
        yield "GIF", f"canvas beyond the frame {size}", wider_gif(save(palette, "GIF"), 9, 4)
        yield "GIF", f"canvas beyond the transparent frame {size}", wider_gif(frame, 6, 11)
        canvas = save(palette, "GIF")  # libvips replaces a canvas of this size by the frame's
        yield "GIF", f"canvas 640x480 {size}", canvas[:6] + bytes([128, 2, 224, 1]) + canvas[10:]
        for lossless in (True, False):
            for name, image in [("RGB", rgb), ("RGBA", rgba)]:
                yield "WebP", f"{name} lossless={lossless} {size}", save(image, "WEBP", lossless=lossless)
        yield "WebP", f"animated {size}", save(rgba, "WEBP", save_all=True,
                                               append_images=[ImageOps.mirror(rgba)])
        for bmp_mode in (rgb, grey, palette, one, rgba):
            yield "BMP", f"{bmp_mode.mode} {size}", save(bmp_mode, "BMP")
        for name, data in bmp_files(w, h):
            yield "BMP", name, data


def bmp(array, bits, header=40, masks=None, top_down=False):
    """Bitmaps that Pillow reads and does not write. array: [H, W] of indices or packed pixels."""
    import struct
    height, width = array.shape
    palette = b""
    if bits <= 8:
        step = 3 if header == 12 else 4
        palette = bytes((i * 7 + c * 50) % 256 for i in range(2 ** bits) for c in range(step))
    stride = (width * bits + 31) // 32 * 4
    rows = []
    for row in array if top_down else array[::-1]:
        if bits < 8:
            flat = np.unpackbits(row.astype(np.uint8)[:, None], axis=1)[:, 8 - bits:].ravel()
            packed = np.packbits(flat).tobytes()
        else:
            packed = row.astype("<u4").view(np.uint8).reshape(width, 4)[:, :bits // 8].tobytes()
        rows.append(packed.ljust(stride, b"\0"))
    fields = b"" if masks is None else struct.pack("<3I", *masks)
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", 40, width, -height if top_down else height, 1, bits,
                           0 if masks is None else 3, 0, 0, 0, 0, 0)
    start = 14 + len(info) + len(fields) + len(palette)
    body = b"".join(rows)
    return b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start) + info + fields + palette + body


def bmp_files(w, h):
    rng = np.random.default_rng(w * h)
    for bits, header, top_down in itertools.product((1, 4, 8, 16, 24, 32), (12, 40), (False, True)):
        if header == 12 and top_down:
            continue
        array = rng.integers(0, 2 ** bits, (h, w), dtype=np.uint64).astype(np.uint32)
        yield f"{bits} bits, header {header}, top down {top_down} {w}x{h}", bmp(
            array, bits, header, None, top_down)
    for bits, masks in [(16, (0xf800, 0x7e0, 0x1f)), (16, (0x7c00, 0x3e0, 0x1f)),
                        (32, (0xff0000, 0xff00, 0xff)), (32, (0xff000000, 0xff0000, 0xff00)),
                        (32, (0, 0, 0))]:
        array = rng.integers(0, 2 ** bits, (h, w), dtype=np.uint64).astype(np.uint32)
        yield f"{bits} bits, masks {masks} {w}x{h}", bmp(array, bits, 40, masks)


def wider_gif(gif, dx, dy):
    """The same frame on a canvas that is wider and taller."""
    width, height = np.frombuffer(gif[6:10], "<u2")
    return gif[:6] + np.array([width + dx, height + dy], "<u2").tobytes() + gif[10:]


def jpeg_files(sizes):
    for w, h in sizes:
        rgb = Image.fromarray(synthetic(w, h, seed=w + h))
        smooth = rgb.resize((max(1, w // 3), max(1, h // 3))).resize((w, h))
        cmyk = Image.fromarray(np.dstack([np.asarray(rgb), np.asarray(smooth)[..., 0]]), "CMYK")
        for picture, label in [(rgb, "noise"), (smooth, "smooth")]:
            for subsampling, progressive, quality in itertools.product(
                    ("4:4:4", "4:2:2", "4:2:0", "4:1:1"), (False, True), (30, 75, 95)):
                buffer = io.BytesIO()
                try:
                    picture.save(buffer, "JPEG", quality=quality, subsampling=subsampling,
                                 progressive=progressive)
                except (OSError, ValueError):
                    continue
                yield f"JPEG {subsampling}", f"{label} {w}x{h} q{quality} {progressive}", buffer.getvalue()
            for progressive in (False, True):
                buffer = io.BytesIO()
                picture.convert("L").save(buffer, "JPEG", progressive=progressive)
                yield "JPEG grey", f"{label} {w}x{h} {progressive}", buffer.getvalue()
        for quality in (50, 90):
            buffer = io.BytesIO()
            cmyk.save(buffer, "JPEG", quality=quality)
            yield "JPEG CMYK", f"{w}x{h} q{quality}", buffer.getvalue()
        buffer = io.BytesIO()
        rgb.save(buffer, "JPEG", keep_rgb=True)
        yield "JPEG in RGB", f"{w}x{h}", buffer.getvalue()


def compare_files(probe, folder, table, files, required=True):
    groups = {}
    for group, name, data in files:
        path = folder / "case.bin"
        path.write_bytes(data)
        expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        got = probe.decode(path)
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


def avif_files(sizes):
    for w, h in sizes:
        rgb = Image.fromarray(synthetic(w, h, seed=w + h)).resize((w, h))
        for subsampling, quality in itertools.product(("4:4:4", "4:2:0"), (60, 100)):
            buffer = io.BytesIO()
            rgb.save(buffer, "AVIF", quality=quality, subsampling=subsampling)
            yield f"AVIF {subsampling}", f"{w}x{h} q{quality}", buffer.getvalue()


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


def write_fixtures(folder):
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

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
             for name, rows in [("resize", resize), ("decode", decode), ("preprocess", preprocess)]]
    (folder / "fixtures.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{len(resize)} resizes, {len(decode)} files, {len(preprocess)} batches")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--photos", type=pathlib.Path)
    parser.add_argument("--write-fixtures", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.write_fixtures:
        write_fixtures(arguments.write_fixtures)
        return 0
    if not arguments.build:
        parser.error("--build is required")
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
        check_avif(probe, folder, table, arguments.quick)
        check_exif(probe, folder, table)
        check_damaged(probe, folder, table, arguments.quick)
        check_preprocess(probe, folder, table, arguments.quick, photos)
    print("all checks hold" if table.failures == 0 else f"{table.failures} checks FAILED")
    return table.failures != 0


if __name__ == "__main__":
    sys.exit(main())
