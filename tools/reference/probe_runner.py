"""Runs probe_tasks and reports what differs from the oracle."""

import json
import pathlib
import subprocess
import time

import numpy
import torch

FEATURE_LIMIT = 1e-4
LIMIT = 2e-4


class TaskProbe:
    """probe_tasks on one model: `ask` collects calls, `run` runs them all in one process."""

    def __init__(self, binary, directory, task, photos, work, weight_type="stored", image_size=0,
                 threads=2):
        self.binary, self.work = binary, pathlib.Path(work)
        self.request = {"model": str(directory), "task": task, "weight_type": weight_type,
                        "threads": threads, "image_size": image_size, "out": str(work),
                        "images": [str(photo) for photo in photos], "calls": []}

    def ask(self, call, **arguments):
        """→ the index of its result"""
        self.request["calls"].append({"call": call, **arguments})
        return len(self.request["calls"]) - 1

    def run(self):
        """→ features [images, N, E] and the results, with tensors in place of their descriptions"""
        self.work.mkdir(parents=True, exist_ok=True)
        path = self.work / "request.json"
        path.write_text(json.dumps(self.request))
        subprocess.run([str(self.binary), str(path)], check=True)
        results = json.loads((self.work / "results.json").read_text())
        floats = numpy.fromfile(self.work / "tensors.f32", dtype=numpy.float32)

        def tensor(value):
            if isinstance(value, dict) and set(value) == {"at", "shape"}:
                end = value["at"] + int(numpy.prod(value["shape"]))
                return torch.from_numpy(floats[value["at"]:end].reshape(value["shape"]))
            if isinstance(value, dict):
                return {key: tensor(part) for key, part in value.items()}
            return value

        return (torch.stack([tensor(image) for image in results["features"]]),
                [tensor(result) for result in results["calls"]])


class Line:
    """One line of the table: the greatest error of each quantity, and decisions that must be the
    same."""

    def __init__(self, name, task, weight_type):
        self.name, self.task, self.weight_type = name, task, weight_type
        self.started = time.time()
        self.errors, self.same, self.ties, self.wrong, self.cases = {}, 0, [], [], 0

    def error(self, what, got, wanted, limit=LIMIT):
        got, wanted = torch.as_tensor(got).double(), torch.as_tensor(wanted).double()
        if got.shape != wanted.shape:
            self.wrong.append(f"{what}: shape {list(got.shape)}, wanted {list(wanted.shape)}")
            return
        error = float((got - wanted).abs().max())
        self.errors[what] = max(self.errors.get(what, (0.0, limit))[0], error), limit
        if not error <= limit:
            self.wrong.append(f"{what}: differs by {error:.2e}, limit {limit:g}")

    def decision(self, what, got, wanted, margin, tie):
        """`margin()` says how clearly the oracle decided; below `tie` either is right. → whether they
        are the same"""
        self.cases += 1
        if got == wanted:
            self.same += 1
            return True
        by = margin()
        (self.ties if by < tie else self.wrong).append(
            f"{what}: margin {by:.2e}\n        oracle   {wanted}\n        blip.cpp {got}")
        return False

    def must_equal(self, what, got, wanted):
        """What no rounding can excuse."""
        if got != wanted:
            self.wrong.append(f"{what}: {got}, wanted {wanted}")

    def print(self):
        """→ whether everything held"""
        errors = "  ".join(f"{what} {error:.1e}" for what, (error, _) in self.errors.items())
        decisions = f"{self.same}/{self.cases} same" if self.cases else "-"
        ties = f" {len(self.ties)} ties" if self.ties else ""
        print(f"{self.name:<20} {self.task:<6} {self.weight_type:<5} "
              f"{'FAILED' if self.wrong else 'ok':<7}{decisions + ties:<20} {errors}  "
              f"({time.time() - self.started:.0f} s)", flush=True)
        for kind, lines in (("WRONG", self.wrong), ("near-tie", self.ties)):
            for line in lines:
                print(f"    {kind}: {line}")
        return not self.wrong
