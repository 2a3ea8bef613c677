#!/usr/bin/env python3
"""How long `blip index` takes to find nothing new among many photos, and `blip search` to answer.

    tools/library_scale.py build/release MODEL [--photos 100000] [--rows 1000000]
                           [--like photos.npy --queries captions.npy] [--keep DIR]

Makes PHOTOS small files and an index that knows them, by the program itself for the first one and
by SQL for the others, and runs the program. The ROWS of the search have vectors of unit length and
no files. They are random numbers, which are harder to search than any photos; or, with --like, each
is the vector of a real photo (of `blip embed`) plus noise that is spread as the photos are, half as
far. --queries are vectors of texts (`blip embed --texts`); without them, rows are looked for.
Needs numpy.
"""
import argparse
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

FOLDER = 1000  # files
BLOCK = 20_000  # rows
QUERIES = 200


def run(program, *words):
    start = time.monotonic()
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    seconds = time.monotonic() - start
    if done.returncode != 0:
        sys.exit(f"{words[0]}: {done.stderr}")
    return seconds, done.stdout


def first_index(program, model, photo, folder):
    """An index with one photo, so that its tables and its model are the program's own."""
    index = folder / "library.db"
    run(program, "index", str(photo), "--index", str(index), "-m", model)
    return index


def picture_row(path, size, mtime):
    return (path.encode(), size, mtime, hashlib.sha256(path.encode()).hexdigest())


def put(database, pictures, vectors):
    """As LibraryIndex::put_picture and put_vector do."""
    first = database.execute("SELECT coalesce(max(id), 0) + 1 FROM pictures").fetchone()[0]
    database.executemany(
        "INSERT INTO pictures(id, path, size, mtime, hash, width, height, dhash) "
        "VALUES(?, ?, ?, ?, ?, 640, 480, 0)",
        ((first + i, *picture) for i, picture in enumerate(pictures)))
    generation = database.execute("SELECT generation FROM models WHERE id = 1").fetchone()[0]
    database.executemany(
        "INSERT INTO embeddings(picture, model, vector, generation) VALUES(?, 1, ?, ?)",
        ((first + i, vector.tobytes(), generation + 1 + i) for i, vector in enumerate(vectors)))
    database.execute("UPDATE models SET generation = generation + ? WHERE id = 1", (len(pictures),))


class Vectors:
    def __init__(self, dims, like):
        self.random = np.random.default_rng(1)
        self.dims = dims
        self.like = None
        if like is not None:
            self.like = like.astype(np.float32)
            spread = np.cov(self.like.T) + 1e-9 * np.eye(dims)
            self.spread = np.linalg.cholesky(spread).astype(np.float32)

    def make(self, count):
        noise = self.random.standard_normal((count, self.dims), dtype=np.float32)
        if self.like is not None:
            noise = (self.like[self.random.integers(len(self.like), size=count)]
                     + 0.5 * noise @ self.spread.T)
        return (noise / np.linalg.norm(noise, axis=1, keepdims=True)).astype(np.float32)


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return "?"


def check_unchanged(arguments, program, index, folder, database, vectors):
    rows = []
    for i in range(arguments.photos):
        path = folder / "photos" / f"{i // FOLDER:04}" / f"photo-{i:07}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        state = os.stat(path)
        rows.append(picture_row(str(path), state.st_size, state.st_mtime_ns))
    for at in range(0, len(rows), BLOCK):
        part = rows[at:at + BLOCK]
        put(database, part, vectors.make(len(part)))
    database.commit()
    for _ in range(3):
        seconds, out = run(program, "index", str(folder / "photos"), "-r", "--index", str(index),
                           "-m", arguments.model)
        print(f"unchanged: {seconds:.2f} s; {out.strip()}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("build", type=Path, help="the directory the program is built in")
    parser.add_argument("model")
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--like", type=Path, help="vectors of photos, .npy")
    parser.add_argument("--queries", type=Path, help="vectors of texts, .npy")
    parser.add_argument("--threads", default=str(os.cpu_count()))
    parser.add_argument("--probes", default="8,16,32,64,128")
    parser.add_argument("--keep", type=Path, help="make the index here, and leave it")
    arguments = parser.parse_args()
    program = arguments.build / "bin/blip"
    bench = arguments.build / "bench/vector_search"
    photo = Path(__file__).parent.parent / "tests/photos/cat.jpg"
    with tempfile.TemporaryDirectory() as name:
        folder = arguments.keep or Path(name)
        folder.mkdir(exist_ok=True)
        index = first_index(program, arguments.model, photo, folder)
        database = sqlite3.connect(index)
        dims = database.execute("SELECT dims FROM models").fetchone()[0]
        vectors = Vectors(dims, np.load(arguments.like) if arguments.like else None)
        if arguments.photos > 0:
            check_unchanged(arguments, program, index, folder, database, vectors)
        for at in range(0, arguments.rows, BLOCK):
            count = min(BLOCK, arguments.rows - at)
            put(database, [picture_row(f"/none/{at + i}.jpg", 1, 1) for i in range(count)],
                vectors.make(count))
            database.commit()
        database.close()
        print(f"{processor()}, {arguments.threads} threads, load {os.getloadavg()[0]:.1f}")
        print(f"index: {index.stat().st_size / 1e6:.0f} MB, {dims} dims", flush=True)
        if arguments.queries:
            queries = np.load(arguments.queries)[:QUERIES].astype(np.float32)
        else:
            queries = vectors.make(QUERIES)
        query_file = folder / "queries.f32"
        query_file.write_bytes(np.ascontiguousarray(queries).tobytes())

        def bench_run(*words):
            _, out = run(bench, str(index), str(query_file), "--threads", arguments.threads,
                         "--probes", arguments.probes, *words)
            for key, value in json.loads(out).items():
                print(f"  {key}: {json.dumps(value)}")
            sys.stdout.flush()

        search = ("search", "two dogs on a beach", "--no-rerank", "--index", str(index),
                  "--threads", arguments.threads)

        def commands(*more):
            times = [run(program, *search, *more)[0] for _ in range(5)]
            print(f"  the whole command {' '.join(more)}: {min(times) * 1000:.0f} ms", flush=True)

        if dims <= 4096:
            print("out of SQLite:")
            commands()
            print("writing the file of vectors:")
            bench_run("--build")
            for file in folder.glob("library.db-vectors-*"):
                print(f"  {file.name}: {file.stat().st_size / 1e6:.0f} MB")
            print("searching it:")
            bench_run()
            commands("--exact")
            commands("--approximate")


if __name__ == "__main__":
    main()
