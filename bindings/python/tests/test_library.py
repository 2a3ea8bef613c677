"""LibraryIndex reads what `blip index` keeps, and nothing of what a stranger's file would have run."""

import json
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import numpy as np
import pytest

from blip_cpp import LibraryIndex
from blip_cpp.library import path_text
from blip_cpp.library_export import export, main

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = Path(os.environ.get("BLIP_PROGRAM", ROOT / "build/release/bin/blip"))
ODD_NAME = b"M\xf6ller 100%.jpg"


@pytest.fixture(scope="module")
def library(tmp_path_factory, photos, models):
    """An index of three photos and one more with an odd name, made by the program."""
    folder = tmp_path_factory.mktemp("library")
    (folder / "photos").mkdir()
    for photo in photos:
        shutil.copy(photo, folder / "photos")
    shutil.copyfile(photos[0], os.path.join(os.fsencode(folder / "photos"), ODD_NAME))
    subprocess.run([PROGRAM, "index", folder / "photos", "--index", folder / "library.db", "-m", models["retrieval"],
                    "--caption-model", models["captioning"]], check=True, capture_output=True)
    return folder / "library.db"


@pytest.fixture
def copy(library, tmp_path):
    """The index as one file, to be damaged."""
    target = tmp_path / "copy.db"
    with sqlite3.connect(library) as source, sqlite3.connect(target) as database:
        source.backup(database)
    return target


def test_has_what_the_program_found(library, photos, models):
    printed = subprocess.run([PROGRAM, "embed", "-q", "-m", models["retrieval"], "--format", "jsonl", str(photos[0])],
                             check=True, capture_output=True, text=True).stdout
    captions = subprocess.run([PROGRAM, "caption", "-q", "-m", models["captioning"], str(photos[0])], check=True,
                              capture_output=True, text=True).stdout
    with LibraryIndex(library) as index:
        assert len(index) == 4 and len(index.models) == 1
        pictures = {Path(each.path).name: each for each in index}
    assert sorted(pictures) == sorted([*(photo.name for photo in photos), "M%F6ller 100%25.jpg"])
    first = pictures[photos[0].name]
    assert first.path == str(library.parent / "photos" / photos[0].name)
    assert first.size == photos[0].stat().st_size and len(first.hash) == 64
    assert first.caption and first.caption in captions
    assert first.vector.dtype == np.float32 and np.linalg.norm(first.vector) == pytest.approx(1, abs=1e-5)
    assert np.allclose(first.vector, json.loads(printed)["embedding"], atol=1e-5)
    odd = pictures["M%F6ller 100%25.jpg"]
    assert odd.path.startswith("file:/") and odd.hash == first.hash and np.array_equal(odd.vector, first.vector)


def test_a_caption_by_hand_counts_before_those_of_models(copy):
    with sqlite3.connect(copy) as writer:
        writer.execute("INSERT INTO models(kind, name, dims) VALUES('captions', 'by hand', 0)")
        number = writer.execute("INSERT INTO captions(picture, model) SELECT min(p.id), max(m.id) FROM pictures p, models m"
                                ).lastrowid
        writer.execute("INSERT INTO words(rowid, text) VALUES(?, 'Minka, asleep')", (number,))
    with LibraryIndex(copy) as index:
        assert next(iter(index)).caption == "Minka, asleep"


@pytest.mark.parametrize("path, text", [
    (b"/a/b.jpg", "/a/b.jpg"), ("/a/ö 100%.jpg".encode(), "/a/ö 100%.jpg"), (b"/a/\xf6%.jpg", "file:/a/%F6%25.jpg"),
    (b"file:/a%", "file:file:/a%25"), (b"\xed\xa0\x80", "file:%ED%A0%80"), ("ö".encode() + b"\xff", "file:ö%FF")])
def test_paths_are_written_as_the_program_writes_them(path, text):
    assert path_text(path) == text


def test_batches_are_of_one_moment(library, tmp_path):
    shutil.copytree(library.parent, tmp_path / "all")
    with LibraryIndex(tmp_path / "all" / "library.db") as index:
        batches = index.batches(1)
        first = next(batches)
        with sqlite3.connect(tmp_path / "all" / "library.db") as writer:
            writer.execute("DELETE FROM pictures WHERE id > ?", (first[0].id,))
        assert sum(map(len, batches)) == 3 and len(index) == 4
        index.refresh()
        assert len(index) == 1


@pytest.mark.parametrize("statement, said", [
    ("PRAGMA application_id = 7", "not an index of blip"),
    ("PRAGMA user_version = 999", "version 999"),
    ("CREATE VIEW v AS SELECT 1", "views or triggers"),
    ("UPDATE models SET dims = 1000000 WHERE dims > 0", "1000000 numbers"),
    ("ALTER TABLE pictures ADD COLUMN long TEXT GENERATED ALWAYS AS (hex(zeroblob(500000)))", "computed columns"),
    ("UPDATE embeddings SET vector = x'00'", "another length"),
    ("UPDATE embeddings SET vector = CAST(zeroblob(length(vector) - 4) || x'0000807f' AS BLOB)", "not finite"),
])
def test_damage_is_named(copy, statement, said):
    with sqlite3.connect(copy) as writer:
        writer.execute(statement)
    writer.close()
    with pytest.raises(ValueError, match=said) as raised, LibraryIndex(copy) as index:
        list(index)
    assert str(copy) in str(raised.value)


def test_other_files_and_models_are_refused(library, tmp_path):
    with pytest.raises(FileNotFoundError, match="no such index"):
        LibraryIndex(tmp_path / "none.db")
    (tmp_path / "text.db").write_text("no database " * 100)
    with pytest.raises(ValueError, match="not a database"):
        LibraryIndex(tmp_path / "text.db")
    with pytest.raises(ValueError, match="model must name one of"):
        LibraryIndex(library, model="another")
    with LibraryIndex(library) as index, pytest.raises(ValueError, match="size"):
        next(index.batches(0))


def test_targets_are_checked(library, capsys):
    with LibraryIndex(library) as index:
        with pytest.raises(ValueError, match="ends in .parquet"):
            export(index, "photos.txt")
        with pytest.raises(ValueError, match="not the name of a table"):
            export(index, "photos.parquet", table="a; DROP TABLE b")
    assert main([str(library) + ".none", "photos.parquet"]) == 2
    assert "no such index" in capsys.readouterr().err


def test_servers_that_cannot_be_reached_are_one_line(library, capsys, monkeypatch):
    from blip_cpp import library_export

    def refuse(*_):
        raise failure("connection failed:\n\tno route to host")

    monkeypatch.setattr(library_export, "export", refuse)
    for module in ("psycopg", "qdrant_client.http.exceptions", "pymilvus.exceptions"):
        failure = type("Failure", (Exception,), {"__module__": module})
        assert main([str(library), "postgresql://user:secret@nowhere/photos"]) == 2
        assert capsys.readouterr().err == "postgresql: connection failed: no route to host\n"
    failure = type("Failure", (Exception,), {})
    with pytest.raises(failure):
        main([str(library), "photos.parquet"])


def test_parquet_has_all_columns(library, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    target = tmp_path / "photos.parquet"
    assert main([str(library), str(target)]) == 0
    rows = parquet.read_table(target).to_pylist()
    with LibraryIndex(library) as index:
        pictures = list(index)
    assert [row["path"] for row in rows] == [picture.path for picture in pictures]
    assert [row["caption"] for row in rows] == [picture.caption for picture in pictures]
    assert all(np.array_equal(np.float32(row["vector"]), picture.vector) for row, picture in zip(rows, pictures))
    assert os.listdir(tmp_path) == ["photos.parquet"]
