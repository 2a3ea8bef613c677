"""Clients that hold connections: idle, slow, half closed, gone."""

import asyncio
import base64
import json
import resource
import socket
import statistics
import time

from load import Client, read_answer, request_bytes
from serving import CAPTION, Server, health_ms


# "Answers": whoever asks for it often gives up after a second.
HEALTH_MS = 100


def calm(server, photo):
    """(milliseconds that health takes, whether a caption is made)"""
    health = statistics.median(health_ms(server.port) for _ in range(9))
    return health, server.ask("POST", CAPTION, photo).status == 200


def state(server, photo, since):
    health, answered = calm(server, photo)
    return health <= HEALTH_MS and answered, f"health {health:.1f} ms, a caption {'is' if answered else 'is NOT'} made, {(server.rss() - since) / 1e6:+.1f} MB"


async def opened(port, count):
    """Connections, a few hundred at a time: more are not accepted fast enough to be waited for."""
    connections = []
    while len(connections) < count:
        some = min(200, count - len(connections))
        connections += await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for _ in range(some)))
    return connections


def idle(program, photo, count, table):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(count, hard - 200)
    with Server(program, ["-m", "nano-captioning", "--log", "off", "--idle-time", "600"]) as server:
        calm(server, photo)
        since = server.rss()

        async def hold():
            connections = await opened(server.port, count)
            fine, text = await asyncio.to_thread(state, server, photo, since)
            open_now = server.metric("blip_connections")
            each = (server.rss() - since) / count
            # Some of them are used after all.
            reader, writer = connections[count // 2]
            writer.write(request_bytes("POST", CAPTION, photo))
            status, _, _ = await read_answer(reader)
            for _, writer in connections:
                writer.close()
            return fine and status == 200 and open_now > count, f"{text}, {each / 1e3:.1f} kB each, {open_now:.0f} open"

        fine, text = asyncio.run(hold())
        table.row(f"{count} idle connections", text, fine)


async def drip(port, head, seconds):
    """One byte a second behind `head` until the server has enough. → (status or 0, seconds)"""
    started = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = asyncio.create_task(read_answer(reader))
    try:
        writer.write(head)
        while not answer.done() and time.perf_counter() - started < seconds:
            await asyncio.wait([answer], timeout=1)
            if not answer.done():
                writer.write(b"a")
        status = answer.result()[0] if answer.done() else -1
    except (OSError, EOFError):
        status = 0
    finally:
        answer.cancel()
        writer.close()
    return status, time.perf_counter() - started


def slow(program, photo, count, table):
    # As by default, so that what is tried is what people get.
    with Server(program, ["-m", "nano-captioning", "--log", "off"]) as server:
        calm(server, photo)
        for name, head, limit in (("slow headers", b"GET / HTTP/1.1\r\nX-", 20), ("uploads of a byte a second",
                                  f"POST {CAPTION} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n".encode(), 20)):
            since = server.rss()

            async def trial(head=head, limit=limit, since=since):
                drips = asyncio.gather(*(drip(server.port, head, limit) for _ in range(count)))
                await asyncio.sleep(3)
                fine, text = await asyncio.to_thread(state, server, photo, since)
                ended = await drips
                return fine, text, ended

            fine, text, ended = asyncio.run(trial())
            refused = sum(status == 408 for status, _ in ended)
            table.row(f"{count} {name}", f"{refused} refused with 408 within {max(seconds for _, seconds in ended):.0f} s; meanwhile {text}",
                      fine and all(status in (0, 408) for status, _ in ended) and refused >= 0.99 * count)


def half_closed(program, photo, count, table):
    with Server(program, ["-m", "nano-captioning", "--log", "off"]) as server:

        async def answered():
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(request_bytes("POST", CAPTION, photo))
            writer.write_eof()
            status = (await read_answer(reader))[0]
            closed = await asyncio.wait_for(reader.read(), 10) == b""
            writer.close()
            return status == 200 and closed

        async def dropped():
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(request_bytes("POST", CAPTION, photo)[:-100])
            writer.write_eof()
            rest = await asyncio.wait_for(reader.read(), 10)
            writer.close()
            return rest == b"" or b" 400 " in rest.split(b"\r\n")[0]

        async def trial():
            full = await asyncio.gather(*(answered() for _ in range(count)))
            cut = await asyncio.gather(*(dropped() for _ in range(count)))
            return sum(full), sum(cut)

        full, cut = asyncio.run(trial())
        table.row("half-closed connections", f"{full} of {count} answered, {cut} of {count} cut requests dropped", full == cut == count)


def vanishing(program, photo, count, table):
    """Clients that leave in the middle of a stream, and before its first word."""
    fields = json.dumps({"image": base64.b64encode(photo).decode(), "stream": True, "min_new_tokens": 20}).encode()
    request = request_bytes("POST", CAPTION, fields, {"Content-Type": "application/json"})
    with Server(program, ["-m", "nano-captioning", "--log", "off"]) as server:
        calm(server, photo)

        async def leave(number):
            client = Client(server.port)
            client.reader, client.writer = await asyncio.open_connection("127.0.0.1", server.port)
            client.writer.write(request)
            if number % 2 == 0:
                await client.reader.readuntil(b"\n\n")  # the stream has begun
            else:
                await asyncio.sleep(0.001 * (number % 20))
            client.vanish()

        async def trial():
            for first in range(0, count, 50):
                await asyncio.gather(*(leave(number) for number in range(first, min(first + 50, count))))

        asyncio.run(trial())
        asyncio.run(trial())
        since = server.rss()
        asyncio.run(trial())
        end = time.monotonic() + 20
        while server.metric("blip_inflight") + server.metric("blip_queue_size") > 0 and time.monotonic() < end:
            time.sleep(0.05)
        left = server.metric("blip_inflight") + server.metric("blip_queue_size")
        fine, text = state(server, photo, since)
        table.row(f"{3 * count} clients that vanish in mid-stream", f"{left:.0f} tasks left; {text}", fine and left == 0 and server.rss() - since < 8e6)


def run(program, photo, quick, table):
    idle(program, photo, 1000 if quick else 10_000, table)
    slow(program, photo, 100 if quick else 1000, table)
    half_closed(program, photo, 20 if quick else 200, table)
    vanishing(program, photo, 50 if quick else 500, table)
