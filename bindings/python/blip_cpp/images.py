"""Pictures in whatever form they come: PIL, numpy, PyTorch, DLPack, paths, bytes, open files, URLs."""

from __future__ import annotations

import http.client
import os
import re
import urllib.request
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ._blip_cpp import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_BYTES = 64 << 20  # of a picture that is downloaded


def _within_limit(data: bytes, url: str) -> bytes:
    if len(data) > MOST_BYTES:
        raise ValueError(f"{url!r} has more than {MOST_BYTES} bytes")
    return data


def _read_http(url: str, timeout: float) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=timeout) as response:  # noqa: S310 (the caller looked at its scheme)
            return cast("bytes", response.read(MOST_BYTES + 1))
    except http.client.HTTPException as error:  # no OSError: a URL with a blank, an answer that is none
        raise OSError(f"{url!r}: {error}") from error


def open_url(
    url: str, timeout: float = 10.0, apply_exif_orientation: bool = True, blend_transparency: bool = False
) -> Image:
    """The picture at a URL. Processors and pipelines download nothing unless told allow_urls=True.

    Args:
        url: http:// or https://; or any other that fsspec knows, if fsspec and what it needs for the scheme are
            installed: s3://, gs://, hf://, memory://…
        timeout: seconds, of http.
        apply_exif_orientation: whether a photo is turned as the camera was held, as transformers' load_image does.
        blend_transparency: True shows transparent pixels white, False, as load_image, by the colour that they hide.

    Raises:
        OSError: what the server or the storage refuses.
        ValueError: more than 64 MiB, or no picture.
    """
    if url.startswith(("http://", "https://")):
        return Image.decode(_within_limit(_read_http(url, timeout), url), apply_exif_orientation, blend_transparency)
    scheme = re.match(r"([a-z][a-z0-9+.-]*)://", url)
    if scheme is None or scheme.group(1) in ("file", "local"):
        raise ValueError(f"{url!r} is no http(s) URL, nor another that fsspec opens")
    try:
        import fsspec
    except ImportError:
        raise ValueError(f"{url!r}: {scheme.group(1)}:// needs the package fsspec") from None
    try:
        with fsspec.open(url, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError):
        raise
    except Exception as error:  # every storage has classes of its own
        raise OSError(f"{url!r}: {error}") from error
    return Image.decode(_within_limit(data, url), apply_exif_orientation, blend_transparency)


def _of_pil(image: Any, as_file: bool) -> Image:
    if as_file:
        from PIL import ImageOps

        image = ImageOps.exif_transpose(image).convert("RGB")
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


def _of_array(array: NDArray[Any]) -> Image:
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


def _of_file(file: Any, blend_transparency: bool) -> Image:
    """file: open for reading bytes, as `open(…, "rb")`, BytesIO, or what requests has in `raw`."""
    name = str(getattr(file, "name", file))
    data = file.read(MOST_BYTES + 1)
    if not isinstance(data, bytes):
        raise ValueError(f"{name!r} is open for text, not for bytes")
    return Image.decode(_within_limit(data, name), True, blend_transparency)


def _of_name(name: str, allow_urls: bool, blend_transparency: bool) -> Image:
    if "://" not in name:
        try:
            name.encode()
        except UnicodeEncodeError:  # a path that is not UTF-8, which the module's strings are
            with open(name, "rb") as file:
                return _of_file(file, blend_transparency)
        return Image.open(name, True, blend_transparency)
    if allow_urls:
        return open_url(name, blend_transparency=blend_transparency)
    raise ValueError(f"{name!r} is a URL: say blip_cpp.open_url(url), or allow_urls=True, if it may be fetched")


def as_image(
    picture: Any, allow_urls: bool = False, blend_transparency: bool = False, pil_as_file: bool = False
) -> Image:
    """A picture of any kind → Image. A contiguous [H, W, 3] array of bytes is not copied, whoever owns it: numpy,
    PyTorch, a buffer, or another that speaks DLPack.

    What is read of a file is turned as the camera was held (EXIF), as transformers' load_image does it; images of PIL are
    taken as they are, as its processors do.

    Args:
        picture: what to read.
        allow_urls: whether it may be a URL.
        blend_transparency: True shows transparent pixels of files white, False, as load_image, by the colour that
            they hide. Those of PIL's images are white, as in transformers' processors.
        pil_as_file: whether images of PIL are treated as what they were read of: load_image does, and so do pipelines.
    """
    if isinstance(picture, Image):
        return picture
    if isinstance(picture, (bytes, bytearray, memoryview)) and getattr(picture, "ndim", 1) == 1:
        return Image.decode(bytes(picture), True, blend_transparency)
    if isinstance(picture, (str, os.PathLike)):
        return _of_name(os.fsdecode(picture), allow_urls, blend_transparency)
    if hasattr(picture, "mode") and hasattr(picture, "convert"):
        return _of_pil(picture, pil_as_file)
    if hasattr(picture, "read"):
        return _of_file(picture, blend_transparency)
    if hasattr(picture, "detach"):
        picture = picture.detach().cpu().numpy()
    elif hasattr(picture, "__dlpack__") and not isinstance(picture, np.ndarray):
        picture = np.from_dlpack(picture)
    array = np.asarray(picture)
    if array.ndim == 0:
        raise ValueError(f"no picture: {picture!r:.100} (PIL images, arrays, tensors, paths, bytes and open files are)")
    return _of_array(array)


def is_one_picture(value: Any) -> bool:
    """Whether it is a picture by its kind: bytes, a name, PIL's, an open file, an array with rows and columns, a
    tensor."""
    return (
        isinstance(value, (Image, str, bytes, bytearray, memoryview, os.PathLike, np.ndarray))
        or (hasattr(value, "mode") and hasattr(value, "convert"))
        or any(hasattr(value, name) for name in ("read", "detach", "__dlpack__"))
        or getattr(value, "ndim", 1) != 1
    )


def as_images(pictures: Any, allow_urls: bool = False) -> list[Image]:
    """One picture, or a sequence, an iterator, or a [B, …] array of them."""
    if hasattr(pictures, "__next__") and not hasattr(pictures, "read"):
        pictures = list(pictures)
    many = (
        isinstance(pictures, Sequence)
        and not isinstance(pictures, (str, bytes, bytearray, memoryview))
        or getattr(pictures, "ndim", 0) == 4
    )
    if many:
        return [as_image(picture, allow_urls) for picture in cast("Sequence[Any]", pictures)]
    return [as_image(pictures, allow_urls)]
