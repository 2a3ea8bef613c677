"""A peer in a process of its own, which answers on standard output what bench/timed_requests.cpp
does: worker.py REQUEST.json, then a line `run` for every run."""

import json
import pathlib
import sys
import time

from runners import runner_of


def peak_bytes():
    """Not getrusage's, which a process inherits from the one that started it."""
    status = pathlib.Path("/proc/self/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def say(reply):
    print(json.dumps(reply), flush=True)


def main():
    request = json.loads(pathlib.Path(sys.argv[1]).read_text())
    started = time.perf_counter()
    runner = runner_of(request)
    runner.prepare()
    runner.run()  # first touch of the weights, compilation
    say({"seconds": time.perf_counter() - started, "peak_bytes": peak_bytes(),
         "note": getattr(runner, "note", "")})
    for line in sys.stdin:
        if line != "run\n":
            sys.exit(f"{line!r}: the only word is run")
        start = time.perf_counter()
        answer = runner.run()
        reply = {"seconds": (time.perf_counter() - start) * runner.scale}
        if "array" in answer:
            answer["array"].astype("float32").tofile(request["out"])
            reply["shape"] = answer["array"].shape
        else:
            reply["ids"] = answer["ids"]
        say({**reply, "peak_bytes": peak_bytes()})


if __name__ == "__main__":
    main()
