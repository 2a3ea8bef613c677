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
from .loading import absolute_name
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
        # Workers may be in another directory.
        captions, embeddings = (each if each is None else absolute_name(str(each)) for each in (captioning, embedding))
        self._arguments = (captions, embeddings, dtype, num_threads, batch_size, allow_urls, generation)
        self.captioning, self.embedding, self.dtype, self.num_threads, self.batch_size = (
            captioning, embedding, dtype, num_threads, batch_size)
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
                captions, embeddings = self._arguments[:2]
                if captions is not None:
                    captioner = (BlipProcessor.from_pretrained(captions),
                                 BlipForConditionalGeneration.from_pretrained(captions, dtype=self.dtype))
                if embeddings is not None:
                    embedder = AutoImageProcessor.from_pretrained(embeddings), _open_embedding(embeddings, self.dtype)
                self._opened = captioner, embedder
            return self._opened

    def _pixels(self, picture: Any) -> list[Any]:
        """What the models read of a picture, [1, 3, H, W] each: of captions, of embeddings. What fails here is of this
        picture alone."""
        captioner, embedder = self._models()
        image = as_image(picture, self.allow_urls, blend_transparency=True)
        processors = (captioner and captioner[0].image_processor, embedder and embedder[0])
        return [each and each(image, "np")["pixel_values"] for each in processors]

    def _describe(self, pictures: list[Any]) -> list[Description]:
        found = [Description() for _ in pictures]
        pixels: dict[int, list[Any]] = {}
        models = self._models()
        for i, picture in enumerate(pictures):
            try:
                pixels[i] = self._pixels(picture)
            except OF_A_PICTURE as error:
                found[i].error = str(error)
        for part, (opened, write) in enumerate(zip(models, (self._write_captions, self._write_embeddings))):
            if opened is None:
                continue
            # Pictures of one shape go through a model together.
            shapes: dict[tuple[int, ...], list[int]] = {}
            for i, of_models in pixels.items():
                shapes.setdefault(of_models[part].shape, []).append(i)
            for same in shapes.values():
                write(opened, np.concatenate([pixels[i][part] for i in same]), [found[i] for i in same])
        return found

    def _write_captions(self, captioner: Any, pixel_values: Any, found: list[Description]) -> None:
        processor, model = captioner
        texts = processor.batch_decode(model.generate(pixel_values, **self.generation), skip_special_tokens=True)
        for each, text in zip(found, texts[:: len(texts) // len(found)]):
            each.caption = text.strip()

    def _write_embeddings(self, embedder: Any, pixel_values: Any, found: list[Description]) -> None:
        rows = as_array(embedder[1].get_image_features(pixel_values), np.float32)
        for each, row in zip(found, _unit(rows)):
            each.embedding = row

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
