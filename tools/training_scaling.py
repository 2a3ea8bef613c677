#!/usr/bin/env python3
"""How training scales over processes of one machine: samples per second of 1, 2, 4, … of them, by turns.

    training_scaling.py BLIP_TRAIN -m MODEL --data FILE... [--task caption] [--processes 1 2] [--steps 20]
                        [--batch 16] [--rounds 3] [--set KEY=VALUE ...]

Every process has one thread and a batch of its own, so N processes take N times the samples in a
step; what is lost is waiting for the slowest and averaging the gradients. A step's time is that between two
lines of log.jsonl; a run's the median without the first three, and the printed one the median of the rounds.
Runs as torchrun would start them, and does not need it. Python alone, no packages.
"""

import argparse
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def seconds_per_step(arguments, processes):
    with tempfile.TemporaryDirectory() as work:
        command = [arguments.program, arguments.task, "-m", arguments.model, "--output", work + "/run",
                   "--data", *arguments.data]
        for setting in (f"data.batch={arguments.batch}", f"run.max_steps={arguments.steps}", "run.log_interval=1",
                        "run.checkpoint_interval=1000000", "data.workers=1", *arguments.set):
            command += ["--set", setting]
        shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": str(processes),
                  "OMP_NUM_THREADS": "1"}
        running = []
        for rank in range(processes):
            environment = dict(os.environ, **shared, RANK=str(rank), LOCAL_RANK=str(rank))
            with open(f"{work}/{rank}.txt", "w") as output:
                running.append(subprocess.Popen(command, env=environment, stdout=output, stderr=output))
        # The others of one that failed would wait for it.
        while any(process.poll() is None for process in running) and not any(process.poll() for process in running):
            time.sleep(0.05)
        if any(process.poll() != 0 for process in running):
            for process in running:
                process.kill()
            sys.exit("".join(pathlib.Path(work, f"{rank}.txt").read_text() for rank in range(processes)))
        lines = map(json.loads, pathlib.Path(work, "run/log.jsonl").read_text().splitlines())
        times = [line["time"] for line in lines if "loss" in line]
    return statistics.median(after - before for before, after in zip(times[2:], times[3:]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("-m", "--model", required=True)
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--task", default="caption")
    parser.add_argument("--processes", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    if arguments.steps < 5:
        parser.error("--steps wants 5 at least: the first three are left out")
    measured = {processes: [] for processes in arguments.processes}
    for _ in range(arguments.rounds):
        for processes, seconds in measured.items():
            seconds.append(seconds_per_step(arguments, processes))
    rates = {n: n * arguments.batch / statistics.median(seconds) for n, seconds in measured.items()}
    first = arguments.processes[0]
    print(f"{arguments.task}, batches of {arguments.batch} a process, medians of {arguments.rounds} rounds")
    for processes, rate in rates.items():
        ratio = rate / rates[first]
        print(f"{processes} process{'es' if processes > 1 else ''}: {rate:.1f} samples/s, {ratio:.2f} times {first}'s "
              f"({100 * ratio * first / processes:.0f} % of its share)")


if __name__ == "__main__":
    main()
