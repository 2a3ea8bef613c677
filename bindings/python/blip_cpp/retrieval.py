"""Models that compare images and texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from . import _blip_cpp
from .batch import as_array, as_tensors, kind_of, rows_of
from .modeling import Model
from .outputs import ImageTextMatchingOutput, ImageTextOutput

if TYPE_CHECKING:
    from .batch import FloatArray, Tensor


def _unit(rows: FloatArray) -> FloatArray:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), dtype=np.float32)


class BlipForImageTextRetrieval(Model):
    """transformers' class: how well texts fit images."""

    _library_class = _blip_cpp.BlipForImageTextRetrieval

    def get_image_features(self, pixel_values: Tensor, **_: Any) -> Tensor:
        """pixel_values: [B, 3, H, W] → [B, P] of float32, of unit length."""
        features = self._model.get_image_features(self._model.encode_images(as_array(pixel_values, np.float32)))
        return as_tensors(features, kind_of(pixel_values))

    def get_text_features(self, input_ids: Tensor, attention_mask: Optional[Tensor] = None, **_: Any) -> Tensor:
        """input_ids: [T, L] → [T, P] of float32, of unit length."""
        return as_tensors(self._model.get_text_features(rows_of(input_ids, attention_mask)), kind_of(input_ids))

    def __call__(
        self,
        input_ids: Tensor,
        pixel_values: Tensor,
        use_itm_head: bool = True,
        attention_mask: Optional[Tensor] = None,
        **_: Any,
    ) -> ImageTextMatchingOutput:
        """Compares images and texts.

        Args:
            input_ids: [T, L] of integers.
            pixel_values: [B, 3, H, W] of float32.
            use_itm_head: True: images and texts pair up (one goes with all of the others) and are read together.
                False: their embeddings are compared, which is faster and less exact.
            attention_mask: [T, L], 0 where input_ids are padding.

        Returns:
            `itm_score`: with the head, logits [pairs, 2] of "no match" and "match"; without it the cosines [B, T].
        """
        kind = kind_of(pixel_values)
        images = self._model.encode_images(as_array(pixel_values, np.float32))
        texts = rows_of(input_ids, attention_mask)
        if use_itm_head:
            return ImageTextMatchingOutput(as_tensors(self._model.itm_logits(images, texts), kind))
        cosines = self._model.get_image_features(images) @ self._model.get_text_features(texts).T
        return ImageTextMatchingOutput(as_tensors(np.ascontiguousarray(cosines), kind))


class _ImageTextModel(Model):
    def get_image_features(self, pixel_values: Tensor, **_: Any) -> Tensor:
        """pixel_values: [B, 3, H, W] → [B, P] of float32, not normalised (transformers 5 has them in
        pooler_output)."""
        features = self._model.get_image_features(self._model.encode_images(as_array(pixel_values, np.float32)))
        return as_tensors(features, kind_of(pixel_values))

    def get_text_features(self, input_ids: Tensor, attention_mask: Optional[Tensor] = None, **_: Any) -> Tensor:
        """input_ids: [B, T] → [B, P] of float32, not normalised."""
        features = self._model.get_text_features(rows_of(input_ids, attention_mask))
        return as_tensors(features, kind_of(input_ids))

    def __call__(
        self, input_ids: Tensor, pixel_values: Tensor, attention_mask: Optional[Tensor] = None, **_: Any
    ) -> ImageTextOutput:
        """input_ids: [T, L], pixel_values: [B, 3, H, W] → the embeddings of both, and logits: their cosines, times
        the model's scale."""
        kind = kind_of(pixel_values)
        image_embeds = _unit(as_array(self.get_image_features(pixel_values), np.float32))
        text_embeds = _unit(as_array(self.get_text_features(input_ids, attention_mask), np.float32))
        logits = np.float32(self._model.similarity_scale) * (image_embeds @ text_embeds.T)
        return ImageTextOutput(
            logits_per_image=as_tensors(logits, kind), logits_per_text=as_tensors(np.ascontiguousarray(logits.T), kind),
            text_embeds=as_tensors(text_embeds, kind), image_embeds=as_tensors(image_embeds, kind),
        )


class BlipModel(_ImageTextModel):
    """transformers' class: features of images and texts."""

    _library_class = _blip_cpp.BlipModel


class CLIPModel(_ImageTextModel):
    """transformers' class: images and texts as vectors of one space."""

    _library_class = _blip_cpp.CLIPModel
