"""Models that compare images and texts."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _blip_cpp
from .batch import as_array, as_tensors, is_torch, rows_of
from .modeling import Model
from .outputs import ImageTextMatchingOutput, ImageTextOutput


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


class BlipForImageTextRetrieval(Model):
    """transformers' class: how well texts fit images."""

    _library_class = _blip_cpp.BlipForImageTextRetrieval

    def __call__(self, input_ids: Any, pixel_values: Any, use_itm_head: bool = True, attention_mask: Any = None,
                 **_: Any) -> ImageTextMatchingOutput:
        """input_ids: [T, L], pixel_values: [B, 3, H, W]. With the head, images and texts pair up (one goes with all
        of the others): itm_score [pairs, 2]. Without it: the cosines [B, T]."""
        kind = "pt" if is_torch(pixel_values) else "np"
        images = self._model.encode_images(as_array(pixel_values, np.float32))
        texts = rows_of(input_ids, attention_mask)
        if use_itm_head:
            return ImageTextMatchingOutput(as_tensors(self._model.itm_logits(images, texts), kind))
        cosines = self._model.get_image_features(images) @ self._model.get_text_features(texts).T
        return ImageTextMatchingOutput(as_tensors(np.ascontiguousarray(cosines), kind))


class _ImageTextModel(Model):
    def get_image_features(self, pixel_values: Any, **_: Any) -> Any:
        """pixel_values: [B, 3, H, W] → [B, P], not normalised (transformers 5 has them in pooler_output)."""
        features = self._model.get_image_features(self._model.encode_images(as_array(pixel_values, np.float32)))
        return as_tensors(features, "pt" if is_torch(pixel_values) else "np")

    def get_text_features(self, input_ids: Any, attention_mask: Any = None, **_: Any) -> Any:
        """input_ids: [B, T] → [B, P], not normalised."""
        features = self._model.get_text_features(rows_of(input_ids, attention_mask))
        return as_tensors(features, "pt" if is_torch(input_ids) else "np")

    def __call__(self, input_ids: Any, pixel_values: Any, attention_mask: Any = None, **_: Any) -> ImageTextOutput:
        kind = "pt" if is_torch(pixel_values) else "np"
        image_embeds = _unit(as_array(self.get_image_features(pixel_values), np.float32))
        text_embeds = _unit(as_array(self.get_text_features(input_ids, attention_mask), np.float32))
        logits = np.float32(self._model.similarity_scale) * (image_embeds @ text_embeds.T)
        return ImageTextOutput(
            logits_per_image=as_tensors(logits, kind), logits_per_text=as_tensors(np.ascontiguousarray(logits.T), kind),
            image_embeds=as_tensors(image_embeds, kind), text_embeds=as_tensors(text_embeds, kind),
        )


class BlipModel(_ImageTextModel):
    """transformers' class: features of images and texts."""

    _library_class = _blip_cpp.BlipModel


class CLIPModel(_ImageTextModel):
    """transformers' class: images and texts as vectors of one space."""

    _library_class = _blip_cpp.CLIPModel
