"""Makes the files of a size again only when something changed that they depend on."""

import contextlib
import hashlib
import importlib.metadata
import json
import pathlib
import shutil

PACKAGES = ("torch", "transformers", "onnx", "onnxscript", "onnxruntime", "openvino", "nncf", "numpy")


def stamp(size, photos, sources):
    return {"size": size, "photos": [photo.name for photo in photos],
            "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
            "sources": hashlib.sha256(b"".join(map(pathlib.Path.read_bytes, sources))).hexdigest()}


@contextlib.contextmanager
def made_once(directory, size, photos, sources):
    """Yields whether the files of `directory` are to be made, which is then empty, and remembers it
    when they were."""
    done, current = directory / "stamp.json", stamp(size, photos, sources)
    if done.exists() and json.loads(done.read_text()) == current:
        yield False
        return
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    yield True
    done.write_text(json.dumps(current, indent=1))
