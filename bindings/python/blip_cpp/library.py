"""What `blip index` keeps of a photo library, for Python: paths, captions, tags, places and vectors, read only."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

if TYPE_CHECKING:
    from .batch import FloatArray

APPLICATION_ID = 0x626C6970  # "blip"
SCHEMA_VERSION = 2
# The engine's own limits: a vector's length, and the bytes of a value (a path has fewer).
MOST_DIMS = 16_384
MOST_BYTES = 1 << 20


@dataclass
class IndexedModel:
    """A model whose vectors an index has.

    Attributes:
        name: as `blip index --model` was given it, and what of its weights counts.
        dims: how long its vectors are.
    """

    name: str
    dims: int
    id: int = field(repr=False)


@dataclass
class IndexedPicture:
    """A picture of an index.

    Attributes:
        id: its number in the index; a picture that moves keeps it.
        path: as `blip search --format jsonl` writes it: a path that is not UTF-8 begins with "file:" (see path_text).
        size, modified: of the file, in bytes and nanoseconds since 1970.
        hash: SHA-256 of the file, in hexadecimal digits.
        width, height: in pixels, as the picture is seen.
        taken: when, as the camera wrote it: "2024-06-01T12:00:00".
        camera, latitude, longitude: what the camera wrote; degrees north and east.
        caption: the first of its captions.
        tags: in alphabetical order.
        vector: [D] of float32, of unit length; None if the model has not seen it.
    """

    id: int
    path: str
    size: int
    modified: int
    hash: str
    width: int
    height: int
    taken: Optional[str]
    camera: Optional[str]
    latitude: Optional[float]
    longitude: Optional[float]
    caption: Optional[str]
    tags: list[str]
    vector: Optional[FloatArray]


def path_text(path: bytes) -> str:
    """A path as the program's JSON and CSV have it: as it is, if it is UTF-8; else "file:" and the path with "%" and every
    byte that is not UTF-8 as %XX. So is one that begins with "file:" itself, so that no two paths are written alike."""
    try:
        text = path.decode("utf-8")
        if not text.startswith("file:"):
            return text
    except UnicodeDecodeError:
        pass
    # surrogateescape gives each byte that is not UTF-8 a code point of its own, from U+DC80 on.
    escaped = path.replace(b"%", b"%25").decode("utf-8", "surrogateescape")
    return "file:" + "".join(f"%{ord(c) - 0xDC00:02X}" if 0xDC80 <= ord(c) <= 0xDCFF else c for c in escaped)


class LibraryIndex:
    """An index that `blip index` made. Nothing is written. `blip index` may work on it meanwhile: everything that is read
    between two calls of refresh() is of one moment. One thread at a time may use it.

    >>> with LibraryIndex("library.db") as index:
    ...     for picture in index:
    ...         print(picture.path, picture.caption, picture.vector.shape)

    Args:
        path: the file.
        model: whose vectors; a part of its name will do. None if there is one model, or none.

    Raises:
        ValueError: it is not an index of this version, is damaged, or `model` does not name one of its models.
        FileNotFoundError: there is no such file.
    """

    def __init__(self, path: Union[str, PathLike[str]], model: Optional[str] = None) -> None:
        self.path = fspath(path)
        if not Path(self.path).is_file():
            raise FileNotFoundError(f"{self.path}: no such index")
        # immutable is not said: another process may be writing.
        address = Path(self.path).absolute().as_uri() + "?mode=ro"
        # LanceDB reads the pictures on a thread of its own, while this one waits.
        self._database = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
        try:
            self._check()
            self.refresh()
            self.models = self._read_models()
            self.model = self._choose(model)
        except sqlite3.DatabaseError as error:
            self.close()
            raise ValueError(f"{self.path}: {error}") from error
        except ValueError:
            self.close()
            raise

    def __enter__(self) -> LibraryIndex:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    def refresh(self) -> None:
        """From here on, what is read is of now."""
        if self._database.in_transaction:
            self._database.execute("COMMIT")
        self._database.execute("BEGIN")
        self._number("SELECT count(*) FROM sqlite_schema")  # takes the state of now

    def __len__(self) -> int:
        """How many pictures it has."""
        with self._as_value_error():
            return self._number("SELECT count(*) FROM pictures")

    def __iter__(self) -> Iterator[IndexedPicture]:
        """All pictures, by id."""
        for batch in self.batches():
            yield from batch

    def batches(self, size: int = 1000) -> Iterator[list[IndexedPicture]]:
        """All pictures by id, `size` at a time; so memory is bounded for any number of them."""
        if size < 1:
            raise ValueError(f"size must be at least 1, not {size}")
        last = -(1 << 63)
        while True:
            with self._as_value_error():
                rows = self._database.execute(
                    "SELECT id, path, size, mtime, hash, width, height, taken, camera, latitude, longitude FROM pictures "
                    "WHERE id > ? ORDER BY id LIMIT ?", (last, size)).fetchall()
                pictures = [self._picture(row) for row in rows]
            if not pictures:
                return
            yield pictures
            last = pictures[-1].id

    # ── Of reading ──

    @contextlib.contextmanager
    def _as_value_error(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise ValueError(f"{self.path}: {error}") from error

    def _damaged(self, what: str) -> ValueError:
        return ValueError(f"{self.path}: damaged: {what}")

    def _number(self, statement: str, values: tuple[Any, ...] = ()) -> int:
        row = self._database.execute(statement, values).fetchone()
        if row is None or not isinstance(row[0], int):
            raise self._damaged("a number is missing")
        return row[0]

    def _check(self) -> None:
        """The file may be a stranger's: no view or trigger of it may run, and no value may be too large."""
        if hasattr(self._database, "setlimit"):  # Python 3.11
            self._database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
        self._database.execute("PRAGMA trusted_schema = OFF")
        if self._number("PRAGMA application_id") != APPLICATION_ID:
            raise ValueError(f"{self.path}: not an index of blip")
        version = self._number("PRAGMA user_version")
        if version != SCHEMA_VERSION:
            raise ValueError(f"{self.path}: an index of version {version}, and {SCHEMA_VERSION} is wanted: run `blip index` on it")
        if self._number("SELECT count(*) FROM sqlite_schema WHERE type IN ('view', 'trigger')"):
            raise self._damaged("it has views or triggers")
        # A small file could compute values without end.
        if self._number("SELECT count(*) FROM sqlite_schema s, pragma_table_xinfo(s.name) c "
                        "WHERE s.type = 'table' AND c.hidden IN (2, 3)"):
            raise self._damaged("it has computed columns")

    def _read_models(self) -> list[IndexedModel]:
        rows = self._database.execute("SELECT id, name, dims FROM models WHERE dims > 0 ORDER BY id LIMIT 1000")
        models = []
        for number, name, dims in rows:
            if not isinstance(name, str) or not isinstance(dims, int) or dims > MOST_DIMS:
                raise self._damaged(f"a model with vectors of {dims} numbers")
            models.append(IndexedModel(name, dims, number))
        return models

    def _choose(self, wanted: Optional[str]) -> Optional[IndexedModel]:
        fitting = [each for each in self.models if wanted is None or wanted in each.name]
        exact = [each for each in fitting if each.name == wanted]
        if exact or len(fitting) == 1:
            return (exact or fitting)[0]
        if wanted is None and not fitting:
            return None
        names = ", ".join(each.name for each in self.models) or "none"
        raise ValueError(f"{self.path}: model must name one of: {names}")

    def _picture(self, row: tuple[Any, ...]) -> IndexedPicture:
        number, path, size, modified, content, width, height, taken, camera, latitude, longitude = row
        if not isinstance(path, bytes):
            raise self._damaged("a path is not bytes")
        return IndexedPicture(number, path_text(path), size, modified, content, width, height, taken, camera, latitude,
                              longitude, self._caption(number), self._tags(number), self._vector(number))

    def _caption(self, picture: int) -> Optional[str]:
        row = self._database.execute(
            # What a person wrote counts before what models wrote.
            "SELECT w.text FROM captions c JOIN words w ON w.rowid = c.id JOIN models m ON m.id = c.model "
            "WHERE c.picture = ? ORDER BY m.name = 'by hand' DESC, c.id LIMIT 1",
            (picture,)).fetchone()
        return None if row is None else str(row[0])

    def _tags(self, picture: int) -> list[str]:
        rows = self._database.execute("SELECT DISTINCT tag FROM tags WHERE picture = ? ORDER BY tag LIMIT 10000", (picture,))
        return [str(tag) for (tag,) in rows]

    def _vector(self, picture: int) -> Optional[FloatArray]:
        if self.model is None:
            return None
        row = self._database.execute("SELECT vector FROM embeddings WHERE picture = ? AND model = ?",
                                     (picture, self.model.id)).fetchone()
        if row is None:
            return None
        if not isinstance(row[0], bytes) or len(row[0]) != 4 * self.model.dims:
            raise self._damaged(f"the vector of picture {picture} has another length")
        vector = np.frombuffer(row[0], np.dtype("<f4")).astype(np.float32)
        if not np.isfinite(vector).all():
            raise self._damaged(f"the vector of picture {picture} is not finite")
        return vector
