"""The library's own classes; what people use is made of them in this package."""

from collections.abc import Callable, Sequence
from typing import Any, Optional

import numpy
from numpy.typing import NDArray

class CancelledError(RuntimeError): ...

def version() -> str: ...

def set_num_threads(num_threads: int) -> None: ...

def num_threads() -> int: ...

def bundled_models() -> list[str]: ...

def resolve_model(name: str, hub: dict[str, Any] = {}) -> str:
    """hub: revision, cache_dir, token (strings), local_files_only (a bool); an absent one is not set."""

def generation_option_names() -> list[str]: ...

class Image:
    @staticmethod
    def from_array(array: NDArray[numpy.uint8]) -> Image:
        """array: [height, width, 3]; shared if its rows lie one after the other."""

    @staticmethod
    def open(path: str, apply_exif_orientation: bool = False, blend_transparency: bool = True) -> Image: ...

    @staticmethod
    def decode(bytes: bytes, apply_exif_orientation: bool = False, blend_transparency: bool = True) -> Image: ...

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    def pixels(self) -> NDArray[numpy.uint8]:
        """[height, width, 3], read-only, of the image's own memory."""

def pixel_copies() -> int: ...

class ImageProcessor:
    @staticmethod
    def from_pretrained(model: str, hub: dict[str, Any] = {}) -> ImageProcessor: ...

    def __call__(self, images: Sequence[Image]) -> NDArray[numpy.float32]: ...

class SpecialTokens:
    @property
    def bos(self) -> int: ...

    @property
    def eos(self) -> int: ...

    @property
    def unk(self) -> int: ...

    @property
    def sep(self) -> int: ...

    @property
    def pad(self) -> int: ...

    @property
    def cls(self) -> int: ...

    @property
    def mask(self) -> int: ...

class Tokenizer:
    @staticmethod
    def from_pretrained(model: str, hub: dict[str, Any] = {}) -> Tokenizer: ...

    def encode(self, text: str, add_special_tokens: bool = True, max_length: int = 0) -> list[int]: ...

    def decode(
        self,
        ids: Sequence[int],
        skip_special_tokens: bool = False,
        clean_up_tokenization_spaces: Optional[bool] = None,
    ) -> str: ...

    @property
    def vocab_size(self) -> int: ...

    @property
    def model_max_length(self) -> int:
        """0: the files do not say."""

    @property
    def special_tokens(self) -> SpecialTokens: ...

class EncodedImage:
    @property
    def last_hidden_state(self) -> NDArray[numpy.float32]: ...

class StopSource:
    """Asks a call on another thread to end."""

    def __init__(self) -> None: ...

    def request_stop(self) -> None:
        """The call that was given this ends before its next token, with CancelledError."""

    @property
    def stop_requested(self) -> bool: ...

class TextStream:
    def __init__(self, tokenizer: Tokenizer) -> None: ...

    def add(self, token: int, /) -> str: ...

    def rest(self, finished: str, /) -> str: ...

class BlipForConditionalGeneration:
    @staticmethod
    def from_pretrained(
        model: str, weight_type: str = "stored", adapter: str = "", hub: dict[str, Any] = {}
    ) -> BlipForConditionalGeneration: ...

    def encode_images(self, pixel_values: NDArray[numpy.float32]) -> list[EncodedImage]:
        """pixel_values: [B, 3, H, W] → B images"""

    def generate(
        self,
        images: Sequence[EncodedImage],
        texts: Sequence[Sequence[int]],
        options: dict[str, Any],
        on_token: Optional[Callable[[int, int, int], None]] = None,
        stop: Optional[StopSource] = None,
    ) -> list[tuple[list[int], float, float]]:
        """One text for each image, or none. Of each sequence: ids, score, log-probability."""

    @property
    def bos_token_id(self) -> int: ...

    @property
    def pad_token_id(self) -> int: ...

    def logits(self, image: EncodedImage, input_ids: Sequence[int]) -> NDArray[numpy.float32]: ...

    @property
    def ignored_tensors(self) -> list[str]: ...

class BlipForQuestionAnswering:
    @staticmethod
    def from_pretrained(
        model: str, weight_type: str = "stored", adapter: str = "", hub: dict[str, Any] = {}
    ) -> BlipForQuestionAnswering: ...

    def encode_images(self, pixel_values: NDArray[numpy.float32]) -> list[EncodedImage]:
        """pixel_values: [B, 3, H, W] → B images"""

    def generate(
        self,
        images: Sequence[EncodedImage],
        texts: Sequence[Sequence[int]],
        options: dict[str, Any],
        on_token: Optional[Callable[[int, int, int], None]] = None,
        stop: Optional[StopSource] = None,
    ) -> list[tuple[list[int], float, float]]:
        """One text for each image, or none. Of each sequence: ids, score, log-probability."""

    @property
    def bos_token_id(self) -> int: ...

    @property
    def pad_token_id(self) -> int: ...

    def rank_answers(
        self,
        images: Sequence[EncodedImage],
        questions: Sequence[Sequence[int]],
        answers: Sequence[Sequence[int]],
        k: int = 128,
    ) -> list[list[tuple[int, float, float]]]:
        """Of each question, best first: index of the answer, score, log-probability."""

class BlipForImageTextRetrieval:
    @staticmethod
    def from_pretrained(
        model: str, weight_type: str = "stored", adapter: str = "", hub: dict[str, Any] = {}
    ) -> BlipForImageTextRetrieval: ...

    def encode_images(self, pixel_values: NDArray[numpy.float32]) -> list[EncodedImage]:
        """pixel_values: [B, 3, H, W] → B images"""

    def get_image_features(self, images: Sequence[EncodedImage]) -> NDArray[numpy.float32]:
        """[B, P]"""

    def get_text_features(self, texts: Sequence[Sequence[int]]) -> NDArray[numpy.float32]:
        """[T, P]"""

    def itm_logits(self, images: Sequence[EncodedImage], texts: Sequence[Sequence[int]]) -> NDArray[numpy.float32]:
        """[pairs, 2]: "no match", "match" """

class BlipModel:
    @staticmethod
    def from_pretrained(
        model: str, weight_type: str = "stored", adapter: str = "", hub: dict[str, Any] = {}
    ) -> BlipModel: ...

    def encode_images(self, pixel_values: NDArray[numpy.float32]) -> list[EncodedImage]:
        """pixel_values: [B, 3, H, W] → B images"""

    def get_image_features(self, images: Sequence[EncodedImage]) -> NDArray[numpy.float32]:
        """[B, P]"""

    def get_text_features(self, texts: Sequence[Sequence[int]]) -> NDArray[numpy.float32]:
        """[T, P]"""

    @property
    def similarity_scale(self) -> float: ...

class CLIPModel:
    @staticmethod
    def from_pretrained(
        model: str, weight_type: str = "stored", adapter: str = "", hub: dict[str, Any] = {}
    ) -> CLIPModel: ...

    def encode_images(self, pixel_values: NDArray[numpy.float32]) -> list[EncodedImage]:
        """pixel_values: [B, 3, H, W] → B images"""

    def get_image_features(self, images: Sequence[EncodedImage]) -> NDArray[numpy.float32]:
        """[B, P]"""

    def get_text_features(self, texts: Sequence[Sequence[int]]) -> NDArray[numpy.float32]:
        """[T, P]"""

    @property
    def similarity_scale(self) -> float: ...

class ImageClassifier:
    @staticmethod
    def from_pretrained(
        model: str, weight_type: str = "stored", adapter: str = "", hub: dict[str, Any] = {}
    ) -> ImageClassifier: ...

    def logits(self, pixel_values: NDArray[numpy.float32]) -> NDArray[numpy.float32]: ...

    @property
    def scores(self) -> str: ...

    @property
    def labels(self) -> list[str]: ...
