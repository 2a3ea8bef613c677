"""The image processors of transformers with both backends. torchvision is taken from a folder of its own, because
transformers changes its default where it finds torchvision installed."""
import importlib
import importlib.metadata
import importlib.util
import pathlib
import re
import sys

FOLDER = pathlib.Path(sys.prefix) / "torchvision-alone"  # pip install --no-deps --target, by tools/parity.sh
CLASSES = {"CLIPImageProcessor": "clip", "ChineseCLIPImageProcessor": "chinese_clip", "BitImageProcessor": "bit",
           "SiglipImageProcessor": "siglip", "ViTImageProcessor": "vit", "DeiTImageProcessor": "deit",
           "BlipImageProcessor": "blip"}


def _declare_operators():
    """Up to 0.28, PyPI's torchvision is linked with CUDA and its operators do not load beside a torch for CPUs. Its
    transforms need none of them, so declaring them is enough to import it."""
    import torch
    root = pathlib.Path(importlib.util.find_spec("torchvision").submodule_search_locations[0])
    text = (root / "_meta_registrations.py").read_text()
    names = set(re.findall(r'register_fake\("torchvision::(\w+)"\)|register_meta\("(\w+)"', text))
    library = torch.library.Library("torchvision", "DEF")
    for name in sorted({first or second for first, second in names}):
        library.define(f"{name}(Tensor a) -> Tensor")
    return library


def find_torchvision():
    """Makes torchvision importable if it is anywhere. → its version, or None. Call before importing transformers."""
    if FOLDER.is_dir():
        sys.path.append(str(FOLDER))
    if importlib.util.find_spec("torchvision") is None:
        return None
    version = importlib.metadata.version("torchvision")
    if tuple(int(part) for part in version.split("+")[0].split(".")[:2]) < (0, 29):
        find_torchvision.library = _declare_operators()  # which must stay alive
    return version


def processor(name, backend, fields):
    """transformers' class `name`, made from the fields of a preprocessor_config.json"""
    module = f"transformers.models.{CLASSES[name]}.image_processing_"
    module += f"pil_{CLASSES[name]}" if backend == "pillow" else CLASSES[name]
    kind = getattr(importlib.import_module(module), name + ("Pil" if backend == "pillow" else ""))
    return kind.from_dict(dict(fields))
