"""TIFF files of the kinds that Pillow reads and does not write, for image_files.py: as (name, bytes)."""

import io
import itertools
import struct
import zlib

import numpy as np
from PIL import Image

WIDTHS = {1: "B", 3: "H", 4: "I"}
RAW, OLD_JPEG, JPEG, DEFLATE = 1, 6, 7, 8


def tiff_file(fields, chunks, compression=RAW, big_endian=False, tiled=False):
    """fields: {tag: (type, values)}; chunks: bytes of the strips or tiles, uncompressed."""
    order = ">" if big_endian else "<"
    if compression == DEFLATE:
        chunks = [zlib.compress(chunk) for chunk in chunks]
    at = 8
    offsets = []
    for chunk in chunks:
        offsets.append(at)
        at += len(chunk) + len(chunk) % 2
    places, counts = (324, 325) if tiled else (273, 279)
    fields = {**fields, 259: (3, [compression]), places: (4, offsets), counts: (4, [len(c) for c in chunks])}
    body = b"".join(chunk + b"\0" * (len(chunk) % 2) for chunk in chunks)
    entries, more = b"", b""
    more_at = at + 2 + 12 * len(fields) + 4
    for tag, (kind, values) in sorted(fields.items()):
        packed = struct.pack(f"{order}{len(values)}{WIDTHS[kind]}", *values)
        if len(packed) <= 4:
            value = packed.ljust(4, b"\0")
        else:
            value = struct.pack(order + "I", more_at + len(more))
            more += packed + b"\0" * (len(packed) % 2)
        entries += struct.pack(order + "HHI", tag, kind, len(values)) + value
    return (struct.pack(order + "2sHI", b"MM" if big_endian else b"II", 42, at) + body
            + struct.pack(order + "H", len(fields)) + entries + bytes(4) + more)


def packed_bits(rows, bits):
    """rows: [H, n] of 0 ... 2^bits - 1 → bytes, each row filled up to one."""
    flat = (rows[..., None] >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(flat.reshape(rows.shape[0], -1).astype(np.uint8), axis=1)


def stored(array, bits, big_endian):
    """[H, W, C] or [H, W] → [H, bytes of a row]"""
    rows = array.reshape(array.shape[0], -1)
    if bits < 8 or bits == 12:
        return packed_bits(rows.astype(np.uint32), bits)
    dtype = {"u": "u", "i": "i", "f": "f"}[array.dtype.kind]
    data = np.ascontiguousarray(rows.astype(f"{'>' if big_endian else '<'}{dtype}{bits // 8}"))
    return data.view(np.uint8).reshape(rows.shape[0], -1)


def tiff_array(array, bits, photometric, compression=RAW, planar=False, tile=None, strip=7,
               big_endian=False, more=None):
    """array: [H, W, C] or [H, W]. Planes apart if planar; tiles of `tile` pixels or strips of `strip` rows."""
    height, width = array.shape[:2]
    samples = 1 if array.ndim == 2 else array.shape[2]
    planes = [array[..., c] for c in range(samples)] if planar else [array]
    chunks = []
    for plane in planes:
        if tile:
            padding = ((0, -height % tile), (0, -width % tile)) + ((0, 0),) * (plane.ndim - 2)
            plane = np.pad(plane, padding, mode="edge")
            for y, x in itertools.product(range(0, plane.shape[0], tile), range(0, plane.shape[1], tile)):
                chunks.append(stored(plane[y:y + tile, x:x + tile], bits, big_endian).tobytes())
        else:
            rows = stored(plane, bits, big_endian)
            chunks += [rows[y:y + strip].tobytes() for y in range(0, height, strip)]
    kind = {"u": 1, "i": 2, "f": 3}[array.dtype.kind]
    fields = {256: (4, [width]), 257: (4, [height]), 258: (3, [bits] * samples), 262: (3, [photometric]),
              277: (3, [samples]), 284: (3, [2 if planar else 1]), 339: (3, [kind] * samples), **(more or {})}
    fields |= {322: (3, [tile]), 323: (3, [tile])} if tile else {278: (3, [strip])}
    return tiff_file(fields, chunks, compression, big_endian, tile is not None)


def old_jpeg_tiff(image):
    """JPEG as TIFF 6.0 first had it: one whole file in the only strip."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90, subsampling="4:2:0")
    data = buffer.getvalue()
    fields = {256: (4, [image.width]), 257: (4, [image.height]), 258: (3, [8] * 3), 262: (3, [6]), 277: (3, [3]),
              278: (4, [image.height]), 513: (4, [8]), 514: (4, [len(data)]), 530: (3, [2, 2])}
    return tiff_file(fields, [data], OLD_JPEG)


def tiff_files(rgb, alpha):
    """rgb: an image; alpha: [H, W], bytes."""
    colour = np.asarray(rgb)
    grey = np.asarray(rgb.convert("L"))
    deep = colour.astype(np.uint16) * 211 + 7
    deep_alpha = alpha.astype(np.uint16) * 257
    cmyk = np.dstack([colour, alpha])
    rgba = np.dstack([colour, alpha])
    buffer = io.BytesIO()
    lab = Image.fromarray(np.ascontiguousarray(colour[..., ::-1]), "RGB").convert("LAB")
    lab.save(buffer, "TIFF")
    yield "Lab", buffer.getvalue()
    yield "Lab every value", tiff_array(colour, 8, 8, DEFLATE)
    for name, options in [("strips", {}), ("tiles", {"tile": 16})]:
        for compression in (RAW, DEFLATE):
            kind = f"{name} {compression}"
            yield f"RGB {kind}", tiff_array(colour, 8, 2, compression, **options)
            yield f"RGB planar {kind}", tiff_array(colour, 8, 2, compression, planar=True, **options)
            yield f"L {kind}", tiff_array(grey, 8, 1, compression, **options)
            yield f"CMYK planar {kind}", tiff_array(cmyk, 8, 5, compression, planar=True, **options)
        for more, what in [(2, "alpha"), (1, "premultiplied"), (0, "unused")]:
            extra = {338: (3, [more])}
            yield f"RGB {what} {name}", tiff_array(rgba, 8, 2, DEFLATE, more=extra, **options)
            yield f"RGB {what} planar {name}", tiff_array(rgba, 8, 2, DEFLATE, True, more=extra, **options)
            yield f"RGB {what} 16 {name}", tiff_array(np.dstack([deep, deep_alpha]), 16, 2, DEFLATE, more=extra,
                                                     **options)
        yield f"RGB 16 planar {name}", tiff_array(deep, 16, 2, DEFLATE, planar=True, **options)
    for big_endian in (False, True):
        order = "MM" if big_endian else "II"
        yield f"RGB 16 {order}", tiff_array(deep, 16, 2, big_endian=big_endian)
        yield f"grey 16 {order}", tiff_array(deep[..., 0] // 200, 16, 1, big_endian=big_endian)
        yield f"signed 16 {order}", tiff_array(deep[..., 0].astype(np.int16) // 99, 16, 1, big_endian=big_endian)
        yield f"float {order}", tiff_array(grey.astype(np.float32) * 1.3 - 9, 32, 1, big_endian=big_endian)
        yield f"signed 32 {order}", tiff_array(grey.astype(np.int32) * 2 - 99, 32, 1, big_endian=big_endian)
        yield f"CMYK 16 {order}", tiff_array(np.dstack([deep, deep_alpha]), 16, 5, big_endian=big_endian)
    # Pillow confuses the byte order of these in files of the other one.
    yield "float, tiles", tiff_array(grey.astype(np.float32) * 1.3 - 9, 32, 1, DEFLATE, tile=16)
    yield "unsigned 32", tiff_array(grey.astype(np.uint32) * 2, 32, 1)
    yield "12 bits", tiff_array(grey.astype(np.uint16) * 3, 12, 1)
    yield "12 bits deflate", tiff_array(grey.astype(np.uint16) * 3, 12, 1, DEFLATE)
    yield "signed 8", tiff_array(grey.astype(np.int8), 8, 1)
    yield "white is zero 16", tiff_array(deep[..., 0] // 150, 16, 0)
    for bits in (1, 2, 4, 8):
        few = grey >> (8 - bits)
        palette = {320: (3, [(i * 4919 + c * 9001) % 65536 for c in range(3) for i in range(2 ** bits)])}
        for compression in (RAW, DEFLATE):
            kind = f"{bits} bits {compression}"
            yield f"white is zero {kind}", tiff_array(few, bits, 0, compression)
            yield f"black is zero {kind}", tiff_array(few, bits, 1, compression)
            yield f"palette {kind}", tiff_array(few, bits, 3, compression, more=palette)
        yield f"low bit first {bits} bits", tiff_array(few, bits, 1, more={266: (3, [2])})
    yield "palette alpha", tiff_array(np.dstack([grey, alpha]), 8, 3, DEFLATE, more={**palette, 338: (3, [2])})
    yield "grey alpha", tiff_array(np.dstack([grey, alpha]), 8, 1, DEFLATE, more={338: (3, [2])})
    yield "six samples", tiff_array(np.dstack([rgba, alpha, alpha]), 8, 2, more={338: (3, [2, 0, 0])})
    yield "grey, another plane", tiff_array(np.dstack([grey, alpha]), 8, 1, DEFLATE, True, more={338: (3, [0])})
    yield "one depth for all", tiff_array(colour, 8, 2, more={258: (3, [8])})
    if rgb.width >= 8:  # libtiff wants whole blocks
        yield "old JPEG", old_jpeg_tiff(rgb)
    yield "turned", tiff_array(colour, 8, 2, more={274: (3, [6])})
