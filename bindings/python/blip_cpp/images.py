"""Pictures in whatever form they come: PIL, numpy, PyTorch, paths, bytes, URLs."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Sequence
from typing import Any

import numpy as np

from ._blip_cpp import Image

MOST_BYTES = 64 << 20  # of a picture that is downloaded


def open_url(url: str, timeout: float = 10.0) -> Image:
    """The picture at an http(s) URL. Models never download one by themselves."""
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{url!r} is no http(s) URL")
    with urllib.request.urlopen(url, timeout=timeout) as response:  # noqa: S310 (checked above)
        data = response.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValueError(f"{url!r} has more than {MOST_BYTES} bytes")
    return Image.decode(data)


def _of_pil(image: Any) -> Image:
    if image.mode != "RGB":
        # As transformers' convert_to_rgb: transparent pixels show white.
        transparent = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
        if transparent:
            from PIL import Image as pil

            image = image.convert("RGBA")
            white = pil.new("RGBA", image.size, (255, 255, 255))
            image = pil.alpha_composite(white, image)
        image = image.convert("RGB")
    return Image.from_array(np.asarray(image))


def _of_array(array: np.ndarray) -> Image:
    if array.ndim == 2:  # grey
        array = np.repeat(array[:, :, None], 3, axis=2)
    if array.ndim != 3:
        raise ValueError(f"an image has 2 or 3 dimensions, not {array.ndim}")
    if array.shape[2] not in (1, 3) and array.shape[0] in (1, 3):
        array = array.transpose(1, 2, 0)  # channels first
    if array.shape[2] == 1:
        array = np.repeat(array, 3, axis=2)
    if array.shape[2] != 3:
        raise ValueError(f"an image has 1 or 3 channels; the array has shape {array.shape}")
    if array.dtype != np.uint8:
        raise ValueError(f"pixels are bytes (uint8), not {array.dtype}")
    return Image.from_array(array)


def as_image(picture: Any) -> Image:
    """A picture of any kind → Image. A contiguous [H, W, 3] array of bytes is not copied."""
    if isinstance(picture, Image):
        return picture
    if isinstance(picture, (bytes, bytearray, memoryview)):
        return Image.decode(bytes(picture))
    if isinstance(picture, (str, os.PathLike)):
        name = os.fspath(picture)
        if str(name).startswith(("http://", "https://")):
            raise ValueError(f"{name!r} is a URL: say blip_cpp.open_url(url) if it may be fetched")
        return Image.open(str(name))
    if hasattr(picture, "mode") and hasattr(picture, "convert"):
        return _of_pil(picture)
    if hasattr(picture, "detach"):
        picture = picture.detach().cpu().numpy()
    return _of_array(np.asarray(picture))


def as_images(pictures: Any) -> list[Image]:
    """One picture or a sequence (or a [B, …] array) of them."""
    if isinstance(pictures, (list, tuple)):
        return [as_image(picture) for picture in pictures]
    if getattr(pictures, "ndim", 0) == 4:
        return [as_image(picture) for picture in pictures]
    if isinstance(pictures, Sequence) and not isinstance(pictures, (str, bytes, bytearray, memoryview)):
        return [as_image(picture) for picture in pictures]
    return [as_image(pictures)]
