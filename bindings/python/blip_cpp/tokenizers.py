"""Tokenizers, called as transformers' are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional, Union, overload

import numpy as np

from . import _blip_cpp
from .batch import BatchFeature, as_tensors, is_number, rows_of
from .loading import DONE_ANYWAY, HARMLESS, absolute_name, hub_options, refuse_options, without_token

if TYPE_CHECKING:
    from typing_extensions import Self

    from .batch import Tensor


# As transformers' tokenizers say that the files name no limit.
VERY_LARGE_INTEGER = int(1e30)

# What a call does anyway; other values are refused.
DONE_BY_CALLS = {
    "is_split_into_words": False, "padding_side": "right", "return_length": False, "return_offsets_mapping": False,
    "return_overflowing_tokens": False, "return_special_tokens_mask": False, "return_token_type_ids": False,
    "split_special_tokens": False, "stride": 0, "truncation_side": "right",
}
PADDINGS = ("longest", "max_length", "do_not_pad")
TRUNCATIONS = ("longest_first", "only_first", "do_not_truncate")


class Tokenizer:
    """A tokenizer of any kind. Safe to call from many threads.

    Attributes:
        model_max_length: tokens that the model has positions for, as its files say; 10**30 if they say nothing.
    """

    def __init__(self, name: str, hub: Optional[dict[str, Any]] = None) -> None:
        self.name_or_path = name
        self._arguments = (absolute_name(name), without_token(hub or {}))
        self._tokenizer = _blip_cpp.Tokenizer.from_pretrained(name, hub or {})
        self.model_max_length = self._tokenizer.model_max_length or VERY_LARGE_INTEGER

    @classmethod
    def from_pretrained(cls, name: Any, **options: Any) -> Self:
        """`name`: a model's directory, hub id or bundled name. `options`: of a hub id revision, local_files_only,
        cache_dir and token. Raises FileNotFoundError or ValueError, and NotImplementedError for other options that
        would change what comes out."""
        hub = hub_options(options)
        refuse_options(f"{cls.__name__}.from_pretrained()", options, HARMLESS, DONE_ANYWAY)
        return cls(str(name), hub)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._arguments

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

    def _lengths(
        self, padding: Union[bool, str], truncation: Union[bool, str, None], max_length: Optional[int]
    ) -> tuple[int, int]:
        """As transformers' _get_padding_truncation_strategies. → how long texts are at least (0: as long as the
        longest; -1: as they are), and at most (0: as they are)."""
        if max_length is not None and padding is False and truncation is None:
            truncation = True
        padding = {True: "longest", False: "do_not_pad"}[padding] if isinstance(padding, bool) else str(padding)
        if padding not in PADDINGS:
            raise ValueError(f"padding is True, False or one of {PADDINGS}, not {padding!r}")
        if truncation is None or isinstance(truncation, bool):
            truncation = "longest_first" if truncation else "do_not_truncate"
        if str(truncation) not in TRUNCATIONS:
            raise ValueError(f"truncation is True, False or one of {TRUNCATIONS}, not {truncation!r}")
        if max_length is None and self.model_max_length < VERY_LARGE_INTEGER:
            max_length = self.model_max_length
        elif max_length is not None and max_length < 1:
            raise ValueError(f"max_length must be positive, not {max_length}")
        most = 0 if str(truncation) == "do_not_truncate" else max_length or 0
        if padding == "max_length":
            return max_length or -1, most
        return 0 if padding == "longest" else -1, most

    def _refuse(self, options: dict[str, Any]) -> None:
        refuse_options("a tokenizer", options, ("verbose", "device"), DONE_BY_CALLS)

    def __call__(
        self,
        text: Union[str, list[str]],
        add_special_tokens: bool = True,
        padding: Union[bool, str] = False,
        truncation: Union[bool, str, None] = None,
        max_length: Optional[int] = None,
        return_tensors: Optional[str] = None,
        return_attention_mask: Optional[bool] = None,
        **options: Any,
    ) -> BatchFeature:
        """Ids of texts.

        Args:
            text: one or many.
            add_special_tokens: whether [CLS] and [SEP], or what the tokenizer has, are put around a text.
            padding: True or "longest" pads to the longest text, "max_length" to max_length, False or "do_not_pad"
                not at all.
            truncation: whether texts end after max_length tokens: True, "longest_first", False or "do_not_truncate".
                None: if max_length is given and padding is not.
            max_length: tokens; None: model_max_length, where padding or truncation asks for it.
            return_tensors: "np" for numpy, "pt" for PyTorch, None for lists.
            return_attention_mask: False leaves it out.
            **options: others of transformers, which are refused with NotImplementedError if they would change what
                comes out.

        Returns:
            `input_ids` and `attention_mask`, [B, T] of int64 (of one text without return_tensors, [T]).
        """
        self._refuse(options)
        single = isinstance(text, str)
        texts = [text] if isinstance(text, str) else text
        if not isinstance(texts, (list, tuple)) or not all(isinstance(each, str) for each in texts):
            raise TypeError(f"text is a string or a list of strings, not {text!r:.100}")
        if not texts:
            raise ValueError("text is an empty list")
        least, most = self._lengths(padding, truncation, max_length)
        rows = [self._tokenizer.encode(each, add_special_tokens, most) for each in texts]
        masks = [[1] * len(row) for row in rows]
        if least >= 0:
            least = least or max(map(len, rows))
            rows, masks = ([[*row, *[pad] * (least - len(row))] for row in each]
                           for each, pad in ((rows, self.pad_token_id), (masks, 0)))
        columns = {"input_ids": rows, "attention_mask": masks}
        if return_attention_mask is False:
            del columns["attention_mask"]
        if return_tensors is None:
            return BatchFeature({name: column[0] if single else column for name, column in columns.items()})
        if len({len(row) for row in rows}) != 1:
            raise ValueError("texts of different lengths make no tensor; pass padding=True, truncation=True or both")
        return BatchFeature({name: as_tensors(np.array(column, dtype=np.int64), return_tensors)
                             for name, column in columns.items()})

    @overload
    def decode(
        self, ids: Sequence[Sequence[int]], skip_special_tokens: bool = False,
        clean_up_tokenization_spaces: Optional[bool] = None, **_: Any,
    ) -> list[str]: ...

    @overload
    def decode(
        self, ids: Union[int, Tensor], skip_special_tokens: bool = False,
        clean_up_tokenization_spaces: Optional[bool] = None, **_: Any,
    ) -> str: ...

    def decode(
        self, ids: Union[int, Tensor], skip_special_tokens: bool = False,
        clean_up_tokenization_spaces: Optional[bool] = None, **_: Any,
    ) -> Any:
        """ids: [T] → text; [B, T] → B texts"""
        def text_of(row: list[int]) -> str:
            return self._tokenizer.decode(row, skip_special_tokens, clean_up_tokenization_spaces)

        rows = rows_of([ids] if is_number(ids) else ids)
        if isinstance(ids, (list, tuple)):
            is_many = bool(ids) and not is_number(ids[0])
        else:
            is_many = getattr(ids, "ndim", 0) == 2
        return [text_of(row) for row in rows] if is_many else text_of(rows[0] if rows else [])

    def batch_decode(self, rows: Tensor, skip_special_tokens: bool = False, **keywords: Any) -> list[str]:
        """rows: [B, T] → B texts"""
        return self.decode(rows_of(rows), skip_special_tokens, **keywords) if len(rows) else []


class BertTokenizer(Tokenizer):
    """BERT's uncased WordPiece, BLIP's tokenizer."""


class CLIPTokenizer(Tokenizer):
    """CLIP's byte pairs."""


class AutoTokenizer(Tokenizer):
    """That of whichever model is named."""
