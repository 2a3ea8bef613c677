"""Writes tests/train/objectives/data/clip*.json: a step of CLIP's training, and what transformers makes of it. Of a gradient
a fixture keeps a sum with weights from its name, and its norm."""

import json
import pathlib

import torch

import clip_training
from make_training_fixtures import kept


def main():
    data = pathlib.Path(__file__).parents[2] / "tests/train/objectives/data"
    for name, case in (("clip", clip_training.make_case("tiny", dtype="float64")),
                       ("clip_gelu", clip_training.make_case("odd", act="gelu", dtype="float64"))):
        loss, gradients = clip_training.run(case, torch.float64)
        fixture = {"case": case, "loss": float(loss),
                   "gradients": {tensor: kept(tensor, gradient) for tensor, gradient in gradients.items()}}
        text = json.dumps(fixture, separators=(",", ":"))
        (data / f"{name}.json").write_text(text + "\n")
        print(f"{name}.json: {len(text)} bytes")


if __name__ == "__main__":
    main()
