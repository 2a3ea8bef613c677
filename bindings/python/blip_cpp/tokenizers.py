"""Tokenizers, called as transformers' are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

from . import _blip_cpp
from .batch import BatchFeature, as_tensors, padded, rows_of

if TYPE_CHECKING:
    from typing_extensions import Self

    from .batch import Tensor


class Tokenizer:
    """A tokenizer of any kind. Safe to call from many threads."""

    def __init__(self, name: str) -> None:
        self.name_or_path = name
        self._tokenizer = _blip_cpp.Tokenizer.from_pretrained(name)

    @classmethod
    def from_pretrained(cls, name: Any, **_: Any) -> Self:
        """`name`: a model's directory, hub id or bundled name. Raises FileNotFoundError or ValueError."""
        return cls(str(name))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.name_or_path,)

    @property
    def vocab_size(self) -> int:
        return self._tokenizer.vocab_size

    def __len__(self) -> int:
        return self._tokenizer.vocab_size

    @property
    def pad_token_id(self) -> int:
        special = self._tokenizer.special_tokens
        return special.pad if special.pad >= 0 else max(special.eos, 0)

    @property
    def cls_token_id(self) -> int:
        return self._tokenizer.special_tokens.cls

    @property
    def sep_token_id(self) -> int:
        return self._tokenizer.special_tokens.sep

    @property
    def bos_token_id(self) -> int:
        return self._tokenizer.special_tokens.bos

    @property
    def eos_token_id(self) -> int:
        return self._tokenizer.special_tokens.eos

    def encode(self, text: str, add_special_tokens: bool = True) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens)

    def __call__(
        self,
        text: Union[str, list[str]],
        add_special_tokens: bool = True,
        padding: Union[bool, str] = False,
        truncation: Optional[bool] = None,
        max_length: Optional[int] = None,
        return_tensors: Optional[str] = None,
        **_: Any,
    ) -> BatchFeature:
        """Ids of texts.

        Args:
            text: one or many.
            add_special_tokens: whether [CLS] and [SEP], or what the tokenizer has, are put around a text.
            padding: True pads to the longest text, "max_length" to max_length.
            truncation: whether texts end after max_length tokens.
            max_length: tokens.
            return_tensors: "np" for numpy, "pt" for PyTorch, None for lists.

        Returns:
            `input_ids` and `attention_mask`, [B, T] of int64 (of one text without return_tensors, [T]).
        """
        single = isinstance(text, str)
        texts = [text] if isinstance(text, str) else text
        if not isinstance(texts, (list, tuple)) or not all(isinstance(each, str) for each in texts):
            raise TypeError(f"text is a string or a list of strings, not {text!r:.100}")
        if not texts:
            raise ValueError("text is an empty list")
        limit = max_length if truncation and max_length else 0
        rows = [self._tokenizer.encode(each, add_special_tokens, limit) for each in texts]
        lengths = {len(row) for row in rows}
        if padding == "max_length" and max_length:
            array = padded([*rows, [0] * max_length], self.pad_token_id)[:-1]
        elif padding or len(lengths) == 1:
            array = padded(rows, self.pad_token_id)
        elif return_tensors is None:
            return BatchFeature(input_ids=rows, attention_mask=[[1] * len(row) for row in rows])
        else:
            raise ValueError("texts of different lengths make no tensor; pass padding=True")
        mask = np.zeros_like(array)
        for i, row in enumerate(rows):
            mask[i, : len(row)] = 1
        if single and return_tensors is None:
            array, mask = array[0], mask[0]
        return BatchFeature(
            input_ids=as_tensors(array, return_tensors), attention_mask=as_tensors(mask, return_tensors)
        )

    def decode(
        self, ids: Union[int, Tensor], skip_special_tokens: bool = False, clean_up_tokenization_spaces: Optional[bool] = None, **_: Any
    ) -> str:
        """ids: [T] → text"""
        rows = [[ids]] if isinstance(ids, int) else rows_of(ids) or [[]]
        if len(rows) > 1:
            raise ValueError(f"decode() takes one text, not {len(rows)}: batch_decode() takes many")
        row = rows[0]
        return self._tokenizer.decode(row, skip_special_tokens, clean_up_tokenization_spaces)

    def batch_decode(self, rows: Tensor, skip_special_tokens: bool = False, **keywords: Any) -> list[str]:
        """rows: [B, T] → B texts"""
        return [self.decode(row, skip_special_tokens, **keywords) for row in rows_of(rows)]


class BertTokenizer(Tokenizer):
    """BERT's uncased WordPiece, BLIP's tokenizer."""


class CLIPTokenizer(Tokenizer):
    """CLIP's byte pairs."""


class AutoTokenizer(Tokenizer):
    """That of whichever model is named."""
