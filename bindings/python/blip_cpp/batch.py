"""What processors return and models take: arrays by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from typing_extensions import TypeAlias

    # Arrays come as numpy's or as PyTorch's tensors, and results are of the kind that came in. PyTorch need not be
    # installed, so no annotation names it.
    Tensor: TypeAlias = Any
    FloatArray: TypeAlias = NDArray[np.float32]
    IdArray: TypeAlias = NDArray[np.int64]

TENSOR_TYPES = ("np", "pt")


class BatchFeature(dict[str, Any]):
    """A dictionary whose entries are attributes as well, as transformers' BatchFeature.

    `pixel_values` is [B, 3, H, W] of float32, normalised; `input_ids` and `attention_mask` are [B, T] of int64.
    """

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def to(self, *_: Any, **__: Any) -> BatchFeature:
        """Itself: everything is on the CPU. Other devices are refused with NotImplementedError."""
        for device in (*_, __.get("device")):
            refuse_other_devices(device)
        return self


def refuse_other_devices(device: object) -> None:
    """Raises NotImplementedError for a device that is no CPU; number types pass. Numbers are GPUs, and -1 is the CPU,
    as to transformers. Of a dict (device_map), each value counts."""
    if isinstance(device, dict):
        for each in device.values():
            refuse_other_devices(each)
        return
    name = str(device)
    is_number = isinstance(device, int) and not isinstance(device, bool)
    if name.split(":")[0] in ("cuda", "mps", "xpu", "npu", "hpu") or is_number and device != -1:
        raise NotImplementedError(f"blip_cpp computes on the CPU, not on {device!r}")


def as_tensors(array: NDArray[Any], return_tensors: Optional[str]) -> Tensor:
    """array as `return_tensors` asks: "np", "pt" (PyTorch, which shares its memory), None (lists)."""
    if return_tensors is None:
        return array.tolist()
    if return_tensors == "np":
        return array
    if return_tensors == "pt":
        import torch  # only who asks for it needs it

        return torch.from_numpy(array)
    raise ValueError(f"return_tensors must be one of {TENSOR_TYPES} or None, not {return_tensors!r}")


def as_array(value: Tensor, dtype: Any) -> NDArray[Any]:
    """A contiguous numpy array of an array, a tensor of PyTorch, whatever else speaks DLPack or the buffer protocol,
    or lists. Its memory is `value`'s if that is contiguous and of type `dtype`."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        if str(value.dtype) in ("torch.bfloat16", "torch.float16"):
            value = value.float()
        value = value.numpy()
    elif hasattr(value, "__dlpack__") and not isinstance(value, np.ndarray):
        value = np.from_dlpack(value)
    return np.ascontiguousarray(np.asarray(value), dtype=dtype)


def kind_of(value: Tensor) -> str:
    """The `return_tensors` that makes results be of the kind of `value`."""
    return "pt" if type(value).__module__.split(".")[0] == "torch" else "np"


def is_number(value: object) -> bool:
    """Of Python or numpy, or a tensor of PyTorch without dimensions."""
    return isinstance(value, (int, np.integer)) or getattr(value, "ndim", None) == 0


def rows_of(input_ids: Tensor, attention_mask: Optional[Tensor] = None) -> list[list[int]]:
    """input_ids: [B, T], attention_mask: [B, T] or None → B lists of ids, without what is masked."""
    if input_ids is None:
        return []
    rows: list[list[int]]
    if isinstance(input_ids, (list, tuple)):
        nested: Sequence[Any] = [input_ids] if input_ids and is_number(input_ids[0]) else input_ids
        rows = [[int(each) for each in row] for row in nested]
    else:
        array = as_array(input_ids, np.int64)
        if array.ndim > 2:
            raise ValueError(f"ids are [B, T] or [T], not of shape {array.shape}")
        rows = (array if array.ndim == 2 else array.reshape(1, -1)).tolist()
    if attention_mask is None:
        return rows
    masks = as_array(attention_mask, np.int64)
    if masks.ndim == 1:
        masks = masks[None]
    if len(masks) != len(rows):
        raise ValueError(f"attention_mask has {len(masks)} rows, input_ids {len(rows)}")
    return [[each for each, seen in zip(row, mask) if seen] for row, mask in zip(rows, masks.tolist())]


def padded(rows: list[list[int]], pad_token_id: int) -> IdArray:
    """Rows of any lengths → [B, T], padded on the right."""
    longest = max((len(row) for row in rows), default=0)
    result = np.full((len(rows), longest), pad_token_id, dtype=np.int64)
    for i, row in enumerate(rows):
        result[i, : len(row)] = row
    return result
