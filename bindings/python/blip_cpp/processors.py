"""Processors: pictures and texts made what models take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Optional, Union

from . import _blip_cpp
from .batch import BatchFeature, as_tensors
from .images import as_images
from .tokenizers import AutoTokenizer, BertTokenizer, CLIPTokenizer, Tokenizer

if TYPE_CHECKING:
    from typing_extensions import Self

    from .batch import Tensor


class ImageProcessor:
    """Pictures → pixel_values [B, 3, H, W], bit for bit those of transformers with Pillow."""

    def __init__(self, name: str) -> None:
        self.name_or_path = name
        self._processor = _blip_cpp.ImageProcessor.from_pretrained(name)

    @classmethod
    def from_pretrained(cls, name: Any, **_: Any) -> Self:
        """`name`: a model's directory, hub id or bundled name. Raises FileNotFoundError or ValueError."""
        return cls(str(name))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.name_or_path,)

    def __call__(
        self, images: Any, return_tensors: Optional[str] = None, allow_urls: bool = False, **_: Any
    ) -> BatchFeature:
        """Pixel values of pictures.

        Args:
            images: one or many of: PIL images, arrays or tensors [H, W, 3] or [3, H, W] of bytes (0 to 255), paths,
                the bytes of files, open files, and with allow_urls=True also URLs.
            return_tensors: "np" for numpy, "pt" for PyTorch, None for lists.
            allow_urls: whether a string that is a URL may be fetched.

        Returns:
            `pixel_values` [B, 3, H, W] of float32: resized to the model's size, scaled and normalised.
        """
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
    def from_pretrained(cls, name: Any, **_: Any) -> Self:
        """`name`: a model's directory, hub id or bundled name. Raises FileNotFoundError or ValueError."""
        return cls(cls.image_processor_class(str(name)), cls.tokenizer_class(str(name)))

    def __call__(
        self,
        images: Any = None,
        text: Union[str, list[str], None] = None,
        add_special_tokens: bool = True,
        padding: Union[bool, str] = False,
        truncation: Optional[bool] = None,
        max_length: Optional[int] = None,
        return_tensors: Optional[str] = None,
        allow_urls: bool = False,
        **_: Any,
    ) -> BatchFeature:
        """What models take, of pictures and texts.

        Args:
            images: as those of ImageProcessor.
            text: one or many.
            add_special_tokens: whether [CLS] and [SEP], or what the tokenizer has, are put around a text.
            padding: True pads to the longest text, "max_length" to max_length.
            truncation: whether texts end after max_length tokens.
            max_length: tokens.
            return_tensors: "np" for numpy, "pt" for PyTorch, None for lists.
            allow_urls: whether pictures may be URLs.

        Returns:
            `pixel_values` [B, 3, H, W] of float32; `input_ids` and `attention_mask` [B, T] of int64.
        """
        if images is None and text is None:
            raise ValueError("You have to specify either images or text.")
        features = BatchFeature()
        if text is not None:
            features.update(
                self.tokenizer(text, add_special_tokens=add_special_tokens, padding=padding, truncation=truncation,
                               max_length=max_length, return_tensors=return_tensors)
            )
        if images is not None:
            features = BatchFeature({**self.image_processor(images, return_tensors, allow_urls), **features})
        return features

    def decode(self, ids: Union[int, Tensor], skip_special_tokens: bool = False, **keywords: Any) -> str:
        """ids: [T] → text"""
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
