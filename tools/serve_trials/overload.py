"""Ten times as many requests as the server can do: as many as ever are answered, the rest is refused at once."""

import asyncio
import base64
import json
import math
import os
import statistics
import threading
import time

from load import closed_loop, open_loop, request_bytes
from serving import Server, health_ms

CLIENTS = 16
# More than wait and are in flight at a time.
PHOTOS = 500
# Of a refused request.
QUICK_MS = 50
HEALTH_MS = 5
# What a request in flight takes of the client's memory is small; the server's own queue is the limit.
MOST_IN_FLIGHT = 2000


def dialects(photo):
    """Requests of several families, and how each is told that the server is full."""
    encoded = base64.b64encode(photo).decode()
    def post(path, body):
        return request_bytes("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    chat = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/jpeg;base64," + encoded}}]}]
    return [
        ("native", post("/blip/v1/caption", {"image": encoded}), 429, lambda body: isinstance(body["error"], str | dict)),
        ("ollama", post("/api/generate", {"model": "nano-captioning", "images": [encoded], "stream": False}), 503,
         lambda body: isinstance(body["error"], str)),
        ("openai", post("/v1/chat/completions", {"model": "nano-captioning", "messages": chat}), 429,
         lambda body: isinstance(body["error"]["message"], str)),
        ("photoprism", post("/api/v1/vision/caption", {"model": "nano-captioning", "images": ["data:image/jpeg;base64," + encoded]}), 429,
         lambda body: isinstance(body["error"], str)),
        ("hugging face", request_bytes("POST", "/", photo, {"Content-Type": "image/jpeg"}), 503, lambda body: isinstance(body["error"], str)),
    ]


class Watcher(threading.Thread):
    """How long the server's health takes, and its memory, four times a second."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.ended, self.health, self.memory = server, threading.Event(), [], []

    def run(self):
        while not self.ended.wait(0.25):
            try:
                self.health.append(health_ms(self.server.port))
            except OSError:
                self.health.append(math.inf)
            self.memory.append(self.server.rss())

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()


def refused_in_its_way(family, outcome):
    _, _, status, is_error = family
    try:
        return outcome.status == status and "retry-after" in outcome.headers and is_error(json.loads(outcome.body))
    except (ValueError, KeyError, TypeError):
        return False


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def run(program, photo, seconds, table):
    families = dialects(photo)
    # The server encodes a photo once for all who ask for it at the same time: they are different files.
    requests = [dialects(photo + number.to_bytes(2, "big"))[number % len(families)][1] for number in range(PHOTOS)]
    # The cache of encoded pictures would answer the same photo at once.
    options = ["-m", "nano-captioning", "--cache", "0", "--queue", "64", "--log", "off"]
    with Server(program, options) as server:
        calm = min(10, seconds / 2)
        asyncio.run(closed_loop(server.port, requests, CLIENTS, 2))  # warm
        # The clients are on the server's machine, and take more of its processors from it the more they send.
        def with_shares(run_clients):
            """→ what the clients got, the seconds it took, and the shares of the processors of the server and of the clients"""
            before = server.processor_seconds(), time.process_time()
            outcomes, took = asyncio.run(run_clients)
            after = server.processor_seconds(), time.process_time()
            return outcomes, took, [(end - start) / took / os.cpu_count() for start, end in zip(before, after, strict=True)]
        def capacity():
            outcomes, took, shares = with_shares(closed_loop(server.port, requests, CLIENTS, calm))
            return sum(each.status == 200 for each in outcomes) / took, shares
        before, calm_shares = capacity()
        with Watcher(server) as watcher:
            outcomes, took, shares = with_shares(open_loop(server.port, requests, 10 * before, seconds, MOST_IN_FLIGHT))
        after, _ = capacity()
        can = statistics.mean((before, after))
        # Behind the end there are still those that waited.
        done = [each for _, each, ended in outcomes if each.status == 200 and ended <= took]
        refused = [(families[index % len(families)], each) for index, each, _ in outcomes if each.status in (429, 503)]
        lost = [each for _, each, _ in outcomes if each.status not in (200, 429, 503)]
        goodput = len(done) / took
        table.row("overload: requests", f"{len(outcomes)} in {took:.0f} s, {len(outcomes) / took / can:.1f} times the capacity of {can:.1f}/s "
                  f"({before:.1f} before, {after:.1f} after)", len(outcomes) / took > 5 * can)
        table.row("overload: answered, of the capacity (>= 95 %)", f"{100 * goodput / can:.0f} %; of the machine's processors the server had "
                  f"{100 * shares[0]:.0f} % (clients {100 * shares[1]:.0f} %), at its capacity {100 * calm_shares[0]:.0f} % "
                  f"({100 * calm_shares[1]:.0f} %)", goodput >= 0.95 * can)
        if refused:
            took_ms = [1e3 * each.seconds for _, each in refused]
            table.row(f"overload: refused within {QUICK_MS} ms", f"{len(refused)}, median {statistics.median(took_ms):.1f} ms, 99 % in "
                      f"{percentile(took_ms, 0.99):.1f} ms, worst {max(took_ms):.1f} ms", percentile(took_ms, 0.99) <= QUICK_MS)
            odd = sum(not refused_in_its_way(family, each) for family, each in refused)
            table.row("overload: refused in the family's way", f"{len(refused) - odd} of {len(refused)}", odd == 0)
        table.row("overload: lost or failed", f"{len(lost)}" + (f" ({lost[0].status} {lost[0].error or lost[0].body[:80]})" if lost else ""), not lost)
        table.row(f"overload: health (median <= {HEALTH_MS} ms)", f"median {statistics.median(watcher.health):.1f} ms, worst {max(watcher.health):.1f} ms",
                  statistics.median(watcher.health) <= HEALTH_MS)
        third = max(1, len(watcher.memory) // 3)
        growth = max(watcher.memory[-third:]) - max(watcher.memory[:2 * third])
        table.row("overload: memory flat", f"{max(watcher.memory) / 1e6:.0f} MB, {growth / 1e6:+.1f} MB in the last third", growth < 8e6)
        time.sleep(0.5)
        table.row("overload: nothing left behind", f"{server.metric('blip_queue_size'):.0f} queued, {server.metric('blip_inflight'):.0f} in flight",
                  server.metric("blip_queue_size") + server.metric("blip_inflight") == 0)
