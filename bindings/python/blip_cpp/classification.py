"""Image classifiers."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _blip_cpp
from .batch import as_array, as_tensors, is_torch
from .modeling import Model
from .outputs import ImageClassifierOutput


class AutoModelForImageClassification(Model):
    """A classifier of any architecture."""

    _library_class = _blip_cpp.ImageClassifier

    def __call__(self, pixel_values: Any, **_: Any) -> ImageClassifierOutput:
        """pixel_values: [B, 3, H, W] → logits [B, labels]"""
        logits = self._model.logits(as_array(pixel_values, np.float32))
        return ImageClassifierOutput(as_tensors(logits, "pt" if is_torch(pixel_values) else "np"))

    @property
    def labels(self) -> list[str]:
        """The name of each class."""
        return self._model.labels


class ViTForImageClassification(AutoModelForImageClassification):
    """transformers' class."""


class DeiTForImageClassification(AutoModelForImageClassification):
    """transformers' class; with a distillation token, DeiTForImageClassificationWithTeacher."""


class Dinov2ForImageClassification(AutoModelForImageClassification):
    """transformers' class, with registers too."""


class EfficientNetLiteForImageClassification(AutoModelForImageClassification):
    """The bundled nano-classifier."""
