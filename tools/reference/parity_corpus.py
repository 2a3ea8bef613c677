#!/usr/bin/env python3
"""Reads every picture of some folders with the library and with Pillow, and prints how they compare.

    parity_corpus.py --build DIR FOLDER ... [--list] [--strict] [--markdown] [--seconds N] [--mib N] [--sanitized]

DIR is a build directory with tools/reference/probe_image in it. Looked at are the files whose names end as those
of pictures do, or have no ending. What Pillow gives is what the BLIP processor of transformers resizes: RGB,
transparency laid over white. A file that takes the library more than --seconds of the processor is a time-out;
one that takes more than --mib of memory is counted as such. --list names each file that is not equal. --sanitized
is for a probe that was built with AddressSanitizer, which needs more address space than others may have.

Exits 0 unless the library crashed, hung or took too much memory; with --strict also unless it read all that Pillow
reads, with the same pixels.
"""
import argparse
import collections
import json
import os
import pathlib
import resource
import select
import subprocess
import sys
import tempfile
import time

import numpy as np

# By the end of a name: formats that the library reads, and formats that only Pillow reads.
READ = {"jpg": "JPEG", "jpeg": "JPEG", "jpe": "JPEG", "jfif": "JPEG", "png": "PNG", "apng": "PNG", "gif": "GIF",
        "webp": "WebP", "tif": "TIFF", "tiff": "TIFF", "bmp": "BMP", "dib": "BMP", "avif": "AVIF", "heic": "HEIC",
        "heif": "HEIC"}
OTHERS = {"pbm": "PNM", "pgm": "PNM", "ppm": "PNM", "pnm": "PNM", "jp2": "JPEG 2000", "j2k": "JPEG 2000", "jpc": "JPEG 2000", "jpx": "JPEG 2000", "j2c": "JPEG 2000",
          "pcx": "PCX", "pam": "PAM", "pfm": "PFM", "tga": "TGA", "ico": "ICO", "cur": "CUR", "dcx": "DCX"}
VERDICTS = ["equal", "differ by 1", "differ", "only Pillow", "only we", "both refuse", "crash", "time-out",
            "memory"]
BAD = ["crash", "time-out", "memory"]
UNEQUAL = ["differ by 1", "differ", "only Pillow"]


class Worker:
    """A process that answers one JSON request per line with one JSON line, started again when it ends."""

    def __init__(self, command, seconds, memory=None):
        self.command, self.seconds, self.memory = command, seconds, memory
        self.process = None

    def start(self):
        def limits():
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if self.memory:
                resource.setrlimit(resource.RLIMIT_AS, (self.memory, self.memory))
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, preexec_fn=limits)

    def kill(self):
        self.process.kill()
        self.process.communicate()
        self.process = None

    def finish(self):
        """→ whether it ended well, which one with leaks under AddressSanitizer does not"""
        if self.process is None:
            return True
        _, printed = self.process.communicate()
        code, self.process = self.process.returncode, None
        if code != 0:
            print(f"    ended with {code}: {printed.decode(errors='replace')[-4000:]}")
        return code == 0

    def ask(self, request):
        """→ the answer, {"error": …}; or "time-out"; or "crash" and what was printed last"""
        if self.process is None:
            self.start()
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return self.crash()
        # Seconds of the processor: others may keep it busy. A process that sleeps is lost, too.
        started, end = self.cpu_seconds(), time.monotonic() + 60 * self.seconds
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([self.process.stdout], [], [], 0.2)
            if not ready:
                if self.cpu_seconds() - started > self.seconds or time.monotonic() > end:
                    self.kill()
                    return "time-out"
                continue
            part = os.read(self.process.stdout.fileno(), 1 << 16)
            if not part:
                return self.crash()
            line += part
        return json.loads(line)

    def crash(self):
        _, printed = self.process.communicate()
        code, self.process = self.process.returncode, None
        print(f"    ended with {code}: {printed.decode(errors='replace')[-4000:]}", flush=True)
        return "crash"

    def cpu_seconds(self):
        if self.process is None:
            return 0.0
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def reset_peak(self):
        """From here on, peak_mib is of what follows."""
        if self.process:
            pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def peak_mib(self):
        if not self.process:
            return 0
        lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


def serve_pillow():
    """The worker of Pillow's side."""
    import warnings

    from PIL import Image
    from transformers.image_transforms import convert_to_rgb

    warnings.simplefilter("ignore")
    out = sys.stdout
    sys.stdout = sys.stderr
    for line in sys.stdin:
        request = json.loads(line)
        kind = None
        try:
            with Image.open(request["path"]) as image:
                kind = f"{image.format} {image.mode}"
                pixels = convert_to_rgb(image, return_numpy=True)
            pixels.tofile(request["out"])
            answer = {"kind": kind, "width": pixels.shape[1], "height": pixels.shape[0]}
        except BaseException as error:
            answer = {"kind": kind, "error": f"{type(error).__name__}: {error}"}
        out.write(json.dumps(answer) + "\n")
        out.flush()


def pixels_of(path, answer):
    return np.fromfile(path, np.uint8).reshape(answer["height"], answer["width"], 3)


def compare(ours, theirs, our_file, their_file):
    """→ verdict and a note"""
    if isinstance(ours, str):
        return ours, ""
    if isinstance(theirs, str):
        theirs = {"error": f"Pillow: {theirs}"}
    if "error" in ours and "error" in theirs:
        return "both refuse", f"{ours['error']} | {theirs['error']}"
    if "error" in ours:
        return "only Pillow", f"{ours['error'].split(': ', 1)[-1]} | {theirs['kind']}"
    if "error" in theirs:
        return "only we", theirs["error"]
    mine, wanted = pixels_of(our_file, ours), pixels_of(their_file, theirs)
    if mine.shape != wanted.shape:
        return "differ", f"{theirs['kind']}: {mine.shape} for {wanted.shape}"
    difference = np.abs(mine.astype(np.int16) - wanted)
    worst = int(difference.max())
    note = f"{theirs['kind']}: up to {worst}, mean {difference.mean():.4f}"
    return ("equal", "") if worst == 0 else ("differ by 1" if worst == 1 else "differ", note)


def print_table(counts, markdown):
    kinds = sorted(counts, key=lambda kind: (kind in OTHERS.values(), kind))
    total = sum(counts.values(), collections.Counter())
    rows = [["", "files", *VERDICTS]]
    for kind, row in [*((kind, counts[kind]) for kind in kinds), ("all", total)]:
        rows.append([kind, str(row.total()), *(str(row[verdict] or "") for verdict in VERDICTS)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    if markdown:
        rows.insert(1, ["---", *["--:"] * (len(VERDICTS) + 1)])
        print("\n".join("| " + " | ".join(row) + " |" for row in rows))
    else:
        for row in rows:
            print("  ".join(cell.ljust(w) if i == 0 else cell.rjust(w)
                            for i, (cell, w) in enumerate(zip(row, widths))))


def run(arguments, folder):
    probe = pathlib.Path(arguments.build) / "tools/reference/probe_image"
    # A picture's limit is watched below; this one keeps the machine alive. Not under AddressSanitizer,
    # which reserves terabytes.
    hard = None if arguments.sanitized else 4 << 30
    ours = Worker([probe], arguments.seconds, hard)
    theirs = Worker([sys.executable, __file__, "--serve-pillow"], 60 + arguments.seconds)
    our_file, their_file = str(folder / "ours.rgb"), str(folder / "theirs.rgb")
    counts = collections.defaultdict(collections.Counter)
    slowest, largest = (0.0, ""), (0, "")
    for root in arguments.folders:
        for path in sorted(p for p in root.rglob("*") if p.is_file()):
            ending = path.suffix[1:].lower()
            if ending and ending not in READ and ending not in OTHERS:
                continue
            ours.reset_peak()
            start = ours.cpu_seconds()
            mine = ours.ask({"op": "decode", "path": str(path), "blend": True, "out": our_file})
            slowest = max(slowest, (ours.cpu_seconds() - start, path.name))
            peak = ours.peak_mib()
            largest = max(largest, (peak, path.name))
            wanted = theirs.ask({"path": str(path), "out": their_file})
            opened = None if isinstance(wanted, str) else wanted["kind"]
            kind = READ.get(ending) or OTHERS.get(ending) or (opened or "none").split()[0]
            verdict, note = compare(mine, wanted, our_file, their_file)
            if peak > arguments.mib and verdict not in BAD:
                verdict, note = "memory", f"{peak} MiB"
            counts[kind][verdict] += 1
            if verdict in BAD or (arguments.list and verdict != "equal"):
                print(f"  {verdict:<12} {path.relative_to(root.parent)}  {note}", flush=True)
    is_clean = ours.finish()
    theirs.finish()
    print_table(counts, arguments.markdown)
    print(f"\nslowest {slowest[0]:.2f} s ({slowest[1]}), most memory {largest[0]} MiB ({largest[1]})")
    failures = BAD + (UNEQUAL if arguments.strict else [])
    return not is_clean or any(row[verdict] for row in counts.values() for verdict in failures)


def main():
    if sys.argv[1:] == ["--serve-pillow"]:
        return serve_pillow()
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    parser.add_argument("--build", required=True)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--sanitized", action="store_true")
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--quick", action="store_true", help="as for the other scripts: nothing is slow here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        return run(arguments, pathlib.Path(name))


if __name__ == "__main__":
    sys.exit(main())
