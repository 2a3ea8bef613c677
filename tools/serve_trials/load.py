"""Clients by the hundred in one thread: requests over asyncio's sockets."""

import asyncio
import socket
import struct
import time


MOST_SECONDS = 300  # for an answer: a server that forgets a client fails a trial, and does not hang it


class Outcome:
    __slots__ = ("status", "headers", "body", "seconds", "error")

    def __init__(self, status=0, headers=None, body=b"", seconds=0.0, error=None):
        self.status, self.headers, self.body, self.seconds, self.error = status, headers or {}, body, seconds, error


def request_bytes(method, path, body=b"", headers=None):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def read_answer(reader):
    """(status, headers, body) of a response with a length, or in chunks."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split(" ")[1])
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    if status < 200:
        return await read_answer(reader)
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)
        return status, headers, body
    return status, headers, await reader.readexactly(int(headers.get("content-length", 0)))


class Client:
    """One connection, opened again after a failure."""

    def __init__(self, port):
        self.port, self.reader, self.writer = port, None, None

    async def send(self, request):
        started = time.perf_counter()
        try:
            if self.writer is None:
                self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 24)
            self.writer.write(request)
            status, headers, body = await asyncio.wait_for(read_answer(self.reader), MOST_SECONDS)
        except (OSError, EOFError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
            self.close()
            return Outcome(seconds=time.perf_counter() - started, error=error)
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Outcome(status, headers, body, time.perf_counter() - started)

    def close(self):
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None

    def vanish(self):
        """Leaves without a word: the server gets a reset."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
        self.reader = self.writer = None


async def closed_loop(port, requests, clients, seconds):
    """`clients` that ask one request after the other. → outcomes, the seconds it took"""
    outcomes, end = [], time.perf_counter() + seconds

    async def run(number):
        client, count = Client(port), number
        while time.perf_counter() < end:
            outcomes.append(await client.send(requests[count % len(requests)]))
            count += clients
        client.close()

    started = time.perf_counter()
    await asyncio.gather(*(run(number) for number in range(clients)))
    return outcomes, time.perf_counter() - started


async def open_loop(port, requests, rate, seconds, most):
    """`rate` requests a second, whatever becomes of them, over at most `most` connections.
    → (index of the request, outcome, when it ended) of each, the seconds in which they were sent"""
    outcomes, idle, running = [], [], set()

    async def send(number):
        client = idle.pop() if idle else Client(port)
        index = number % len(requests)
        outcome = await client.send(requests[index])
        outcomes.append((index, outcome, time.perf_counter() - started))
        idle.append(client)

    started, sent = time.perf_counter(), 0
    while (now := time.perf_counter() - started) < seconds:
        while sent < now * rate and len(running) < most:
            task = asyncio.create_task(send(sent))
            running.add(task)
            task.add_done_callback(running.discard)
            sent += 1
        await asyncio.sleep(0.001)
    took = time.perf_counter() - started
    await asyncio.gather(*running)
    for client in idle:
        client.close()
    return outcomes, took
