"""examples/ray on the real Ray, on this machine."""

import asyncio
import json
import os
import signal
import urllib.error
import urllib.request

import numpy as np
import pytest
import ray
from blip_cpp import ImageDescriber

import mortal
from conftest import example
from mortal import MortalDescriber

ray.cloudpickle.register_pickle_by_value(mortal)


@pytest.fixture(scope="module", autouse=True)
def cluster():
    # Serve kills a proxy that is not up after 5 seconds, which on a busy machine is always.
    os.environ.setdefault("RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S", "60")
    ray.init(num_cpus=3, include_dashboard=False, log_to_driver=False, object_store_memory=300 << 20)
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def describe():
    return example("ray/describe", ray.cloudpickle)


def describer(**keywords):
    return ImageDescriber("nano-captioning", "nano-retrieval", num_threads=1, **keywords)


def test_images_to_parquet(describe, photos, check, tmp_path):
    describe.describe(describe.read_images(str(photos)), describer(), workers=2, batch_size=16).write_parquet(
        str(tmp_path / "out"))
    check(ray.data.read_parquet(str(tmp_path / "out")).take_all())


def test_a_killed_worker_costs_nothing(describe, photos, check, tmp_path):
    marker = tmp_path / "killed"
    mortal_describer = MortalDescriber(marker, "nano-captioning", "nano-retrieval", num_threads=1)
    rows = describe.describe(describe.read_images(str(photos)), mortal_describer, workers=2, batch_size=8).take_all()
    assert marker.exists()
    check(rows)


def test_shards_of_webdataset(describe, photos, expected, tmp_path):
    import webdataset as wds

    names = sorted(expected)[:20]
    for i in range(2):
        with wds.TarWriter(str(tmp_path / f"shard-{i}.tar")) as tar:
            for name in names[i::2]:
                tar.write({"__key__": name[:-4], "jpg": (photos / name).read_bytes()})
    rows = describe.describe(describe.read_webdataset(str(tmp_path)), describer(), workers=1).take_all()
    assert {row["name"] + ".jpg": row["caption"] for row in rows} == {name: expected[name][0] for name in names}


def test_rate(describe, photos, rates):
    count = len(list(photos.iterdir()))

    def run(workers):
        describe.describe(describe.read_images(str(photos)), describer(), workers, batch_size=16).take_all()

    rates("Ray Data", run, count)


def test_serve(photos, expected):
    from ray import serve

    module = example("ray/serve", ray.cloudpickle)
    serve.start(http_options={"host": "127.0.0.1", "port": 18731})
    try:
        serve.run(module.app)

        def ask(data):
            with urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:18731/", data=data), timeout=60) as answer:
                return json.load(answer)

        name = sorted(expected)[0]
        data = (photos / name).read_bytes()
        assert ask(data) == {"caption": expected[name][0]}
        with pytest.raises(urllib.error.HTTPError, match="400"):
            ask(data[:1000])

        async def many():
            names = sorted(expected)[:12]
            answers = await asyncio.gather(*(asyncio.to_thread(ask, (photos / each).read_bytes()) for each in names))
            assert [each["caption"] for each in answers] == [expected[each][0] for each in names]

        asyncio.run(many())

        # The replica is killed; Serve starts another.
        replica = next(ray.get_actor(**each) for each in ray.util.list_named_actors(all_namespaces=True)
                       if "REPLICA" in each["name"] and "Captions" in each["name"])
        os.kill(ray.get(replica.__ray_call__.remote(lambda _: os.getpid())), signal.SIGKILL)
        for attempt in range(20):
            try:
                assert ask(data) == {"caption": expected[name][0]}
                break
            except (urllib.error.URLError, TimeoutError):
                assert attempt < 19
    finally:
        serve.shutdown()
