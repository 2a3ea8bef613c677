"""Models that write text: captions and answers."""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any, Callable, Optional, Protocol

import numpy as np

from . import _blip_cpp
from .batch import as_array, as_tensors, kind_of, padded, rows_of
from .loading import is_same
from .modeling import Model
from .outputs import GenerateOutput

if TYPE_CHECKING:
    from .batch import Tensor

# Of transformers' generate() that mean nothing here, or nothing else than what is done anyway.
IGNORED = {"use_cache", "output_scores", "return_dict_in_generate", "pad_token_id", "eos_token_id", "bos_token_id",
           "interpolate_pos_encoding", "use_model_defaults"}
# Of transformers' generate(), with the values that change nothing. Others are refused.
NEUTRAL: dict[str, Any] = {
    "assistant_early_exit": None, "begin_suppress_tokens": None, "constraints": None, "custom_generate": None,
    "diversity_penalty": 0.0, "encoder_no_repeat_ngram_size": 0, "encoder_repetition_penalty": 1.0, "epsilon_cutoff": 0.0,
    "eta_cutoff": 0.0, "force_words_ids": None, "forced_bos_token_id": None, "forced_eos_token_id": None,
    "generation_config": None, "guidance_scale": 1.0, "logits_processor": None, "low_memory": False, "max_time": None,
    "min_p": None, "negative_prompt_ids": None, "num_beam_groups": 1, "output_attentions": False,
    "output_hidden_states": False, "output_logits": False, "penalty_alpha": None, "prefix_allowed_tokens_fn": None,
    "remove_invalid_values": False, "renormalize_logits": False, "sequence_bias": None, "stop_strings": None,
    "stopping_criteria": None, "suppress_tokens": None, "synced_gpus": False, "top_h": None, "typical_p": 1.0,
}


def _meant(options: dict[str, Any]) -> dict[str, Any]:
    """Without what changes nothing. Raises ValueError for what would be dropped."""
    meant = {}
    for name, value in options.items():
        if name in IGNORED:
            continue
        if name not in NEUTRAL:
            meant[name] = value
        elif value is not None and not is_same(value, NEUTRAL[name]):
            raise ValueError(f"generate() cannot do {name}={value!r:.100}")
    return meant


class Streamer(Protocol):
    """What hears tokens as they are chosen, as transformers' BaseStreamer. TextStreamer is one."""

    def put(self, value: Tensor) -> None:
        """value: first [1, T], the ids that the text begins with, then [1], the id that was chosen."""

    def end(self) -> None:
        """There are no more, or generate() failed."""


class _WritingModel(Model):
    def _first_ids(self, texts: list[list[int]]) -> list[int]:
        """The ids that the text of the first image begins with."""
        return [self._model.bos_token_id]

    def _generate(
        self,
        pixel_values: Tensor,
        texts: list[list[int]],
        streamer: Optional[Streamer],
        on_token: Optional[Callable[[int, int, int], None]],
        stop: Optional[_blip_cpp.StopSource],
        options: dict[str, Any],
    ) -> Any:
        if streamer is None:
            return self._sequences(pixel_values, texts, on_token, stop, options)
        kind = kind_of(pixel_values)
        put = streamer.put

        def listen(image: int, sequence: int, token: int) -> None:
            put(as_tensors(np.array([token]), kind))
            if on_token is not None:
                on_token(image, sequence, token)

        try:
            if len(pixel_values) > 1 or any((options.get(name) or 1) != 1 for name in ("num_beams", "num_return_sequences")):
                raise ValueError("a streamer takes one image, one sequence and no beam search")
            put(as_tensors(np.array([self._first_ids(texts)]), kind))
            return self._sequences(pixel_values, texts, listen, stop, options)
        finally:
            streamer.end()  # or who waits for a token waits for ever

    def _sequences(
        self,
        pixel_values: Tensor,
        texts: list[list[int]],
        on_token: Optional[Callable[[int, int, int], None]],
        stop: Optional[_blip_cpp.StopSource],
        options: dict[str, Any],
    ) -> Any:
        wants_dict = bool(options.get("return_dict_in_generate"))
        options = _meant(options)
        images = self._model.encode_images(as_array(pixel_values, np.float32))
        results = self._model.generate(images, texts, options, on_token, stop)
        kind = kind_of(pixel_values)
        sequences = as_tensors(padded([ids for ids, _, _ in results], self._model.pad_token_id), kind)
        if not wants_dict:
            return sequences
        scores = np.array([score for _, score, _ in results], dtype=np.float32)
        return GenerateOutput(sequences, as_tensors(scores, kind))

    async def agenerate(self, *arguments: Any, **keywords: Any) -> Any:
        """generate() beside other coroutines, on a thread. It ends before the next token if the coroutine is
        cancelled."""
        stop = keywords.pop("stop", None) or _blip_cpp.StopSource()
        call = functools.partial(self.generate, *arguments, stop=stop, **keywords)
        try:
            return await asyncio.get_running_loop().run_in_executor(None, call)
        except asyncio.CancelledError:
            stop.request_stop()  # or the thread works on for nobody
            raise

    def generate(self, *arguments: Any, **keywords: Any) -> Any:
        raise NotImplementedError


class BlipForConditionalGeneration(_WritingModel):
    """transformers' class: captions of images."""

    _library_class = _blip_cpp.BlipForConditionalGeneration

    def _first_ids(self, texts: list[list[int]]) -> list[int]:
        # The beginning of the caption without its [CLS] and [SEP].
        return [self._model.bos_token_id, *(texts[0][1:-1] if texts else [])]

    def generate(
        self,
        pixel_values: Tensor,
        input_ids: Optional[Tensor] = None,
        attention_mask: Optional[Tensor] = None,
        streamer: Optional[Streamer] = None,
        on_token: Optional[Callable[[int, int, int], None]] = None,
        stop: Optional[_blip_cpp.StopSource] = None,
        **options: Any,
    ) -> Any:
        """Captions of images.

        Args:
            pixel_values: [B, 3, H, W] of float32, from the model's processor. H and W are pixels; other sizes than
                the one that the model was trained at are fine.
            input_ids: [B, T] of integers, the beginning of each caption; None for none.
            attention_mask: [B, T], 0 where input_ids are padding.
            streamer: hears each token of one image, without beams.
            on_token: called as `on_token(image, sequence, token)` for every token that is chosen. What it raises ends
                the call.
            stop: ends the call before its next token, with CancelledError, once another thread calls its
                request_stop().
            **options: transformers' names: max_length and max_new_tokens (tokens), num_beams, length_penalty,
                early_stopping, do_sample, temperature, top_k, top_p, repetition_penalty, no_repeat_ngram_size,
                bad_words_ids, num_return_sequences, return_dict_in_generate; and `seed` (an integer), which makes
                sampling repeatable.

        Returns:
            Ids [B * num_return_sequences, L] of int64, padded on the right, of the kind (numpy or PyTorch) of
            pixel_values; or a GenerateOutput with return_dict_in_generate=True.

        Raises:
            ValueError: an option that does not exist or is out of range, or a shape that does not fit.
            CancelledError: `stop` was asked to.
        """
        return self._generate(pixel_values, rows_of(input_ids, attention_mask), streamer, on_token, stop, options)


class BlipForQuestionAnswering(_WritingModel):
    """transformers' class: answers to questions about images."""

    _library_class = _blip_cpp.BlipForQuestionAnswering

    def generate(
        self,
        input_ids: Optional[Tensor] = None,
        pixel_values: Optional[Tensor] = None,
        attention_mask: Optional[Tensor] = None,
        streamer: Optional[Streamer] = None,
        on_token: Optional[Callable[[int, int, int], None]] = None,
        stop: Optional[_blip_cpp.StopSource] = None,
        **options: Any,
    ) -> Any:
        """Answers to questions.

        Args:
            input_ids: [B, T] of integers, a question for each image.
            pixel_values: [B, 3, H, W] of float32, from the model's processor.
            attention_mask: [B, T], 0 where input_ids are padding.
            streamer: hears each token of one answer, without beams.
            on_token: called as `on_token(image, sequence, token)` for every token that is chosen.
            stop: ends the call, as that of BlipForConditionalGeneration.generate.
            **options: as those of BlipForConditionalGeneration.generate.

        Returns:
            Ids of the answers [B * num_return_sequences, L] of int64, padded on the right.
        """
        if input_ids is None or pixel_values is None:
            raise ValueError("an answer needs input_ids and pixel_values")
        return self._generate(pixel_values, rows_of(input_ids, attention_mask), streamer, on_token, stop, options)

    def rank_answers(
        self,
        input_ids: Tensor,
        pixel_values: Tensor,
        answers: list[list[int]],
        attention_mask: Optional[Tensor] = None,
        k: int = 128,
    ) -> list[list[tuple[int, float, float]]]:
        """The likeliest of given answers, for each question.

        Args:
            input_ids: [B, T] of integers, a question for each image.
            pixel_values: [B, 3, H, W] of float32.
            answers: the ids of each, [CLS] … [SEP], as `processor.tokenizer.encode` makes them.
            attention_mask: [B, T], 0 where input_ids are padding.
            k: how many of them, by their first token, are scored in full.

        Returns:
            For each question, best first: the index of the answer, its score, its log-probability.
        """
        images = self._model.encode_images(as_array(pixel_values, np.float32))
        ranked: list[list[tuple[int, float, float]]] = self._model.rank_answers(
            images, rows_of(input_ids, attention_mask), answers, k
        )
        return ranked
