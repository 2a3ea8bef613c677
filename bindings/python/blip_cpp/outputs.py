"""What models return besides ids, by transformers' names. Arrays are of the kind (numpy or PyTorch) that came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

if TYPE_CHECKING:
    from .batch import Tensor


@dataclass
class ImageTextMatchingOutput:
    """How well texts fit images.

    Attributes:
        itm_score: logits [pairs, 2] of "no match" and "match"; with use_itm_head=False the cosines [images, texts].
    """

    itm_score: Tensor


@dataclass
class ImageTextOutput:
    """Images and texts compared.

    Attributes:
        logits_per_image: [images, texts], cosines times the model's scale.
        logits_per_text: [texts, images], the same transposed.
        image_embeds: [images, P], of unit length.
        text_embeds: [texts, P], of unit length.
    """

    logits_per_image: Tensor
    logits_per_text: Tensor
    image_embeds: Tensor
    text_embeds: Tensor


@dataclass
class ImageClassifierOutput:
    """What an image shows.

    Attributes:
        logits: [B, labels], before softmax.
        loss: always None.
    """

    logits: Tensor
    loss: Optional[Any] = None
