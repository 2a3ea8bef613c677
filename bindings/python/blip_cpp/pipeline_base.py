"""What all pipelines have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Optional, TypeVar

from . import _blip_cpp
from .images import as_image, is_one_picture
from .modeling import Model
from .processors import AutoImageProcessor, AutoProcessor, ImageProcessor, Processor
from .tokenizers import AutoTokenizer, Tokenizer

_Kind = TypeVar("_Kind", bound=Model)

# Of transformers' calls: how its work is cut up, which changes no result.
IGNORED = frozenset({"batch_size", "num_workers", "timeout"})
OF_THE_HUB = ("cache_dir", "local_files_only", "revision", "token", "use_auth_token")


def is_many(inputs: Any) -> bool:
    """Lists, iterators and data sets are, and what else has a length and items; pictures and dictionaries are not."""
    if isinstance(inputs, dict) or is_one_picture(inputs):
        return False
    return hasattr(inputs, "__iter__") or (hasattr(inputs, "__len__") and hasattr(inputs, "__getitem__"))


def items_of(inputs: Any) -> Iterator[Any]:
    """Data sets of PyTorch have a length and items, and need not end by IndexError."""
    return iter(inputs) if hasattr(inputs, "__iter__") else (inputs[i] for i in range(len(inputs)))


class Pipeline:
    """Calls with one input give its result, lists give lists, and iterators and data sets give iterators, so that tqdm
    shows how far a run is. Options that it was made with are those of every call that has no others."""

    default_model = ""
    # Those of one().
    known_options: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self,
        model: Any,
        dtype: Any = None,
        allow_urls: bool = False,
        loading: Optional[dict[str, Any]] = None,
        parts: Optional[dict[str, Any]] = None,
        options: Optional[dict[str, Any]] = None,
    ) -> None:
        self.allow_urls = allow_urls
        self.options = self._checked(options or {})
        self._given = model if isinstance(model, Model) else None
        self.model_name = str(model or self.default_model) if self._given is None else self._given._arguments[0]
        self._loading = dict(loading or {})
        self._parts = parts or {}
        self.load(self.model_name, dtype)

    def _checked(self, options: dict[str, Any]) -> dict[str, Any]:
        """Without what changes nothing. Raises TypeError, as transformers' pipelines, for what there is not."""
        meant = {key: value for key, value in options.items() if key not in IGNORED}
        for name in meant:
            if name not in self.known_options:
                raise TypeError(f"{type(self).__name__} got an unexpected keyword argument {name!r}")
        return {key: value for key, value in meant.items() if value is not None}  # None is as if it were not said

    def _open(self, kind: type[_Kind], name: str, dtype: Any) -> _Kind:
        """The model that the pipeline was given, or the one that is called so."""
        if self._given is None:
            return kind.from_pretrained(name, **{"dtype": dtype, **self._loading})
        if not isinstance(self._given, kind):
            raise ValueError(f"the pipeline needs a {kind.__name__}, not a {type(self._given).__name__}")
        return self._given

    def _hub(self) -> dict[str, Any]:
        """Where the model's processors are: those of a model that was given are where it is."""
        if self._given is not None:
            return self._given._hub
        return {key: self._loading[key] for key in OF_THE_HUB if key in self._loading}

    def _open_image_processor(self, name: str) -> ImageProcessor:
        given = self._parts.get("image_processor") or self._parts.get("feature_extractor") or self._parts.get("processor")
        if isinstance(given, Processor):
            return given.image_processor
        if isinstance(given, ImageProcessor):
            return given
        return AutoImageProcessor.from_pretrained(_name_of_part(given, name), **self._hub())

    def _open_processor(self, name: str) -> Processor:
        given = self._parts.get("tokenizer") or self._parts.get("processor")
        if isinstance(given, Processor):
            given = given.tokenizer
        if not isinstance(given, Tokenizer):
            given = AutoTokenizer.from_pretrained(_name_of_part(given, name), **self._hub())
        return AutoProcessor(self._open_image_processor(name), given)

    def _image(self, picture: Any) -> _blip_cpp.Image:
        """Upright, as transformers' pipelines open pictures (load_image)."""
        return as_image(picture, self.allow_urls, pil_as_file=True)

    def load(self, name: str, dtype: Any) -> None:
        raise NotImplementedError

    def one(self, inputs: Any, **options: Any) -> Any:
        raise NotImplementedError

    def _each(self, inputs: Iterator[Any], options: dict[str, Any]) -> Iterator[Any]:
        for each in inputs:
            yield self.one(each, **options)

    def __call__(self, inputs: Any = None, **options: Any) -> Any:
        for name in ("image", "images"):
            inputs = options.pop(name, inputs)
        options = {**self.options, **self._checked(options)}
        if not is_many(inputs):
            return self.one(inputs, **options)
        results = self._each(items_of(inputs), options)
        return list(results) if isinstance(inputs, Sequence) else results


def _name_of_part(given: Any, name: str) -> str:
    if given is not None and not isinstance(given, str):
        raise NotImplementedError(f"blip_cpp's own processors and tokenizers fit its pipelines, not a {type(given).__name__}")
    return given or name
