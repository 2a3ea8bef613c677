"""How fast `blip serve` is beside `blip caption`, on this machine alone (loopback).

    bench_serve.py BLIP PHOTOS... [--model nano-captioning] [--clients 32] [--repeat 4] [--rounds 3] [--dtype TYPE]

BLIP is the program, PHOTOS are files or folders. Each round captions the photos `--repeat` times: by the command, by
`--clients` clients of the server at once, and by one client. In turns, so that both have the same machine; medians are
printed. While the server is saturated, /livez is asked twenty times a second.
"""

import argparse
import http.client
import json
import socket
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def files_of(paths):
    files = []
    for path in map(Path, paths):
        files += sorted(each for each in path.iterdir() if each.suffix.lower() in (".jpg", ".jpeg", ".png")) if path.is_dir() else [path]
    return files


class Server:
    def __init__(self, program, model, dtype):
        self.port = free_port()
        # The cache of encoded pictures would answer the second time a photo comes.
        self.process = subprocess.Popen([program, "serve", "--listen", f"127.0.0.1:{self.port}", "-m", model, "--dtype", dtype,
                                         "--cache", "0", "--log", "off"])
        for _ in range(600):
            try:
                if self.ask("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise SystemExit("the server does not become ready")

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def ask(self, method, path, body=None, connection=None):
        connection = connection or self.connection()
        connection.request(method, path, body)
        response = connection.getresponse()
        return response.status, response.read()

    def task_time(self):
        """(seconds, how many) of the tasks that the engine has done, from when they came to when they were done"""
        found = {}
        for line in self.ask("GET", "/metrics")[1].decode().splitlines():
            name, _, value = line.rpartition(" ")
            for part in ("sum", "count"):
                if name.startswith("blip_task_duration_seconds_" + part):
                    found[part] = found.get(part, 0.0) + float(value)
        return found.get("sum", 0.0), found.get("count", 0.0)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def by_command(arguments, files):
    started = time.perf_counter()
    listed = "\n".join(str(file) for file in files)
    ran = subprocess.run([arguments.blip, "caption", "-m", arguments.model, "--dtype", arguments.dtype, "--quiet", "--from-file", "-",
                          "--format", "jsonl"], input=listed, capture_output=True, text=True, check=True)
    captions = [json.loads(line)["caption"] for line in ran.stdout.splitlines()]
    return time.perf_counter() - started, captions


def by_clients(server, bodies, clients):
    """Seconds, captions in the order of bodies, and the seconds that each took."""
    captions, took = [None] * len(bodies), [0.0] * len(bodies)
    places, lock = iter(range(len(bodies))), threading.Lock()

    def client():
        connection = server.connection()
        while True:
            with lock:
                place = next(places, None)
            if place is None:
                return
            started = time.perf_counter()
            status, answer = server.ask("POST", "/blip/v1/caption", bodies[place], connection)
            took[place] = time.perf_counter() - started
            if status != 200:
                raise RuntimeError(answer)
            captions[place] = json.loads(answer)["captions"][0]["caption"]

    threads = [threading.Thread(target=client) for _ in range(clients)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started, captions, took


def health_while(server, stop, seconds):
    while not stop.wait(0.05):
        started = time.perf_counter()
        server.ask("GET", "/livez")
        seconds.append(time.perf_counter() - started)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("blip")
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--model", default="nano-captioning")
    parser.add_argument("--dtype", default="stored")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--repeat", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()

    files = files_of(arguments.photos) * arguments.repeat
    bodies = [file.read_bytes() for file in files]
    start_of_command = min(by_command(arguments, files[:1])[0] for _ in range(2))
    server = Server(arguments.blip, arguments.model, arguments.dtype)
    ratios, health, alone, within = [], [], [], []
    try:
        by_clients(server, bodies[: arguments.clients], arguments.clients)  # warm
        for round_number in range(arguments.rounds):
            command, expected = by_command(arguments, files)
            command -= start_of_command  # the server has its model loaded
            stop = threading.Event()
            watcher = threading.Thread(target=health_while, args=(server, stop, health))
            watcher.start()
            many, captions, _ = by_clients(server, bodies, arguments.clients)
            stop.set()
            watcher.join()
            before = server.task_time()
            _, _, took = by_clients(server, bodies[: len(bodies) // arguments.repeat], 1)
            seconds, tasks = (after - earlier for after, earlier in zip(server.task_time(), before, strict=True))
            within.append(statistics.mean(took) - seconds / tasks)
            differ = sum(a != b for a, b in zip(expected, captions, strict=True))
            ratios.append(command / many)
            alone.append(statistics.median(took))
            print(f"round {round_number + 1}: command {len(files) / command:6.1f} images/s, {arguments.clients} clients "
                  f"{len(files) / many:6.1f} images/s, ratio {ratios[-1]:.2f}, one client {1e3 * alone[-1]:.1f} ms an image, "
                  f"{differ} captions differ")
    finally:
        server.stop()
    health.sort()
    print(f"median: {100 * statistics.median(ratios):.0f} % of the command's images/s; one client "
          f"{1e3 * statistics.median(alone):.1f} ms an image, {1e3 * statistics.median(within):.2f} ms of them outside the engine; "
          f"health while saturated: median {1e3 * statistics.median(health):.1f} ms, 99 % within "
          f"{1e3 * health[int(0.99 * len(health))]:.1f} ms, worst {1e3 * health[-1]:.1f} ms")


if __name__ == "__main__":
    sys.exit(main())
