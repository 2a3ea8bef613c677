#!/usr/bin/env python3
"""How long `blip index` takes to find nothing new among many photos, and `blip search` to answer.

    tools/library_scale.py build/release/bin/blip MODEL [--photos 100000] [--rows 1000000]

Makes PHOTOS small files and an index that knows them, by the program itself for the first one and
by SQL for the others, and runs the program. The rows of the search have random vectors of unit
length and no files.
"""
import argparse
import hashlib
import os
import random
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FOLDER = 1000  # files


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


def put(database, path, size, mtime, vector):
    digest = hashlib.sha256(path.encode()).hexdigest()
    picture = database.execute(
        "INSERT INTO pictures(path, size, mtime, hash, width, height, dhash) VALUES(?, ?, ?, ?, 640, 480, 0)",
        (path.encode(), size, mtime, digest)).lastrowid
    database.execute("INSERT INTO embeddings(picture, model, vector) VALUES(?, 1, ?)",
                     (picture, vector))


def unit_vector(dims):
    values = [random.gauss(0, 1) for _ in range(dims)]
    length = sum(v * v for v in values) ** 0.5
    return struct.pack(f"{dims}f", *(v / length for v in values))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=0)
    arguments = parser.parse_args()
    photo = Path(__file__).parent.parent / "tests/photos/cat.jpg"
    random.seed(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        index = first_index(arguments.program, arguments.model, photo, folder)
        database = sqlite3.connect(index)
        dims = database.execute("SELECT dims FROM models").fetchone()[0]
        some = [unit_vector(dims) for _ in range(1000)]
        for i in range(arguments.photos):
            path = folder / "photos" / f"{i // FOLDER:04}" / f"photo-{i:07}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
            state = os.stat(path)
            put(database, str(path), state.st_size, state.st_mtime_ns, some[i % len(some)])
        database.commit()
        if arguments.photos > 0:
            for _ in range(3):
                seconds, out = run(arguments.program, "index", str(folder / "photos"), "-r",
                                   "--index", str(index), "-m", arguments.model)
                print(f"unchanged: {seconds:.2f} s; {out.strip()}")
        for i in range(arguments.rows):
            put(database, f"/none/{i}.jpg", 1, 1, some[i % len(some)])
        database.commit()
        database.close()
        print(f"index: {index.stat().st_size / 1e6:.0f} MB, {dims} dims")
        for _ in range(3):
            seconds, _ = run(arguments.program, "search", "two dogs on a beach", "--no-rerank",
                             "--index", str(index))
            print(f"search of {arguments.photos + arguments.rows} rows: {seconds:.2f} s")


if __name__ == "__main__":
    main()
