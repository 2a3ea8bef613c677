"""Models and photos of the repository. Tests that compare with transformers are left out where it is not there."""

from pathlib import Path

import pytest

import blip_cpp

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def photos():
    return sorted((ROOT / "examples/photos").glob("*.jpg"))[:3]


@pytest.fixture(scope="session")
def models():
    """Small ones: name → path."""
    tasks = ROOT / "tests/tasks/data"
    return {"captioning": str(ROOT / "tests/models/nano"), "vqa": str(tasks / "vqa"), "retrieval": str(tasks / "itm"),
            "features": str(tasks / "blip"), "classifier": str(tasks / "classifier")}


@pytest.fixture(scope="session")
def captioning(models):
    processor = blip_cpp.BlipProcessor.from_pretrained(models["captioning"])
    return processor, blip_cpp.BlipForConditionalGeneration.from_pretrained(models["captioning"])


def caption(captioning, picture, text=None, **options):
    processor, model = captioning
    inputs = processor(images=picture, text=text, return_tensors="np")
    return processor.decode(model.generate(**inputs, **options)[0], skip_special_tokens=True)
