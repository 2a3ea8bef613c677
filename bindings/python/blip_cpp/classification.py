"""Image classifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import _blip_cpp
from .batch import as_array, as_tensors, kind_of
from .modeling import Model
from .outputs import ImageClassifierOutput

if TYPE_CHECKING:
    from .batch import Tensor


class AutoModelForImageClassification(Model):
    """A classifier of any architecture."""

    _library_class = _blip_cpp.ImageClassifier

    def __call__(self, pixel_values: Tensor, **_: Any) -> ImageClassifierOutput:
        """How likely each class is.

        Args:
            pixel_values: [B, 3, H, W] of float32, from the model's processor.

        Returns:
            `logits` [B, labels] of float32, before softmax.
        """
        logits = self._model.logits(as_array(pixel_values, np.float32))
        return ImageClassifierOutput(as_tensors(logits, kind_of(pixel_values)))

    @property
    def scores(self) -> str:
        """What makes scores of logits, as transformers' pipeline chooses it: "softmax", "sigmoid" (of one class alone,
        and where an image may be of several) or "none" (of a regression)."""
        return str(self._model.scores)

    @property
    def labels(self) -> list[str]:
        """The name of each class, in the order of the logits."""
        return list(self._model.labels)


class ViTForImageClassification(AutoModelForImageClassification):
    """transformers' class."""


class DeiTForImageClassification(AutoModelForImageClassification):
    """transformers' class; with a distillation token, DeiTForImageClassificationWithTeacher."""


class Dinov2ForImageClassification(AutoModelForImageClassification):
    """transformers' class, with registers too."""


class EfficientNetLiteForImageClassification(AutoModelForImageClassification):
    """The bundled nano-classifier."""
