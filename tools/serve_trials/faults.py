"""What breaks under a server: its process, its models, its disk, its descriptors, its memory."""

import asyncio
import concurrent.futures
import os
import resource
import shutil
import signal
import tempfile
import threading
import time
from pathlib import Path

from load import Client, closed_loop, request_bytes
from serving import CAPTION, Server, ask, free_port

MODEL = "nano-captioning"


def request_of(photo):
    return request_bytes("POST", CAPTION, photo, {"Content-Type": "image/jpeg"})


def killed(program, photo, table):
    """A server that is killed and started again while clients ask: they ask again what was not answered."""
    port = free_port()
    server = Server(program, ["-m", MODEL, "--log", "off"], port=port)
    outcomes, again, ended = [], 0, threading.Event()

    async def client():
        nonlocal again
        connection = Client(port)
        while not ended.is_set():
            for _ in range(600):
                outcome = await connection.send(request_of(photo))
                if outcome.status == 200:
                    break
                again += 1
                await asyncio.sleep(0.1)
            outcomes.append(outcome)
        connection.close()

    async def clients():
        await asyncio.gather(*(client() for _ in range(8)))

    thread = threading.Thread(target=lambda: asyncio.run(clients()))
    thread.start()
    times = []
    try:
        for _ in range(3):
            time.sleep(1)
            server.stop(signal.SIGKILL)
            started = time.perf_counter()
            server = Server(program, ["-m", MODEL, "--log", "off"], port=port)
            times.append(time.perf_counter() - started)
        time.sleep(1)
    finally:
        ended.set()
        thread.join()
        server.stop()
    lost = sum(outcome.status != 200 for outcome in outcomes)
    table.row("kill -9 under load, three times", f"{len(outcomes)} requests answered, {lost} lost, {again} asked again, ready again after "
              f"{max(times):.1f} s", lost == 0 and len(outcomes) > 0)


def model_copy(source, place):
    copy = Path(place) / "copy"
    shutil.copytree(source, copy)
    return copy


def truncated_model(program, photo, models, table):
    """A model file that is cut short before it is loaded, and at any time while it is."""
    source = models / MODEL
    size = (source / "model.safetensors").stat().st_size
    said, alive, answered, rounds = 0, 0, 0, 12
    with Server(program, ["-m", f"whole={source}", "--log", "text"]) as server:
        wanted = server.ask("POST", CAPTION + "?model=whole", photo).json()["captions"]
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as place:
            copy = model_copy(source, place)
            options = ["-m", f"cut={copy}", "-m", "nano-vqa", "--load-on-demand", "--log", "text"]
            with Server(program, options) as server:
                file = copy / "model.safetensors"
                if number == 0:
                    os.truncate(file, size // 2)
                with concurrent.futures.ThreadPoolExecutor() as pool:
                    asked = pool.submit(server.ask, "POST", CAPTION + "?model=cut", photo)
                    if number > 0:
                        time.sleep(0.02 * number)
                        os.truncate(file, size * (number % 3) // 4)
                    try:
                        first = asked.result()
                        said += first.status in (500, 503) or (first.status == 200 and first.json()["captions"] == wanted)
                    except OSError:
                        pass
                # Whatever became of it, the other model answers.
                try:
                    server.ask("POST", CAPTION + "?model=cut", photo)
                    answered += server.ask("POST", "/blip/v1/ask?question=what+is+it", photo).status == 200
                except OSError:
                    pass
                alive += server.is_alive()
    table.row("a model file cut short while it is loaded and used", f"{said} of {rounds} answered or refused, {alive} alive after, "
              f"{answered} answer with another model", said == alive == answered == rounds)


def replaced_model(program, photo, models, table):
    """A model file that is replaced while the server runs, as `blip pull` or a deployment does it."""
    with tempfile.TemporaryDirectory() as place:
        copy = model_copy(models / MODEL, place)
        with Server(program, ["-m", f"cut={copy}", "--log", "off"]) as server:
            before = server.ask("POST", CAPTION, photo)
            (copy / "new").write_bytes(b"not a model")
            os.replace(copy / "new", copy / "model.safetensors")
            after = server.ask("POST", CAPTION + "?num_beams=2", photo)
            table.row("a model file replaced while it is used", f"{before.status}, then {after.status}", before.status == after.status == 200)


def full_disk(program, photo, table):
    """Logs that cannot be written, and nowhere to keep anything."""
    with Server(program, ["-m", MODEL, "-m", "nano-retrieval"], log="/dev/full", environment={"XDG_CACHE_HOME": "/dev/full/cache"}) as server:
        statuses = [server.ask("POST", path, photo).status for path in (CAPTION, "/blip/v1/tag", CAPTION, "/blip/v1/tag")]
        table.row("disk full for logs and kept vectors", f"{statuses}", all(status == 200 for status in statuses) and server.is_alive())


def no_descriptors(program, photo, table):
    with Server(program, ["-m", MODEL, "--log", "off"]) as server:
        server.limit(resource.RLIMIT_NOFILE, 48)

        async def hold():
            clients = []
            for _ in range(100):
                try:
                    clients.append(await asyncio.wait_for(asyncio.open_connection("127.0.0.1", server.port), 1))
                except (OSError, TimeoutError):
                    break
            # Those that got in are served.
            reader, writer = clients[0]
            writer.write(request_of(photo))
            served = b" 200 " in (await asyncio.wait_for(reader.readuntil(b"\r\n"), 60))
            spent = server.processor_seconds()
            await asyncio.sleep(2)
            busy = (server.processor_seconds() - spent) / 2
            for _, each in clients:
                each.close()
            return len(clients), served, busy

        held, served, busy = asyncio.run(hold())
        time.sleep(0.5)
        after = server.ask("POST", CAPTION, photo).status
        table.row("descriptors exhausted", f"{held} connections held at 48 descriptors, served {served}, {100 * busy:.0f} % of a core meanwhile, "
                  f"then {after}", served and after == 200 and busy < 0.5)


def no_memory(program, photo, quick, table):
    """Less and less address space, with many requests at once."""
    with Server(program, ["-m", MODEL, "-m", "nano-vqa", "--cache", "0", "--log", "off"]) as server:
        asyncio.run(closed_loop(server.port, [request_of(photo)], 16, 1))
        has, told, odd = server.virtual_bytes(), [], 0
        for room in (64, 16, 4, 0):
            server.limit(resource.RLIMIT_AS, has + (room << 20))
            big = request_bytes("POST", CAPTION, photo + bytes(8 << 20), {"Content-Type": "image/jpeg"})
            outcomes, _ = asyncio.run(closed_loop(server.port, [big, request_of(photo)], 32, 1 if quick else 5))
            statuses = sorted({outcome.status for outcome in outcomes})
            odd += any(status not in (0, 200, 400, 413, 422, 429, 500, 503) for status in statuses)
            odd += any(isinstance(outcome.error, asyncio.TimeoutError) for outcome in outcomes)
            told.append(f"{room} MB: {statuses}")
            if not server.is_alive():
                break
        alive = server.is_alive()
        after = 0
        if alive:
            server.limit(resource.RLIMIT_AS, resource.RLIM_INFINITY)
            after = server.ask("POST", CAPTION, photo).status
        table.row("memory refused (RLIMIT_AS)", f"{'; '.join(told)}; then {after if alive else 'dead'}", alive and after == 200 and not odd)


def little_memory(program, photo, quick, table):
    """From the start less than it needs, then a little more: it says so in a line, or serves and refuses."""
    said, refused, served, died = 0, 0, 0, []
    for megabytes in range(300, 1300, 200 if quick else 50):
        options = ["-m", MODEL, "-m", "nano-vqa", "--cache", "0", "--log", "text"]
        with Server(program, options, limits={resource.RLIMIT_AS: megabytes << 20}, wait=False) as server:
            try:
                server.wait_until_ready(60)
            except RuntimeError:
                lines = server.logged().strip().splitlines()
                if server.is_alive() or server.process.returncode != 2 or "memory" not in lines[-1]:
                    died.append((megabytes, server.process.returncode, lines[-1:]))
                said += 1
                continue
            big = request_bytes("POST", CAPTION, photo + bytes(8 << 20), {"Content-Type": "image/jpeg"})
            outcomes, _ = asyncio.run(closed_loop(server.port, [big, request_of(photo)], 32, 1 if quick else 3))
            served += any(outcome.status == 200 for outcome in outcomes)
            refused += any(outcome.status in (429, 500, 503) for outcome in outcomes)
            code = server.stop() if server.is_alive() else server.process.returncode
            if code != 0:
                died.append((megabytes, code, server.logged().splitlines()[-1:]))
    table.row("little memory from the start (ulimit -v)", f"{said} say so and end, {refused} refuse some, {served} caption; {len(died)} died or ended otherwise {died[:3]}",
              not died and said > 0 and served > 0)


def drained(program, photo, table):
    """SIGTERM: what was accepted is answered, and the server ends in order."""
    with Server(program, ["-m", MODEL, "--cache", "0", "--log", "off"]) as server:
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            asked = [pool.submit(server.ask, "POST", CAPTION, photo) for _ in range(32)]
            while server.metric("blip_inflight") + server.metric("blip_queue_size") < 32 and not all(each.done() for each in asked):
                time.sleep(0.005)
            code = server.stop(signal.SIGTERM)
            statuses = [each.result().status if each.exception() is None else str(each.exception()) for each in asked]
        refused = False
        try:
            ask(server.port, "GET", "/livez")
        except OSError:
            refused = True
        table.row("SIGTERM with 32 requests under way", f"{statuses.count(200)} answered, exit code {code}, then {'closed' if refused else 'OPEN'}",
                  statuses.count(200) == 32 and code == 0 and refused)


def reloaded(program, photo, table):
    """SIGHUP: keys change, and no request that has one fails."""
    with tempfile.TemporaryDirectory() as place:
        keys = Path(place) / "keys"
        keys.write_text("old\n")
        with Server(program, ["-m", MODEL, "--log", "off", "--api-key-file", str(keys)]) as server:
            def status(key):
                return server.ask("POST", CAPTION, photo, {"Authorization": "Bearer " + key}).status
            before = status("old"), status("new")
            ended, seen = threading.Event(), []

            def keep_asking():
                while not ended.is_set():
                    seen.append(status("old"))

            keys.write_text("old\nnew\n")
            thread = threading.Thread(target=keep_asking)
            thread.start()
            for _ in range(5):
                server.process.send_signal(signal.SIGHUP)
                time.sleep(0.1)
            ended.set()
            thread.join()
            both = status("old"), status("new")
            keys.write_text("new\n")
            server.process.send_signal(signal.SIGHUP)
            time.sleep(0.3)
            after = status("old"), status("new")
            table.row("SIGHUP under load", f"old and new key: {before}, {both}, {after}; {len(seen)} meanwhile, all {set(seen)}",
                      before == (200, 401) and both == (200, 200) and after == (401, 200) and set(seen) == {200})


def run(program, photo, models, quick, table):
    killed(program, photo, table)
    truncated_model(program, photo, models, table)
    replaced_model(program, photo, models, table)
    full_disk(program, photo, table)
    no_descriptors(program, photo, table)
    no_memory(program, photo, quick, table)
    little_memory(program, photo, quick, table)
    drained(program, photo, table)
    reloaded(program, photo, table)
