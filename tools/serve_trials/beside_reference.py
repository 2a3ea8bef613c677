"""`blip serve` beside transformers in FastAPI: the same random-weight BLIP, the same requests, in turns.

    beside_reference.py BLIP [--size base] [--clients 8] [--seconds 30] [--rounds 3] [--directory DIR]

BLIP is the program. Each of FastAPI with transformers in float32, `blip serve --dtype int8` and `--dtype f32` answers for
`--seconds` in every round, one after the other, so that all have the same machine; medians are printed. Needs torch,
transformers, fastapi and uvicorn: `make bench-fastapi` installs them.
"""

import argparse
import asyncio
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

from load import closed_loop, request_bytes
from serving import CAPTION, Server, ask, free_port

HERE = Path(__file__).resolve().parent
# Of a caption: about what captions of COCO have.
NEW_TOKENS = 10
sys.path.append(str(HERE.parent / "reference"))


class Reference:
    path = "/"

    def __init__(self, model):
        self.port = free_port()
        self.process = subprocess.Popen([sys.executable, str(HERE / "reference_server.py"), str(model), str(self.port), str(NEW_TOKENS)])
        for _ in range(1200):
            try:
                ask(self.port, "GET", "/livez")
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("the reference does not become ready")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Ours(Server):
    path = f"{CAPTION}?min_new_tokens={NEW_TOKENS}&max_new_tokens={NEW_TOKENS}"

    def __init__(self, program, model, dtype):
        # The cache of encoded pictures would answer the second time a photo comes.
        super().__init__(program, ["-m", f"base={model}", "--dtype", dtype, "--cache", "0", "--log", "off"])


def rate(server, photos, clients, seconds):
    """(requests a second, median seconds of one)"""
    requests = [request_bytes("POST", server.path, photo, {"Content-Type": "image/jpeg"}) for photo in photos]
    asyncio.run(closed_loop(server.port, requests, clients, min(3, seconds)))  # warm
    outcomes, took = asyncio.run(closed_loop(server.port, requests, clients, seconds))
    wrong = [outcome for outcome in outcomes if outcome.status != 200]
    if wrong:
        raise SystemExit(f"{wrong[0].status} {wrong[0].error or wrong[0].body[:200]}")
    return len(outcomes) / took, statistics.median(outcome.seconds for outcome in outcomes)


def pause(process, is_paused):
    """Whoever is not measured takes no core."""
    process.send_signal(signal.SIGSTOP if is_paused else signal.SIGCONT)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("blip")
    parser.add_argument("--size", default="base")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--directory", type=Path, default=HERE.parents[1] / "build/serve-reference")
    arguments = parser.parse_args()

    model = arguments.directory / arguments.size
    if not (model / "model.safetensors").is_file():
        import random_models
        random_models.save(arguments.size, model)
    photos = [file.read_bytes() for file in sorted((HERE.parents[1] / "examples/photos").glob("*.jpg"))]
    rates = {"transformers in FastAPI": [], "blip serve int8": [], "blip serve f32": []}
    print(f"load average {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores before it begins", flush=True)
    with Reference(model) as reference, Ours(arguments.blip, model, "int8") as int8, Ours(arguments.blip, model, "f32") as f32:
        servers = dict(zip(rates, (reference, int8, f32), strict=True))
        for server in servers.values():
            pause(server.process, True)
        for number in range(arguments.rounds):
            for name, server in servers.items():
                pause(server.process, False)
                measured, seconds = rate(server, photos, arguments.clients, arguments.seconds)
                pause(server.process, True)
                rates[name].append(measured)
                print(f"round {number + 1}: {name:24s} {measured:7.2f} captions/s, {1e3 * seconds:7.0f} ms each with {arguments.clients} clients", flush=True)
        for server in servers.values():
            pause(server.process, False)
    baseline = statistics.median(rates["transformers in FastAPI"])
    for name, measured in rates.items():
        print(f"{name:24s} median {statistics.median(measured):7.2f} captions/s, {statistics.median(measured) / baseline:5.2f} × the reference")


if __name__ == "__main__":
    main()
