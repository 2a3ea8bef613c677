"""Mixed traffic for a long time: nothing fails, and memory stays where it is."""

import asyncio
import random
import statistics
import tempfile
import time
from pathlib import Path

from load import Client
from mixed_requests import mixed_requests
from served_library import PHOTOS, Library
from serving import Server

CLIENTS = 6
# Caches, and memory that is kept for the next request, are full behind so many.
WARM_REQUESTS = 4000
# Of the median of a quarter, from the second to the last.
GROWTH = 8e6
# Between two changes of the library's index.
REINDEX_SECONDS = 20
# Of what went wrong, in a row of the table.
TOLD = 3


class Traffic:
    """Clients that ask in an order of their own, some of which leave before the answer; a library that changes."""

    def __init__(self, server, requests, library, seconds):
        self.server, self.requests, self.library, self.seconds = server, requests, library, seconds
        self.names, self.wrong, self.memory, self.changes, self.count = set(), [], [], 0, 0

    def is_over(self, in_seconds=0):
        return time.perf_counter() + in_seconds >= self.end

    async def client(self, seed):
        order, connection = random.Random(seed), Client(self.server.port)
        while not self.is_over():
            name, request, statuses = order.choice(self.requests)
            if order.random() < 0.02:
                connection.close()  # and a new one
            if order.random() < 0.02:  # gone before the answer
                if connection.writer is None:
                    await connection.send(self.requests[-1][1])
                if connection.writer is not None:
                    connection.writer.write(request)
                    await asyncio.sleep(order.random() * 0.05)
                    connection.vanish()
                continue
            outcome = await connection.send(request)
            self.count += 1
            self.names.add(name)
            if outcome.status not in statuses:
                self.wrong.append((name, outcome.status, str(outcome.error or outcome.body[:100])))
                print("     wrong:", *self.wrong[-1], flush=True)
        connection.close()

    async def watch(self):
        while not self.is_over():
            self.memory.append(self.server.rss())
            await asyncio.sleep(min(5, self.seconds / 50))

    async def reindex(self):
        while not self.is_over(REINDEX_SECONDS):
            await asyncio.sleep(REINDEX_SECONDS)
            if failure := await self.library.change():
                self.wrong.append(("blip index", failure))
            self.changes += 1

    async def run(self):
        self.end = time.perf_counter() + self.seconds
        await asyncio.gather(self.watch(), self.reindex(), *(self.client(seed) for seed in range(CLIENTS)))


def judge(traffic, table):
    server, wrong = traffic.server, traffic.wrong
    left = server.metric("blip_queue_size") + server.metric("blip_inflight")
    table.row(f"mixed traffic for {traffic.seconds / 60:.1f} min",
              f"{traffic.count} requests of {len(traffic.names)} kinds, {traffic.changes} changes of the library, {len(wrong)} wrong "
              f"{wrong[:TOLD] if wrong else ''}, {left:.0f} tasks left", traffic.count > 0 and not wrong and left == 0)
    memory = traffic.memory
    quarters = [statistics.median(memory[place * len(memory) // 4:(place + 1) * len(memory) // 4]) for place in range(4)]
    told = " ".join(f"{each / 1e6:.0f} MB" for each in quarters)
    if traffic.count < WARM_REQUESTS:
        print(f"     memory over its quarters: {told}; too few requests to judge")
    else:
        table.row("memory over its quarters", told, quarters[3] - quarters[1] < GROWTH)


def run(program, photos, policy, seconds, table):
    with tempfile.TemporaryDirectory() as place:
        library = Library(program, place, photos)
        paths = [Path(place) / f"{number}.jpg" for number in range(len(photos))]
        for path, photo in zip(paths, photos, strict=True):
            path.write_bytes(photo)
        requests = mixed_requests(photos, paths, range(1, PHOTOS + 1, 7))
        # Small caches are full soon: what grows behind that is a leak.
        options = ["--cache", "16M", "--log", "off", "--media-root", place, "--library", str(library.index), "--policy", str(policy)]
        with Server(program, options) as server:
            traffic = Traffic(server, requests, library, seconds)
            asyncio.run(traffic.run())
            judge(traffic, table)
