"""Files that torch.save could have written, good and hostile, and what torch.load makes of them."""

import collections
import io
import multiprocessing
import pickle
import random
import resource
import struct
import types
import zipfile
import zlib

import torch

NAMES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
    torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
}
# Why torch may refuse a file that blip.cpp reads, by what its message says.
LAXER = {
    "an entry that says how storages are aligned, which they need not be": "invalid literal for int()",
    "a serial number of the file that is no text": "UnicodeDecodeError",
    "a version of the container that is no number": "parse the version",
}
MOST_ELEMENTS = 10**7  # beyond which a tensor is not looked at: a mutated stride repeats elements at will


# ------------------------------------------------------------------------------------------- torch


class HarmlessUnpickler(pickle.Unpickler):
    """Python's own unpickler, with the few names of a state dict: a mutated pickle may ask for any."""

    def find_class(self, module, name):
        known = (module, name) in {("collections", "OrderedDict"), ("__builtin__", "set"), ("builtins", "set"), ("_codecs", "encode")}
        if known or module == "torch._utils" and name.startswith("_rebuild_") or module == "torch":
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed")


def harmless_load(file, **options):
    return HarmlessUnpickler(file, **options).load()


HARMLESS = types.SimpleNamespace(__name__="harmless", Unpickler=HarmlessUnpickler, load=harmless_load)


def described(tensor):
    """[dtype, shape, crc32 of the elements in order], as the probe answers."""
    values = tensor.detach().contiguous()
    data = values.flatten().view(torch.uint8).numpy().tobytes() if values.numel() else b""
    return [NAMES.get(values.dtype, str(values.dtype)), list(values.shape), zlib.crc32(data)]


def state_dict_in(loaded):
    """As blip.cpp looks for it: the tensors under "model" or "state_dict", or at the top."""
    if not isinstance(loaded, dict):
        return None
    for candidate in (loaded.get("model"), loaded.get("state_dict"), loaded):
        if isinstance(candidate, dict):
            tensors = {k: v for k, v in candidate.items() if isinstance(k, str) and isinstance(v, torch.Tensor)}
            if tensors:
                return tensors
    return None


def torch_reads(contents):
    """name -> described tensor, or None with the reason."""
    try:
        loaded = torch.load(io.BytesIO(contents), map_location="cpu", weights_only=False, pickle_module=HARMLESS)
        tensors = state_dict_in(loaded)
        if tensors is None:
            return None, "no state dict"
        if any(tensor.numel() > MOST_ELEMENTS for tensor in tensors.values()):
            return None, "repeats its elements"
        return {name: described(tensor) for name, tensor in tensors.items()}, None
    except Exception as error:  # whatever a mutated file makes torch or Python throw
        return None, f"{type(error).__name__}: {error}"


def answer_all(connection):
    resource.setrlimit(resource.RLIMIT_AS, (12 << 30, 12 << 30))  # a mutated size may ask for anything
    while True:
        connection.send(torch_reads(connection.recv_bytes()))


class TorchReader:
    """torch_reads in a process of its own: some mutated pickles crash Python's unpickler."""

    def __init__(self):
        self.process = None

    def __call__(self, contents):
        if self.process is None:
            self.connection, theirs = multiprocessing.Pipe()
            self.process = multiprocessing.Process(target=answer_all, args=(theirs,), daemon=True)
            self.process.start()
            theirs.close()
        try:
            self.connection.send_bytes(contents)
            if self.connection.poll(30):
                return self.connection.recv()
            reason = "takes too long"
        except (EOFError, ConnectionError):
            reason = "crashes"
        self.process.kill()
        self.process.join()
        self.process = None
        return None, reason


# -------------------------------------------------------------------------------------- good files


def saved(thing, **options):
    buffer = io.BytesIO()
    torch.save(thing, buffer, **options)
    return buffer.getvalue()


def tensors_of_every_kind():
    generator = torch.Generator().manual_seed(1)
    table = torch.randn(6, 5, generator=generator)
    shared = torch.randn(4, 4, generator=generator)
    cube = torch.randn(3, 4, 5, generator=generator)
    parameter = torch.nn.Parameter(torch.randn(3, 2, generator=generator))
    marked = torch.nn.Parameter(torch.randn(2, 2, generator=generator))
    marked.note = 1  # is saved with its state
    return {
        **{f"dtype.{name}": (torch.randn(3, 4, generator=generator) * 50).to(dtype) for dtype, name in NAMES.items()},
        "whole": table, "transposed": table.t(), "rows": table[2:4], "columns": table[:, 1:3], "every other": table[::2, ::2],
        "permuted": cube.permute(2, 0, 1), "narrow": cube[1, :, 2], "one": cube[1, 2, 3],
        "shared": shared, "shared again": shared, "shared view": shared.view(2, 8), "shared half": shared.view(16)[8:],
        "half": table.half().t(), "bfloat16": table.bfloat16()[1:, 1:], "flags": (table > 0).t(),
        "expanded": torch.arange(7).expand(3, 7), "repeated": torch.tensor([1.5]).expand(5, 9),
        "position_ids": torch.arange(12).expand((1, -1)), "scalar": torch.tensor(2.5), "empty": torch.zeros(0, 4),
        "empty.view": table[6:], "ones": torch.randn(1, 1, 3, 1, generator=generator).transpose(0, 2),
        "parameter": parameter, "frozen": torch.nn.Parameter(torch.randn(2, generator=generator), requires_grad=False),
        "marked": marked, "é.weight": torch.ones(1),
    }


def siblings():
    """What training scripts save beside the weights."""
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, betas=(0.9, 0.999))
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return {"optimizer": optimizer.state_dict(), "epoch": 7, "config": {"lr": 1e-5, "names": ["a", None, True], "size": (1, 2)},
            "best": 0.25, "done": False, "big": 1 << 80, "bytes": b"abc", "set": {1, 2}, "shape": torch.Size([2, 3]),
            "device": torch.device("cpu"), "dtype": torch.float16}


def good_files():
    """label, contents; each in both containers and in every protocol that can hold tensors."""
    module = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3), torch.nn.Embedding(5, 4))
    things = {
        "every kind of tensor": tensors_of_every_kind(),
        "state dict of modules": module.state_dict(),
        "ordered dict": collections.OrderedDict(tensors_of_every_kind()),
        "under model": {"model": module.state_dict(), **siblings()},
        "under state_dict": {"state_dict": dict(module.state_dict()), "epoch": 1},
        "beside other values": {**module.state_dict(), "version": 3, "nothing": None, "note": "text", "list": [1, 2.5]},
    }
    for label, thing in things.items():
        for zipped in (True, False):
            for protocol in (1, 2, 3, 4, 5):
                container = "zip" if zipped else "legacy"
                yield f"{label}, {container}, protocol {protocol}", saved(
                    thing, pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)


# ------------------------------------------------------------------------------------ hostile files


def repacked(contents, change=lambda name, data: data, method=zipfile.ZIP_STORED, name=lambda name: name):
    """The same archive with other entries; a change that gives None leaves the entry out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(contents)) as before, zipfile.ZipFile(buffer, "w", method) as after:
        for entry in before.infolist():
            data = change(entry.filename, before.read(entry.filename))
            if data is not None:
                after.writestr(name(entry.filename), data)
    return buffer.getvalue()


def with_pickle(contents, pickled):
    return repacked(contents, lambda name, data: pickled if name.endswith("data.pkl") else data)


class Call:
    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


def hostile_files():
    """label, contents, what the message must say"""
    import argparse
    import os

    good = saved({"w": torch.arange(6.0).reshape(2, 3), "v": torch.ones(2)})
    raw = zipfile.ZipFile(io.BytesIO(good)).read("archive/data.pkl")
    for label, thing, part in [
        ("os.system", Call(os.system, "echo hacked"), "posix.system"),
        ("eval", Call(eval, "1"), "eval"),
        ("getattr", Call(getattr, "a", "upper"), "getattr"),
        ("argparse.Namespace", argparse.Namespace(a=1), "argparse.Namespace"),
        ("torch.load", Call(torch.load, "x"), "torch.serialization.load"),
        ("a module", torch.nn.Linear(2, 2), "torch.nn.modules.linear.Linear"),
    ]:
        for zipped in (True, False):
            for protocol in (2, 4):
                yield (f"{label}, protocol {protocol}", saved(
                    {"model": {"w": torch.ones(1)}, "args": thing}, pickle_protocol=protocol,
                    _use_new_zipfile_serialization=zipped), part)
    for label, pickled, part in [
        ("calls a tensor's name", raw.replace(b"_rebuild_tensor_v2", b"_rebuild_tensor_v9"), "_rebuild_tensor_v9"),
        ("INST", b"(ios\nsystem\n.", "makes an object of a class"),
        ("OBJ", b"(cos\nsystem\no.", "os.system"),
        ("NEWOBJ", b"\x80\x02ccollections\nOrderedDict\n)\x81.", "makes an object of a class"),
        ("EXT1", b"\x80\x02\x82\x01.", "makes an object of a class"),
        ("BUILD of a list", b"\x80\x02]}b.", "sets the state"),
        ("calls text", b"\x80\x02U\x01a)R.", "cannot be called"),
        ("calls OrderedDict with a number", b"\x80\x02ccollections\nOrderedDict\nK\x01\x85R.", "something other than a list"),
        ("a dict in itself", b"\x80\x02}q\x00U\x05modelh\x00s.", "holds no state dict"),
        ("a list in itself", b"\x80\x02]q\x00h\x00a.", "holds no state dict"),
        ("nested 100,000 deep", b"\x80\x02" + b"(" * 100_000 + b".", "nested deeper"),
        ("tuples 100,000 deep", b"\x80\x02)" + b"\x85" * 100_000 + b".", "holds no state dict"),
        ("text of 4 GB", b"\x80\x02X\xff\xff\xff\xff.", "truncated"),
        ("text of 2^63 bytes", b"\x80\x04\x8d" + b"\xff" * 7 + b"\x7f.", "truncated"),
        ("frame of 2^63 bytes", b"\x80\x04\x95" + b"\xff" * 7 + b"\x7f.", "frame"),
        ("protocol 6", b"\x80\x06N.", "protocol 6"),
        ("a memo never filled", b"\x80\x02h\x05.", "never had"),
        ("an empty stack", b"\x80\x020.", "empty stack"),
        ("no end", b"\x80\x02NNNN", "truncated"),
        ("nothing", b"", "truncated"),
        ("3,000,000 values", b"\x80\x02" + b"N" * 3_000_000 + b".", "values"),
        ("OrderedDicts of one long list", b"\x80\x02ccollections\nOrderedDict\nq\x00](" + b"KaKb\x86" * 100_000 +
         b"e\x85q\x01" + b"h\x00h\x01R" * 100_000 + b".", "too many"),
        ("a shape too large", raw.replace(b"K\x02K\x03\x86", b"\x8a\x08" + b"\xff" * 7 + b"\x7f" + b"K\x03\x86"), "too large"),
        ("a stride beyond the storage", raw.replace(b"K\x03K\x01\x86", b"K\x04K\x01\x86"), "reaches beyond"),
        ("a negative size", raw.replace(b"K\x02K\x03\x86", b"J\xff\xff\xff\xffK\x03\x86"), "impossible shape"),
        ("strides of another rank", raw.replace(b"K\x03K\x01\x86", b"K\x03\x85"), "strides"),
        ("one element, 2^40 times", raw.replace(b"K\x02K\x03\x86", b"\x8a\x06\0\0\0\0\0\x01K\x03\x86")
         .replace(b"K\x03K\x01\x86", b"K\0K\x01\x86"), "far beyond the file"),
        ("a storage of 2^62 elements", raw.replace(b"cpuq\x06K\x06", b"cpuq\x06\x8a\x08" + b"\0" * 7 + b"\x40"), "storage"),
        ("a storage that is not there", raw.replace(b"X\x01\0\0\0000", b"X\x01\0\0\0009"), "lacks the storage"),
        ("a storage up the path", raw.replace(b"X\x01\0\0\0000", b"X\x05\0\0\0../01"), "lacks the storage"),
        ("complex numbers", raw.replace(b"FloatStorage", b"ComplexFloatStorage"), "ComplexFloatStorage"),
    ]:
        yield label, with_pickle(good, pickled), part
    yield "deflated (a zip bomb is)", repacked(good, method=zipfile.ZIP_DEFLATED), "is compressed"
    yield "an entry with ../", repacked(good, name=lambda n: n.replace("archive/data/0", "archive/../data/0")), "not a plain path"
    yield "an absolute entry", repacked(good, name=lambda n: n.replace("archive/data/0", "/etc/passwd")), "not a plain path"
    yield "a backslash", repacked(good, name=lambda n: n.replace("archive/version", "archive\\version")), "not a plain path"
    yield "two entries of a name", repacked(good, name=lambda n: n.replace("data/1", "data/0")), "twice"
    yield "two pickles", repacked(good, name=lambda n: n.replace("archive/version", "other/data.pkl")), "several data.pkl"
    yield "no pickle", repacked(good, name=lambda n: n.replace("data.pkl", "data.pk")), "without a data.pkl"
    yield "big endian", repacked(good, lambda n, d: b"big" if n.endswith("byteorder") else d), "byte order"
    yield "a short storage", repacked(good, lambda n, d: d[:-4] if n.endswith("data/0") else d), "instead of"
    yield "a missing storage", repacked(good, lambda n, d: None if n.endswith("data/0") else d), "lacks the storage"
    # Offsets, sizes and counts of the directory, one after the other set to what cannot be.
    end = good.rindex(b"PK\5\6")
    start = good.index(b"PK\1\2")
    for label, offset, packed in [
        ("directory's offset", end + 16, "<I"), ("directory's size", end + 12, "<I"), ("entries", end + 10, "<H"),
        ("an entry's size", start + 24, "<I"), ("its packed size", start + 20, "<I"), ("its offset", start + 42, "<I"),
    ]:
        for value in (0, 1, 0x7F, 0x7FFF, 0xFFFE):
            bad = bytearray(good)
            bad[offset : offset + struct.calcsize(packed)] = struct.pack(packed, value)
            if bytes(bad) != good:
                yield f"{label} = {value}", bytes(bad), ""
    overlap = bytearray(good)
    second = good.index(b"PK\1\2", start + 4)
    overlap[second + 42 : second + 46] = overlap[start + 42 : start + 46]
    yield "two entries in one place", bytes(overlap), "is not where"
    for size in range(0, len(good), 97):
        yield f"cut after {size} bytes", good[:size], ""
    legacy = saved({"w": torch.arange(6.0).reshape(2, 3)}, _use_new_zipfile_serialization=False)
    for size in range(14, len(legacy), 13):
        yield f"legacy, cut after {size} bytes", legacy[:size], ""
    yield "legacy, with more behind it", legacy + b"x", "behind its last storage"
    yield "legacy, big endian", legacy.replace(b"little_endianq\x02\x88", b"little_endianq\x02\x89"), "big endian"
    yield "legacy, another version", legacy.replace(b"\x80\x02M\xe9\x03.", b"\x80\x02M\xea\x03."), "unknown version"
    yield "a plain pickle", pickle.dumps({"w": [1.0]}), ""


# ---------------------------------------------------------------------------------------- mutations


def mutated(generator, contents):
    """Some bytes of the pickle, or of anything, changed, copied, cut or put in."""
    data = bytearray(contents)
    limit = len(data)
    pickled = contents.find(b"\x80\x02}") if contents[:2] == b"PK" else 0
    inside = range(max(0, pickled), min(limit, max(0, pickled) + 400)) if generator.random() < 0.7 else range(limit)
    for _ in range(generator.choice([1, 1, 1, 2, 3, 8])):
        at = min(generator.choice(inside), len(data) - 1)
        kind = generator.randrange(5)
        if kind == 0:
            data[at] = generator.randrange(256)
        elif kind == 1:
            data[at] ^= 1 << generator.randrange(8)
        elif kind == 2:
            data[at] = generator.choice(b"().}]tuseRQbhqKMJXNc0\x85\x86\x87\x88\x89\x80\x81\x93\x94\x00\x01\xff")
        elif kind == 3 and at + 16 < limit:
            source = generator.choice(inside)
            data[at : at + 4] = data[source : source + 4]
        else:
            data[at : at + 1] = bytes([data[at], generator.randrange(256)]) if generator.random() < 0.5 else b""
    return bytes(data)


def mutated_files(count):
    generator = random.Random(11)
    table = torch.arange(12.0).reshape(3, 4)
    thing = {"a": table, "b": table.t(), "c": torch.nn.Parameter(table[1:]), "d": torch.arange(3), "n": {"x": (1, None, 2.5)}}
    originals = [
        saved({"model": thing, "epoch": 3} if nested else thing, pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
        for nested in (False, True) for protocol in (2, 4) for zipped in (True, False)
    ]
    for i in range(count):
        original = originals[i % len(originals)]
        yield ("zip" if original[:2] == b"PK" else "legacy"), mutated(generator, original)
