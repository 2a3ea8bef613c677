"""Texts while they are written, by transformers' names."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from . import _blip_cpp

if TYPE_CHECKING:
    from .batch import Tensor
    from .tokenizers import Tokenizer


class TextStreamer:
    """Prints a text piece by piece: `model.generate(**inputs, streamer=TextStreamer(processor.tokenizer))`.

    The pieces together are the text that `decode(ids, skip_special_tokens=True)` gives: what later tokens may still
    change ("n ' t" becomes "n't") is kept back. transformers' class prints special tokens as well, unless told
    skip_special_tokens=True.

    Args:
        tokenizer: that of the model.
        skip_prompt: whether what the text was told to begin with is left out.
    """

    def __init__(self, tokenizer: Tokenizer, skip_prompt: bool = False, **_: Any) -> None:
        self.tokenizer = tokenizer
        self.skip_prompt = skip_prompt
        # Kept, so that a next text parses no vocabulary again. transformers' tokenizers are read by their name.
        own = getattr(tokenizer, "_tokenizer", None)
        self._reader = own if isinstance(own, _blip_cpp.Tokenizer) else _blip_cpp.Tokenizer.from_pretrained(
            tokenizer.name_or_path)
        self._begin()

    def _begin(self) -> None:
        self._ids: list[int] = []
        self._text = _blip_cpp.TextStream(self._reader)

    def put(self, value: Tensor) -> None:
        """value: first [1, T], the ids that the text begins with, then [1], the id that was chosen."""
        ids = [int(each) for each in np.asarray(value).ravel()]
        is_prompt = not self._ids
        self._ids += ids
        piece = "".join(map(self._text.add, ids))
        if piece and not (is_prompt and self.skip_prompt):
            self.on_finalized_text(piece)

    def end(self) -> None:
        """What is left is printed, and a newline. The next text may begin."""
        rest = ""
        try:
            rest = self._text.rest(self.tokenizer.decode(self._ids, skip_special_tokens=True))
        finally:
            self._begin()
            self.on_finalized_text(rest, stream_end=True)  # whatever failed: who waits for it would wait for ever

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        """A piece that will not change. Classes derived from this one do something else with it than print it."""
        print(text, end="\n" if stream_end else "", flush=True)


class TextIteratorStreamer(TextStreamer):
    """The pieces, for a loop on another thread than generate()'s. It ends when generate() does, also by an error.

    Args:
        tokenizer: that of the model.
        skip_prompt: whether what the text was told to begin with is left out.
        timeout: seconds to wait for a piece, before queue.Empty is raised; None waits for ever.
    """

    def __init__(
        self, tokenizer: Tokenizer, skip_prompt: bool = False, timeout: Optional[float] = None, **_: Any
    ) -> None:
        super().__init__(tokenizer, skip_prompt)
        self.timeout = timeout
        self._pieces: queue.SimpleQueue[Optional[str]] = queue.SimpleQueue()

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        if text:
            self._pieces.put(text)
        if stream_end:
            self._pieces.put(None)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        piece = self._pieces.get(timeout=self.timeout)
        if piece is None:
            raise StopIteration
        return piece
