"""What models return besides ids, by transformers' names. Arrays are of the kind that came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional


@dataclass
class ImageTextMatchingOutput:
    itm_score: Any  # [pairs, 2], logits of "no match" and "match"; with use_itm_head=False [images, texts], cosines


@dataclass
class ImageTextOutput:
    logits_per_image: Any  # [images, texts]
    logits_per_text: Any  # [texts, images]
    image_embeds: Any  # [images, P], of unit length
    text_embeds: Any  # [texts, P], of unit length


@dataclass
class ImageClassifierOutput:
    logits: Any  # [B, labels]
    loss: Optional[Any] = None
