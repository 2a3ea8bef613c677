#!/usr/bin/env python3
"""What Python adds to a caption, how its threads scale, and whether pixels are copied.

    cmake --build --preset release --target timed_requests
    python bindings/python/bench/overhead.py build/release/bench/timed_requests --model DIRECTORY

Python and the C++ program take turns at the same work, so that both see the same machine: the same pixel values, the
same number of tokens, the same threads. The medians are compared. Then 1 to 8 threads of Python, which compute with one
thread each, stand beside as many processes of C++. The machine should do nothing else meanwhile.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from PIL import Image

import blip_cpp
from blip_cpp import _blip_cpp

ROOT = Path(__file__).resolve().parents[3]
MOST_PERCENT, MOST_MILLISECONDS = 2.0, 1.0


class Program:
    """timed_requests with a captioning request, whenever it is asked."""

    def __init__(self, options, threads, folder):
        request = {"model": options.model, "dtype": options.dtype, "threads": threads, "kind": "caption",
                   "images": [str(options.photo)], "tokens": options.tokens}
        file = Path(folder) / f"request-{threads}.json"
        file.write_text(json.dumps(request))
        self.process = subprocess.Popen([options.timed_requests, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self._answer()  # the model is loaded, and one caption is made

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("timed_requests ended; its line above says why")
        return json.loads(line)

    def __call__(self):
        """(seconds, ids)"""
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        answer = self._answer()
        return answer["seconds"], answer["ids"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


class Caption:
    """The same of the Python package."""

    def __init__(self, options):
        dtype = {"f32": "float32", "f16": "float16", "bf16": "bfloat16", "stored": "auto"}.get(options.dtype, options.dtype)
        self.model = blip_cpp.BlipForConditionalGeneration.from_pretrained(options.model, dtype=dtype)
        # As timed_requests reads the file.
        processor = blip_cpp.BlipImageProcessor.from_pretrained(options.model)
        self.pixel_values = processor(str(options.photo), return_tensors="np")["pixel_values"]
        self.tokens = options.tokens

    def __call__(self):
        start = time.perf_counter()
        ids = self.model.generate(pixel_values=self.pixel_values, min_new_tokens=self.tokens,
                                  max_new_tokens=self.tokens)
        return time.perf_counter() - start, ids.tolist()


def overhead(options, ours, folder):
    blip_cpp.set_num_threads(options.threads)
    seconds = {"C++": [], "Python": []}
    with Program(options, options.threads, folder) as theirs:
        ours()
        for _ in range(options.rounds):
            for name, call in (("C++", theirs), ("Python", ours)):
                spent, ids = call()
                seconds[name].append(spent)
                if name == "C++":
                    expected = ids
                elif ids != expected:
                    raise SystemExit(f"other ids: {ids}, not {expected}")
    medians = {name: 1000 * statistics.median(each) for name, each in seconds.items()}
    added = medians["Python"] - medians["C++"]
    percent = 100 * added / medians["C++"]
    print(f"a caption of {options.tokens} tokens, median of {options.rounds}: C++ {medians['C++']:.3f} ms, "
          f"Python {medians['Python']:.3f} ms: {added:+.3f} ms, {percent:+.2f} %")
    return percent <= MOST_PERCENT and added <= MOST_MILLISECONDS


def at_once(calls, rounds):
    """Each of the calls `rounds` times, on a thread of its own → calls per second, of all."""
    def work(call):
        for _ in range(rounds):
            call()

    threads = [threading.Thread(target=work, args=(call,)) for call in calls]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(calls) * rounds / (time.perf_counter() - start)


def scaling(options, ours, folder):
    blip_cpp.set_num_threads(1)
    print("threads  Python captions/s  C++ captions/s (processes)")
    for count in (1, 2, 4, 8):
        rounds = max(2, options.rounds // count)
        python = at_once([ours] * count, rounds)
        programs = [Program(options, 1, folder) for _ in range(count)]
        cpp = at_once(programs, rounds)
        for program in programs:
            program.__exit__()
        print(f"{count:7}  {python:17.2f}  {cpp:14.2f}")


def copies(options):
    processor = blip_cpp.BlipImageProcessor.from_pretrained(options.model)
    array = np.ascontiguousarray(Image.open(options.photo).convert("RGB"))
    before = _blip_cpp.pixel_copies()
    for _ in range(options.rounds):
        processor(array, return_tensors="np")
    made = _blip_cpp.pixel_copies() - before
    print(f"copies of a contiguous [H, W, 3] array in {options.rounds} calls: {made}")
    return made == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("timed_requests", type=Path)
    parser.add_argument("--model", default="nano-captioning", help="a directory or a bundled name [%(default)s]")
    parser.add_argument("--photo", type=Path, default=ROOT / "examples/photos/cat.jpg")
    parser.add_argument("--dtype", default="stored", help="stored, f32, f16, bf16 or int8 [%(default)s]")
    parser.add_argument("--tokens", type=int, default=10, help="[%(default)s]")
    parser.add_argument("--threads", type=int, default=0, help="of a caption; 0: one per core [%(default)s]")
    parser.add_argument("--rounds", type=int, default=31, help="[%(default)s]")
    options = parser.parse_args()
    options.model = _blip_cpp.resolve_model(options.model)  # timed_requests takes directories
    ours = Caption(options)
    with tempfile.TemporaryDirectory() as folder:
        is_good = overhead(options, ours, folder)
        scaling(options, ours, folder)
    is_good = copies(options) and is_good
    print(f"wanted: at most {MOST_PERCENT} % and {MOST_MILLISECONDS} ms, no copy: {'kept' if is_good else 'missed'}")
    return 0 if is_good else 1


if __name__ == "__main__":
    raise SystemExit(main())
