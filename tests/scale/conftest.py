"""Photos, what the program says of them, and the examples as modules whose code travels to workers."""

import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
BLIP = os.environ.get("BLIP", str(ROOT / "build/release/bin/blip"))
VARIANTS = 4  # of each photo


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """A folder of photos: those of examples/, cropped in several ways, and one that is damaged."""
    folder = tmp_path_factory.mktemp("photos")
    for photo in sorted((ROOT / "examples/photos").glob("*.jpg")):
        picture = Image.open(photo).convert("RGB")
        for i in range(VARIANTS):
            edge = 16 * i
            picture.crop((edge, edge, picture.width - edge, picture.height)).save(
                folder / f"{photo.stem}-{i}.jpg", quality=90)
    (folder / "damaged.jpg").write_bytes((folder / "cat-0.jpg").read_bytes()[:2000])
    return folder


def said(command, photos):
    """blip COMMAND on the folder → {name: record}."""
    done = subprocess.run([BLIP, command, photos, "--format", "jsonl", "--quiet"], capture_output=True, text=True)
    assert done.returncode == 1 and "damaged.jpg" in done.stderr, done.stderr
    records = map(json.loads, done.stdout.splitlines())
    return {Path(record["path"]).name: record for record in records if "error" not in record}


@pytest.fixture(scope="session")
def expected(photos):
    """{name: (caption, embedding)}, without the damaged photo."""
    captions, embeddings = said("caption", photos), said("embed", photos)
    assert len(captions) == len(list(photos.iterdir())) - 1
    return {name: (record["caption"], np.array(embeddings[name]["embedding"])) for name, record in captions.items()}


@pytest.fixture
def check(expected):
    """Rows of a table are what the program says."""

    def compare(rows, name="name"):
        assert len(rows) == len(expected) + 1
        for row in rows:
            key = Path(row[name]).name
            if key.startswith("damaged"):
                assert row["caption"] is None and row["embedding"] is None and "JPEG" in row["error"]
                continue
            caption, embedding = expected[key]
            assert row["caption"] == caption and row["error"] is None
            assert np.abs(np.asarray(row["embedding"]) - embedding).max() < 1e-5
        assert len({row[name] for row in rows}) == len(rows)

    return compare


def example(name, cloudpickle):
    """examples/NAME.py, whose functions and classes cloudpickle sends by value, as those of a script."""
    path = ROOT / f"examples/{name}.py"
    module_name = "example_" + name.replace("/", "_")
    specification = importlib.util.spec_from_file_location(module_name, path)
    module = importlib.util.module_from_spec(specification)
    sys.modules[module_name] = module
    specification.loader.exec_module(module)
    cloudpickle.register_pickle_by_value(module)
    return module


@pytest.fixture
def rates(capsys):
    """Prints pictures per second with each number of workers."""

    def measure(engine, run, count):
        seconds = {}
        for workers in (1, 2):
            started = time.monotonic()
            run(workers)
            seconds[workers] = time.monotonic() - started
        with capsys.disabled():
            print(f"\n{engine}: " + ", ".join(
                f"{workers} worker{'s' * (workers > 1)} {count / spent:.1f} pictures/s" for workers, spent in seconds.items()))

    return measure
