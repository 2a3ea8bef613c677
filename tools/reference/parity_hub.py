#!/usr/bin/env python3
"""Compares `blip pull` with huggingface_hub: the cache either leaves behind, what either makes of the
other's, and what both make of the environment and of a hub that refuses.

A server of this script plays the hub (and, on another host, its storage); nothing comes from the
network.

    parity_hub.py --build DIR [--quick]
"""

import argparse
import hashlib
import json
import os
import re
import stat
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

REPOSITORY = Path(__file__).resolve().parents[2]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
MODEL = "org/tiny"
OPTIONAL = ["preprocessor_config.json", "processor_config.json", "generation_config.json", "tokenizer.json",
            "vocab.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"]
WANTED = ["config.json", *OPTIONAL, "model.safetensors"]
# Everything that either program looks at, so that a check sees only what it sets.
VARIABLES = ["HF_HOME", "XDG_CACHE_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_TOKEN", "HF_TOKEN_PATH",
             "HUGGING_FACE_HUB_TOKEN", "HF_ENDPOINT", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE",
             "HF_HUB_DISABLE_IMPLICIT_TOKEN", "HF_HUB_DISABLE_SYMLINKS", "HF_HUB_ETAG_TIMEOUT",
             "HF_HUB_DOWNLOAD_TIMEOUT", "HF_HUB_DISABLE_XET"]


def git_hash(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def is_weights(name):
    return name.endswith((".safetensors", ".bin"))


def etag_of(name, content):
    return hashlib.sha256(content).hexdigest() if is_weights(name) else git_hash(content)


class Hub:
    """The hub on one port, its storage on another; both count what they are asked."""

    def __init__(self, files):
        self.files = files
        self.requests = []  # (where, method, path, headers)
        self.refusal = None  # (status, X-Error-Code, X-Error-Message) for every HEAD
        self.storage_pause = 0.0  # before each half of a file of weights
        self.lock = threading.Lock()
        self.storage = self.start("storage")
        self.hub = self.start("hub")
        self.url = "http://127.0.0.1:%d" % self.hub.server_address[1]

    def start(self, where):
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_HEAD(self):
                owner.answer(self, where)

            do_GET = do_HEAD

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def answer(self, handler, where):
        with self.lock:
            self.requests.append((where, handler.command, handler.path, dict(handler.headers)))
        path = unquote(urlsplit(handler.path).path)
        try:
            if where == "storage":
                self.send_file(handler, path[1:], {})
            elif path.startswith("/api/"):
                self.answer_api(handler, path)
            else:
                self.answer_hub(handler, path)
        except (BrokenPipeError, ConnectionResetError):
            handler.close_connection = True

    def send(self, handler, status, headers, body=b"", pause=0.0):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        if "Content-Length" not in headers:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if handler.command == "HEAD":
            return
        half = len(body) // 2
        for piece in (body[:half], body[half:]):
            time.sleep(pause)
            handler.wfile.write(piece)
            handler.wfile.flush()

    def send_file(self, handler, name, headers):
        content = self.files[name]
        asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        pause = self.storage_pause if is_weights(name) else 0.0
        if asked is None:
            return self.send(handler, 200, headers, content, pause)
        begin = int(asked[1])
        headers["Content-Range"] = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        return self.send(handler, 206, headers, content[begin:], pause)

    def answer_hub(self, handler, path):
        if self.refusal is not None:
            status, code, message = self.refusal
            headers = {"X-Error-Code": code, "X-Error-Message": message}
            return self.send(handler, status, {k: v for k, v in headers.items() if v})
        match = re.fullmatch(r"/org/tiny/resolve/(main|%s)/(.+)" % COMMIT, path)
        if match is None:
            known = path.startswith("/org/tiny/resolve/")
            return self.send(handler, 404 if known else 401,
                             {"X-Error-Code": "RevisionNotFound" if known else "RepoNotFound"})
        name = match[2]
        if name not in self.files:
            return self.send(handler, 404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
        etag = etag_of(name, self.files[name])
        if is_weights(name):
            location = "http://localhost:%d/%s" % (self.storage.server_address[1], name)
            return self.send(handler, 302, {"X-Repo-Commit": COMMIT, "X-Linked-Etag": f'"{etag}"',
                                            "X-Linked-Size": str(len(self.files[name])), "Location": location})
        return self.send_file(handler, name, {"X-Repo-Commit": COMMIT, "ETag": f'"{etag}"'})

    def answer_api(self, handler, path):
        entries = []
        for name, content in self.files.items():
            entry = {"type": "file", "path": name, "size": len(content), "oid": git_hash(content)}
            if is_weights(name):
                entry["lfs"] = {"oid": etag_of(name, content), "size": len(content), "pointerSize": 134}
            entries.append(entry)
        if "/tree/" in path:
            reply = entries
        else:
            reply = {"id": MODEL, "sha": COMMIT, "siblings": [{"rfilename": e["path"]} for e in entries]}
        self.send(handler, 200, {"Content-Type": "application/json"}, json.dumps(reply).encode())

    def weights_sent(self):
        return [r for r in self.requests if r[0] == "storage" and r[1] == "GET"]

    def forget(self):
        self.requests.clear()


class Check:
    def __init__(self, build):
        self.blip = build / "bin" / "blip"
        self.failures = 0

    def report(self, name, good, detail=""):
        print(f"{name:<66} {'ok' if good else 'FAILED'}")
        if not good:
            self.failures += 1
            print(f"    {detail}")

    def environment(self, **variables):
        environment = {k: v for k, v in os.environ.items() if k not in VARIABLES}
        environment |= {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1",
                        "HF_HUB_DISABLE_UPDATE_CHECK": "1", "no_proxy": "*"}
        return environment | {k: str(v) for k, v in variables.items()}

    def pull(self, *arguments, **variables):
        return subprocess.run([self.blip, "pull", *arguments], env=self.environment(**variables),
                              capture_output=True, text=True, timeout=120)

    def python(self, code, *arguments, **variables):
        """Runs code that prints JSON last; None if it raised."""
        run = subprocess.run([sys.executable, "-c", code, *map(str, arguments)],
                             env=self.environment(**variables), capture_output=True, text=True, timeout=120)
        if run.returncode != 0:
            self.said = run.stderr.strip().splitlines()[-1] if run.stderr.strip() else ""
            return None
        return json.loads(run.stdout.strip().splitlines()[-1])


# As transformers asks for files one after another: those that are absent are remembered.
DOWNLOAD = """
import json, sys
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import EntryNotFoundError
paths = {}
for name in sys.argv[2:]:
    try:
        paths[name] = hf_hub_download(sys.argv[1], name)
    except EntryNotFoundError:
        paths[name] = None
print(json.dumps(paths))
"""
READ = """
import json, sys, warnings
from huggingface_hub import hf_hub_download, scan_cache_dir, try_to_load_from_cache
from huggingface_hub.file_download import _CACHED_NO_EXIST
found = {}
for name in sys.argv[2:]:
    path = try_to_load_from_cache(sys.argv[1], name)
    if isinstance(path, str):
        assert path == hf_hub_download(sys.argv[1], name, local_files_only=True)
        found[name] = open(path, 'rb').read().hex()[:64]
    else:
        found[name] = None if path is _CACHED_NO_EXIST else 'unknown'
scan = scan_cache_dir()
(repo,) = scan.repos
(revision,) = repo.revisions
print(json.dumps([found, [str(w) for w in scan.warnings], repo.repo_id, sorted(revision.refs),
                  repo.size_on_disk]))
"""
SNAPSHOT = """
import json, sys
from huggingface_hub import snapshot_download
print(json.dumps(snapshot_download(sys.argv[1])))
"""
TRANSFORMERS = """
import json, sys
from transformers import AutoConfig, BertTokenizer
config = AutoConfig.from_pretrained(sys.argv[1])
tokenizer = BertTokenizer.from_pretrained(sys.argv[1])
print(json.dumps([config.model_type, config.text_config.vocab_size, len(tokenizer)]))
"""


def tree(root):
    """path → what is there: kind, permissions, content or target."""
    found = {}
    for directory, _, names in os.walk(root):
        for name in names:
            path = Path(directory) / name
            key = str(path.relative_to(root))
            mode = stat.S_IMODE(path.lstat().st_mode)
            if path.is_symlink():
                found[key] = ("link", os.readlink(path))
            else:
                found[key] = ("file", oct(mode), hashlib.sha256(path.read_bytes()).hexdigest())
    return found


def check_layout(check, hub, scratch):
    for title, extra in (("", {}), (", without symbolic links", {"HF_HUB_DISABLE_SYMLINKS": "1"})):
        ours, theirs = scratch / f"ours{len(extra)}", scratch / f"theirs{len(extra)}"
        run = check.pull(MODEL, HF_HUB_CACHE=ours, HF_ENDPOINT=hub.url, **extra)
        check.report("blip pull succeeds" + title, run.returncode == 0, run.stderr)
        paths = check.python(DOWNLOAD, MODEL, *WANTED, HF_HUB_CACHE=theirs, HF_ENDPOINT=hub.url, **extra)
        check.report("huggingface_hub succeeds" + title, paths is not None, check.__dict__.get("said"))
        left, right = tree(ours), tree(theirs)
        different = {k: (left.get(k), right.get(k)) for k in left.keys() | right.keys()
                     if left.get(k) != right.get(k)}
        check.report(f"the caches are the same, {len(left)} files and links" + title,
                     not different and len(left) > 15, different)
    return scratch / "ours0", scratch / "theirs0"


def check_reading(check, hub, ours, theirs):
    read = check.python(READ, MODEL, *WANTED, HF_HUB_CACHE=ours, HF_HUB_OFFLINE="1")
    expected = {name: hub.files[name].hex()[:64] if name in hub.files else None for name in WANTED}
    check.report("huggingface_hub reads what blip wrote", read is not None and read[0] == expected, read)
    size = sum(len(hub.files[name]) for name in WANTED if name in hub.files)
    check.report("scan_cache_dir finds nothing to warn about",
                 read is not None and read[1:] == [[], MODEL, ["main"], size], read and read[1:])
    loaded = check.python(TRANSFORMERS, MODEL, HF_HUB_CACHE=ours, HF_HUB_OFFLINE="1")
    check.report("transformers loads configuration and tokenizer from it",
                 loaded is not None and loaded[0] == "blip" and loaded[2] > 1000, loaded or check.said)

    snapshot = theirs / "models--org--tiny" / "snapshots" / COMMIT
    run = check.pull(MODEL, HF_HUB_CACHE=theirs, HF_HUB_OFFLINE="1")
    check.report("blip takes what huggingface_hub wrote, offline", run.stdout == f"{snapshot}\n", run.stderr)
    before = tree(theirs)
    hub.forget()
    run = check.pull(f"{MODEL}@{COMMIT}", HF_HUB_CACHE=theirs, HF_ENDPOINT=hub.url)
    check.report("and asks nothing about a commit that is whole",
                 run.stdout == f"{snapshot}\n" and not hub.requests, hub.requests)
    run = check.pull(MODEL, HF_HUB_CACHE=theirs, HF_ENDPOINT=hub.url)
    check.report("and only where main is about a branch", len(hub.requests) == 1 and tree(theirs) == before,
                 hub.requests)


def check_snapshot(check, hub, scratch):
    cache = scratch / "snapshot"
    path = check.python(SNAPSHOT, MODEL, HF_HUB_CACHE=cache, HF_ENDPOINT=hub.url)
    check.report("snapshot_download succeeds", path is not None, check.__dict__.get("said"))
    hub.forget()
    run = check.pull(MODEL, HF_HUB_CACHE=cache, HF_ENDPOINT=hub.url)
    check.report("blip takes its snapshot and downloads nothing again",
                 run.stdout == f"{path}\n" and not [r for r in hub.requests if r[1] == "GET"], run.stderr)
    read = check.python(READ, MODEL, *WANTED, HF_HUB_CACHE=cache, HF_HUB_OFFLINE="1")
    check.report("and leaves it as huggingface_hub likes it", read is not None and read[1] == [], check.__dict__)


def check_resuming(check, hub, scratch):
    weights = hub.files["model.safetensors"]
    blob = Path("models--org--tiny") / "blobs" / etag_of("model.safetensors", weights)
    # As huggingface_hub before 2.0 leaves it, and as blip does.
    cache = scratch / "resumed"
    (cache / blob).parent.mkdir(parents=True)
    (cache / f"{blob}.incomplete").write_bytes(weights[:1_000_000])
    hub.forget()
    run = check.pull(MODEL, HF_HUB_CACHE=cache, HF_ENDPOINT=hub.url)
    ranges = [r[3].get("Range") for r in hub.weights_sent()]
    check.report("blip resumes an .incomplete of older huggingface_hub",
                 run.returncode == 0 and ranges == ["bytes=1000000-"] and (cache / blob).read_bytes() == weights,
                 (run.stderr, ranges))

    cache = scratch / "killed"
    hub.storage_pause = 1.0
    process = subprocess.Popen([check.blip, "pull", MODEL], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env=check.environment(HF_HUB_CACHE=cache, HF_ENDPOINT=hub.url))
    partial = cache / f"{blob}.incomplete"
    for _ in range(500):
        if partial.exists() and partial.stat().st_size > 0:
            break
        time.sleep(0.02)
    process.kill()
    process.wait()
    hub.storage_pause = 0.0
    check.report("a killed blip leaves a part", 0 < partial.stat().st_size < len(weights), partial)
    paths = check.python(DOWNLOAD, MODEL, *WANTED, HF_HUB_CACHE=cache, HF_ENDPOINT=hub.url)
    read = check.python(READ, MODEL, *WANTED, HF_HUB_CACHE=cache, HF_HUB_OFFLINE="1")
    check.report("huggingface_hub goes on beside it", paths is not None and read is not None and read[1] == [],
                 check.__dict__)
    run = check.pull(MODEL, HF_HUB_CACHE=cache, HF_HUB_OFFLINE="1")
    check.report("and blip takes the result", run.returncode == 0, run.stderr)


def check_together(check, hub, scratch):
    cache = scratch / "together"
    hub.storage_pause = 0.6
    hub.forget()
    environment = check.environment(HF_HUB_CACHE=cache, HF_ENDPOINT=hub.url)
    code = DOWNLOAD.replace("sys.argv[2:]", "['model.safetensors']")
    python = [sys.executable, "-c", code, MODEL]
    # Python takes a while to start; it then finds blip at work, or the other way round.
    processes = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                 for command in (python, [check.blip, "pull", MODEL], python, [check.blip, "pull", MODEL])]
    outcomes = [process.communicate(timeout=60) + (process.returncode,) for process in processes]
    hub.storage_pause = 0.0
    check.report("two of each at once fetch the weights once",
                 all(o[2] == 0 for o in outcomes) and len(hub.weights_sent()) == 1,
                 (outcomes, len(hub.weights_sent())))
    blob = cache / "models--org--tiny" / "blobs" / etag_of("model.safetensors", hub.files["model.safetensors"])
    check.report("and the blob is right", blob.read_bytes() == hub.files["model.safetensors"])


def check_environment(check, hub, scratch):
    home = scratch / "home"
    home.mkdir()
    (home / "token").write_text(" hf_in_home \n")
    (scratch / "other-token").write_text("hf_elsewhere")
    places = [
        {}, {"XDG_CACHE_HOME": "/x/cache"}, {"HF_HOME": "/x/home"}, {"HF_HOME": "~/hf"}, {"HF_HOME": "$HOME/hf"},
        {"HF_HOME": "/x/home", "XDG_CACHE_HOME": "/x/cache"}, {"HUGGINGFACE_HUB_CACHE": "/x/old"},
        {"HUGGINGFACE_HUB_CACHE": "/x/old", "HF_HOME": "/x/home"}, {"HF_HUB_CACHE": "/x/new"},
        {"HF_HUB_CACHE": "/x/new", "HUGGINGFACE_HUB_CACHE": "/x/old"}, {"HF_HUB_CACHE": "~/a/${HF_HOME}/$NONE"},
        {"HF_HUB_CACHE": "relative/to"}, {"XDG_CACHE_HOME": "~/c"}, {"HF_HUB_CACHE": "~root/c"},
        {"HF_HUB_CACHE": "$HOME$HOME/${HOME}x/$"},
    ]
    code = ("import json; from pathlib import Path; from huggingface_hub import constants;"
            "print(json.dumps(str(Path(constants.HF_HUB_CACHE).expanduser().resolve())))")
    wrong = []
    for place in places:
        variables = {"HOME": home} | place
        said = check.pull("org/none", HF_HUB_OFFLINE="1", **variables).stderr
        ours = re.search(r"not in the cache (.*), and offline", said)
        theirs = check.python(code, **variables)
        if ours is None or ours[1] != theirs:
            wrong.append((place, ours and ours[1], theirs))
    check.report(f"the same cache for {len(places)} environments", not wrong, wrong)

    tokens = [
        {}, {"HF_TOKEN": "hf_a"}, {"HF_TOKEN": " hf_a\n"}, {"HUGGING_FACE_HUB_TOKEN": "hf_old"},
        {"HF_TOKEN": "hf_a", "HUGGING_FACE_HUB_TOKEN": "hf_old"}, {"HF_TOKEN": ""}, {"HF_TOKEN": "  "},
        {"HF_HOME": home}, {"HF_HOME": home, "HF_TOKEN": "hf_a"}, {"HF_HOME": home, "HF_TOKEN": ""},
        {"HF_TOKEN_PATH": scratch / "other-token"}, {"HF_TOKEN_PATH": scratch / "none"},
        {"HF_HOME": home, "HF_HUB_DISABLE_IMPLICIT_TOKEN": "true"}, {"HF_TOKEN": "a", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"},
        {"HF_TOKEN": "a", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "0"},
    ]
    wrong = []
    for variables in tokens:
        sent = []
        for run in (lambda v: check.pull("org/none", **v), lambda v: check.python(DOWNLOAD, "org/none", "x", **v)):
            hub.forget()
            run({"HOME": scratch / "nowhere", "HF_ENDPOINT": hub.url + "/"} | variables)
            sent.append(hub.requests[0][3].get("Authorization", hub.requests[0][3].get("authorization")))
        if sent[0] != sent[1]:
            wrong.append((variables, sent))
    check.report(f"the same token for {len(tokens)} environments", not wrong, wrong)

    switches = [{}, {"HF_HUB_OFFLINE": "1"}, {"HF_HUB_OFFLINE": "yes"}, {"HF_HUB_OFFLINE": "2"},
                {"TRANSFORMERS_OFFLINE": "on"}, {"HF_HUB_OFFLINE": "0", "TRANSFORMERS_OFFLINE": "1"},
                {"HF_HUB_OFFLINE": "", "TRANSFORMERS_OFFLINE": "True"}]
    code = "import json; from huggingface_hub import constants; print(json.dumps(constants.HF_HUB_OFFLINE))"
    wrong = []
    for variables in switches:
        hub.forget()
        check.pull("org/none", HF_ENDPOINT=hub.url, HOME=home, **variables)
        if (not hub.requests) != check.python(code, **variables):
            wrong.append(variables)
    check.report(f"offline mode for {len(switches)} environments", not wrong, wrong)


def check_ids(check):
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    ids = ["a/b", "a", "A-b_c.d/E", "a/b/c", "/a", "a/", "-a/b", "a-/b", "a/-b", "a/b-", ".a/b", "a./b", "a/.b", "a/b.",
           "_a/b_", "a--b/c", "a/b--c", "a/b..c", "a..b", "a/b.git", "a.git/b", "a/b.gitx", "a b", "a/b c", "a/bé",
           "x" * 96, "x" * 97, "x" * 96 + "/" + "y" * 96, "x" * 97 + "/y", "a/b\n", "1/2", "a/b:c", "a+b", "~/b"]
    wrong = []
    for name in ids:
        try:
            validate_repo_id(name)
            theirs = True
        except HFValidationError:
            theirs = False
        ours = "not a model id" not in check.pull("--", name, HF_HUB_OFFLINE="1").stderr
        if ours != theirs:
            wrong.append((name, ours, theirs))
    check.report(f"the same verdict on {len(ids)} model ids", not wrong, wrong)


def check_refusals(check, hub, cached, quick):
    """Whether a hub that refuses leaves one to the cache, or is the last word."""
    refusals = [(401, "RepoNotFound", ""), (401, "", ""), (403, "GatedRepo", ""), (403, "", "no"),
                (404, "", ""), (404, "RevisionNotFound", ""), (404, "EntryNotFound", ""),
                (401, "", "Invalid credentials in Authorization header"), (400, "", ""), (418, "", "")]
    if not quick:
        refusals += [(500, "", ""), (503, "", "")]
    wrong = []
    for refusal in refusals:
        hub.refusal = refusal
        ours = check.pull(MODEL, HF_HUB_CACHE=cached, HF_ENDPOINT=hub.url).returncode == 0
        theirs = check.python(SNAPSHOT.replace("snapshot_download(sys.argv[1])",
                                               "__import__('huggingface_hub').hf_hub_download(sys.argv[1], 'config.json')"),
                              MODEL, HF_HUB_CACHE=cached, HF_ENDPOINT=hub.url) is not None
        if ours != theirs:
            wrong.append((refusal, ours, theirs))
    hub.refusal = None
    check.report(f"{len(refusals)} refusals leave the same to the cache", not wrong, wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()

    nano = REPOSITORY / "tests" / "models" / "nano"
    files = {name: (nano / name).read_bytes()
             for name in ("config.json", "preprocessor_config.json", "vocab.txt", "tokenizer_config.json",
                          "special_tokens_map.json")}
    files["model.safetensors"] = hashlib.shake_256(b"weights").digest(3_000_000)
    hub = Hub(files)
    check = Check(options.build)
    with tempfile.TemporaryDirectory() as directory:
        scratch = Path(directory).resolve()
        ours, theirs = check_layout(check, hub, scratch)
        check_reading(check, hub, ours, theirs)
        check_snapshot(check, hub, scratch)
        check_resuming(check, hub, scratch)
        check_together(check, hub, scratch)
        check_refusals(check, hub, theirs, options.quick)
        check_environment(check, hub, scratch)
        check_ids(check)
    print(f"{check.failures} checks failed")
    return 1 if check.failures else 0


if __name__ == "__main__":
    sys.exit(main())
