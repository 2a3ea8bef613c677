"""Processors: pictures and texts made what models take."""

from __future__ import annotations

from typing import Any, Optional

from . import _blip_cpp
from .batch import BatchFeature, as_tensors
from .images import as_images
from .tokenizers import AutoTokenizer, BertTokenizer, CLIPTokenizer, Tokenizer


class ImageProcessor:
    """Pictures → pixel_values [B, 3, H, W], bit for bit those of transformers with Pillow."""

    def __init__(self, name: str) -> None:
        self.name_or_path = name
        self._processor = _blip_cpp.ImageProcessor.from_pretrained(name)

    @classmethod
    def from_pretrained(cls, name: Any, **_: Any) -> ImageProcessor:
        return cls(str(name))

    def __reduce__(self) -> Any:
        return type(self), (self.name_or_path,)

    def __call__(self, images: Any, return_tensors: Optional[str] = None, **_: Any) -> BatchFeature:
        """images: PIL images, arrays [H, W, 3] of bytes, tensors, paths or bytes of files; one or many."""
        pixels = self._processor(as_images(images))
        return BatchFeature(pixel_values=as_tensors(pixels, return_tensors))

    preprocess = __call__


class BlipImageProcessor(ImageProcessor):
    pass


class CLIPImageProcessor(ImageProcessor):
    pass


class ViTImageProcessor(ImageProcessor):
    pass


class AutoImageProcessor(ImageProcessor):
    """That of whichever model is named."""


class Processor:
    """An image processor and a tokenizer."""

    image_processor_class: type[ImageProcessor] = AutoImageProcessor
    tokenizer_class: type[Tokenizer] = AutoTokenizer

    def __init__(self, image_processor: ImageProcessor, tokenizer: Tokenizer) -> None:
        self.image_processor = image_processor
        self.tokenizer = tokenizer

    @classmethod
    def from_pretrained(cls, name: Any, **_: Any) -> Any:
        """`name`: a model's directory, hub id or bundled name. Raises FileNotFoundError or ValueError."""
        return cls(cls.image_processor_class(str(name)), cls.tokenizer_class(str(name)))

    def __call__(
        self,
        images: Any = None,
        text: Any = None,
        add_special_tokens: bool = True,
        padding: Any = False,
        truncation: Optional[bool] = None,
        max_length: Optional[int] = None,
        return_tensors: Optional[str] = None,
        **_: Any,
    ) -> BatchFeature:
        """pixel_values [B, 3, H, W] of images, input_ids and attention_mask [B, T] of texts."""
        if images is None and text is None:
            raise ValueError("You have to specify either images or text.")
        features = BatchFeature()
        if text is not None:
            features.update(
                self.tokenizer(text, add_special_tokens=add_special_tokens, padding=padding, truncation=truncation,
                               max_length=max_length, return_tensors=return_tensors)
            )
        if images is not None:
            features = BatchFeature({**self.image_processor(images, return_tensors=return_tensors), **features})
        return features

    def decode(self, ids: Any, skip_special_tokens: bool = False, **keywords: Any) -> str:
        return self.tokenizer.decode(ids, skip_special_tokens, **keywords)

    def batch_decode(self, rows: Any, skip_special_tokens: bool = False, **keywords: Any) -> list[str]:
        return self.tokenizer.batch_decode(rows, skip_special_tokens, **keywords)


class BlipProcessor(Processor):
    image_processor_class = BlipImageProcessor
    tokenizer_class = BertTokenizer


class CLIPProcessor(Processor):
    image_processor_class = CLIPImageProcessor
    tokenizer_class = CLIPTokenizer


class AutoProcessor(Processor):
    """That of whichever model is named."""
