"""Copies some samples of a shard into another: those that a file names (--only), or all but those (--without).

usage: select_samples.py SHARD.tar OUTPUT.tar (--only KEYS.txt | --without KEYS.txt)
"""
import argparse
import pathlib
import tarfile


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shard")
    parser.add_argument("output")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--only", type=pathlib.Path)
    which.add_argument("--without", type=pathlib.Path)
    options = parser.parse_args()
    keys = set((options.only or options.without).read_text().split())
    with tarfile.open(options.shard) as shard, tarfile.open(options.output, "w", format=tarfile.USTAR_FORMAT) as output:
        for member in shard:
            if member.isfile() and (member.name.rpartition("/")[2].partition(".")[0] in keys) == bool(options.only):
                output.addfile(member, shard.extractfile(member))


if __name__ == "__main__":
    main()
