"""examples/datasets: Hugging Face data sets and WebDataset shards, in and out."""

import cloudpickle
import pytest
from blip_cpp import ImageDescriber

from conftest import example


@pytest.fixture(scope="module")
def describe():
    return example("datasets/describe", cloudpickle)


def test_hugging_face(describe, photos, expected, tmp_path):
    import datasets

    names = sorted(expected)[:12]
    dataset = datasets.Dataset.from_dict({"image": [str(photos / name) for name in names]}).cast_column(
        "image", datasets.Image())
    describe.describe_dataset(dataset, ImageDescriber()).save_to_disk(str(tmp_path / "out"))
    again = datasets.load_from_disk(str(tmp_path / "out"))
    assert again["caption"][:] == [expected[name][0] for name in names]
    assert again[0]["image"].size[0] > 0


def test_shards(describe, photos, expected, tmp_path):
    import webdataset as wds

    names = [*sorted(expected)[:12], "damaged.jpg"]
    with wds.TarWriter(str(tmp_path / "in.tar")) as tar:
        for name in names:
            tar.write({"__key__": name[:-4], "jpg": (photos / name).read_bytes(), "json": {"of": name}})
    describe.describe_shards(str(tmp_path / "in.tar"), str(tmp_path / "out.tar"), ImageDescriber())
    samples = {sample["__key__"]: sample for sample in wds.WebDataset(str(tmp_path / "out.tar"), shardshuffle=False)}
    assert [*samples] == [name[:-4] for name in names]
    for name in names[:-1]:
        assert samples[name[:-4]]["txt"].decode() == expected[name][0]
        assert samples[name[:-4]]["jpg"] == (photos / name).read_bytes()
    assert b"JPEG" in samples["damaged"]["error"] and "txt" not in samples["damaged"]
