"""Copies what `blip index` keeps of a library to where many machines search it.

    python -m blip_cpp.library_export library.db photos.parquet
    python -m blip_cpp.library_export library.db lancedb:DIRECTORY
    python -m blip_cpp.library_export library.db qdrant:http://localhost:6333
    python -m blip_cpp.library_export library.db milvus:http://localhost:19530
    python -m blip_cpp.library_export library.db postgresql://user@host/database

Each needs its own package from PyPI: pyarrow, lancedb, qdrant-client, pymilvus, psycopg. Vectors are of unit length, so the
inner product is the cosine. A table or collection of that name is replaced, once the new one is whole where the engine can.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, Union

from .library import IndexedPicture, LibraryIndex

if TYPE_CHECKING:
    from os import PathLike

BATCH = 1000
# pgvector makes an HNSW index of vectors of at most that many dimensions.
MOST_DIMS_OF_HNSW = 2000


def _dims(index: LibraryIndex) -> int:
    if index.model is None:
        raise ValueError(f"{index.path}: it has no vectors")
    return index.model.dims


def _columns(picture: IndexedPicture) -> dict[str, Any]:
    """A picture as a row; "vector" is a list or None."""
    row = asdict(picture)
    row["vector"] = None if picture.vector is None else picture.vector.tolist()
    return row


def _with_vectors(index: LibraryIndex) -> Iterator[list[IndexedPicture]]:
    """Engines of vectors have no rows without one."""
    for batch in index.batches(BATCH):
        seen = [picture for picture in batch if picture.vector is not None]
        if seen:
            yield seen


def _arrow_schema(index: LibraryIndex) -> Any:
    import pyarrow as pa

    columns = [("id", pa.int64()), ("path", pa.string()), ("size", pa.int64()), ("modified", pa.int64()), ("hash", pa.string()),
               ("width", pa.int32()), ("height", pa.int32()), ("taken", pa.string()), ("camera", pa.string()),
               ("latitude", pa.float64()), ("longitude", pa.float64()), ("caption", pa.string()),
               ("tags", pa.list_(pa.string()))]
    if index.model is not None:
        columns.append(("vector", pa.list_(pa.float32(), index.model.dims)))
    return pa.schema(columns, metadata={"blip.model": index.model.name if index.model else ""})


def _arrow_batches(index: LibraryIndex, schema: Any) -> Iterator[Any]:
    import pyarrow as pa

    for batch in index.batches(BATCH):
        rows = [{name: value for name, value in _columns(each).items() if name in schema.names} for each in batch]
        yield pa.RecordBatch.from_pylist(rows, schema=schema)


def to_parquet(index: LibraryIndex, file: Union[str, PathLike[str]]) -> int:
    """Writes all pictures to a Parquet file, which is there whole or not at all. → how many"""
    import pyarrow.parquet as pq

    schema = _arrow_schema(index)
    target = Path(file)
    part = target.with_name(f".{target.name}.{os.getpid()}")
    count = 0
    try:
        with pq.ParquetWriter(part, schema, compression="zstd") as writer:
            for batch in _arrow_batches(index, schema):
                writer.write_batch(batch)
                count += batch.num_rows
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return count


def to_lancedb(index: LibraryIndex, uri: str, table: str = "photos") -> int:
    """Makes a LanceDB table of all pictures. → how many"""
    import lancedb

    _dims(index)
    schema = _arrow_schema(index)
    made = lancedb.connect(uri).create_table(table, _arrow_batches(index, schema), schema=schema, mode="overwrite")
    return int(made.count_rows())


def to_qdrant(index: LibraryIndex, client: Any, collection: str = "photos") -> int:
    """Makes a Qdrant collection of the pictures with a vector; the rest of a row is the point's payload. → how many

    client: a qdrant_client.QdrantClient."""
    from qdrant_client import models

    dims = _dims(index)  # before anything is deleted
    if client.collection_exists(collection):
        client.delete_collection(collection)
    client.create_collection(collection, models.VectorParams(size=dims, distance=models.Distance.DOT))
    count = 0
    for batch in _with_vectors(index):
        rows = [_columns(each) for each in batch]
        client.upsert(collection, [models.PointStruct(id=row.pop("id"), vector=row.pop("vector"), payload=row) for row in rows])
        count += len(rows)
    return count


def to_milvus(index: LibraryIndex, client: Any, collection: str = "photos") -> int:
    """Makes a Milvus collection of the pictures with a vector; the rest of a row is in dynamic fields. → how many

    client: a pymilvus.MilvusClient."""
    dims = _dims(index)  # before anything is deleted
    if client.has_collection(collection):
        client.drop_collection(collection)
    client.create_collection(collection, dimension=dims, metric_type="IP", auto_id=False)
    count = 0
    for batch in _with_vectors(index):
        rows = [{name: value for name, value in _columns(each).items() if value is not None} for each in batch]
        client.insert(collection, rows)
        count += len(rows)
    return count


def to_postgresql(index: LibraryIndex, address: str, table: str = "photos") -> int:
    """Makes a table of all pictures in PostgreSQL with pgvector, an HNSW index of the vectors, and one of the captions'
    words, in one transaction: whoever reads the table sees the old one until the new one is whole. → how many"""
    import psycopg
    from psycopg import sql

    vector = sql.SQL(f"vector({_dims(index)})")
    name = sql.Identifier(table)
    columns = ["id", "path", "size", "modified", "hash", "width", "height", "taken", "camera", "latitude", "longitude",
               "caption", "tags", "vector"]
    count = 0
    with psycopg.connect(address) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS vector")
        cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(name))
        cursor.execute(sql.SQL(
            "CREATE TABLE {} (id bigint PRIMARY KEY, path text NOT NULL, size bigint NOT NULL, modified bigint NOT NULL, "
            "hash text NOT NULL, width int NOT NULL, height int NOT NULL, taken text, camera text, "
            "latitude double precision, longitude double precision, caption text, tags text[] NOT NULL, vector {})"
        ).format(name, vector))
        copy = sql.SQL("COPY {} ({}) FROM STDIN").format(name, sql.SQL(", ").join(map(sql.Identifier, columns)))
        with cursor.copy(copy) as rows:
            for batch in index.batches(BATCH):
                for picture in batch:
                    row = _columns(picture)
                    if row["vector"] is not None:
                        row["vector"] = "[" + ",".join(map(repr, row["vector"])) + "]"
                    # PostgreSQL's text cannot hold NUL.
                    rows.write_row([value.replace("\0", "\ufffd") if isinstance(value, str) else value
                                    for value in (row[column] for column in columns)])
                    count += 1
        if _dims(index) <= MOST_DIMS_OF_HNSW:
            cursor.execute(sql.SQL("CREATE INDEX ON {} USING hnsw (vector vector_ip_ops)").format(name))
        cursor.execute(sql.SQL("CREATE INDEX ON {} USING gin (to_tsvector('english', coalesce(caption, '')))").format(name))
        cursor.execute(sql.SQL("CREATE INDEX ON {} USING gin (tags)").format(name))
    return count


def export(index: LibraryIndex, target: str, table: str = "photos") -> int:
    """What the module's program does. target: as its usage has it. → how many pictures were copied

    Raises:
        ValueError: target or table is none, or the index has no vectors.
        ImportError: the package of the target is not installed."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,62}", table):
        raise ValueError(f"{table}: not the name of a table: letters, digits and '_', 63 at most")
    kind, _, rest = target.partition(":")
    if kind in ("postgresql", "postgres"):
        return to_postgresql(index, target, table)
    if kind == "lancedb":
        return to_lancedb(index, rest, table)
    if kind == "qdrant":
        import qdrant_client

        is_remote = rest.startswith(("http://", "https://"))
        client = qdrant_client.QdrantClient(url=rest) if is_remote else qdrant_client.QdrantClient(path=rest)
        try:
            return to_qdrant(index, client, table)
        finally:
            client.close()
    if kind == "milvus":
        import pymilvus

        milvus = pymilvus.MilvusClient(rest)
        try:
            return to_milvus(index, milvus, table)
        finally:
            milvus.close()
    if target.endswith(".parquet"):
        return to_parquet(index, target)
    raise ValueError(f"{target}: a file that ends in .parquet, or lancedb:, qdrant:, milvus: or postgresql: and an address")


def _line_of(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


# Whose errors say that a server refuses or cannot be reached; each has classes of its own.
ENGINES = ("grpc", "httpcore", "httpx", "lance", "lancedb", "psycopg", "pymilvus", "qdrant_client")


def main(arguments: Optional[list[str]] = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m blip_cpp.library_export", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index", help="what `blip index --index` made")
    parser.add_argument("target", help="where to")
    parser.add_argument("--model", help="whose vectors, if there are several")
    parser.add_argument("--table", default="photos", help="the table's or collection's name (photos)")
    given = parser.parse_args(arguments)
    try:
        with LibraryIndex(given.index, given.model) as index:
            count = export(index, given.target, given.table)
    except ImportError as error:
        print(f"{given.target}: needs a package that is not installed: {error.name}", file=sys.stderr)
        return 2
    except (ValueError, OSError) as error:
        print(_line_of(error), file=sys.stderr)
        return 2
    except Exception as error:
        if type(error).__module__.split(".")[0] not in ENGINES:
            raise
        # Not the address, which may hold a password.
        print(f"{given.target.partition(':')[0]}: {_line_of(error)}", file=sys.stderr)
        return 2
    print(f"{count} pictures")
    return 0


if __name__ == "__main__":
    sys.exit(main())
