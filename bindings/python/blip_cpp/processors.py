"""Processors: pictures and texts made what models take."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Optional, Union, overload

from . import _blip_cpp
from .batch import BatchFeature, as_tensors, refuse_other_devices
from .images import as_images
from .loading import DONE_ANYWAY, HARMLESS, absolute_name, hub_options, refuse_options, without_token
from .tokenizers import AutoTokenizer, BertTokenizer, CLIPTokenizer, Tokenizer

if TYPE_CHECKING:
    from typing_extensions import Self

    from .batch import Tensor


# What transformers' image processors can be told.
IMAGE_OPTIONS = frozenset({
    "crop_size", "data_format", "default_to_square", "device", "disable_grouping", "do_center_crop", "do_convert_rgb",
    "do_normalize", "do_pad", "do_rescale", "do_resize", "image_mean", "image_std", "input_data_format", "pad_size",
    "resample", "rescale_factor", "size",
})
# What is done where the model's files do not say.
DONE_TO_IMAGES: dict[str, Any] = {
    "data_format": "channels_first", "do_convert_rgb": True, "do_normalize": True, "do_pad": False, "do_rescale": True,
    "do_resize": True, "rescale_factor": 1 / 255,
}


class ImageProcessor:
    """Pictures → pixel_values [B, 3, H, W], bit for bit those of transformers with Pillow."""

    def __init__(self, name: str, hub: Optional[dict[str, Any]] = None) -> None:
        self.name_or_path = name
        self._hub = hub or {}
        self._arguments = (absolute_name(name), without_token(self._hub))
        self._processor = _blip_cpp.ImageProcessor.from_pretrained(name, self._hub)

    @classmethod
    def from_pretrained(cls, name: Any, **options: Any) -> Self:
        """`name`: a model's directory, hub id or bundled name. `options`: of a hub id revision, local_files_only,
        cache_dir and token; settings (size, do_resize…) only as the model's files have them. Raises FileNotFoundError
        or ValueError, and NotImplementedError for options that would change what comes out."""
        hub = hub_options(options)
        settings = {key: options.pop(key) for key in [*options] if key in IMAGE_OPTIONS}
        refuse_options(f"{cls.__name__}.from_pretrained()", options, HARMLESS, DONE_ANYWAY)
        made = cls(str(name), hub)
        made._refuse(settings)
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._arguments

    def _settings(self) -> dict[str, Any]:
        """What the model's files say of its images, over what they need not say."""
        place = Path(_blip_cpp.resolve_model(self._arguments[0], self._hub))
        directory = place if place.is_dir() else place.parent
        found: dict[str, Any] = {}
        for name in ("preprocessor_config.json", "processor_config.json"):
            file = directory / name
            if file.exists():
                read = json.loads(file.read_text(encoding="utf-8"))
                found.update(read.get("image_processor", {}) if name == "processor_config.json" else read)
        return {**DONE_TO_IMAGES, **found}

    def _refuse(self, options: dict[str, Any]) -> None:
        """Raises NotImplementedError for what is not done to the model's images."""
        refuse_other_devices(options.get("device"))
        if any(value is not None for value in options.values()):  # files are read only then
            refuse_options("an image processor", options, ("device", "disable_grouping"), self._settings())

    def __call__(
        self, images: Any, return_tensors: Optional[str] = None, allow_urls: bool = False, **options: Any
    ) -> BatchFeature:
        """Pixel values of pictures.

        Args:
            images: one or many of: PIL images, arrays or tensors [H, W, 3] or [3, H, W] of bytes (0 to 255), paths,
                the bytes of files, open files, and with allow_urls=True also URLs.
            return_tensors: "np" for numpy, "pt" for PyTorch, None for lists.
            allow_urls: whether a string that is a URL may be fetched.
            **options: settings of transformers, only as the model's files have them; others are refused with
                NotImplementedError.

        Returns:
            `pixel_values` [B, 3, H, W] of float32: resized to the model's size, scaled and normalised.
        """
        self._refuse(options)
        pixels = self._processor(as_images(images, allow_urls))
        return BatchFeature(pixel_values=as_tensors(pixels, return_tensors))

    preprocess = __call__


class BlipImageProcessor(ImageProcessor):
    """transformers' class."""


class CLIPImageProcessor(ImageProcessor):
    """transformers' class."""


class ViTImageProcessor(ImageProcessor):
    """transformers' class."""


class AutoImageProcessor(ImageProcessor):
    """That of whichever model is named."""


class Processor:
    """An image processor and a tokenizer."""

    image_processor_class: ClassVar[type[ImageProcessor]] = AutoImageProcessor
    tokenizer_class: ClassVar[type[Tokenizer]] = AutoTokenizer

    def __init__(self, image_processor: ImageProcessor, tokenizer: Tokenizer) -> None:
        self.image_processor = image_processor
        self.tokenizer = tokenizer

    @classmethod
    def from_pretrained(cls, name: Any, **options: Any) -> Self:
        """`name`: a model's directory, hub id or bundled name. `options`: as those of its two parts. Raises
        FileNotFoundError or ValueError, and NotImplementedError for options that would change what comes out."""
        of_texts = {key: value for key, value in options.items() if key not in IMAGE_OPTIONS}
        return cls(cls.image_processor_class.from_pretrained(name, **options),
                   cls.tokenizer_class.from_pretrained(name, **of_texts))

    def __call__(
        self,
        images: Any = None,
        text: Union[str, list[str], None] = None,
        add_special_tokens: bool = True,
        padding: Union[bool, str] = False,
        truncation: Union[bool, str, None] = None,
        max_length: Optional[int] = None,
        return_tensors: Optional[str] = None,
        allow_urls: bool = False,
        **options: Any,
    ) -> BatchFeature:
        """What models take, of pictures and texts.

        Args:
            images: as those of ImageProcessor.
            text: one or many.
            add_special_tokens: whether [CLS] and [SEP], or what the tokenizer has, are put around a text.
            padding, truncation, max_length: as those of Tokenizer.
            return_tensors: "np" for numpy, "pt" for PyTorch, None for lists.
            allow_urls: whether pictures may be URLs.
            **options: as those of ImageProcessor and of Tokenizer.

        Returns:
            `pixel_values` [B, 3, H, W] of float32; `input_ids` and `attention_mask` [B, T] of int64.
        """
        if images is None and text is None:
            raise ValueError("You have to specify either images or text.")
        of_images = {key: options.pop(key) for key in [*options] if key in IMAGE_OPTIONS}
        self.image_processor._refuse(of_images)
        self.tokenizer._refuse({key: value for key, value in options.items() if key != "return_attention_mask"})
        features = BatchFeature()
        if text is not None:
            features.update(
                self.tokenizer(text, add_special_tokens=add_special_tokens, padding=padding, truncation=truncation,
                               max_length=max_length, return_tensors=return_tensors, **options)
            )
        if images is not None:
            features = BatchFeature({**self.image_processor(images, return_tensors, allow_urls), **features})
        return features

    @overload
    def decode(self, ids: Sequence[Sequence[int]], skip_special_tokens: bool = False, **keywords: Any) -> list[str]: ...

    @overload
    def decode(self, ids: Union[int, Tensor], skip_special_tokens: bool = False, **keywords: Any) -> str: ...

    def decode(self, ids: Union[int, Tensor], skip_special_tokens: bool = False, **keywords: Any) -> Any:
        """ids: [T] → text; [B, T] → B texts"""
        return self.tokenizer.decode(ids, skip_special_tokens, **keywords)

    def batch_decode(self, rows: Tensor, skip_special_tokens: bool = False, **keywords: Any) -> list[str]:
        """rows: [B, T] → B texts"""
        return self.tokenizer.batch_decode(rows, skip_special_tokens, **keywords)


class BlipProcessor(Processor):
    """transformers' class."""

    image_processor_class = BlipImageProcessor
    tokenizer_class = BertTokenizer


class CLIPProcessor(Processor):
    """transformers' class."""

    image_processor_class = CLIPImageProcessor
    tokenizer_class = CLIPTokenizer


class AutoProcessor(Processor):
    """That of whichever model is named."""
