"""How a server is configured and supervised: options from files and the environment, sockets of systemd, notifications."""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from serving import CAPTION, Server, ask, free_port

MODEL = "nano-captioning"


def numeric_options(program):
    """Every option of `blip serve` that takes a number, from what --help says."""
    text = subprocess.run([program, "serve", "--help"], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^\s+(?:-\w, )?--([a-z-]+) (?:N|MS|BYTES|SECONDS)\b", text, re.MULTILINE)


def refuses(program, option, arguments=(), environment=None):
    """Whether a value that is no number is refused, and the option named."""
    ran = subprocess.run([program, "serve", *arguments], capture_output=True, text=True, timeout=60, env={**os.environ, **(environment or {})})
    return ran.returncode == 2 and option in ran.stderr + ran.stdout


def options(program, table):
    names = numeric_options(program)
    missed = []
    with tempfile.TemporaryDirectory() as place:
        for name in names:
            variable = "BLIP_" + name.upper().replace("-", "_")
            toml, jsons = Path(place) / "options.toml", Path(place) / "options.json"
            toml.write_text(f'{name} = "many"\n')
            jsons.write_text(json.dumps({name: "many"}))
            ways = {"environment": refuses(program, name, environment={variable: "many"}),
                    "TOML": refuses(program, name, ["--config", str(toml)]), "JSON": refuses(program, name, ["--config", str(jsons)])}
            missed += [f"{name} ({way})" for way, fine in ways.items() if not fine]
    table.row("every number by environment, TOML and JSON", f"{len(names)} options, {len(missed)} not read {missed[:3]}", names and not missed)


def precedence(program, photo, table):
    """The command line wins over the environment, which wins over the file."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "options.json"
        file.write_text(json.dumps({"model": [MODEL], "queue": 10, "any-model": True, "log": "off", "api-key": ["k"]}))
        seen = []
        for arguments, environment in (((), {}), ((), {"BLIP_QUEUE": "20"}), (("--queue", "30"), {"BLIP_QUEUE": "20"})):
            with Server(program, ["--config", str(file), *arguments], environment=environment) as server:
                seen.append(int(server.metric("blip_queue_limit")))
                key = {"Authorization": "Bearer k"}
                statuses = server.ask("POST", CAPTION + "?model=whatever", photo, key).status, server.ask("POST", CAPTION, photo).status
        table.row("file < environment < command line", f"queue {seen}, with and without the file's key {statuses}",
                  seen == [10, 20, 30] and statuses == (200, 401))


def wait_for(port, path="/livez"):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            return ask(port, "GET", path)
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("nobody answers")


def socket_activation(program, photo, table):
    answers = {}
    for name, fdname in (("all dialects", None), ("ollama alone", "ollama")):
        port = free_port()
        listener = socket.create_server(("127.0.0.1", port))
        # LISTEN_PID is the program's own, which only the shell that becomes it knows. dash takes no descriptor above 9.
        environment = {**os.environ, "LISTEN_FDS": "1", **({"LISTEN_FDNAMES": fdname} if fdname else {})}
        process = subprocess.Popen(["bash", "-c", f"LISTEN_PID=$$ exec '{program}' serve -m {MODEL} --log off 3<&{listener.fileno()}"],
                                   pass_fds=[listener.fileno()], env=environment)
        try:
            answers[name] = wait_for(port).status, ask(port, "POST", CAPTION, photo).status, ask(port, "GET", "/api/tags").status
        finally:
            process.terminate()
            process.wait()
            listener.close()
    table.row("LISTEN_FDS, and LISTEN_FDNAMES", f"{answers}", answers == {"all dialects": (200, 200, 200), "ollama alone": (200, 404, 200)})
    try:
        subprocess.run(["systemd-socket-activate", "--version"], capture_output=True, check=True)
    except OSError:
        print("     systemd-socket-activate is not installed: not tried")
        return
    port = free_port()
    process = subprocess.Popen(["systemd-socket-activate", "-l", f"127.0.0.1:{port}", program, "serve", "-m", MODEL, "--log", "off"],
                               stderr=subprocess.DEVNULL)
    try:
        first = wait_for(port, "/readyz")
        status = ask(port, "POST", CAPTION, photo).status
    finally:
        process.terminate()
        code = process.wait()
    table.row("started by systemd-socket-activate at the first request", f"/readyz {first.status}, a caption {status}, exit code {code}",
              status == 200 and code == 0)


def notifications(program, table):
    for name in ("a path", "an abstract name"):
        with tempfile.TemporaryDirectory() as place, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            address = f"{place}/notify" if name == "a path" else f"\0blip-{os.getpid()}"
            listener.bind(address)
            listener.settimeout(60)
            said = []

            def until(wanted, listener=listener, said=said):
                while not any(line.startswith(wanted) for line in said[-1:]):
                    said.extend(line for line in listener.recv(4096).decode().split("\n"))
                    if any(line.startswith(wanted) for line in said):
                        return

            environment = {"NOTIFY_SOCKET": address.replace("\0", "@"), "WATCHDOG_USEC": "200000"}
            with Server(program, ["-m", MODEL, "--log", "off"], environment=environment, wait=False) as server:
                until("READY=1")
                ready = server.ask("GET", "/readyz").status
                del said[:]
                for _ in range(3):
                    del said[:]
                    until("WATCHDOG=1")
                server.process.send_signal(signal.SIGHUP)
                until("RELOADING=1")
                monotonic = any(line.startswith("MONOTONIC_USEC=") for line in said)
                until("READY=1")
                server.process.send_signal(signal.SIGTERM)
                until("STOPPING=1")
                code = server.process.wait(60)
            table.row(f"notifications to {name}", f"ready when /readyz is {ready}, watchdog, reloading {monotonic}, stopping, exit code {code}",
                      ready == 200 and monotonic and code == 0)


def run(program, photo, table):
    options(program, table)
    precedence(program, photo, table)
    socket_activation(program, photo, table)
    notifications(program, table)
