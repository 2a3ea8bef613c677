#!/usr/bin/env python3
"""Writes tests/train/objectives/data/vqgan.json and drawing.json: a step of a VQGAN's training and one of DALL-E mini's, and what
PyTorch makes of them (draw_training_models.py). Of a gradient a fixture keeps a sum with weights from its name, and its norm."""

import json
import pathlib

import torch

import dalle_models  # which turns gradients off
import draw_training_models as models
import training_model
from make_training_fixtures import kept

torch.set_grad_enabled(True)

VQGAN = dict(ch=8, ch_mult=[1, 2, 3], num_res_blocks=1, attn_resolutions=[8], resolution=16, z_channels=6, embed_dim=5, n_embed=20,
             norm_groups=4, norm_eps=1e-5)
COMMITMENT = 0.25
# Rows of other lengths; the second is the empty prompt.
TEXTS = [[0, 5, 9, 17, 33, 2], [0, 2], [0, 7, 7, 21, 2]]


def start(module, prefix=""):
    """Gives every tensor the value that the tests start it with; norms before a matrix have the weight 1."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if (prefix + name).endswith(dalle_models.UNSCALED):
                parameter.fill_(1.0)
                parameter.requires_grad_(False)
            else:
                parameter.copy_(training_model.start_value(prefix + name, tuple(parameter.shape)).to(torch.float32))


def gradients(module, prefix=""):
    return {prefix + name: kept(prefix + name, parameter.grad) for name, parameter in module.named_parameters() if parameter.requires_grad}


def vqgan_case():
    model = models.Vqgan(VQGAN).double()
    start(model, "vqgan.")
    pixels = (training_model.uniform("pixels", (3, 3, VQGAN["resolution"], VQGAN["resolution"])) / 2 + 0.5).float().double()
    total, reconstruction, codebook, committed, codes = model.losses(pixels, COMMITMENT)
    total.backward()
    z = model.encode(pixels).reshape(-1, VQGAN["embed_dim"])
    nearest = torch.cdist(z, model.embedding.weight).topk(2, largest=False).values
    assert (nearest[:, 1] - nearest[:, 0]).min() > 1e-6 and len(codes.unique()) > 3
    return {"config": dict(VQGAN, model_type="vqgan"), "commitment_weight": COMMITMENT,
            "losses": {"total": float(total), "reconstruction": float(reconstruction), "codebook": float(codebook),
                       "commitment": float(committed)},
            "codes": codes.flatten(1).tolist(), "gradients": gradients(model, "vqgan.")}


def drawing_case():
    config = dalle_models.TINY
    model = models.Dalle(config).double()
    start(model)
    longest = max(map(len, TEXTS))
    texts = torch.tensor([row + [models.PAD] * (longest - len(row)) for row in TEXTS])
    codes = torch.arange(len(TEXTS) * config["image_length"]).view(len(TEXTS), -1) * 7919 % config["vqgan_config"]["n_embed"]
    loss = model.loss(texts, codes)
    loss.backward()
    return {"config": dict(config, model_type="dalle", architectures=["DalleModel"]), "ids": texts.tolist(),
            "mask": texts.not_equal(models.PAD).long().tolist(), "codes": codes.tolist(), "losses": {"total": float(loss)},
            "gradients": gradients(model)}


def main():
    data = pathlib.Path(__file__).parents[2] / "tests/train/objectives/data"
    for name, case in (("vqgan", vqgan_case()), ("drawing", drawing_case())):
        text = json.dumps(case, separators=(",", ":"))
        (data / f"{name}.json").write_text(text + "\n")
        print(f"{name}.json: {len(text)} bytes")


if __name__ == "__main__":
    main()
