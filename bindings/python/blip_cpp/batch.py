"""What processors return and models take: arrays by name."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np

TENSOR_TYPES = ("np", "pt")


class BatchFeature(dict[str, Any]):
    """A dictionary whose entries are attributes as well, as transformers' BatchFeature."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def to(self, *_: Any, **__: Any) -> BatchFeature:
        """Itself: everything is on the CPU. Other devices are refused."""
        for device in (*_, __.get("device")):
            refuse_other_devices(device)
        return self


def refuse_other_devices(device: object) -> None:
    """Raises NotImplementedError for a device that is no CPU; number types pass."""
    name = str(device)
    if device is not None and name.split(":")[0] in ("cuda", "mps", "xpu", "npu"):
        raise NotImplementedError(f"blip_cpp computes on the CPU, not on {name!r}")


def as_tensors(array: np.ndarray, return_tensors: Optional[str]) -> Any:
    """array as `return_tensors` asks: "np", "pt" (PyTorch, which shares its memory), None (lists)."""
    if return_tensors is None:
        return array.tolist()
    if return_tensors == "np":
        return array
    if return_tensors == "pt":
        import torch  # only who asks for it needs it

        return torch.from_numpy(array)
    raise ValueError(f"return_tensors must be one of {TENSOR_TYPES} or None, not {return_tensors!r}")


def as_array(value: Any, dtype: Any) -> np.ndarray:
    """A numpy array of an array, a tensor of PyTorch or lists, without a copy where it can be."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        if str(value.dtype) in ("torch.bfloat16", "torch.float16"):
            value = value.float()
    return np.ascontiguousarray(np.asarray(value), dtype=dtype)


def is_torch(value: Any) -> bool:
    return type(value).__module__.split(".")[0] == "torch"


def rows_of(input_ids: Any, attention_mask: Any = None) -> list[list[int]]:
    """input_ids: [B, T], attention_mask: [B, T] or None → B lists of ids, without what is masked."""
    if input_ids is None:
        return []
    if isinstance(input_ids, (list, tuple)):
        rows = [input_ids] if input_ids and isinstance(input_ids[0], int) else list(input_ids)
        rows = [[int(each) for each in row] for row in rows]
    else:
        array = as_array(input_ids, np.int64)
        rows = (array[None] if array.ndim == 1 else array).tolist()
    if attention_mask is None:
        return rows
    masks = as_array(attention_mask, np.int64)
    if masks.ndim == 1:
        masks = masks[None]
    if len(masks) != len(rows):
        raise ValueError(f"attention_mask has {len(masks)} rows, input_ids {len(rows)}")
    return [[each for each, seen in zip(row, mask) if seen] for row, mask in zip(rows, masks.tolist())]


def padded(rows: list[list[int]], pad_token_id: int) -> np.ndarray:
    """Rows of any lengths → [B, T], padded on the right."""
    longest = max((len(row) for row in rows), default=0)
    result = np.full((len(rows), longest), pad_token_id, dtype=np.int64)
    for i, row in enumerate(rows):
        result[i, : len(row)] = row
    return result
