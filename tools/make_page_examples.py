#!/usr/bin/env python3
"""Makes the small photos for the page of `blip serve` from examples/photos (needs Pillow).

    tools/make_page_examples.py        # writes src/serve/page/examples/*.jpg, at most 40 KB each
"""

import io
import pathlib

from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAMES = ["skateboarder", "cat", "pizza", "gull", "motorcycle", "table"]
LIMIT = 40_000
SIDE = 480


def smaller(path: pathlib.Path) -> bytes:
    with Image.open(path) as opened:
        photo = opened.convert("RGB")
    photo.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    for quality in range(92, 30, -3):
        file = io.BytesIO()
        photo.save(file, "JPEG", quality=quality, optimize=True, progressive=True)
        if len(file.getvalue()) <= LIMIT:
            return file.getvalue()
    raise SystemExit(f"{path}: does not fit into {LIMIT} bytes")


for name in NAMES:
    made = smaller(ROOT / "examples" / "photos" / f"{name}.jpg")
    (ROOT / "src/serve/page/examples" / f"{name}.jpg").write_bytes(made)
    print(f"{name}.jpg: {len(made)} bytes")
