"""Random models of images and texts, and probe_features run on them."""

import json
import subprocess

import numpy
import torch

TYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}
INT8_COSINE = 0.99


def random_model(model_class, config, seed, gain=3.0):
    """transformers' own start, with matrices `gain` times as large, biases and norms that are not those of a start: livelier
    numbers, in which a mistake shows."""
    torch.manual_seed(seed)
    model = model_class(config).eval()
    for name, parameter in model.named_parameters():
        if parameter.ndim >= 2 and "embed" not in name:
            parameter.data.mul_(gain)
        elif parameter.ndim == 1 and "norm" in name and name.endswith("weight"):
            parameter.data.add_(0.1 * torch.randn_like(parameter))
        elif "lambda1" in name or "layer_scale" in name:
            parameter.data.uniform_(0.1, 1.0)
        elif parameter.ndim == 1 or "token" in name:
            parameter.data.add_(0.05 * torch.randn_like(parameter))
    return model


def save(model, directory, weight_type):
    """Writes the model in that type → the same model in float32, with weights as the file has them."""
    model.to(TYPES[weight_type]).save_pretrained(directory)
    return type(model).from_pretrained(directory, dtype=torch.float32).eval()


def run(binary, directory, class_name, work, pixels=(), texts=(), weight_type="stored", threads=2):
    """→ each quantity: a tensor for each of `pixels`, or one for all texts"""
    work.mkdir(parents=True, exist_ok=True)
    entries = []
    for index, tensor in enumerate(pixels):
        file = work / f"pixels_{index}.f32"
        tensor.contiguous().numpy().tofile(file)
        entries.append({"file": str(file), "shape": list(tensor.shape)})
    request = work / "request.json"
    request.write_text(json.dumps({
        "model": str(directory), "class": class_name, "weight_type": weight_type, "threads": threads, "out": str(work),
        "pixels": entries, "texts": [list(text) for text in texts]}))
    subprocess.run([str(binary), str(request)], check=True)
    floats = numpy.fromfile(work / "tensors.f32", dtype=numpy.float32)

    def tensor(place):
        end = place["at"] + int(numpy.prod(place["shape"]))
        return torch.from_numpy(floats[place["at"]:end].reshape(place["shape"]))

    return {quantity: [tensor(place) for place in places]
            for quantity, places in json.loads((work / "results.json").read_text()).items()}


def unit(x):
    return x / x.norm(dim=-1, keepdim=True)


def cosine_gap(got, wanted):
    """1 - the smallest cosine of two rows"""
    return 1 - (unit(got.double().flatten(1)) * unit(wanted.double().flatten(1))).sum(-1)
