"""What models return, by transformers' names. Arrays are of the kind (numpy or PyTorch) that came in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Optional, Union

if TYPE_CHECKING:
    from .batch import Tensor


class ModelOutput:
    """Entries by name and, as those of transformers, by key and by number: `output.itm_score`, `output["itm_score"]`
    and `output[0]` are the same. Numbers count what is not None."""

    def keys(self) -> tuple[str, ...]:
        """The names of what is not None."""
        names = (each.name for each in fields(self))  # type: ignore[arg-type]  # those of a dataclass
        return tuple(name for name in names if getattr(self, name) is not None)

    def to_tuple(self) -> tuple[Any, ...]:
        """What is not None, in its order."""
        return tuple(getattr(self, name) for name in self.keys())

    def __getitem__(self, key: Union[str, int, slice]) -> Any:
        if not isinstance(key, str):
            return self.to_tuple()[key]
        if key not in self.keys():
            raise KeyError(key)
        return getattr(self, key)

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.keys())


@dataclass
class ImageTextMatchingOutput(ModelOutput):
    """How well texts fit images.

    Attributes:
        itm_score: logits [pairs, 2] of "no match" and "match"; with use_itm_head=False the cosines [images, texts].
    """

    itm_score: Tensor


@dataclass
class ImageTextOutput(ModelOutput):
    """Images and texts compared.

    Attributes:
        logits_per_image: [images, texts], cosines times the model's scale.
        logits_per_text: [texts, images], the same transposed.
        text_embeds: [texts, P], of unit length.
        image_embeds: [images, P], of unit length.
    """

    logits_per_image: Tensor
    logits_per_text: Tensor
    text_embeds: Tensor
    image_embeds: Tensor


@dataclass
class ImageClassifierOutput(ModelOutput):
    """What an image shows.

    Attributes:
        logits: [B, labels], before softmax.
        loss: always None.
    """

    logits: Tensor
    loss: Optional[Any] = None


@dataclass
class GenerateOutput(ModelOutput):
    """What generate() returns with return_dict_in_generate=True.

    Attributes:
        sequences: ids [B * num_return_sequences, L] of int64.
        sequences_scores: [B * num_return_sequences] of float32: the sum of the logarithms of the probabilities of the
            tokens, divided by the length to the power of length_penalty.
    """

    sequences: Tensor
    sequences_scores: Tensor
