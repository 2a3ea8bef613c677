#!/usr/bin/env python3
"""Writes fuzz/corpus/flax: small files as flax.serialization writes them, whole and in chunks."""

import pathlib

import msgpack
import numpy

OUT = pathlib.Path(__file__).parents[2] / "fuzz/corpus/flax"


def array(value):
    return msgpack.ExtType(1, msgpack.packb([list(value.shape), value.dtype.name, value.tobytes()], use_bin_type=True))


def main():
    def numbers(*shape, dtype=numpy.float32):
        return array(numpy.arange(numpy.prod(shape)).reshape(shape).astype(dtype))

    trees = {
        "layers": {"params": {"model": {"layers": {"kernel": numbers(2, 2, 3), "bias": numbers(2, 3), "scale": numbers(2, 3)}},
                              "lm_head": {"kernel": numbers(2, 3, dtype=numpy.float16)}}},
        "convolution": {"conv": {"kernel": numbers(2, 2, 1, 3), "bias": numbers(3)}, "embedding": {"embedding": numbers(4, 2)}},
        "chunks": {"words": {"embedding": {"__msgpack_chunked_array__": True, "shape": {"0": 3, "1": 1},
                                           "chunks": {"0": numbers(2), "1": numbers(1)}}}},
        "others": {"step": 7, "name": "a" * 40, "list": [1, 2.5, None, True, -300, b"bytes", 2**40], "empty": {},
                   "scalar": msgpack.ExtType(3, b"\x01\x02"), "weight": numbers(dtype=numpy.float64)},
    }
    OUT.mkdir(parents=True, exist_ok=True)
    for name, tree in trees.items():
        (OUT / name).write_bytes(msgpack.packb(tree, use_bin_type=True))


if __name__ == "__main__":
    main()
