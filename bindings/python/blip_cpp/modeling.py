"""What all models have in common."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Optional

from . import _blip_cpp
from .batch import refuse_other_devices
from .loading import DONE_ANYWAY, HARMLESS, absolute_name, hub_options, refuse_options, without_token

if TYPE_CHECKING:
    from typing_extensions import Self

WEIGHT_TYPES = {
    "auto": "stored", "None": "stored",
    "torch.float32": "float32", "torch.float16": "float16", "torch.bfloat16": "bfloat16", "torch.int8": "int8",
}


def weight_type_of(dtype: Any) -> str:
    """"int8", "float16", torch.float16, "auto", None… → the library's name."""
    return WEIGHT_TYPES.get(str(dtype), str(dtype))


def _config_of(entries: dict[str, Any]) -> SimpleNamespace:
    """As in transformers, `text_config` and its like are configurations too, labels are counted, and other
    dictionaries stay dictionaries."""
    config = {
        key: _config_of(value) if key.endswith("_config") and isinstance(value, dict) else value
        for key, value in entries.items()
    }
    if isinstance(config.get("id2label"), dict):
        config["id2label"] = {int(key): value for key, value in config["id2label"].items()}
    return SimpleNamespace(**config)


class Model:
    """Weights are immutable and mapped from the file: processes that open the same model share them. Calls let
    other threads of Python run, and may come from many threads at once. Pickles as its name."""

    _library_class: Any = None

    def __init__(
        self, name: str, weight_type: str = "stored", adapter: str = "", hub: Optional[dict[str, Any]] = None
    ) -> None:
        self.name_or_path = name
        self._hub = hub or {}
        self._arguments = (absolute_name(name), weight_type, absolute_name(adapter), without_token(self._hub))
        self._model = self._library_class.from_pretrained(name, weight_type, adapter, self._hub)
        self._config: Any = None

    @classmethod
    def from_pretrained(
        cls,
        name: Any,
        dtype: Any = None,
        torch_dtype: Any = None,
        adapter: Optional[Any] = None,
        device_map: Any = None,
        **options: Any,
    ) -> Self:
        """Opens a model; its weights are mapped, not read.

        Args:
            name: a directory, a checkpoint file, a hub id or the name of a bundled model.
            dtype: how weights are held: "auto" as stored, "float32", "float16", "bfloat16", or "int8", a quarter of
                the memory and the fastest. PyTorch's types are understood, too.
            torch_dtype: transformers' former name of dtype.
            adapter: the directory of a LoRA adapter, whose changes are merged into the weights.
            device_map: "auto" or "cpu".
            **options: of a hub id: revision (a branch, a tag or a commit), local_files_only (what the cache has),
                cache_dir, token. Others of transformers are refused with NotImplementedError if they would change
                what comes out (subfolder, quantization_config…).

        Raises:
            FileNotFoundError, ValueError or NotImplementedError: a line that names the file and the cause.
        """
        refuse_other_devices(device_map)
        hub = hub_options(options)
        refuse_options(f"{cls.__name__}.from_pretrained()", options, HARMLESS, DONE_ANYWAY)
        chosen = dtype if dtype is not None else torch_dtype
        return cls(str(name), weight_type_of(chosen), str(adapter or ""), hub)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._arguments

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name_or_path!r}, {self._arguments[1]})"

    @property
    def config(self) -> Any:
        """config.json, with its entries as attributes: `config.text_config.hidden_size`, `config.id2label[0]`."""
        if self._config is None:
            directory = Path(_blip_cpp.resolve_model(self._arguments[0], self._hub))
            file = (directory if directory.is_dir() else directory.parent) / "config.json"
            self._config = _config_of(json.loads(file.read_text(encoding="utf-8")) if file.exists() else {})
        return self._config

    @property
    def device(self) -> str:
        """Always "cpu"."""
        return "cpu"

    def to(self, *arguments: Any, **keywords: Any) -> Self:
        """Itself: it is on the CPU. Other devices are refused with NotImplementedError."""
        for device in (*arguments, keywords.get("device")):
            refuse_other_devices(device)
        return self

    def eval(self) -> Self:
        """Itself: it never trains."""
        return self
