#!/usr/bin/env python3
"""Whether an index of photos survives what may happen to it.

    tools/index_crashes.py build/release/bin/blip MODEL [--kills 200] [--photos 60]

MODEL is a small one with vectors. `make test-library` runs it, and a quick form is one of the tests.

1. `blip index` is killed (SIGKILL) at random moments, files being added, moved and removed in
   between. After each kill, the index must be whole: pages, tables, no picture without its vector.
   At the end it must be what an undisturbed run makes, to the bit; and once more with batches of
   other sizes, whose vectors differ in their last bits.
2. Two run at once, again and again.
3. The disk is full at some moment (a tmpfs of few megabytes, in a name space of its own): the
   program says so and exits with 2, the index is whole, and with more room the rest is done.
"""
import argparse
import os
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path


def png(path, seed):
    """A PNG of its own, by Python alone."""
    numbers = random.Random(seed)
    width, height = numbers.randrange(40, 90), numbers.randrange(40, 90)
    ramp = [numbers.randrange(256) for _ in range(16)]
    rows = b"".join(
        b"\0" + bytes(ramp[(x * 7 // width * 2 + y * 5 // height + c) % 16]
                      for x in range(width) for c in range(3)) for y in range(height))

    def chunk(name, data):
        return (struct.pack(">I", len(data)) + name + data
                + struct.pack(">I", zlib.crc32(name + data)))

    path.write_bytes(b"\x89PNG\r\n\x1a\n"
                     + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
                     + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b""))


class Library:
    def __init__(self, program, model, folder):
        self.program, self.model = program, model
        self.photos = folder / "photos"
        self.index = folder / "library.db"
        self.photos.mkdir(exist_ok=True)
        self.next = 0

    def add(self, count):
        for _ in range(count):
            png(self.photos / f"p{self.next:05}.png", self.next)
            self.next += 1

    def command(self, index=None, batch=1):
        return [self.program, "index", self.photos, "--index", index or self.index, "-m", self.model,
                "--batch", str(batch), "--thumbnails", "-q", "--threads", "1"]

    def start(self, index=None, batch=1):
        return subprocess.Popen(list(map(str, self.command(index, batch))),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def finish(self, index=None):
        process = self.start(index)
        out, err = process.communicate()
        if process.returncode != 0:
            sys.exit(f"blip index: exit {process.returncode}: {err}")
        return out

    def check(self, index=None, whole=False):
        """Raises if the index is not whole. → path and vector of each picture"""
        database = sqlite3.connect(index or self.index)
        try:
            answer = database.execute("PRAGMA integrity_check").fetchone()[0]
            require(answer == "ok", f"integrity: {answer}")
            if not database.execute("SELECT 1 FROM sqlite_schema WHERE name = 'pictures'").fetchone():
                return {}  # killed before there were tables
            for table in ("embeddings", "tags", "thumbnails", "looks", "captions"):
                orphans = database.execute(f"SELECT count(*) FROM {table} WHERE picture NOT IN "
                                           "(SELECT id FROM pictures)").fetchone()[0]
                require(orphans == 0, f"{orphans} rows of {table} without a picture")
            bare = database.execute("SELECT count(*) FROM pictures WHERE id NOT IN (SELECT picture "
                                    "FROM embeddings)").fetchone()[0]
            require(bare == 0, f"{bare} pictures without a vector")
            rows = dict(database.execute("SELECT CAST(path AS TEXT), vector FROM pictures p JOIN "
                                         "embeddings e ON e.picture = p.id"))
        finally:
            database.close()
        if whole:
            names = {str(path) for path in self.photos.glob("*.png")}
            require(set(rows) == names, f"{len(rows)} of {len(names)} photos in the index")
        return rows


def require(holds, what):
    if not holds:
        sys.exit(f"the index is damaged: {what}")


def kills(library, count, photos, numbers, batches):
    library.add(photos)
    start = time.monotonic()
    library.finish(library.index.with_name("timing.db"))
    whole = time.monotonic() - start
    done = 0
    for number in range(count):
        process = library.start(batch=numbers.choice(batches))
        time.sleep(numbers.uniform(0, whole))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if library.index.exists() and library.index.stat().st_size > 0:
            done = len(library.check())
        if number % 3 == 0:  # there is always something to do
            names = sorted(library.photos.glob("*.png"))
            names[numbers.randrange(len(names))].rename(library.photos / f"m{number:05}.png")
            if len(names) > photos // 2:
                names = sorted(library.photos.glob("*.png"))
                names[numbers.randrange(len(names))].unlink()
        if done >= len(list(library.photos.glob("*.png"))):
            library.add(photos // 4)
    library.finish()
    rows = library.check(whole=True)
    other = library.index.with_name("undisturbed.db")
    library.finish(other)
    undisturbed = library.check(other, whole=True)
    if batches == [1]:
        require(rows == undisturbed, "not what an undisturbed run makes")
    print(f"killed {count} times within {whole:.2f} s each, batches of {batches}: whole every time, at the end "
          f"{len(rows)} photos as an undisturbed run has them", flush=True)


def two_at_once(library, rounds, photos):
    for number in range(rounds):
        library.add(photos)
        processes = [library.start(batch=1), library.start(batch=2)]
        for process in processes:
            _, err = process.communicate()
            require(process.returncode == 0, f"one of two: exit {process.returncode}: {err}")
        library.check(whole=True)
    print(f"two at once, {rounds} times: whole every time", flush=True)


FULL = "BLIP_INDEX_CRASHES_FULL_DISK"


def full_disk(arguments):
    """In a name space of its own, where it may mount."""
    if os.environ.get(FULL) is None:
        done = subprocess.run(["unshare", "-rm", sys.executable, *sys.argv],
                              env={**os.environ, FULL: "1"}, check=False)
        if done.returncode == 77:
            print("disk full: not tested, nothing can be mounted here", flush=True)
        elif done.returncode != 0:
            sys.exit(done.returncode)
        return
    with tempfile.TemporaryDirectory() as name:
        small = Path(name) / "small"
        small.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", small],
                          capture_output=True, check=False).returncode != 0:
            sys.exit(77)
        library = Library(arguments.program, arguments.model, Path(name))
        library.index = small / "library.db"
        library.add(max(arguments.photos, 60))
        refused = 0
        size = 600
        while True:
            process = library.start()
            _, err = process.communicate()
            if process.returncode == 0:
                break
            require(process.returncode == 2 and ("no space" in err or "No space" in err),
                    f"full disk: exit {process.returncode}: {err}")
            require(len(err.strip().splitlines()) == 1, f"more than a line: {err}")
            refused += 1
            # A copy is looked at: opening it, SQLite needs some room.
            copy = Path(name) / "copy"
            shutil.copytree(small, copy)
            library.check(copy / "library.db")
            shutil.rmtree(copy)
            size += 600
            subprocess.run(["mount", "-o", f"remount,size={size}k", small], check=True)
        library.check(whole=True)
        subprocess.run(["umount", "-l", small], check=True)
    require(refused > 0, "the disk was never full")
    print(f"disk full {refused} times: told, whole, and gone on with when there was room",
          flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--photos", type=int, default=60)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=20)
    arguments = parser.parse_args()
    if os.environ.get(FULL) is not None:
        full_disk(arguments)
        return
    for count, batches in ((arguments.kills, [1]), (arguments.kills // 4, [3, 8])):
        with tempfile.TemporaryDirectory() as name:
            library = Library(arguments.program, arguments.model, Path(name))
            kills(library, count, arguments.photos, random.Random(arguments.seed), batches)
    with tempfile.TemporaryDirectory() as name:
        two_at_once(Library(arguments.program, arguments.model, Path(name)), arguments.pairs,
                    arguments.photos)
    full_disk(arguments)


if __name__ == "__main__":
    main()
