"""Models that write text: captions and answers."""

from __future__ import annotations

import asyncio
import functools
from typing import Any, Callable, Optional

import numpy as np

from . import _blip_cpp
from .batch import as_array, is_torch, padded, rows_of, as_tensors
from .modeling import Model

# Of transformers' generate() that mean nothing here, or nothing else than what is done anyway.
IGNORED = {"use_cache", "output_scores", "return_dict_in_generate", "pad_token_id", "eos_token_id", "bos_token_id"}


class GenerateOutput:
    """return_dict_in_generate=True: sequences [B, T], sequences_scores [B]."""

    def __init__(self, sequences: Any, scores: Any) -> None:
        self.sequences = sequences
        self.sequences_scores = scores


class _WritingModel(Model):
    def _generate(
        self,
        pixel_values: Any,
        texts: list[list[int]],
        streamer: Optional[Any],
        on_token: Optional[Callable[[int, int, int], None]],
        options: dict[str, Any],
    ) -> Any:
        wants_dict = bool(options.get("return_dict_in_generate"))
        options = {key: value for key, value in options.items() if key not in IGNORED}
        images = self._model.encode_images(as_array(pixel_values, np.float32))
        listen = on_token
        if streamer is not None:
            if len(images) > 1 or options.get("num_beams", 1) != 1:
                raise ValueError("a streamer takes one image, and no beam search")

            def listen(_image: int, _sequence: int, token: int) -> None:
                streamer.put(np.array([token]))

        results = self._model.generate(images, texts, options, listen)
        if streamer is not None:
            streamer.end()
        kind = "pt" if is_torch(pixel_values) else "np"
        sequences = as_tensors(padded([ids for ids, _, _ in results], self._model.pad_token_id), kind)
        if not wants_dict:
            return sequences
        scores = np.array([score for _, score, _ in results], dtype=np.float32)
        return GenerateOutput(sequences, as_tensors(scores, kind))

    async def agenerate(self, *arguments: Any, **keywords: Any) -> Any:
        """generate() beside other coroutines, on a thread."""
        return await asyncio.get_running_loop().run_in_executor(
            None, functools.partial(self.generate, *arguments, **keywords)
        )

    def generate(self, *arguments: Any, **keywords: Any) -> Any:
        raise NotImplementedError


class BlipForConditionalGeneration(_WritingModel):
    """transformers' class: captions of images."""

    _library_class = _blip_cpp.BlipForConditionalGeneration

    def generate(
        self,
        pixel_values: Any,
        input_ids: Any = None,
        attention_mask: Any = None,
        streamer: Optional[Any] = None,
        on_token: Optional[Callable[[int, int, int], None]] = None,
        **options: Any,
    ) -> Any:
        """pixel_values: [B, 3, H, W], input_ids: [B, T], a prompt of each → ids [B * num_return_sequences, L], of
        the kind (numpy or PyTorch) of pixel_values, padded. Options are transformers': max_length, num_beams,
        do_sample, top_p, repetition_penalty…, and `seed`. `on_token(image, sequence, token)` hears every token."""
        return self._generate(pixel_values, rows_of(input_ids, attention_mask), streamer, on_token, options)


class BlipForQuestionAnswering(_WritingModel):
    """transformers' class: answers to questions about images."""

    _library_class = _blip_cpp.BlipForQuestionAnswering

    def generate(
        self,
        input_ids: Any = None,
        pixel_values: Any = None,
        attention_mask: Any = None,
        streamer: Optional[Any] = None,
        on_token: Optional[Callable[[int, int, int], None]] = None,
        **options: Any,
    ) -> Any:
        """input_ids: [B, T], a question for each image of pixel_values [B, 3, H, W] → ids of answers [B, L]."""
        if input_ids is None or pixel_values is None:
            raise ValueError("an answer needs input_ids and pixel_values")
        return self._generate(pixel_values, rows_of(input_ids, attention_mask), streamer, on_token, options)

    def rank_answers(self, input_ids: Any, pixel_values: Any, answers: list[list[int]], attention_mask: Any = None,
                     k: int = 128) -> list[list[tuple[int, float, float]]]:
        """For each question the `k` likeliest of the answers (ids, [CLS] … [SEP]): index, score, log-probability."""
        images = self._model.encode_images(as_array(pixel_values, np.float32))
        return self._model.rank_answers(images, rows_of(input_ids, attention_mask), answers, k)
