"""Averages the weights of models of one architecture: a model soup (Wortsman et al. 2022).

usage: average_models.py OUTPUT MODEL WEIGHT [MODEL WEIGHT ...]

Models that were fine-tuned one after another lie in one basin. Their mean is often better than each of them.
"""
import pathlib
import shutil
import sys

from safetensors.torch import load_file, save_file


def main():
    if len(sys.argv) < 4 or len(sys.argv) % 2:
        sys.exit(__doc__)
    output = pathlib.Path(sys.argv[1])
    models = [pathlib.Path(argument) for argument in sys.argv[2::2]]
    weights = [float(argument) for argument in sys.argv[3::2]]
    shutil.copytree(models[0], output, dirs_exist_ok=True)
    mean = {}
    for model, weight in zip(models, weights):
        for name, tensor in load_file(model / "model.safetensors").items():
            part = tensor.float() * (weight / sum(weights))
            mean[name] = mean[name] + part if name in mean else part
    save_file({name: tensor.contiguous() for name, tensor in mean.items()}, output / "model.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main()
