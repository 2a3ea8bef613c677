"""Mixed traffic for a long time: nothing fails, and memory stays where it is."""

import asyncio
import base64
import json
import random
import statistics
import time

from load import Client, request_bytes
from serving import Server

CLIENTS = 6
# Caches, and memory that is kept for the next request, are full behind so many.
WARM_REQUESTS = 4000
# Of the median of a quarter, from the second to the last.
GROWTH = 8e6


def requests_of(photos):
    """(name, request, statuses that are right): every task, several families, and what is refused."""
    mixed = []
    def post(name, path, body, statuses=(200,), **headers):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = "image/jpeg" if isinstance(body, bytes) else "application/json"
        mixed.append((name, request_bytes("POST", path, content, {"Content-Type": kind, **headers}), statuses))
    for photo in photos:
        encoded = base64.b64encode(photo).decode()
        url = "data:image/jpeg;base64," + encoded
        post("caption", "/blip/v1/caption", photo)
        post("beams", "/blip/v1/caption?num_beams=3", photo)
        post("stream", "/blip/v1/caption", {"image": encoded, "stream": True})
        post("ask", "/blip/v1/ask", {"image": encoded, "questions": ["what is it?", "how many are there?"]})
        post("match", "/blip/v1/match", {"image": encoded, "texts": ["a cat", "a pizza", "a street"]})
        post("embed", "/blip/v1/embed", {"image": encoded, "texts": ["a cat"]})
        post("classify", "/blip/v1/classify", photo)
        post("tag", "/blip/v1/tag", photo)
        post("explain", "/blip/v1/explain", photo)
        post("ollama", "/api/generate", {"model": "nano-captioning", "images": [encoded]})
        post("openai", "/v1/chat/completions", {"model": "nano-captioning", "messages": [
            {"role": "user", "content": [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": url}}]}]})
        post("photoprism", "/api/v1/vision/labels", {"model": "nano-retrieval", "images": [url]})
        post("cut picture", "/blip/v1/caption", photo[: len(photo) // 3], (200, 422))
    post("no picture", "/blip/v1/caption", b"no picture", (422,))
    post("no JSON", "/api/generate", b"{", (400,))
    post("no model", "/v1/embeddings", {"model": "none", "input": "a"}, (404,))
    for path in ("/", "/metrics", "/api/tags", "/v1/models", "/openapi.json", "/readyz"):
        mixed.append((path, request_bytes("GET", path), (200,)))
    return mixed


def run(program, photos, seconds, table):
    mixed, wrong, count, memory = requests_of(photos), [], 0, []
    # Small caches are full soon: what grows behind that is a leak.
    options = ["--cache", "16M", "--log", "off"]
    with Server(program, options) as server:
        end = time.perf_counter() + seconds

        async def client(seed):
            nonlocal count
            order, connection = random.Random(seed), Client(server.port)
            while time.perf_counter() < end:
                name, request, statuses = order.choice(mixed)
                if order.random() < 0.02:
                    connection.close()  # and a new one
                if order.random() < 0.02:  # gone before the answer
                    if connection.writer is None:
                        await connection.send(mixed[-1][1])
                    if connection.writer is not None:
                        connection.writer.write(request)
                        await asyncio.sleep(order.random() * 0.05)
                        connection.vanish()
                    continue
                outcome = await connection.send(request)
                count += 1
                if outcome.status not in statuses:
                    wrong.append((name, outcome.status, str(outcome.error or outcome.body[:100])))
            connection.close()

        async def watch():
            while time.perf_counter() < end:
                memory.append(server.rss())
                await asyncio.sleep(min(5, seconds / 50))

        async def all_together():
            await asyncio.gather(watch(), *(client(seed) for seed in range(CLIENTS)))

        asyncio.run(all_together())
        quarters = [statistics.median(memory[place * len(memory) // 4:(place + 1) * len(memory) // 4]) for place in range(4)]
        left = server.metric("blip_queue_size") + server.metric("blip_inflight")
        table.row(f"mixed traffic for {seconds / 60:.1f} min", f"{count} requests, {len(wrong)} wrong {wrong[:2] if wrong else ''}, {left:.0f} tasks left",
                  count > 0 and not wrong and left == 0)
        told = " ".join(f"{each / 1e6:.0f} MB" for each in quarters)
        if count < WARM_REQUESTS:
            print(f"     memory over its quarters: {told}; too few requests to judge")
        else:
            table.row("memory over its quarters", told, quarters[3] - quarters[1] < GROWTH)
