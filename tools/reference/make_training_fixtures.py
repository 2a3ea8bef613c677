"""Writes tests/train/objectives/data/*.json: three steps of every task, and what the oracle makes of them.
Of a tensor a fixture keeps sums with weights from its name, and norms: of its first gradient, if it is
trained, and of its value after the last step."""

import json
import pathlib

import torch

import training_cases
import training_model
import training_oracle as oracle


def kept(name, tensor):
    """[sum with weights, norm]"""
    tensor = tensor.double()
    weights = training_model.uniform(f"projection.{name}", tuple(tensor.shape))
    return [float(f"{float((weights * tensor).sum()):.12g}"), float(f"{float(tensor.norm()):.2g}")]


def main():
    data = pathlib.Path(__file__).parents[2] / "tests/train/objectives/data"
    data.mkdir(exist_ok=True)
    for task in training_cases.TASKS:
        # NLVR2 needs a seventh layer for its merging.
        case = training_cases.make_case(task, "deep" if task == "nlvr" else "tiny", dtype="float64")
        steps = oracle.train(case, torch.float64)
        # Losses of all steps, the first gradients, and what the third step leaves behind.
        fixture = {"case": case, "losses": [{name: float(loss) for name, loss in step["losses"].items()} for step in steps],
                   "gradients": {name: kept(name, tensor) for name, tensor in steps[0]["gradients"].items()},
                   "state": {name: kept(name, tensor) for name, tensor in steps[-1]["state"].items()}}
        # One name for both.
        fixture["tensors"] = {name: fixture["gradients"].get(name, []) + state for name, state in fixture.pop("state").items()}
        del fixture["gradients"]
        text = json.dumps(fixture, separators=(",", ":"))
        (data / f"{task}.json").write_text(text + "\n")
        print(f"{task}.json: {len(text)} bytes")


if __name__ == "__main__":
    main()
