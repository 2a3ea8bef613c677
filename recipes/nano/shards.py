"""Writes WebDataset shards: the same samples give the same bytes."""
import io
import json
import pathlib
import tarfile


class ShardWriter:
    def __init__(self, directory, name, per_shard=1000):
        self.directory, self.name, self.per_shard = pathlib.Path(directory), name, per_shard
        self.directory.mkdir(parents=True, exist_ok=True)
        self.tar, self.written, self.shards = None, 0, 0

    def add(self, key, photo, record, suffix="jpg"):
        if self.written % self.per_shard == 0:
            self.close()
            self.tar = tarfile.open(self.directory / f"{self.name}-{self.shards:06d}.tar", "w", format=tarfile.USTAR_FORMAT)
            self.shards += 1
        for name, data in ((f"{key}.{suffix}", photo), (f"{key}.json", json.dumps(record).encode())):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o644
            self.tar.addfile(member, io.BytesIO(data))
        self.written += 1

    def close(self):
        if self.tar:
            self.tar.close()
            self.tar = None


def read_shard(path):
    """key, {suffix: bytes} of each sample, for shards whose members of a sample are neighbours."""
    key, parts = None, {}
    with tarfile.open(path) as tar:
        for member in tar:
            if not member.isfile():
                continue
            stem, _, suffix = member.name.partition(".")
            if stem != key and parts:
                yield key, parts
                parts = {}
            key = stem
            parts[suffix] = tar.extractfile(member).read()
    if parts:
        yield key, parts
