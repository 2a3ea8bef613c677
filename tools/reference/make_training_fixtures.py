"""Writes tests/train/objectives/data/*.json: three steps of every task, and what the oracle makes of them.
Of a tensor a fixture keeps a sum with weights from its name, and its norm."""

import json
import pathlib

import torch

import training_oracle as oracle


def kept(tensors):
    values = {}
    for name, tensor in tensors.items():
        tensor = tensor.double()
        weights = oracle.uniform(f"projection.{name}", tuple(tensor.shape))
        values[name] = [float((weights * tensor).sum()), float(f"{float(tensor.norm()):.3g}")]
    return values


def main():
    data = pathlib.Path(__file__).parents[2] / "tests/train/objectives/data"
    data.mkdir(exist_ok=True)
    for task in oracle.TASKS:
        # NLVR2 needs a seventh layer for its merging.
        case = oracle.make_case(task, "odd" if task == "nlvr" else "tiny", dtype="float64")
        steps = [{kind: kept(tensors) for kind, tensors in step.items()}
                 for step in oracle.train(case, torch.float64)]
        for step in steps[:-1]:  # what a step leaves is what the next one begins with
            step["state"] = {}
        text = json.dumps({"case": case, "steps": steps}, separators=(",", ":"))
        (data / f"{task}.json").write_text(text + "\n")
        print(f"{task}.json: {len(text)} bytes")


if __name__ == "__main__":
    main()
