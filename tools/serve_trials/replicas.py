"""packaging/nginx/blip.conf: two replicas, of which one after the other is killed while clients ask."""

import asyncio
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from load import Client, request_bytes
from serving import CAPTION, Server, ask, free_port

CLIENTS = 8


class Nginx:
    """nginx with the configuration that is packaged, at other ports."""

    def __init__(self, configuration, replicas):
        self.place = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        Path(self.place.name).chmod(0o755)  # nginx's workers may be somebody else
        self.port = free_port()
        text = configuration.read_text()
        for packaged, port in ((8081, replicas[0]), (8082, replicas[1]), (8080, self.port)):
            text = re.sub(rf"(?m)^(\s*(?:server|listen) 127\.0\.0\.1:){packaged}\b", rf"\g<1>{port}", text)
        folders = "".join(f"{kind}_temp_path {self.place.name}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        file = Path(self.place.name) / "nginx.conf"
        file.write_text(f"daemon off;\npid {self.place.name}/pid;\nerror_log {self.place.name}/error.log;\n"
                        f"events {{ worker_connections 4096; }}\nhttp {{\naccess_log off;\n{folders}{text}}}\n")
        self.process = subprocess.Popen(["nginx", "-e", f"{self.place.name}/error.log", "-c", str(file)])
        for _ in range(100):
            try:
                ask(self.port, "GET", "/livez")
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("nginx does not listen: " + (Path(self.place.name) / "error.log").read_text())

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.place.cleanup()


def run(program, photo, configuration, seconds, table):
    if shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin") is None:
        print("     nginx is not installed: not tried")
        return
    options = ["-m", "nano-captioning", "--allowed-hosts", "*", "--log", "off"]
    ports = free_port(), free_port()
    servers = [Server(program, options, port=port) for port in ports]
    nginx = Nginx(configuration, ports)
    outcomes, ended, times = [], threading.Event(), []
    request = request_bytes("POST", CAPTION, photo, {"Content-Type": "image/jpeg"})

    async def client():
        connection = Client(nginx.port)
        while not ended.is_set():
            outcomes.append(await connection.send(request))
        connection.close()

    async def clients():
        await asyncio.gather(*(client() for _ in range(CLIENTS)))

    thread = threading.Thread(target=lambda: asyncio.run(clients()))
    try:
        thread.start()
        # Killed in the midst of it, then stopped in order.
        for number, how in ((0, signal.SIGKILL), (1, signal.SIGKILL), (0, signal.SIGTERM), (1, signal.SIGTERM)):
            time.sleep(seconds / 5)
            servers[number].stop(how)
            times.append(len(outcomes))
            time.sleep(0.5)
            servers[number] = Server(program, options, port=ports[number])
            time.sleep(2.5)  # nginx's fail_timeout
    finally:
        ended.set()
        thread.join()
        nginx.stop()
        for server in servers:
            server.stop()
    lost = [outcome for outcome in outcomes if outcome.status != 200]
    table.row("two replicas behind nginx, killed and stopped under load", f"{len(outcomes)} requests, {len(lost)} lost"
              + (f" ({lost[0].status} {lost[0].error or lost[0].body[:80]})" if lost else ""), len(outcomes) > 0 and not lost)
