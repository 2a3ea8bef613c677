"""Running contenders in turn: A B C, A B C, …, so that whatever else the machine does, and how warm
it is, falls on all of them alike."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
# Before each turn: the threads of the last contender's library go to sleep in the first; the second
# shows what other programs take of the machine.
PAUSE_SECONDS, LOOK_SECONDS = 0.1, 0.1
ENVIRONMENT = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error",
               "TOKENIZERS_PARALLELISM": "false", "PYTHONWARNINGS": "ignore"}


class Failed(Exception):
    """A contender that cannot: its last words."""


def last_line(stream):
    stream.seek(0)
    lines = [line for line in stream.read().decode(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else "it said nothing"


class Worker:
    """A process that has its model loaded and waits for its turn."""

    def __init__(self, command, request, work):
        path = work / "request.json"
        path.write_text(json.dumps(request))
        self.out = pathlib.Path(request["out"])
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [*map(str, command), str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.errors, text=True, env={**os.environ, **ENVIRONMENT})

    def reply(self):
        for line in self.process.stdout:
            if line.startswith("{"):  # some libraries chat on standard output
                return json.loads(line)
        self.process.wait()
        raise Failed(last_line(self.errors))

    def start(self):
        """→ its greeting, which comes when the model is loaded and has run once"""
        return self.reply()

    def run(self):
        try:
            self.process.stdin.write("run\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it is gone, and its last words are read next
        return self.reply()

    def close(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()


class Command:
    """A program that is started for every run. `first` is run before, and `files` are read, so that
    everything is in the page cache."""

    def __init__(self, command, first, files=()):
        self.command, self.first = ([str(part) for part in each] for each in (command, first))
        self.files = files

    def start(self):
        for file in self.files:
            file.read_bytes()
        self.execute(self.first)
        return {}

    def run(self):
        return self.execute(self.command)

    def execute(self, command):
        """→ seconds, peak_bytes and the lines it printed"""
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            start = time.perf_counter()
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                       stderr=errors, env={**os.environ, **ENVIRONMENT})
            # wait4, unlike wait, tells what this one process needed.
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode != 0:
                raise Failed(last_line(errors))
            output.seek(0)
            return {"seconds": seconds, "peak_bytes": 1024 * usage.ru_maxrss,
                    "lines": output.read().decode().splitlines()}

    def close(self):
        pass


def worker(contender, request, timed_requests, work):
    command = ([timed_requests] if contender.engine == "blip"
               else [sys.executable, HERE / "worker.py"])
    work.mkdir(parents=True, exist_ok=True)
    return Worker(command, request, work)


def processor_times():
    """→ busy and all, in clock ticks of all cores since the machine's start"""
    line = pathlib.Path("/proc/stat").read_text().splitlines()[0]
    times = [int(field) for field in line.split()[1:9]]
    return sum(times) - times[3] - times[4], sum(times)  # idle, waiting for a disk


def pause():
    """→ busy and all ticks of a time in which no contender works"""
    time.sleep(PAUSE_SECONDS)
    before = processor_times()
    time.sleep(LOOK_SECONDS)
    return [after - start for start, after in zip(before, processor_times())]


def take_turns(runners, rounds, say):
    """runners: {name: function that makes a Worker or Command} → {name: {"greeting": …, "replies":
    […]}}, or {"failed": reason} for one that cannot; and the part of the machine that others took."""
    results, running, pauses = {}, {}, []
    try:
        for name, make in runners.items():
            say(f"  {name}: loading")
            runner = make()
            try:
                results[name] = {"greeting": runner.start(), "replies": []}
                running[name] = runner
            except Failed as reason:
                runner.close()
                results[name] = {"failed": str(reason)}
                say(f"  {name}: {reason}")
        for _ in range(rounds):
            for name, runner in list(running.items()):
                pauses.append(pause())
                try:
                    results[name]["replies"].append(runner.run())
                except Failed as reason:
                    results[name] = {"failed": str(reason)}
                    running.pop(name).close()
                    say(f"  {name}: {reason}")
    finally:
        for runner in running.values():
            runner.close()
    busy, total = (sum(ticks) for ticks in zip((0, 0), *pauses))
    return results, busy / max(total, 1)
