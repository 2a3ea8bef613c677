"""Models and photos of the repository. Tests that compare with transformers are left out where it is not there."""

from pathlib import Path

import pytest

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
