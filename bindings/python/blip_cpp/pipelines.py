"""pipeline(): the two that transformers 5 removed, with the shapes of their results, and three more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

from . import _blip_cpp
from .batch import BatchFeature, as_array, refuse_other_devices
from .classification import AutoModelForImageClassification
from .generation import IGNORED as IGNORED_IN_GENERATION
from .generation import NEUTRAL, BlipForConditionalGeneration, BlipForQuestionAnswering
from .loading import refuse_options
from .pipeline_base import OF_THE_HUB, Pipeline, is_many, items_of
from .retrieval import CLIPModel

if TYPE_CHECKING:
    from .batch import FloatArray


# Of transformers' pipeline(): how it loads.
IGNORED_IN_CONSTRUCTION = frozenset({"framework", "trust_remote_code", "use_fast"})
OF_GENERATION = frozenset({*_blip_cpp.generation_option_names(), *IGNORED_IN_GENERATION, *NEUTRAL, "on_token", "stop", "streamer"})


class _WritingPipeline(Pipeline):
    """Its options are also those of generate(), which names what it does not know."""

    known_options = frozenset({"generate_kwargs", *OF_GENERATION})

    @staticmethod
    def _generation(options: dict[str, Any], generate_kwargs: Optional[dict[str, Any]]) -> dict[str, Any]:
        return {**options, **(generate_kwargs or {})}


class ImageToTextPipeline(_WritingPipeline):
    """image → [{"generated_text": "a cat on a sofa"}]"""

    default_model = "nano-captioning"
    known_options = _WritingPipeline.known_options | {"prompt"}

    def load(self, name: str, dtype: Any) -> None:
        self.processor = self._open_processor(name)
        self.model = self._open(BlipForConditionalGeneration, name, dtype)

    def one(self, inputs: Any, prompt: Optional[str] = None, generate_kwargs: Optional[dict[str, Any]] = None,
            **options: Any) -> list[dict[str, str]]:
        features = self.processor(images=self._image(inputs), text=prompt, return_tensors="np")
        if prompt is None:
            features = BatchFeature(pixel_values=features["pixel_values"])
        ids = self.model.generate(**features, **self._generation(options, generate_kwargs))
        texts = self.processor.batch_decode(ids, skip_special_tokens=True)
        return [{"generated_text": text.strip()} for text in texts]


class VisualQuestionAnsweringPipeline(_WritingPipeline):
    """(image, question) → [{"answer": "2"}]"""

    default_model = "nano-vqa"
    # Of top_k there is one answer: the model writes it.
    known_options = _WritingPipeline.known_options | {"padding", "top_k", "truncation"}

    def load(self, name: str, dtype: Any) -> None:
        self.processor = self._open_processor(name)
        self.model = self._open(BlipForQuestionAnswering, name, dtype)

    def __call__(self, image: Any = None, question: Any = None, **options: Any) -> Any:  # type: ignore[override]
        if question is None:
            return super().__call__(image, **options)
        if not is_many(image) and not is_many(question):
            return super().__call__({"image": image, "question": question}, **options)
        questions = list(items_of(question)) if is_many(question) else [question]
        if not is_many(image):
            images: Any = [image]
        elif len(questions) > 1 and not isinstance(image, Sequence):
            images = list(items_of(image))  # they are gone through once for each question
        else:
            images = image
        # In the order of transformers.
        pairs = ({"image": each, "question": asked} for asked in questions for each in items_of(images))
        return super().__call__(list(pairs) if isinstance(images, Sequence) else pairs, **options)

    def one(self, inputs: Any, padding: Union[bool, str] = False, truncation: Union[bool, str, None] = None,
            top_k: Optional[int] = None, generate_kwargs: Optional[dict[str, Any]] = None,
            **options: Any) -> list[dict[str, str]]:
        if not isinstance(inputs, dict) or not {"image", "question"} <= inputs.keys():
            raise ValueError("a question is missing: pass image and question, or dictionaries with both")
        features = self.processor(images=self._image(inputs["image"]), text=inputs["question"], padding=padding,
                                  truncation=truncation, return_tensors="np")
        ids = self.model.generate(**features, **self._generation(options, generate_kwargs))
        return [{"answer": text.strip()} for text in self.processor.batch_decode(ids, skip_special_tokens=True)]


def _best(scores: FloatArray, labels: list[str], top_k: int) -> list[dict[str, Any]]:
    order = np.argsort(-scores, kind="stable")[:top_k]
    return [{"label": labels[i], "score": float(scores[i])} for i in order]


def _softmax(logits: FloatArray) -> FloatArray:
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum(), dtype=np.float32)


def _sigmoid(logits: FloatArray) -> FloatArray:
    # tanh does not overflow.
    return np.asarray(0.5 * (1 + np.tanh(0.5 * logits)), dtype=np.float32)


class ImageClassificationPipeline(Pipeline):
    """image → [{"label": "tabby", "score": 0.9}, …]"""

    default_model = "nano-classifier"
    known_options = frozenset({"function_to_apply", "top_k"})

    def load(self, name: str, dtype: Any) -> None:
        self.processor = self._open_image_processor(name)
        self.model = self._open(AutoModelForImageClassification, name, dtype)

    def _checked(self, options: dict[str, Any]) -> dict[str, Any]:
        meant = super()._checked(options)
        function = meant.get("function_to_apply")
        if function is not None and str(function).lower() not in ("sigmoid", "softmax", "none"):
            raise ValueError(f"function_to_apply is 'sigmoid', 'softmax' or 'none', not {function!r}")
        return meant

    def one(  # type: ignore[override]  # no others come here
        self, inputs: Any, top_k: Optional[int] = None, function_to_apply: Optional[str] = None
    ) -> list[dict[str, Any]]:
        features = self.processor(self._image(inputs), return_tensors="np")
        scores = as_array(self.model(**features).logits[0], np.float32)
        function = self.model.scores if function_to_apply is None else str(function_to_apply).lower()
        if function != "none":
            scores = _sigmoid(scores) if function == "sigmoid" else _softmax(scores)
        return _best(scores, self.model.labels, 5 if top_k is None else top_k)


class ZeroShotImageClassificationPipeline(Pipeline):
    """image, candidate_labels → [{"score": 0.9, "label": "cat"}, …]"""

    known_options = frozenset({"candidate_labels", "hypothesis_template", "tokenizer_kwargs"})

    def load(self, name: str, dtype: Any) -> None:
        if not name:
            raise ValueError("zero-shot-image-classification needs a CLIP as `model`")
        self.processor = self._open_processor(name)
        self.model = self._open(CLIPModel, name, dtype)

    def __call__(self, inputs: Any = None, candidate_labels: Optional[list[str]] = None, **options: Any) -> Any:
        if candidate_labels is not None:
            options["candidate_labels"] = candidate_labels
        return super().__call__(inputs, **options)

    def one(  # type: ignore[override]  # no others come here
        self, inputs: Any, candidate_labels: Optional[list[str]] = None,
        hypothesis_template: str = "This is a photo of {}.", tokenizer_kwargs: Optional[dict[str, Any]] = None,
    ) -> list[dict[str, Any]]:
        if not candidate_labels:
            raise ValueError("candidate_labels is empty")
        texts = [hypothesis_template.format(label) for label in candidate_labels]
        features = self.processor(images=self._image(inputs), text=texts, return_tensors="np",
                                  **{"padding": True, **(tokenizer_kwargs or {})})
        logits = self.model(**features).logits_per_image[0]
        return _best(_softmax(as_array(logits, np.float32)), candidate_labels, len(candidate_labels))


PIPELINES: dict[str, type[Pipeline]] = {
    "image-to-text": ImageToTextPipeline,
    "visual-question-answering": VisualQuestionAnsweringPipeline,
    "vqa": VisualQuestionAnsweringPipeline,
    "image-classification": ImageClassificationPipeline,
    "zero-shot-image-classification": ZeroShotImageClassificationPipeline,
}


def pipeline(
    task: str,
    model: Any = None,
    dtype: Any = None,
    torch_dtype: Any = None,
    allow_urls: bool = False,
    device: Any = None,
    device_map: Any = None,
    model_kwargs: Optional[dict[str, Any]] = None,
    **options: Any,
) -> Pipeline:
    """transformers' function.

    Args:
        task: "image-to-text", "visual-question-answering" (or "vqa"), "image-classification" or
            "zero-shot-image-classification".
        model: a directory, a hub id or a bundled name, or a model. None: the bundled model of the task.
        dtype: how weights are held, as in Model.from_pretrained.
        torch_dtype: transformers' former name of dtype.
        allow_urls: whether pictures may be URLs, which are then fetched.
        device, device_map: "cpu", -1 or "auto"; others are refused with NotImplementedError.
        model_kwargs: more options of from_pretrained.
        **options: those of every call that has no others: top_k, function_to_apply, prompt, max_new_tokens,
            generate_kwargs, candidate_labels, hypothesis_template…; of a hub id revision, token, local_files_only and
            cache_dir; image_processor, tokenizer or processor, if they are not the model's own.

    Returns:
        A callable. One input gives a result, a list a list, and an iterator or a data set an iterator.

    Raises:
        TypeError: an option that the task does not have.
    """
    refuse_other_devices(device)
    refuse_other_devices(device_map)
    if task not in PIPELINES:
        raise ValueError(f"Unknown task {task}, available tasks are {sorted(PIPELINES)}")
    loading = {key: options.pop(key) for key in OF_THE_HUB if key in options}
    parts = {key: options.pop(key, None) for key in ("feature_extractor", "image_processor", "processor", "tokenizer")}
    # What would make another model or another kind of result.
    others = {key: options.pop(key, None) for key in ("binary_output", "config", "pipeline_class", "video_processor")}
    refuse_options("pipeline()", others, (), {"binary_output": False})
    options = {key: value for key, value in options.items() if key not in IGNORED_IN_CONSTRUCTION}
    return PIPELINES[task](model, dtype if dtype is not None else torch_dtype, allow_urls,
                           {**loading, **(model_kwargs or {})}, parts, options)
