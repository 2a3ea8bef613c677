"""Image files of every kind that people have, made from integers, for parity_image.py: as (group, name, bytes)."""

import io
import itertools
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

FILTERS = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5}


def synthetic(width, height, seed=0):
    """Smooth colour plus noise: both the kernels' lobes and their clipping are exercised."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = [127 + 127 * np.sin(x / (3.0 + 5 * c) + y / (7.0 + 3 * c)) for c in range(3)]
    noise = rng.integers(0, 256, (height, width, 3))
    mix = (x // 16 + y // 16) % 2
    image = np.where(mix[..., None] == 0, np.stack(waves, -1), noise)
    return np.ascontiguousarray(image.astype(np.uint8))


def tiff16(array, photometric_rgb, extra_sample=None):
    """Pillow cannot write 16-bit colour; a bare little-endian TIFF can."""
    height, width = array.shape[:2]
    samples = 1 if array.ndim == 2 else array.shape[2]
    data = array.astype("<u2").tobytes()
    bits_at = 8 + 2 + 12 * (10 + (extra_sample is not None)) + 4
    data_at = bits_at + 2 * samples
    bits = (3, samples, bits_at) if samples > 2 else (3, samples, 16 if samples == 1 else 16 | 16 << 16)
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, *bits), (259, 3, 1, 1),
               (262, 3, 1, 2 if photometric_rgb else 1), (273, 4, 1, data_at), (277, 3, 1, samples),
               (278, 4, 1, height), (279, 4, 1, len(data)), (284, 3, 1, 1)]
    if extra_sample is not None:
        entries.append((338, 3, 1, extra_sample))
    words = b"".join(np.array([t, k], "<u2").tobytes() + np.array([n, v], "<u4").tobytes()
                     for t, k, n, v in entries)
    return (b"II*\0" + np.array([8], "<u4").tobytes() + np.array([len(entries)], "<u2").tobytes()
            + words + bytes(4) + np.full(samples, 16, "<u2").tobytes() + data)


def tiff(width, height, samples, photometric, data, compression=1, more=()):
    """A little-endian TIFF of bytes in one strip. more: entries (tag, type, count, value)."""
    fields = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, samples, 0), (259, 3, 1, compression),
              (262, 3, 1, photometric), (273, 4, 1, 0), (277, 3, 1, samples), (278, 4, 1, height),
              (279, 4, 1, len(data)), (284, 3, 1, 1), *more]
    bits_at = 8 + 2 + 12 * len(fields) + 4
    # Two numbers fit into the entry itself.
    fields[2] = (258, 3, samples, bits_at if samples > 2 else 8 | (samples - 1) * (8 << 16))
    fields[5] = (273, 4, 1, bits_at + 2 * samples)
    words = b"".join(struct.pack("<HHII", *field) for field in fields)
    return (b"II*\0" + struct.pack("<IH", 8, len(fields)) + words + bytes(4)
            + struct.pack(f"<{samples}H", *[8] * samples) + data)


def ycbcr_tiff(image, across, down, compression=1):
    """Colour of `across` x `down` pixels at a time, as the format stores it. compression 8 is deflate's."""
    pixels = np.asarray(image.convert("YCbCr")).astype(np.uint32)
    height, width = pixels.shape[:2]
    pixels = np.pad(pixels, ((0, -height % down), (0, -width % across), (0, 0)), mode="edge")
    blocks = pixels.reshape(pixels.shape[0] // down, down, -1, across, 3).swapaxes(1, 2)
    brightness = blocks[..., 0].reshape(*blocks.shape[:2], -1)
    colour = (blocks[..., 1:].mean(axis=(2, 3)) + 0.5).astype(np.uint32)
    data = np.concatenate([brightness, colour], axis=2).astype(np.uint8).tobytes()
    return tiff(width, height, 3, 6, zlib.compress(data) if compression == 8 else data, compression,
                [(530, 3, 2, across | down << 16)])


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png16(array, colour_type, extra=b""):
    """A 16-bit PNG of any colour type."""

    height, width = array.shape[:2]
    rows = array.astype(">u2").reshape(height, -1)
    data = b"".join(b"\0" + row.tobytes() for row in rows)
    head = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + extra
            + png_chunk(b"IDAT", zlib.compress(data)) + png_chunk(b"IEND", b""))


def low_grey_png(array, bits, transparent):
    """A grey PNG of less than eight bits with a transparent value. array: [H, W] of 0 ... 2^bits - 1."""
    height, width = array.shape
    flat = np.unpackbits(array.astype(np.uint8)[..., None], axis=2)[..., 8 - bits:].reshape(height, -1)
    rows = b"".join(b"\0" + np.packbits(row).tobytes() for row in flat)
    head = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + trns16(transparent)
            + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b""))


def wrong_check_sum(png):
    """One bit of the check sum of the last pixel chunk is wrong, which Pillow never looks at."""
    at = png.rindex(b"IDAT") - 4
    end = at + 12 + struct.unpack(">I", png[at:at + 4])[0]
    return png[:end - 1] + bytes([png[end - 1] ^ 4]) + png[end:]


def trns16(*values):
    body = struct.pack(f">{len(values)}H", *values)
    return struct.pack(">I", len(body)) + b"tRNS" + body + struct.pack(">I", zlib.crc32(b"tRNS" + body))


def every_premultiplied():
    """Every byte as a colour with every opacity, those above it too, which no colour should have."""
    opacity, colour = np.mgrid[0:256, 0:256]
    pixels = np.dstack([colour, 255 - colour, colour * 7 % 256, opacity]).astype(np.uint8)
    return tiff(256, 256, 4, 2, zlib.compress(pixels.tobytes()), 8, [(338, 3, 1, 1)])


def mode_files(sizes):
    """(group, name, bytes) of every mode and container."""
    yield "TIFF", "every premultiplied colour", every_premultiplied()
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
        for bits in (1, 2, 4):
            few = np.asarray(grey) >> (8 - bits)
            yield "PNG", f"L{bits} tRNS {size}", low_grey_png(few, bits, int(few[0, 0]))
        # The colour's low bytes are the high ones of some pixel.
        yield "PNG 16-bit", f"RGB tRNS by low bytes {size}", png16(deep, 2, trns16(
            *(int(v) >> 8 | 0x1200 for v in deep[h // 2, w // 2])))
        yield "PNG 16-bit", f"grey tRNS beyond a byte {size}", png16(deep[..., 0], 0, trns16(0x01ff))
        yield "PNG check sum", size, wrong_check_sum(save(rgb, "PNG"))
        bytes_of = np.dstack([np.asarray(rgb), np.asarray(alpha)]).tobytes()
        for extra in (None, 0, 1, 2):
            entries = [] if extra is None else [(338, 3, 1, extra)]
            yield "TIFF", f"four samples, extra {extra} {size}", tiff(w, h, 4, 2, bytes_of, 1, entries)
        five = np.dstack([np.asarray(rgb), np.asarray(alpha), np.asarray(grey)])
        yield "TIFF", f"five samples, extra 1 {size}", tiff(
            w, h, 5, 2, five.tobytes(), 1, [(338, 3, 2, 1)])
        premultiplied = np.asarray(rgb).astype(np.uint32) * np.asarray(alpha)[..., None] // 255
        premultiplied = np.dstack([premultiplied, np.asarray(alpha)]).astype(np.uint8)
        yield "TIFF", f"premultiplied {size}", tiff(
            w, h, 4, 2, premultiplied.tobytes(), 1, [(338, 3, 1, 1)])
        yield "TIFF YCbCr", f"raw {size}", ycbcr_tiff(rgb, 1, 1)
        for across, down in [(1, 1), (2, 1), (2, 2)]:
            if across > w or down > h:  # which libtiff 4.7 refuses, and earlier ones read
                continue
            yield "TIFF YCbCr", f"deflate {across}x{down} {size}", ycbcr_tiff(rgb, across, down, 8)
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
        for extra in (0, 1, 2):
            yield "TIFF 16-bit", f"four samples, extra {extra} {size}", tiff16(
                np.dstack([deep, low]), True, extra)
        opacity = np.asarray(alpha).astype(np.uint32) * 257
        premultiplied = (deep.astype(np.uint32) * opacity[..., None] // 65535)
        yield "TIFF 16-bit", f"premultiplied {size}", tiff16(
            np.dstack([premultiplied, opacity]).astype(np.uint16), True, 1)
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
    fields = b"" if masks is None else struct.pack(f"<{len(masks)}I", *masks)
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, -height if top_down else height, 1, bits,
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
    for masks in [(0xff0000, 0xff00, 0xff, 0xff000000), (0xff000000, 0xff0000, 0xff00, 0xff),
                  (0xff, 0xff00, 0xff0000, 0xff000000), (0xff0000, 0xff00, 0xff, 0)]:
        array = rng.integers(0, 2 ** 32, (h, w), dtype=np.uint64).astype(np.uint32)
        yield f"32 bits, header 56, masks {masks} {w}x{h}", bmp(array, 32, 56, masks)


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


def avif_files(sizes):
    for w, h in sizes:
        rgb = Image.fromarray(synthetic(w, h, seed=w + h)).resize((w, h))
        for subsampling, quality in itertools.product(("4:4:4", "4:2:0"), (60, 100)):
            buffer = io.BytesIO()
            rgb.save(buffer, "AVIF", quality=quality, subsampling=subsampling)
            yield f"AVIF {subsampling}", f"{w}x{h} q{quality}", buffer.getvalue()
