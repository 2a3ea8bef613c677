"""Options by transformers' names: those of the hub, and what is refused rather than dropped."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import Any, Optional

# Of from_pretrained(): how transformers works. It changes no result here.
HARMLESS = frozenset({
    "attn_implementation", "experts_implementation", "low_cpu_mem_usage", "max_memory", "mirror", "offload_buffers",
    "offload_folder", "offload_state_dict", "resume_download", "return_dict", "trust_remote_code", "use_cache", "use_fast",
    "use_kernels", "use_safetensors", "weights_only",
})
# What from_pretrained() does anyway. Other values are refused.
DONE_ANYWAY: Mapping[str, Any] = {
    "force_download": False, "from_flax": False, "from_tf": False, "ignore_mismatched_sizes": False, "load_in_4bit": False,
    "load_in_8bit": False, "output_attentions": False, "output_hidden_states": False, "output_loading_info": False,
    "subfolder": "",
}


def absolute_name(name: str) -> str:
    """A model's name that means the same in another directory: other processes and later calls may be in one."""
    return os.path.abspath(name) if os.path.exists(name) else name


def hub_options(options: dict[str, Any]) -> dict[str, Any]:
    """Takes revision, cache_dir, token and local_files_only out of `options`. → those that say something, as the
    extension module wants them."""
    hub: dict[str, Any] = {}
    revision = options.pop("revision", None)
    if revision is not None:
        hub["revision"] = str(revision)
    cache = options.pop("cache_dir", None)
    if cache is not None:
        hub["cache_dir"] = os.path.abspath(os.fsdecode(cache))
    former = options.pop("use_auth_token", None)
    token = options.pop("token", None)
    token = former if token is None else token
    if token is False:
        hub["token"] = ""  # none, whatever the environment has
    elif token is not None and token is not True:
        hub["token"] = str(token)
    if options.pop("local_files_only", False):
        hub["local_files_only"] = True
    return hub


def without_token(hub: dict[str, Any]) -> dict[str, Any]:
    """What may be written into a pickle."""
    return {name: value for name, value in hub.items() if name != "token"}


def is_same(value: object, other: object) -> bool:
    """Whether two settings mean the same: tuples are lists, and a size of one number has all its sides so long."""
    if isinstance(value, tuple):
        value = list(value)
    if isinstance(value, dict) and isinstance(other, int):
        value, other = other, value
    if isinstance(value, int) and isinstance(other, dict):
        return bool(other) and all(side == value for side in other.values())
    return isinstance(value, (int, float, str, list, dict)) and value == other


def refuse_options(
    where: str,
    options: Mapping[str, Any],
    harmless: Collection[str] = (),
    done_anyway: Optional[Mapping[str, Any]] = None,
) -> None:
    """Raises NotImplementedError for an option that would be dropped and means something."""
    for name, value in options.items():
        if name in harmless or value is None:
            continue
        if done_anyway is not None and name in done_anyway and is_same(value, done_anyway[name]):
            continue
        raise NotImplementedError(f"{where} cannot do {name}={value!r:.100}")
