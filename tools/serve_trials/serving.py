"""A server to try things on: started, asked, watched and stopped."""

import contextlib
import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

CAPTION = "/blip/v1/caption"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


def ask(port, method, path, body=None, headers=None, timeout=300):
    """One request over a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    finally:
        connection.close()


def health_ms(port):
    started = time.perf_counter()
    status = ask(port, "GET", "/livez", timeout=30).status
    assert status == 200, status
    return 1e3 * (time.perf_counter() - started)


class Server:
    """`blip serve` on a free port, ready, with what it logs in a file."""

    def __init__(self, program, options=(), environment=None, limits=None, port=None, log=None, wait=True):
        self.port = port or free_port()
        self.log = Path(log) if log else Path(tempfile.mkstemp(prefix="blip-serve-", suffix=".log")[1])
        def limit():
            for which, value in (limits or {}).items():
                resource.setrlimit(which, (value, value))
        # Opened for what may not be a plain file, as /dev/full.
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(
                [program, "serve", "--listen", f"127.0.0.1:{self.port}", *options], stderr=out, stdout=out,
                env={**os.environ, **(environment or {})}, preexec_fn=limit if limits else None)
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self, seconds=120):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}: {self.logged()[-500:]}")
            with contextlib.suppress(OSError):
                if self.ask("GET", "/readyz").status == 200:
                    return
            time.sleep(0.05)
        raise RuntimeError("the server does not become ready: " + self.logged()[-500:])

    def logged(self):
        return self.log.read_text(errors="replace") if self.log.is_file() else ""

    def ask(self, method, path, body=None, headers=None, timeout=300):
        return ask(self.port, method, path, body, headers, timeout)

    def is_alive(self):
        return self.process.poll() is None

    def rss(self):
        """Bytes of memory in use."""
        return self._of_status("VmRSS")

    def processor_seconds(self):
        """That it has used, of all processors."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def virtual_bytes(self):
        return self._of_status("VmSize")

    def _of_status(self, field):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
        raise RuntimeError(f"no {field}: the server has ended")

    def limit(self, which, value):
        """The soft limit: it can be raised again."""
        _, hard = resource.prlimit(self.process.pid, which)
        resource.prlimit(self.process.pid, which, (value, hard))

    def metric(self, name):
        """The sum of a metric over its labels."""
        total = 0.0
        for line in self.ask("GET", "/metrics").body.decode().splitlines():
            if line.split("{")[0].split(" ")[0] == name:
                total += float(line.rsplit(" ", 1)[1])
        return total

    def stop(self, number=signal.SIGTERM, seconds=60):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(seconds)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.log.is_file():
            self.log.unlink()


class Table:
    """What was tried, measured and wanted; printed as it comes."""

    def __init__(self):
        self.failed = 0

    def row(self, claim, measured, holds):
        self.failed += not holds
        print(f"{'ok  ' if holds else 'FAIL'} {claim}: {measured}", flush=True)
