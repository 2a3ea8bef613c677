"""Captions and embeddings of many pictures, for the workers of Ray, Spark, Dask and whatever else cuts data in batches."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from os import PathLike
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

from . import _blip_cpp
from .batch import as_array
from .generation import BlipForConditionalGeneration
from .images import as_image
from .processors import AutoImageProcessor, BlipProcessor
from .retrieval import BlipForImageTextRetrieval, BlipModel, CLIPModel, _unit

if TYPE_CHECKING:
    from .batch import FloatArray

# What a picture can be to blame for. Anything else ends the run.
OF_A_PICTURE = (ValueError, OSError, NotImplementedError)


@dataclass
class Description:
    """What was found of one picture.

    Attributes:
        caption: None if there is no captioning model, or an error.
        embedding: [P] of float32, of unit length; None if there is no embedding model, or an error.
        error: why there is neither, in a line; None if there is.
    """

    caption: Optional[str] = None
    embedding: Optional[FloatArray] = None
    error: Optional[str] = None


def _open_embedding(name: str, dtype: Any) -> Union[BlipForImageTextRetrieval, BlipModel, CLIPModel]:
    """The first class that reads the model."""
    for each in (BlipForImageTextRetrieval, BlipModel):
        try:
            return each.from_pretrained(name, dtype=dtype)
        except NotImplementedError:
            continue
    return CLIPModel.from_pretrained(name, dtype=dtype)


class ImageDescriber:
    """Pictures → captions and embeddings, in batches; a bad picture is reported and the others go on. The results are
    those of `blip caption` and `blip embed`; as there, files are turned as the camera was held (EXIF).

    It pickles as its arguments, and opens the models where it is first called: so it may be made by the program that
    starts a run, and sent to workers. Workers of one machine share the pages of the weights.

    Args:
        captioning: the model of captions; None for no captions.
        embedding: the model of embeddings, of a class that reads images and texts; None for no embeddings.
        dtype: how weights are held; "int8" is the fastest.
        num_threads: threads of a call. 1 if there is a worker for each core; None leaves what is set.
        batch_size: pictures that go through a model together.
        allow_urls: whether pictures may be URLs.
        generation: options of generate(), by transformers' names.
    """

    def __init__(
        self,
        captioning: Optional[str] = "nano-captioning",
        embedding: Optional[str] = None,
        dtype: Any = None,
        num_threads: Optional[int] = None,
        batch_size: int = 8,
        allow_urls: bool = False,
        generation: Optional[dict[str, Any]] = None,
    ) -> None:
        self._arguments = (captioning, embedding, dtype, num_threads, batch_size, allow_urls, generation)
        self.captioning, self.embedding, self.dtype, self.num_threads, self.batch_size = self._arguments[:5]
        self.allow_urls = allow_urls
        self.generation = dict(generation or {})
        self._lock = threading.Lock()
        self._opened: Any = None

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._arguments

    def _models(self) -> Any:
        with self._lock:
            if self._opened is None:
                if self.num_threads is not None:
                    _blip_cpp.set_num_threads(self.num_threads)
                captioner = embedder = None
                if self.captioning is not None:
                    captioner = (BlipProcessor.from_pretrained(self.captioning),
                                 BlipForConditionalGeneration.from_pretrained(self.captioning, dtype=self.dtype))
                if self.embedding is not None:
                    embedder = (AutoImageProcessor.from_pretrained(self.embedding),
                                _open_embedding(self.embedding, self.dtype))
                self._opened = captioner, embedder
            return self._opened

    def _describe(self, pictures: list[Any]) -> list[Description]:
        found = []
        images = []
        for picture in pictures:
            try:
                images.append(as_image(picture, self.allow_urls, apply_exif_orientation=True))
                found.append(Description())
            except OF_A_PICTURE as error:
                found.append(Description(error=str(error)))
        good = [each for each in found if each.error is None]
        captioner, embedder = self._models()
        if good and captioner:
            processor, model = captioner
            ids = model.generate(processor.image_processor(images, "np")["pixel_values"], **self.generation)
            texts = processor.batch_decode(ids, skip_special_tokens=True)
            for each, text in zip(good, texts[:: len(texts) // len(good)]):
                each.caption = text.strip()
        if good and embedder:
            processor, model = embedder
            rows = as_array(model.get_image_features(processor(images, "np")["pixel_values"]), np.float32)
            for each, row in zip(good, _unit(rows)):
                each.embedding = row
        return found

    def stream(self, pictures: Iterable[Any]) -> Iterator[Description]:
        """The description of each picture, in their order, read as they are asked for."""
        is_one = isinstance(pictures, (str, bytes, PathLike)) or hasattr(pictures, "read")
        if is_one or getattr(pictures, "ndim", 1) in (2, 3):  # those of a column are in an array or a Series
            raise TypeError("pictures are a list or an iterator of pictures, not one")
        waiting = iter(pictures)
        while batch := list(islice(waiting, self.batch_size)):
            yield from self._describe(batch)

    def __call__(self, pictures: Iterable[Any]) -> list[Description]:
        """pictures: of any kind that processors take → a description of each, in their order."""
        return list(self.stream(pictures))

    def columns(self, pictures: Iterable[Any]) -> dict[str, list[Any]]:
        """The same as columns of a table: "caption", "embedding" (lists of float32) and "error"."""
        found = self(pictures)
        return {
            "caption": [each.caption for each in found],
            "embedding": [None if each.embedding is None else each.embedding.tolist() for each in found],
            "error": [each.error for each in found],
        }
