"""examples/dask on the real Dask, on this machine."""

import cloudpickle
import fsspec
import pytest
from blip_cpp import ImageDescriber
from distributed import Client, LocalCluster

import mortal
from conftest import example
from mortal import MortalDescriber

cloudpickle.register_pickle_by_value(mortal)


@pytest.fixture(scope="module")
def describe():
    return example("dask/describe", cloudpickle)


def client(workers):
    return Client(LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None))


def describer():
    return ImageDescriber("nano-captioning", "nano-retrieval", num_threads=1)


def rows_of(frame):
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{**row, "embedding": None if row["error"] else row["embedding"]} for row in rows]


def test_images_to_parquet(describe, photos, check, tmp_path):
    import pandas as pd

    with client(2):
        frame = describe.describe(describe.names_of(f"{photos}/*.jpg"), describer(), part=8)
        describe.write_parquet(frame, str(tmp_path / "out"))
    check(rows_of(pd.read_parquet(tmp_path / "out")))


def test_a_file_that_is_gone_is_its_own_error(describe, photos, expected):
    names = [f"{photos}/{sorted(expected)[0]}", f"{photos}/gone.jpg", f"{photos}/{sorted(expected)[1]}"]
    with client(1):
        rows = rows_of(describe.describe(names, describer(), part=8).compute())
    assert [row["caption"] for row in rows] == [expected[name][0] if name in expected else None
                                                for name in (each.rsplit("/", 1)[1] for each in names)]
    assert "gone.jpg" in rows[1]["error"] and not rows[0]["error"]


def test_a_killed_worker_costs_nothing(describe, photos, check, tmp_path):
    marker = tmp_path / "killed"
    mortal_describer = MortalDescriber(marker, "nano-captioning", "nano-retrieval", num_threads=1)
    with client(2):
        frame = describe.describe(describe.names_of(f"{photos}/*.jpg"), mortal_describer, part=8).compute()
    assert marker.exists()
    check(rows_of(frame))


def test_urls_of_fsspec(photos, expected):
    name = sorted(expected)[0]
    with fsspec.open(f"memory://bucket/{name}", "wb") as file:
        file.write((photos / name).read_bytes())
    found, = ImageDescriber(allow_urls=True)([f"memory://bucket/{name}"])
    assert found.caption == expected[name][0]
    refused, = ImageDescriber()([f"memory://bucket/{name}"])
    assert refused.caption is None and "allow_urls" in refused.error


def test_rate(describe, photos, rates):
    def run(workers):
        with client(workers):
            describe.describe(describe.names_of(f"{photos}/*.jpg"), describer(), part=16).compute()

    rates("Dask", run, len(list(photos.iterdir())))
