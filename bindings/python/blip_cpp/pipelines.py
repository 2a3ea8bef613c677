"""pipeline(): the two that transformers 5 removed, with the shapes of their results, and three more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Optional, TypeVar

import numpy as np

from .batch import BatchFeature, as_array, refuse_other_devices
from .classification import AutoModelForImageClassification
from .generation import BlipForConditionalGeneration, BlipForQuestionAnswering
from .modeling import Model
from .processors import AutoImageProcessor, BlipProcessor, CLIPProcessor
from .retrieval import CLIPModel

if TYPE_CHECKING:
    from .batch import FloatArray


_Kind = TypeVar("_Kind", bound=Model)

# Of transformers' calls: how its work is cut up, which changes no result.
IGNORED = {"batch_size", "num_workers", "timeout"}


def _is_many(inputs: Any) -> bool:
    return isinstance(inputs, (list, tuple)) or (hasattr(inputs, "__iter__") and hasattr(inputs, "__next__"))


class Pipeline:
    """Calls with one input give its result, lists give lists, and iterators give iterators, so that tqdm shows how
    far a run is."""

    default_model = ""

    def __init__(self, model: Any, dtype: Any = None, allow_urls: bool = False) -> None:
        self.allow_urls = allow_urls
        self._given = model if isinstance(model, Model) else None
        self.model_name = str(model or self.default_model) if self._given is None else self._given.name_or_path
        self.load(self.model_name, dtype)

    def _open(self, kind: type[_Kind], name: str, dtype: Any) -> _Kind:
        """The model that the pipeline was given, or the one that is called so."""
        if self._given is None:
            return kind.from_pretrained(name, dtype=dtype)
        if not isinstance(self._given, kind):
            raise ValueError(f"the pipeline needs a {kind.__name__}, not a {type(self._given).__name__}")
        return self._given

    def load(self, name: str, dtype: Any) -> None:
        raise NotImplementedError

    def one(self, inputs: Any, **options: Any) -> Any:
        raise NotImplementedError

    def _each(self, inputs: Iterable[Any], options: dict[str, Any]) -> Iterator[Any]:
        for each in inputs:
            yield self.one(each, **options)

    def __call__(self, inputs: Any = None, **options: Any) -> Any:
        options = {key: value for key, value in options.items() if key not in IGNORED}
        for name in ("image", "images"):
            inputs = options.pop(name, inputs)
        if isinstance(inputs, (list, tuple)):
            return list(self._each(inputs, options))
        if _is_many(inputs):
            return self._each(inputs, options)
        return self.one(inputs, **options)


class ImageToTextPipeline(Pipeline):
    """image → [{"generated_text": "a cat on a sofa"}]"""

    default_model = "nano-captioning"

    def load(self, name: str, dtype: Any) -> None:
        self.processor = BlipProcessor.from_pretrained(name)
        self.model = self._open(BlipForConditionalGeneration, name, dtype)

    def one(self, inputs: Any, prompt: Optional[str] = None, max_new_tokens: Optional[int] = None,
            generate_kwargs: Optional[dict[str, Any]] = None, **options: Any) -> list[dict[str, str]]:
        features = self.processor(images=inputs, text=prompt, return_tensors="np", allow_urls=self.allow_urls)
        if prompt is None:
            features = BatchFeature(pixel_values=features["pixel_values"])
        options = {**options, **(generate_kwargs or {})}
        if max_new_tokens is not None:
            options["max_new_tokens"] = max_new_tokens
        texts = self.processor.batch_decode(self.model.generate(**features, **options), skip_special_tokens=True)
        return [{"generated_text": text.strip()} for text in texts]


class VisualQuestionAnsweringPipeline(Pipeline):
    """(image, question) → [{"answer": "2"}]"""

    default_model = "nano-vqa"

    def load(self, name: str, dtype: Any) -> None:
        self.processor = BlipProcessor.from_pretrained(name)
        self.model = self._open(BlipForQuestionAnswering, name, dtype)

    def __call__(self, image: Any = None, question: Any = None, **options: Any) -> Any:  # type: ignore[override]
        if question is None:
            return super().__call__(image, **options)
        images = image if isinstance(image, (list, tuple)) else [image]
        questions = question if isinstance(question, (list, tuple)) else [question]
        # In the order of transformers.
        pairs = [{"image": each, "question": asked} for asked in questions for each in images]
        is_one = image is not images and question is not questions
        return super().__call__(pairs[0] if is_one else pairs, **options)

    def one(self, inputs: Any, **options: Any) -> list[dict[str, str]]:
        options.pop("top_k", None)  # a model that writes gives one answer
        if not isinstance(inputs, dict) or not {"image", "question"} <= inputs.keys():
            raise ValueError("a question is missing: pass image and question, or dictionaries with both")
        features = self.processor(images=inputs["image"], text=inputs["question"], return_tensors="np",
                                  allow_urls=self.allow_urls)
        texts = self.processor.batch_decode(self.model.generate(**features, **options), skip_special_tokens=True)
        return [{"answer": text.strip()} for text in texts]


def _best(scores: FloatArray, labels: list[str], top_k: int) -> list[dict[str, Any]]:
    order = np.argsort(-scores, kind="stable")[:top_k]
    return [{"label": labels[i], "score": float(scores[i])} for i in order]


def _softmax(logits: FloatArray) -> FloatArray:
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum(), dtype=np.float32)


class ImageClassificationPipeline(Pipeline):
    """image → [{"label": "tabby", "score": 0.9}, …]"""

    default_model = "nano-classifier"

    def load(self, name: str, dtype: Any) -> None:
        self.processor = AutoImageProcessor.from_pretrained(name)
        self.model = self._open(AutoModelForImageClassification, name, dtype)

    def one(self, inputs: Any, top_k: int = 5, **_: Any) -> list[dict[str, Any]]:
        features = self.processor(inputs, return_tensors="np", allow_urls=self.allow_urls)
        logits = self.model(**features).logits[0]
        return _best(_softmax(as_array(logits, np.float32)), self.model.labels, top_k)


class ZeroShotImageClassificationPipeline(Pipeline):
    """image, candidate_labels → [{"score": 0.9, "label": "cat"}, …]"""

    def load(self, name: str, dtype: Any) -> None:
        if not name:
            raise ValueError("zero-shot-image-classification needs a CLIP as `model`")
        self.processor = CLIPProcessor.from_pretrained(name)
        self.model = self._open(CLIPModel, name, dtype)

    def __call__(self, inputs: Any = None, candidate_labels: Optional[list[str]] = None, **options: Any) -> Any:
        return super().__call__(inputs, candidate_labels=candidate_labels, **options)

    def one(self, inputs: Any, candidate_labels: Optional[list[str]] = None,
            hypothesis_template: str = "This is a photo of {}.", **_: Any) -> list[dict[str, Any]]:
        if not candidate_labels:
            raise ValueError("candidate_labels is empty")
        texts = [hypothesis_template.format(label) for label in candidate_labels]
        features = self.processor(images=inputs, text=texts, padding=True, return_tensors="np",
                                  allow_urls=self.allow_urls)
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
    **_: Any,
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

    Returns:
        A callable. One input gives a result, a list a list, and an iterator an iterator.
    """
    refuse_other_devices(device)
    refuse_other_devices(device_map)
    if task not in PIPELINES:
        raise ValueError(f"Unknown task {task}, available tasks are {sorted(PIPELINES)}")
    return PIPELINES[task](model, dtype if dtype is not None else torch_dtype, allow_urls)
