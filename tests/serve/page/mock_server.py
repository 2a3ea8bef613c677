#!/usr/bin/env python3
"""A server that speaks the native REST API of `blip serve` without a model, for tests of the page.

    tests/serve/page/mock_server.py --port 8765      # then open http://127.0.0.1:8765/

It serves the page from src/serve/page/ with the headers of the real server. POST /mock changes how
it answers: {"delay", "token_delay", "caption", "models", "key", "fail", "times", "cut",
"label", "answer", "itm", "mean_log_probability", "library", "library_text", "library_is_empty",
"library_delays", "library_new"}; POST /mock with {} brings it back to the beginning. GET /mock lists the
requests that were answered.
"""

import argparse
import email.parser
import email.policy
import http.server
import json
import pathlib
import re
import threading
import time

import mock_library

ROOT = pathlib.Path(__file__).resolve().parents[3]
PAGE = ROOT / "src" / "serve" / "page"
MODELS = {"nano-captioning": ["caption", "explain"], "nano-vqa": ["answer"],
          "nano-retrieval": ["match", "embed", "classify", "tag", "explain"],
          "nano-classifier": ["classify"]}
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".jpg": "image/jpeg",
         ".json": "application/json"}


def policy() -> str:
    """The content security policy of the real server, from its source."""
    text = (PAGE / "page.cpp").read_text()
    literal = re.search(r"kContentSecurityPolicy\s*=\s*((?:\s*\"[^\"]*\")+);", text)
    return "".join(re.findall(r'"([^"]*)"', literal.group(1)))


class Behaviour:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.reset({})

    def reset(self, changes: dict) -> None:
        with self.lock:
            self.delay = 0.0  # seconds before an answer
            self.token_delay = 0.03
            self.caption = "a young man riding a skateboard down the side of a cement ramp"
            self.answer = "a skateboard"
            self.label = "skateboard"
            self.mean_log_probability = -0.44  # of captions and answers
            self.itm = True  # whether the model has a matching head
            self.models = MODELS
            self.key = ""  # the API key that is asked for
            self.fail = None  # {"status", "code", "message", "retry_after", "stream"}
            self.times = 1_000_000  # how often it fails
            self.cut = False  # whether streams end early
            self.library = 0  # photos; none: the server has no library
            self.library_text = None  # what all names, captions and tags are
            self.library_is_empty = False  # nothing was indexed yet
            self.library_new = 0  # photos that were indexed since
            self.library_delays = {}  # seconds, of a search for a text
            self.captions = {}  # that were written by hand, by id
            self.requests = []
            for name, value in changes.items():
                if not hasattr(self, name):
                    raise ValueError(name)
                setattr(self, name, value)


BEHAVIOUR = Behaviour()


def hot_spot(row: float, column: float, size: int, strength: float) -> list:
    return [[round(strength / (1 + ((r - row) ** 2 + (c - column) ** 2) / 3), 4) for c in range(size)]
            for r in range(size)]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "mock"

    def log_message(self, *arguments) -> None:
        pass

    def reply(self, status: int, body: bytes, kind: str, headers: dict | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def json(self, status: int, value, headers: dict | None = None) -> None:
        self.reply(status, json.dumps(value).encode(), "application/json", headers)

    def error(self, status: int, code: str, message: str, headers: dict | None = None) -> None:
        self.json(status, {"error": {"code": code, "message": message}}, headers)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if path == "/mock":
            return self.json(200, BEHAVIOUR.requests)
        if path == "/library" and BEHAVIOUR.library:
            return self.file(PAGE / "web" / "library.html")
        if path == "/":
            return self.file(PAGE / "web" / "index.html")
        if re.fullmatch(r"/page/[a-z_.]+", path):
            return self.file(PAGE / "web" / path.removeprefix("/page/"))
        if re.fullmatch(r"/examples/[a-z-]+\.jpg", path):
            return self.file(PAGE / "examples" / path.removeprefix("/examples/"))
        if path == "/openapi.json":
            return self.json(200, {"openapi": "3.1.0"})
        if not self.authorized():
            return None
        if path == "/blip/v1/examples":
            return self.file(PAGE / "examples" / "examples.json")
        if path == "/blip/v1/models":
            return self.json(200, {"models": [
                {"name": name, "architecture": "blip", "tasks": tasks, "aliases": [], "loaded": True,
                 "size": 9_400_000, "parameters": 9_000_000, "weight_type": "int8"}
                for name, tasks in BEHAVIOUR.models.items()], "library": BEHAVIOUR.library > 0})
        if path.startswith("/blip/v1/library") and BEHAVIOUR.library:
            return mock_library.answer_get(self, BEHAVIOUR, self.path)
        return self.error(404, "not_found", f"no such path: {path}")

    def do_PUT(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        if self.authorized():
            mock_library.answer_put(self, BEHAVIOUR, self.path, body)

    def file(self, path: pathlib.Path) -> None:
        if not path.is_file():
            return self.error(404, "not_found", "no such file")
        headers = {"Content-Security-Policy": policy(), "X-Content-Type-Options": "nosniff",
                   "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
        return self.reply(200, path.read_bytes(), TYPES[path.suffix], headers)

    def authorized(self) -> bool:
        if not BEHAVIOUR.key or self.headers.get("Authorization") == f"Bearer {BEHAVIOUR.key}":
            return True
        self.error(401, "unauthorized", "an API key is needed", {"WWW-Authenticate": "Bearer"})
        return False

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.path == "/mock":
            BEHAVIOUR.reset(json.loads(body))
            return self.json(200, {})
        if not self.authorized():
            return None
        fields, picture = self.fields(body)
        with BEHAVIOUR.lock:
            BEHAVIOUR.requests.append(
                {"path": self.path, "fields": fields, "picture": len(picture)})
            failing = BEHAVIOUR.fail if BEHAVIOUR.times > 0 else None
            if BEHAVIOUR.fail:
                BEHAVIOUR.times -= 1
        time.sleep(BEHAVIOUR.delay)
        if failing and not failing.get("stream"):
            headers = {"Retry-After": str(failing["retry_after"])} if "retry_after" in failing else {}
            return self.error(failing["status"], failing["code"], failing["message"], headers)
        if not picture:
            return self.error(400, "bad_request", "the request has no picture")
        task = self.path.removeprefix("/blip/v1/")
        answer = getattr(self, f"answer_{task}", None)
        if answer is None:
            return self.error(404, "not_found", f"no such path: {self.path}")
        value, text = answer(fields, picture)
        if fields.get("stream") == ["true"]:
            return self.stream(value, text, failing)
        try:
            return self.json(200, value)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the page has gone on
        return None

    def fields(self, body: bytes) -> tuple:
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
        fields, picture = {}, b""
        for part in message.iter_parts():
            name = part.get_param("name", header="content-disposition")
            content = part.get_payload(decode=True)
            if name == "image":
                picture = content
            else:
                fields.setdefault(name, []).append(content.decode())
        return fields, picture

    def stream(self, value: dict, text: str, failing: dict | None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            for number, piece in enumerate(re.findall(r"\s*\S+", text)):
                self.event("token", {"text": piece})
                if number == 1 and (failing or BEHAVIOUR.cut):
                    break
                if number == 2:
                    self.wfile.write(b": ping\n\n")
                time.sleep(BEHAVIOUR.token_delay)
            if failing:
                self.event("error", {"error": {"code": failing["code"], "message": failing["message"]}})
            elif not BEHAVIOUR.cut:
                self.event("done", value)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the page has gone on

    def event(self, name: str, value: dict) -> None:
        self.wfile.write(f"event: {name}\ndata: {json.dumps(value)}\n\n".encode())
        self.wfile.flush()

    @staticmethod
    def scores() -> dict:
        mean = BEHAVIOUR.mean_log_probability
        return {"log_probability": 14 * mean, "mean_log_probability": mean, "score": mean}

    def answer_caption(self, fields: dict, picture: bytes) -> tuple:
        text = BEHAVIOUR.caption.replace("SIZE", str(len(picture)))
        return {"model": "nano-captioning", "captions": [{"caption": text} | self.scores()]}, text

    def answer_ask(self, fields: dict, picture: bytes) -> tuple:
        answers = [{"question": question, "answer": BEHAVIOUR.answer} | self.scores()
                   for question in fields.get("question", [])]
        return {"model": "nano-vqa", "answers": answers}, BEHAVIOUR.answer

    def answer_match(self, fields: dict, picture: bytes) -> tuple:
        matches = [{"text": text, "itm": round(0.98 / (1 + 3 * number), 4) if BEHAVIOUR.itm else None,
                    "itc": round(0.42 - 0.09 * number, 4)}
                   for number, text in enumerate(fields.get("texts", []))]
        return {"model": "nano-retrieval", "matches": matches}, ""

    def answer_explain(self, fields: dict, picture: bytes) -> tuple:
        text = fields["text"][0] if "text" in fields else BEHAVIOUR.caption
        words = [{"word": word, "map": hot_spot(3 + 5 * (number % 3), 4 + 4 * (number % 4), 24,
                                                1 / (1 + number / 4))}
                 for number, word in enumerate(text.split())]
        return {"model": "nano-retrieval", "text": text, "words": words, "rows": 24, "columns": 24,
                "overlay": "data:image/png;base64,"}, ""

    def answer_classify(self, fields: dict, picture: bytes) -> tuple:
        labels = fields.get("labels") or [BEHAVIOUR.label, "sports equipment", "park"]
        scores = [0.83, 0.09, 0.031, 0.0004] + [0.0] * len(labels)
        return {"model": "nano-classifier",
                "labels": [{"label": label, "score": score} for label, score in zip(labels, scores)]}, ""

    def answer_tag(self, fields: dict, picture: bytes) -> tuple:
        return {"model": "nano-retrieval", "tags": [
            {"label": label, "score": score}
            for label, score in [(BEHAVIOUR.label, 0.112), ("ramp", 0.081), ("teenager", 0.047)]]}, ""


def make_server(port: int = 0) -> http.server.ThreadingHTTPServer:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    return server


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=8765)
    make_server(parser.parse_args().port).serve_forever()
